"""Labelled records for the topics' bench: read as the app imports them, examples drawn from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.embedding.text import record_text
from app.errors import InputError
from app.importing.lines import line_of
from app.importing.records import RecordReader

STRANGERS = frozenset({"oos", "ood", "out of scope", "out of domain"})
Labels = npt.NDArray[np.int64]


@dataclass
class Labelled:
    """Texts as the app compares them, and the number of each one's topic; -1 is out of scope."""

    texts: list[str]
    paths: list[tuple[str, ...]]
    topic: Labels
    left_out: int = 0

    @property
    def inside(self) -> Labels:
        return np.flatnonzero(self.topic >= 0)

    @property
    def outside(self) -> Labels:
        return np.flatnonzero(self.topic < 0)


def read(file: Path, labels: str) -> Labelled:
    """The valid records of a JSONL file that have a label; the rest are counted.

    Raises InputError where fewer than two topics are left.
    """
    reader, texts, paths, left_out = RecordReader(), [], [], 0
    with file.open("rb") as lines:
        for number, raw in enumerate(filter(None, map(bytes.strip, lines)), 1):
            line = line_of(raw, number=number, size=len(raw), position=0)
            record = reader.read(line)
            path = label_of(line.value, labels)
            if isinstance(record, tuple) or not record.valid or not path:
                left_out += 1
                continue
            texts.append(record_text(record.messages))
            paths.append(path)
    if len({p for p in paths if not stranger(p)}) < 2:
        raise InputError(f"{file.name}: fewer than two different labels at {labels!r}.")
    known = sorted({path for path in paths if not stranger(path)})
    number_of = {path: i for i, path in enumerate(known)}
    return Labelled(texts, known, np.array([number_of.get(p, -1) for p in paths]), left_out)


def label_of(value: Any, labels: str) -> tuple[str, ...]:
    """The label at a dotted field; a list is a path. Empty where there is none."""
    for name in labels.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    parts = value if isinstance(value, list) else [value]
    return tuple(str(part) for part in parts if part not in (None, ""))


def stranger(path: Sequence[str]) -> bool:
    return any(part.lower().replace("_", " ").replace("-", " ") in STRANGERS for part in path)


def topics_of(
    data: Labelled, examples: Sequence[Sequence[int]] = (), keep: Labels | None = None
) -> list[dict[str, Any]]:
    """The labels as topics the worker reads; with `keep` only those."""
    return [
        {"id": n, "path": list(data.paths[n]), "examples": examples[n] if examples else []}
        for n in (range(len(data.paths)) if keep is None else keep.tolist())
    ]


def draw(data: Labelled, count: int, seed: int) -> list[list[int]]:
    """`count` records of each topic; of a small one at most half, so that some are left to score."""
    random = np.random.default_rng(seed)
    rows = [random.permutation(np.flatnonzero(data.topic == n)) for n in range(len(data.paths))]
    return [part[: min(count, len(part) // 2)].tolist() for part in rows]
