"""Groups MinHash signatures into clusters of near-duplicates; plain arithmetic on arrays."""

import numpy as np
from numpy.typing import NDArray

# Locality-sensitive hashing: 12 bands of 5 rows find a pair of Jaccard similarity 0.8 with
# probability 1 - (1 - 0.8^5)^12 = 0.99 and one of 0.5 with 0.32; found pairs are then checked
# (Leskovec et al., Mining of Massive Datasets, 3.4).
PERMUTATIONS = 60
BANDS = 12
SIMILARITY = 0.8
# A "cluster" that is a large part of the data is a template with filled-in blanks, not duplicates;
# kept together it would leave validation and test empty.
LARGEST_SHARE = 0.02
LARGEST_AT_LEAST = 20


def first_of_cluster(signatures: NDArray[np.uint32]) -> NDArray[np.int64]:
    """For each row of `signatures` (records x PERMUTATIONS) the first row of its cluster.

    Rows are joined when the share of equal permutations, an estimate of the Jaccard similarity of
    their shingles, is at least SIMILARITY; joined pairs chain. Rows of clusters that are too large
    stand alone.
    """
    count = len(signatures)
    parent = np.arange(count)
    rows = PERMUTATIONS // BANDS
    for band in range(BANDS):
        keys = _band_keys(signatures[:, band * rows : (band + 1) * rows])
        left, right = _candidates(keys)
        similar = np.mean(signatures[left] == signatures[right], axis=1) >= SIMILARITY
        for a, b in zip(left[similar].tolist(), right[similar].tolist(), strict=True):
            _join(parent, a, b)
    roots = np.array([_root(parent, i) for i in range(count)], dtype=np.int64)
    largest = max(LARGEST_AT_LEAST, int(count * LARGEST_SHARE))
    sizes = np.bincount(roots, minlength=count)
    return np.where(sizes[roots] > largest, np.arange(count), roots)


def _band_keys(band: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """One number per row; equal rows have equal numbers (others seldom: pairs are checked)."""
    keys = np.zeros(len(band), dtype=np.uint64)
    for column in band.T.astype(np.uint64):
        keys = keys * np.uint64(0x9E3779B97F4A7C15) + column + np.uint64(1)
    return keys


def _candidates(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs with equal keys: each row with the one before it and with the first of its bucket."""
    order = np.argsort(keys, kind="stable")
    new = np.ones(len(keys), dtype=bool)
    new[1:] = keys[order[1:]] != keys[order[:-1]]
    starts = np.maximum.accumulate(np.where(new, np.arange(len(keys)), 0))
    inner = np.flatnonzero(~new)
    left = np.concatenate([order[inner - 1], order[starts[inner]]])
    return left, np.concatenate([order[inner], order[inner]])


def _root(parent: NDArray[np.int64], row: int) -> int:
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = int(parent[row])
    return row


def _join(parent: NDArray[np.int64], a: int, b: int) -> None:
    """The earlier row leads, so that a cluster is named after its first record."""
    a, b = _root(parent, a), _root(parent, b)
    parent[max(a, b)] = min(a, b)
