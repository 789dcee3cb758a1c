"""Sampling: answers to many prompts at once, or one answer token by token; changes no weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

import torch
from torch import Tensor

from app.errors import TrainingError
from app.training.base import Rollout
from app.training.model import Bundle
from app.training.qwen3 import Cache, Qwen3, StaticCache

KEEP_SHARE = 0.75  # finished rows are dropped once fewer than this share of rows is still alive


@dataclass(frozen=True)
class Piece:
    """The next part of a streamed answer; the last one says why it ended."""

    text: str
    tokens: int
    finish: Literal["stop", "length"] | None = None


def pad(
    rows: Sequence[Sequence[int]], *, pad_id: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Right-padded `ids [B, T]` and their lengths `[B]`."""
    lengths = torch.tensor([len(row) for row in rows], device=device)
    ids = torch.full((len(rows), int(lengths.max())), pad_id, device=device)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row, device=device)
    return ids, lengths


def common_prefix(rows: Sequence[Sequence[int]]) -> int:
    """How many leading tokens all rows share; each row keeps at least one of its own."""
    if len(rows) < 2:
        return 0
    shared = sum(
        1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*rows, strict=False))
    )
    return min(shared, min(map(len, rows)) - 1)


def prefill(
    model: Qwen3, prompts: Sequence[Sequence[int]], *, pad_id: int
) -> tuple[Tensor, tuple[Cache, ...]]:
    """The last hidden state of each prompt `[P, d]` and the caches an answer continues from.

    What all prompts share, a system prompt say, is computed once. Differentiable.
    """
    shared = common_prefix(prompts)
    past: tuple[Cache, ...] = ()
    if shared:
        _, cache = model(torch.tensor([list(prompts[0][:shared])], device=model.device))
        past = (cache,)
    ids, lengths = pad([p[shared:] for p in prompts], pad_id=pad_id, device=model.device)
    hidden, cache = model(ids, past=past, lengths=lengths)
    last = hidden[torch.arange(len(prompts), device=model.device), lengths - 1]
    return last, (*past, cache)


def fits(bundle: Bundle, prompt: Sequence[int], max_new_tokens: int) -> bool:
    """Whether a prompt with its longest answer stays within the model's context."""
    return len(prompt) + max_new_tokens <= bundle.model.config.max_position_embeddings


