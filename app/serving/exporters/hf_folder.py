"""Hugging Face folder: weights, tokenizer and chat template, copied as they are and nothing else."""

import json
import shutil
from pathlib import Path

from app.errors import TrainingError
from app.serving.exporters.base import EXPORTERS, Exporter, Tick

SLICE = 8_000_000  # bytes copied between two looks at the stop file
INDEX = "model.safetensors.index.json"
# What transformers reads. A checkpoint's optimiser state or log does not belong to a model.
NAMES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "model.safetensors",
    INDEX,
)


def write(model: Path, out: Path, tick: Tick) -> None:
    """Copy the model's files; raises TrainingError when it has none or the disk has no room."""
    files = [model / name for name in _names(model)]
    total = sum(file.stat().st_size for file in files)
    free = shutil.disk_usage(out).free
    if total > free:
        raise TrainingError(
            f"The export needs {total / 1e9:.1f} GB and {out.parent} has {free / 1e9:.1f} GB free. "
            "Choose another disk, or make room."
        )
    done = 0
    for file in files:
        done = _copy(file, out / file.name, tick, done=done, total=total)


def _names(model: Path) -> list[str]:
    names = [name for name in NAMES if (model / name).is_file()]
    if INDEX in names:
        weights = json.loads((model / INDEX).read_text(encoding="utf-8"))["weight_map"]
        names += sorted(set(weights.values()))
    if not any(name.endswith(".safetensors") for name in names):
        raise TrainingError(f"{model} has no model.safetensors; it is not a finished model.")
    return names


def _copy(source: Path, target: Path, tick: Tick, *, done: int, total: int) -> int:
    with source.open("rb") as read, target.open("xb") as write_to:
        while part := read.read(SLICE):
            write_to.write(part)
            done += len(part)
            tick(done, total, "writing the model")
    return done


EXPORTERS.add(
    "hf_folder",
    Exporter(write, "A Hugging Face folder: opens in transformers, vLLM and most training tools."),
)
