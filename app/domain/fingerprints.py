"""Fingerprints of what a result was computed from, so that staleness is a comparison.

They are of content, not counters: undoing an edit makes a result fresh again. Records combine by
addition modulo 2^128, so their order and ids do not matter and a set can be updated in place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

_BITS = 128
_MASK = (1 << _BITS) - 1

LABELS = {
    "records": "the records",
    "topics": "the topics",
    "targets": "the targets",
    "grader": "the grader",
    "base_model": "the base model",
    "prompt": "the system prompt",
    "run": "the training run",
}
"""How a part is named to a person."""


def digest(*parts: str | bytes) -> int:
    """128-bit blake2b of the parts, each with its length, so that no two lists collide."""
    hasher = hashlib.blake2b(digest_size=_BITS // 8)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        hasher.update(len(data).to_bytes(8, "big"))
        hasher.update(data)
    return int.from_bytes(hasher.digest(), "big")


def of_value(value: Any) -> str:
    """Fingerprint of a JSON-like value; key order does not matter. Used for configs."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return f"{digest(text):032x}"


class RecordSet:
    """A running, order-independent fingerprint of records: add and remove undo each other.

    The sum of 128-bit hashes (a multiset hash, Bellare and Micciancio 1997) keeps duplicates
    apart, which exclusive-or would cancel.
    """

    def __init__(self) -> None:
        self._sum = 0
        self._count = 0

    def add(self, content_hash: str, *, split: str | None = None, topic: str = "") -> None:
        """Count one record in. `topic` only where the result depends on topics."""
        self._sum = (self._sum + digest(content_hash, split or "", topic)) & _MASK
        self._count += 1

    def remove(self, content_hash: str, *, split: str | None = None, topic: str = "") -> None:
        """Take one record out again; it must have been added with the same values."""
        self._sum = (self._sum - digest(content_hash, split or "", topic)) & _MASK
        self._count -= 1

    @property
    def text(self) -> str:
        return f"{digest(f'{self._sum:032x}', str(self._count)):032x}"


def of_records(rows: Iterable[tuple[str, str | None, str]]) -> str:
    """Fingerprint of (content hash, split, topic path or '') rows in any order."""
    records = RecordSet()
    for content_hash, split, topic in rows:
        records.add(content_hash, split=split, topic=topic)
    return records.text


def of_groups(groups: Iterable[tuple[str, str, int, int]]) -> str:
    """Fingerprint of records given as sums: (split, topic path or "", number, sum of their hashes).

    The sum is of the 128-bit content hashes as numbers. Groups of one split and topic are put
    together first, so it does not matter how the records were cut into them.
    """
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for split, topic, number, total in groups:
        before = found.get((split, topic), (0, 0))
        found[split, topic] = (before[0] + number, (before[1] + total) & _MASK)
    parts = [[*key, number, f"{total:032x}"] for key, (number, total) in sorted(found.items())]
    return of_value([part for part in parts if part[2]])


def of_topics(paths: Iterable[tuple[tuple[str, ...], str]]) -> str:
    """Fingerprint of a tree given as (path of names, description); sibling order is no matter."""
    total = sum(digest(json.dumps(list(path)), description) for path, description in paths)
    return f"{digest(f'{total & _MASK:032x}'):032x}"


class Fingerprint(BaseModel):
    """The inputs of one result, part by part, so that a stale one can say what changed."""

    model_config = ConfigDict(frozen=True)

    parts: dict[str, str] = {}

    @classmethod
    def of(cls, **parts: str) -> Fingerprint:
        return cls(parts=parts)

    @property
    def text(self) -> str:
        return of_value(self.parts)

    def changed(self, now: Fingerprint) -> list[str]:
        """Names of the parts that differ from `now`, in words; empty when the result is fresh."""
        keys = [*now.parts, *(k for k in self.parts if k not in now.parts)]
        return [LABELS.get(k, k) for k in keys if self.parts.get(k) != now.parts.get(k)]


def categorisation(*, records: str, topics: str) -> Fingerprint:
    """Inputs of step 2: the valid records' contents, in whatever split, and the topic tree."""
    return Fingerprint.of(records=records, topics=topics)


def coverage(*, records: str, topics: str, targets: Mapping[str, float] | None) -> Fingerprint:
    """Inputs of step 3: the records with their topics, the tree and the wished shares."""
    return Fingerprint.of(records=records, topics=topics, targets=of_value(targets))


def dry_run(*, records: str, grader: str, base_model: str, prompt: str = "") -> Fingerprint:
    """Inputs of steps 5 and 6: valid records with their splits, grader, base model, prompt.

    Topics are left out: they only spread the sample, so categorising again voids no dry run.
    """
    return Fingerprint.of(records=records, grader=grader, base_model=base_model, prompt=prompt)


def combined(texts: Iterable[str]) -> str:
    """Fingerprint of texts in any order; duplicates count."""
    return of_records((text, None, "") for text in texts)
