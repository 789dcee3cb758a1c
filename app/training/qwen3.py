"""The Qwen3 architecture in plain torch: one forward over shared prefixes; reads and writes no files."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from app.errors import TrainingError

SUPPORTED = ("Qwen3ForCausalLM",)
MASKED = -1e9  # finite: a padded query that sees only padding must not become NaN


@dataclass(frozen=True)
class Qwen3Config:
    """The fields of a Hugging Face `config.json` that the forward depends on."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int = 128
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1_000_000.0
    tie_word_embeddings: bool = True
    attention_bias: bool = False
    max_position_embeddings: int = 2048

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Qwen3Config":
        """Read a `config.json`; raises TrainingError for what this forward would compute wrongly."""
        names = data.get("architectures") or [data.get("model_type", "unknown")]
        if data.get("model_type") != "qwen3":
            raise TrainingError(
                f"This model is a {names[0]}; training and serving here support "
                f"{', '.join(SUPPORTED)} now. Choose a Qwen3 folder or the starter model."
            )
        rope = data.get("rope_parameters") or data.get("rope_scaling") or {}
        kind = rope.get("rope_type", rope.get("type", "default"))
        if kind != "default" or data.get("use_sliding_window"):
            raise TrainingError(
                "This Qwen3 model uses scaled positions or a sliding window, which is not supported. "
                "Choose a Qwen3 folder with default positions."
            )
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        if "rope_theta" in rope:
            known["rope_theta"] = rope["rope_theta"]
        return cls(**known)

    def to_json(self) -> dict[str, Any]:
        """A `config.json` that plain transformers (4 and 5) reads."""
        return {
            "architectures": [SUPPORTED[0]],
            "model_type": "qwen3",
            "hidden_act": "silu",
            "dtype": "float32",
            "use_sliding_window": False,
            "rope_parameters": {"rope_type": "default", "rope_theta": self.rope_theta},
            **asdict(self),
        }