def check_room(bundle: Bundle, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> None:
    """Raise TrainingError when a prompt and its answer would not fit the model's context."""
    longest = max(prompts, key=len)
    if not fits(bundle, longest, max_new_tokens):
        raise TrainingError(too_long(bundle, longest, max_new_tokens))


def too_long(bundle: Bundle, prompt: Sequence[int], max_new_tokens: int) -> str:
    """What to tell the user about a prompt that does not fit."""
    return (
        f"A prompt of {len(prompt)} tokens with an answer of up to {max_new_tokens} does not fit "
        f"this model's context of {bundle.model.config.max_position_embeddings} tokens. "
        "Shorten the prompt or the answer limit."
    )


@torch.inference_mode()
def sample(
    bundle: Bundle,
    prompts: Sequence[Sequence[int]],
    *,
    n: int,
    max_new_tokens: int,
    temperature: float,
    seeds: Sequence[int],
) -> list[list[Rollout]]:
    """`n` answers to each prompt. Temperature 0 takes the likeliest token, and one answer is
    then copied `n` times.

    Prompt `i` draws its random numbers from `seeds[i]` alone, so its answers do not depend on
    what else is in the batch. Tokens are drawn by inverting the cumulative distribution (on a
    CPU several times faster than `torch.multinomial`). Log-probabilities are those of the
    tempered distribution that was sampled from. Raises TrainingError when a prompt is too long.
    """
    check_room(bundle, prompts, max_new_tokens)
    copies = n if temperature > 0 else 1
    draws = torch.cat(
        [
            torch.rand(copies, max_new_tokens, generator=torch.Generator().manual_seed(s))
            for s in seeds
        ]
    )
    rows = _decode(bundle, prompts, draws.to(bundle.model.device), temperature)
    done = [_rollout(bundle, tokens, logps, max_new_tokens) for tokens, logps in rows]
    return [(done[i : i + copies] * n)[:n] for i in range(0, copies * len(prompts), copies)]


def _decode(
    bundle: Bundle, prompts: Sequence[Sequence[int]], draws: Tensor, temperature: float
) -> list[tuple[list[int], list[float]]]:
    """Tokens and log-probabilities of each row of `draws [P * n, max_new_tokens]`."""
    model, (batch, room) = bundle.model, draws.shape
    last, past = prefill(model, prompts, pad_id=bundle.pad_id)
    logits = model.logits(last).repeat_interleave(batch // len(prompts), 0)
    own = StaticCache(model.config, rows=batch, room=room, device=model.device)
    stop = torch.tensor(bundle.stop_ids, device=model.device)
    tokens = torch.full((batch, room), bundle.pad_id, device=model.device)
    logps = torch.zeros(batch, room, device=model.device)
    lengths = torch.full((batch,), room, device=model.device)
    alive = torch.arange(batch, device=model.device)
    running = torch.ones(batch, dtype=torch.bool, device=model.device)
    for step in range(room):
        chosen, chosen_logps = _pick(logits, draws[alive, step], temperature)
        tokens[alive, step], logps[alive, step] = chosen, chosen_logps
        ended = torch.isin(chosen, stop) & running[alive]
        lengths[alive[ended]] = step + 1
        running[alive[ended]] = False
        keep = running[alive]
        if step == room - 1 or not keep.any():
            break
        if keep.float().mean() < KEEP_SHARE:
            kept = keep.nonzero()[:, 0]
            past = tuple(cache.select(kept, len(alive)) for cache in past)
            own.keep(kept)
            alive, chosen = alive[kept], chosen[kept]
        hidden, _ = model(chosen[:, None], past=past, own=own)
        own.used += 1
        logits = model.logits(hidden[:, 0])
    rows = zip(tokens.tolist(), logps.tolist(), lengths.tolist(), strict=True)
    return [(ids[:size], values[:size]) for ids, values, size in rows]


def _pick(logits: Tensor, draw: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """The next token of each row and its log-probability; `draw` in [0, 1)."""
    logps = torch.log_softmax(logits / (temperature or 1.0), -1)
    if temperature > 0:
        total = logps.exp().cumsum(-1)
        chosen = torch.searchsorted(total, draw[:, None] * total[:, -1:], right=True)[:, 0]
        chosen = chosen.clamp(max=logits.shape[-1] - 1)
    else:
        chosen = logits.argmax(-1)
    return chosen, logps.gather(1, chosen[:, None])[:, 0]


def _rollout(bundle: Bundle, tokens: list[int], logps: list[float], room: int) -> Rollout:
    truncated = len(tokens) == room and tokens[-1] not in bundle.stop_ids
    return Rollout(bundle.decode(tokens), tuple(tokens), tuple(logps), truncated)


def stream(
    bundle: Bundle,
    prompt: Sequence[int],
    *,
    max_new_tokens: int,
    temperature: float = 0.0,
    seed: int = 0,
) -> Iterator[Piece]:
    """One answer in pieces of whole characters, as its tokens are sampled.

    The last piece carries `finish`; `tokens` counts those sampled so far. Raises TrainingError
    when the prompt is too long.
    """
    check_room(bundle, [prompt], max_new_tokens)
    tokens: list[int] = []
    sent = ""
    for token in _tokens(bundle, prompt, max_new_tokens, temperature, seed):
        tokens.append(token)
        if token in bundle.stop_ids:
            break
        text = bundle.decode(tokens)
        if text.endswith("�") and len(tokens) < max_new_tokens:
            continue  # half of a character; the rest comes with the next token
        if text != sent:
            yield Piece(text[len(sent) :], len(tokens))
            sent = text
    rest = bundle.decode(tokens)[len(sent) :]
    yield Piece(rest, len(tokens), "stop" if tokens[-1] in bundle.stop_ids else "length")


def _tokens(
    bundle: Bundle, prompt: Sequence[int], room: int, temperature: float, seed: int
) -> Iterator[int]:
    """Sampled tokens one by one. The mode is entered anew each time: a generator may be
    resumed on another thread, and grad mode belongs to a thread."""
    model = bundle.model
    draws = torch.rand(room, generator=torch.Generator().manual_seed(seed)).to(model.device)
    with torch.inference_mode():
        last, past = prefill(model, [prompt], pad_id=bundle.pad_id)
        logits = model.logits(last)
        own = StaticCache(model.config, rows=1, room=room, device=model.device)
    for step in range(room):
        with torch.inference_mode():
            chosen, _ = _pick(logits, draws[step : step + 1], temperature)
        yield int(chosen)
        with torch.inference_mode():
            hidden, _ = model(chosen[:, None], past=past, own=own)
            own.used += 1
            logits = model.logits(hidden[:, 0])
