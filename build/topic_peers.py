"""What people would otherwise use for topics, on the same texts and vectors; nothing of the app's."""

import itertools
import math
import re
from collections import Counter

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from scipy.sparse.linalg import svds

Labels = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.floating]
_WORD = re.compile(r"\b\w\w+\b")
DIMENSIONS = 100
RESTARTS = 3  # the best of them by the sum of squares, as libraries do
ROUNDS = 50


def tfidf_svd(texts: list[str], *, dimensions: int = DIMENSIONS) -> Vectors:
    """Latent semantic analysis: words and pairs of words (in two texts at least), sublinear tf,
    smoothed idf, unit rows, 100 singular vectors, unit rows."""
    counts = [_terms(text) for text in texts]
    spread = Counter(term for row in counts for term in row)
    known = {term: i for i, term in enumerate(sorted(t for t, n in spread.items() if n > 1))}
    cells = [
        (r, known[t], 1 + math.log(n))
        for r, row in enumerate(counts)
        for t, n in row.items()
        if t in known
    ]
    rows, columns, values = zip(*cells, strict=True)
    table = sparse.csr_array((values, (rows, columns)), shape=(len(texts), len(known)))
    idf = np.array([math.log((1 + len(texts)) / (1 + spread[t])) + 1 for t in known])
    table = table.multiply(idf[None]).tocsr()
    length = np.sqrt(np.maximum(table.multiply(table).sum(axis=1), 1e-12))
    table = sparse.diags_array(1 / length) @ table
    size = min(dimensions, min(table.shape) - 1)
    left, scale, _ = svds(table, k=size, v0=np.ones(min(table.shape)))
    return unit(left * scale)


def kmeans(vectors: Vectors, k: int, *, seed: int = 0) -> Labels:
    """Lloyd's algorithm from k-means++ seeds, the best of three starts."""
    found = [_kmeans(vectors, k, np.random.default_rng(seed + i)) for i in range(RESTARTS)]
    return min(found, key=lambda each: each[1])[0]


def _kmeans(vectors: Vectors, k: int, random: np.random.Generator) -> tuple[Labels, float]:
    centres = _seeds(vectors, k, random)
    labels = np.full(len(vectors), -1)
    for _ in range(ROUNDS):
        distance = (centres**2).sum(1) - 2 * vectors @ centres.T
        new = distance.argmin(1)
        if np.array_equal(new, labels):
            break
        labels = new
        table = sparse.csr_array(
            (np.ones(len(labels)), (labels, np.arange(len(labels)))), (k, len(labels))
        )
        size = np.bincount(labels, minlength=k)
        filled = size > 0
        centres[filled] = (table @ vectors)[filled] / size[filled, None]
    return labels, float(((vectors - centres[labels]) ** 2).sum())


def _seeds(vectors: Vectors, k: int, random: np.random.Generator) -> Vectors:
    chosen = [int(random.integers(len(vectors)))]
    nearest = np.full(len(vectors), np.inf)
    for _ in range(k - 1):
        away = ((vectors - vectors[chosen[-1]]) ** 2).sum(1)
        nearest = np.minimum(nearest, away)
        total = nearest.sum()
        share = nearest / total if total else None
        chosen.append(int(random.choice(len(vectors), p=share)))
    return vectors[chosen].astype(float)


def unit(vectors: Vectors) -> Vectors:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _terms(text: str) -> Counter[str]:
    words = _WORD.findall(text.lower())
    return Counter(words + [f"{a} {b}" for a, b in itertools.pairwise(words)])