class Cache:
    """Keys and values of one stretch of tokens, per layer, `[rows, heads, length, head_dim]`.

    A cache with fewer rows than the batch is shared: row `i` of a batch of `B` reads row
    `i * rows // B`. Nothing is copied for that, and gradients flow through it.
    """

    def __init__(self, lengths: Tensor | None = None) -> None:
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []
        self.lengths = lengths  # valid tokens of each row, [rows]; the rest is right padding

    def add(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Store a layer's keys and values; returns all that are stored so far."""
        self.keys.append(key)
        self.values.append(value)
        return key, value

    def bias(self) -> Tensor | None:
        """What hides the padding, `[rows, 1, 1, 1, length]`; None when there is none."""
        size = self.keys[0].shape[2]
        if self.lengths is None or bool((self.lengths == size).all()):
            return None
        hidden = torch.arange(size, device=self.lengths.device) >= self.lengths[:, None]
        return (hidden.float() * MASKED)[:, None, None, None, :]

    def select(self, rows: Tensor, batch: int) -> "Cache":
        """The cache that the kept `rows` of a batch of that size read."""
        own = len(self.keys[0])
        if own == 1:
            return self
        index = rows * own // batch
        chosen = Cache(None if self.lengths is None else self.lengths[index])
        chosen.keys = [k[index] for k in self.keys]
        chosen.values = [v[index] for v in self.values]
        return chosen


class StaticCache(Cache):
    """A cache of fixed room, filled one token at a time while decoding."""

    def __init__(self, config: Qwen3Config, *, rows: int, room: int, device: torch.device) -> None:
        super().__init__()
        shape = (rows, config.num_key_value_heads, room, config.head_dim)
        layers = range(config.num_hidden_layers)
        self.keys = [torch.empty(shape, device=device) for _ in layers]
        self.values = [torch.empty(shape, device=device) for _ in layers]
        self.used = 0

    def add(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        end = self.used + 1
        self.keys[layer][:, :, self.used : end] = key
        self.values[layer][:, :, self.used : end] = value
        return self.keys[layer][:, :, :end], self.values[layer][:, :, :end]

    def keep(self, rows: Tensor) -> None:
        self.keys = [k[rows] for k in self.keys]
        self.values = [v[rows] for v in self.values]


Part = tuple[Tensor, Tensor, Tensor | None]  # keys, values, bias


def attend(query: Tensor, parts: Sequence[Part]) -> Tensor:
    """Softmax attention of `query [B, T, H, D]` over the parts together; returns `[B, T, H * D]`.

    A part of `b` rows serves B / b consecutive rows of the batch: its scores are one matrix
    product over all of them, so a shared prompt is neither copied nor read twice.
    """
    batch, length, heads, dim = query.shape
    query = query * dim**-0.5
    scores = []
    for key, _, bias in parts:
        rows = len(key)
        score = query.reshape(rows, -1, heads, dim).transpose(1, 2) @ key.transpose(-1, -2)
        score = score.view(rows, heads, batch // rows, length, -1)
        score = score if bias is None else score + bias
        scores.append(score.transpose(1, 2).reshape(batch, heads, length, -1))
    weights = torch.softmax(torch.cat(scores, -1), -1).split([s.shape[-1] for s in scores], -1)
    out = query.new_zeros(())
    for weight, (_, value, _) in zip(weights, parts, strict=True):
        rows = len(value)
        weight = weight.reshape(rows, batch // rows, heads, length, -1).transpose(1, 2)
        mixed = weight.reshape(rows, heads, -1, value.shape[2]) @ value
        mixed = mixed.view(rows, heads, batch // rows, length, dim).permute(0, 2, 3, 1, 4)
        out = out + mixed.reshape(batch, length, heads * dim)
    return out


def causal_bias(length: int, device: torch.device) -> Tensor | None:
    """Hides the later tokens, `[length, length]`; None for a single token."""
    if length == 1:
        return None
    return torch.full((length, length), MASKED, device=device).triu(1)


class RMSNorm(nn.Module):
    """Root-mean-square normalisation (Zhang and Sennrich 2019)."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.eps)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions (Su et al. 2021), halves convention; `x [B, T, H, D]`."""
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat([-second, first], -1) * sin


class Attention(nn.Module):
    """Grouped-query attention with normalised queries and keys."""

    def __init__(self, config: Qwen3Config) -> None:
        super().__init__()
        size, dim, bias = config.hidden_size, config.head_dim, config.attention_bias
        self.heads, self.kv_heads, self.dim = (
            config.num_attention_heads,
            config.num_key_value_heads,
            dim,
        )
        self.q_proj = nn.Linear(size, self.heads * dim, bias=bias)
        self.k_proj = nn.Linear(size, self.kv_heads * dim, bias=bias)
        self.v_proj = nn.Linear(size, self.kv_heads * dim, bias=bias)
        self.o_proj = nn.Linear(self.heads * dim, size, bias=bias)
        self.q_norm = RMSNorm(dim, config.rms_norm_eps)
        self.k_norm = RMSNorm(dim, config.rms_norm_eps)

    def forward(
        self, x: Tensor, turn: tuple[Tensor, Tensor], past: Sequence[Part], own: Cache, layer: int
    ) -> Tensor:
        batch, length, _ = x.shape
        query = self.q_norm(self.q_proj(x).view(batch, length, self.heads, self.dim))
        key = self.k_norm(self.k_proj(x).view(batch, length, self.kv_heads, self.dim))
        value = self.v_proj(x).view(batch, length, self.kv_heads, self.dim)
        query, key = rotate(query, *turn), rotate(key, *turn)
        keys, values = own.add(layer, key.transpose(1, 2), value.transpose(1, 2))
        if past:
            mine = (keys, values, causal_bias(length, x.device))
            mixed = attend(query, [self._spread(part) for part in (*past, mine)])
        else:
            keys, values, _ = self._spread((keys, values, None))
            out = F.scaled_dot_product_attention(
                query.transpose(1, 2), keys, values, is_causal=length > 1
            )
            mixed = out.transpose(1, 2).reshape(batch, length, -1)
        return self.o_proj(mixed)

    def _spread(self, part: Part) -> Part:
        repeat = self.heads // self.kv_heads
        if repeat == 1:
            return part
        keys, values, bias = part
        return keys.repeat_interleave(repeat, 1), values.repeat_interleave(repeat, 1), bias


class MLP(nn.Module):
    """The gated feed-forward block, SwiGLU (Shazeer 2020)."""

    def __init__(self, config: Qwen3Config) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    """Attention and feed-forward, each behind a norm, each added to the stream."""

    def __init__(self, config: Qwen3Config) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.mlp = MLP(config)
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(
        self, x: Tensor, turn: tuple[Tensor, Tensor], past: Sequence[Part], own: Cache, layer: int
    ) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), turn, past, own, layer)
        return x + self.mlp(self.post_attention_layernorm(x))


class Backbone(nn.Module):
    """Embedding, layers and final norm, under Hugging Face's parameter names."""

    def __init__(self, config: Qwen3Config) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)


class Qwen3(nn.Module):
    """A causal language model whose state dict is that of `Qwen3ForCausalLM`."""

    def __init__(self, config: Qwen3Config) -> None:
        super().__init__()
        self.config = config
        self.model = Backbone(config)
        if not config.tie_word_embeddings:
            self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        half = torch.arange(0, config.head_dim, 2).float() / config.head_dim
        self.register_buffer("frequencies", config.rope_theta**-half, persistent=False)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)

    @property
    def device(self) -> torch.device:
        return self.model.embed_tokens.weight.device

    def forward(
        self,
        ids: Tensor,
        *,
        past: Sequence[Cache] = (),
        own: Cache | None = None,
        lengths: Tensor | None = None,
    ) -> tuple[Tensor, Cache]:
        """Hidden states `[B, T, d]` of right-padded `ids [B, T]` that follow the tokens in `past`.

        `lengths [B]` are the valid tokens of each row; padded positions hold no meaning.
        """
        own = own or Cache(lengths)
        turn = self._turn(self._start(len(ids), past, own), ids.shape[1])
        biases = [cache.bias() for cache in past]
        x = self.model.embed_tokens(ids)
        for i, layer in enumerate(self.model.layers):
            parts = [(c.keys[i], c.values[i], b) for c, b in zip(past, biases, strict=True)]
            x = layer(x, turn, parts, own, i)
        return self.model.norm(x), own

    def logits(self, hidden: Tensor) -> Tensor:
        """`[..., d]` to `[..., vocab]`."""
        tied = self.config.tie_word_embeddings
        return F.linear(hidden, self.model.embed_tokens.weight if tied else self.lm_head.weight)

    def _start(self, batch: int, past: Sequence[Cache], own: Cache) -> Tensor:
        """The position of each row's first new token, `[B]`."""
        used = own.used if isinstance(own, StaticCache) else 0
        start = torch.full((batch,), used, device=self.device)
        for cache in past:
            rows, _, size, _ = cache.keys[0].shape
            lengths = torch.full((rows,), size) if cache.lengths is None else cache.lengths
            start = start + lengths.to(self.device).repeat_interleave(batch // rows)
        return start

    def _turn(self, start: Tensor, length: int) -> tuple[Tensor, Tensor]:
        positions = start[:, None] + torch.arange(length, device=self.device)
        angles = positions[..., None].float() * self.get_buffer("frequencies")
        angles = torch.cat([angles, angles], -1)[:, :, None, :]
        return angles.cos(), angles.sin()
