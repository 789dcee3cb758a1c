"""Finds records whose prompts are nearly the same, so that no cluster is torn across splits."""

from collections.abc import Iterable, Iterator

import numpy as np
import orjson
from rensa import RMinHash

from app.domain.near_duplicates import PERMUTATIONS, first_of_cluster
from app.domain.normalise import cluster_key
from app.domain.records import Message
from app.domain.validation import issue

SHINGLE = 5  # characters: one changed word of a short sentence still leaves most of them alike
# Long prompts are told apart by their beginning and end.
HEAD = TAIL = 2000
BATCH = 1000
SEED = 1


class Clusters:
    """Collects one signature (240 bytes) per prompt; memory does not grow with the texts."""

    def __init__(self) -> None:
        self._signatures: list[np.ndarray] = []
        self._waiting: list[list[str]] = []

    def add(self, key: str) -> None:
        """Add the next prompt, by its `cluster_key`."""
        self._waiting.append(shingles(key))
        if len(self._waiting) == BATCH:
            self._sign()

    def firsts(self) -> list[int]:
        """For each prompt, in the order added, the position of the first of its cluster."""
        self._sign()
        if not self._signatures:
            return []
        firsts: list[int] = first_of_cluster(np.concatenate(self._signatures)).tolist()
        return firsts

    def _sign(self) -> None:
        if self._waiting:
            digests = RMinHash.digests_from_token_sets(self._waiting, PERMUTATIONS, SEED)
            self._signatures.append(np.array(digests, dtype=np.uint32))
            self._waiting = []


def shingles(text: str) -> list[str]:
    """The overlapping pieces of a text that its signature is made of; at least one."""
    if len(text) > HEAD + TAIL:
        text = text[:HEAD] + text[-TAIL:]
    return list({text[i : i + SHINGLE] for i in range(max(1, len(text) - SHINGLE + 1))})


def placements(
    prompts: Iterable[tuple[int, int, str, bytes, str]],
) -> Iterator[tuple[str, int, str | None, int]]:
    """What clustering changes: cluster and the id of its first, whose split it has; warning or None, and
    id of each record it moves.

    `prompts` are id, line, own cluster, content hash and messages (JSON) of the valid records in
    order. The first of a cluster gives it its name; an exact duplicate is moved without a warning.
    """
    clusters = Clusters()
    known: list[tuple[int, int, str, bytes]] = []
    for record_id, line, alone, digest, messages in prompts:
        clusters.add(cluster_key([Message.model_construct(**m) for m in orjson.loads(messages)]))
        known.append((record_id, line, alone, digest))
    first_line: dict[str, int] = {}
    seen: set[bytes] = set()
    for (record_id, line, alone, digest), first in zip(known, clusters.firsts(), strict=True):
        cluster = known[first][2]
        earlier = first_line.setdefault(cluster, line)
        near = earlier != line and digest not in seen
        seen.add(digest)
        if near or cluster != alone:
            text = issue("near_duplicate", line=earlier).text if near else None
            yield cluster, known[first][0], text, record_id
