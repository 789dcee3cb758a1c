"""Model folders in Hugging Face form, read and written without transformers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from app.errors import TrainingError
from app.training.qwen3 import Qwen3, Qwen3Config
from app.training.template import ChatTemplate, Messages

SPECIAL_NAMES = ("bos_token", "eos_token", "pad_token", "unk_token")


@dataclass
class Bundle:
    """A model with its tokenizer and chat template; `stop_ids[0]` closes an answer."""

    model: Qwen3
    tokenizer: Tokenizer
    template: ChatTemplate
    stop_ids: tuple[int, ...]
    pad_id: int
    tokenizer_config: dict[str, Any]
    answer_tokens: int | None = None  # the longest answer it was made for; None where unsaid

    @property
    def parameters(self) -> int:
        return sum(p.numel() for p in self.model.parameters())

    def prompt_ids(
        self, messages: Messages, tools: Sequence[dict[str, Any]] | None = None
    ) -> list[int]:
        """The tokens of a prompt, up to where the assistant's answer begins."""
        return self.encode(self.template.render(messages, tools))

    def target_ids(self, text: str) -> list[int]:
        """The tokens of an answer with the token that closes it."""
        return [*self.encode(text), self.stop_ids[0]]

    def encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of an answer, without the token that closed it and other special tokens."""
        return self.tokenizer.decode(list(ids), skip_special_tokens=True)


def load_model(folder: Path) -> Bundle:
    """Read a Hugging Face folder of a dense Qwen3 model, as float32 on the CPU.

    Raises TrainingError naming the missing file, or the architecture when it is another.
    """
    config = Qwen3Config.from_json(_read(folder, "config.json"))
    tokenizer_config = _read(folder, "tokenizer_config.json")
    model = Qwen3(config)
    weights = {name: tensor.float() for name, tensor in _weights(folder).items()}
    if config.tie_word_embeddings:
        weights.pop("lm_head.weight", None)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainingError(f"The weights in {folder} do not fit config.json: {error}") from None
    tokenizer = _tokenizer(folder)
    special = _special_tokens(tokenizer_config)
    generation: dict[str, Any] = {}
    if (folder / "generation_config.json").exists():
        generation = _read(folder, "generation_config.json")
    stop_ids = _stop_ids(folder, tokenizer, special.get("eos_token", ""), generation)
    pad = tokenizer.token_to_id(special.get("pad_token", ""))
    return Bundle(
        model=model,
        tokenizer=tokenizer,
        template=ChatTemplate(_template_source(folder, tokenizer_config), special),
        stop_ids=stop_ids,
        pad_id=stop_ids[0] if pad is None else pad,
        tokenizer_config=tokenizer_config,
        answer_tokens=generation.get("max_new_tokens"),
    )


def save_model(bundle: Bundle, folder: Path) -> None:
    """Write a folder that plain transformers loads; raises TrainingError when it cannot be written."""
    config = bundle.model.config.to_json()
    config |= {"eos_token_id": bundle.stop_ids[0], "pad_token_id": bundle.pad_id}
    generation: dict[str, Any] = {
        "eos_token_id": list(bundle.stop_ids),
        "pad_token_id": bundle.pad_id,
    }
    if bundle.answer_tokens:
        generation["max_new_tokens"] = bundle.answer_tokens
    tokenizer_config = {**bundle.tokenizer_config, "chat_template": bundle.template.source}
    weights = {k: v.detach().cpu().contiguous() for k, v in bundle.model.state_dict().items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        bundle.tokenizer.save(str(folder / "tokenizer.json"))
        _write(folder / "tokenizer_config.json", tokenizer_config)
        _write(folder / "generation_config.json", generation)
        _write(folder / "config.json", config)
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"The model could not be written to {folder}: {error}.") from None


def _read(folder: Path, name: str) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TrainingError(
            f"{folder} has no {name}; a Hugging Face model folder is needed."
        ) from None
    except (OSError, ValueError) as error:
        raise TrainingError(f"{folder / name} cannot be read: {error}.") from None
    return data


def _write(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False), encoding="utf-8")


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    """All tensors; large models come in several files with an index."""
    names = ["model.safetensors"]
    if (folder / "model.safetensors.index.json").exists():
        names = sorted(set(_read(folder, "model.safetensors.index.json")["weight_map"].values()))
    weights: dict[str, torch.Tensor] = {}
    for name in names:
        try:
            weights |= load_file(folder / name)
        except (OSError, SafetensorError) as error:
            raise TrainingError(f"{folder / name} cannot be read: {error}.") from None
    return weights


def _tokenizer(folder: Path) -> Tokenizer:
    path = folder / "tokenizer.json"
    if not path.exists():
        raise TrainingError(f"{folder} has no tokenizer.json; save it with a fast tokenizer first.")
    tokenizer: Tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _special_tokens(tokenizer_config: dict[str, Any]) -> dict[str, str]:
    found = {name: tokenizer_config.get(name) for name in SPECIAL_NAMES}
    texts = {n: t["content"] if isinstance(t, dict) else t for n, t in found.items() if t}
    return {name: str(text) for name, text in texts.items()}


def _template_source(folder: Path, tokenizer_config: dict[str, Any]) -> str:
    """transformers 5 writes the template to a file of its own, earlier ones into the config."""
    own_file = folder / "chat_template.jinja"
    if own_file.exists():
        return own_file.read_text(encoding="utf-8")
    source = tokenizer_config.get("chat_template")
    if isinstance(source, list):
        named = {entry["name"]: entry["template"] for entry in source}
        source = named.get("default")
    if not source:
        raise TrainingError(f"{folder} has no chat template; choose an instruction-tuned model.")
    return str(source)


def _stop_ids(
    folder: Path, tokenizer: Tokenizer, eos_token: str, generation: dict[str, Any]
) -> tuple[int, ...]:
    eos: Any = generation.get("eos_token_id")
    if eos is None:
        eos = tokenizer.token_to_id(eos_token)
    if eos is None:
        eos = _read(folder, "config.json").get("eos_token_id")
    if eos is None:
        raise TrainingError(f"{folder} names no token that ends an answer (eos_token).")
    return tuple(eos) if isinstance(eos, list) else (int(eos),)
