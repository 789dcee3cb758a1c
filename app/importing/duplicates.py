"""Finds records whose prompts are nearly the same, so that no cluster is torn across splits."""

import numpy as np
from rensa import RMinHash

from app.domain.near_duplicates import PERMUTATIONS, first_of_cluster

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
