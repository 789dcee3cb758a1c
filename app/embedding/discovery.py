"""Finding topics in vectors: neighbour pooling, Ward's merge tree, and the number of topics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from scipy.cluster.hierarchy import linkage
from scipy.sparse.linalg import eigsh

from app.embedding.encoder import Vectors

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Merges = Sequence[tuple[int, int]]

# Measured on CLINC150 and banking77: normalised mutual information .91 and .82 with their intents.
POOL_NEIGHBOURS = 15
POOL_ROUNDS = 3
EIGENVALUE = 0.85
SMALL_NEIGHBOURS = 10  # sees groups of 20 records (132 for CLINC150's 150)
LARGE_NEIGHBOURS = 45  # sees groups of 100, the quota of a topic (27 for 30)
HEADROOM = 1.5
NEARLY = (0.93, 0.95, 0.97, 0.99)
SAMPLE = 5_000  # Ward needs n² memory and holds the GIL: 8k rows take 15 s
MIN_PER_TOPIC = 5  # a finer cut than n / 5 has no topics left, only records
CHUNK = 1_000  # rows of a similarity matrix computed at once


@dataclass(frozen=True)
class Discovery:
    """The finest cut and how to coarsen it: everything a slider needs.

    `fine` gives every record's group (n,), 0..m-1; `merges` are m-1 pairs, each joining two groups
    into the next number m, m+1, ... in the order of Ward's tree; `suggested` is the number of
    topics estimated from the data.
    """

    fine: Labels
    merges: list[tuple[int, int]]
    suggested: int

    @property
    def finest(self) -> int:
        return len(self.merges) + 1


def discover(
    vectors: Vectors, *, max_topics: int = 200, n_topics: int | None = None, seed: int = 0
) -> Discovery:
    """Group unit vectors (n, d). At most 5,000 sampled rows build the tree, the rest are assigned.

    `n_topics` replaces the estimate. Seconds, and it holds the GIL: call it in a worker.
    """
    n = len(vectors)
    rows = np.arange(n)
    if n > SAMPLE:
        rows = np.sort(np.random.default_rng(seed).choice(n, SAMPLE, replace=False))
    sample = vectors[rows]
    if len(np.unique(sample, axis=0)) < 2 * MIN_PER_TOPIC:
        return Discovery(np.zeros(n, np.int64), [], 1)
    limit = max(2, min(max_topics, len(rows) // MIN_PER_TOPIC))
    pooled = pool(sample)
    fine, merges = _cut(linkage(_distances(pooled), "ward"), limit)
    suggested = min(n_topics or estimate_topics(sample, fine, merges), limit)
    if n > SAMPLE:
        centroids = np.stack([pooled[fine == g].mean(0) for g in range(limit)])
        fine = _assign(vectors, sample=sample, pooled=pooled, centroids=centroids)
    return Discovery(fine, merges, suggested)


def pool(vectors: Vectors, *, rounds: int = POOL_ROUNDS) -> Vectors:
    """Each vector plus the mean of its 15 nearest, weighted by squared similarity; unit length."""
    for _ in range(rounds):
        near, weight = neighbours(vectors, count=min(POOL_NEIGHBOURS, len(vectors) - 1))
        weight = weight**2
        weight /= np.maximum(weight.sum(1, keepdims=True), 1e-9)
        vectors = unit(vectors + np.einsum("ij,ijd->id", weight, vectors[near]))
    return vectors


def unit(vectors: npt.NDArray[np.floating]) -> Vectors:
    """Rows at length one; a zero row stays zero."""
    length = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return (vectors / length).astype(np.float32)


def neighbours(vectors: Vectors, *, count: int) -> tuple[Labels, Vectors]:
    """The `count` most similar other rows of each row, (n, count), and their cosines >= 0."""
    near = np.empty((len(vectors), count), np.int64)
    cosine = np.empty((len(vectors), count), np.float32)
    for start in range(0, len(vectors), CHUNK):
        part = slice(start, start + CHUNK)
        similar = vectors[part] @ vectors.T
        own = np.arange(len(similar))
        similar[own, own + start] = -1
        near[part] = np.argpartition(similar, -count, axis=1)[:, -count:]
        cosine[part] = np.clip(np.take_along_axis(similar, near[part], 1), 0, None)
    return near, cosine


def estimate_topics(vectors: Vectors, fine: Labels, merges: Merges) -> int:
    """The coarsest cut of the tree that separates the records nearly as well as any other.

    Between the number of large groups and 1.5 times the number of small ones in the data, the
    smallest k whose mean silhouette reaches 93, 95, 97 and 99 % of the best; of the four the
    geometric mean, since on a flat curve any one of them jumps (25 or 47 for SLURP, by how its
    texts fell into batches). Measured (true number -> found) in tests/embedding/test_discovery.py;
    counting eigenvalues alone finds 88 for 30 where each topic has 100 records instead of 20.
    """
    finest = len(merges) + 1
    pooled = pool(vectors, rounds=1)
    low = min(count_groups(pooled, near=LARGE_NEIGHBOURS, limit=finest), finest)
    small = count_groups(pooled, near=SMALL_NEIGHBOURS, limit=finest)
    high = min(max(low, round(HEADROOM * small)), finest)
    scores = silhouettes(vectors, fine, merges)
    best = max(scores[k] for k in range(low, high + 1))
    bars = [best - (1 - share) * abs(best) for share in NEARLY]
    coarsest = [next(k for k in range(low, high + 1) if scores[k] >= bar) for bar in bars]
    return round(float(np.exp(np.log(coarsest).mean())))


def count_groups(vectors: Vectors, *, near: int, limit: int) -> int:
    """How many eigenvalues of the normalised nearest-neighbour graph exceed 0.85; 2..limit.

    Each group well separated at that neighbourhood gives one eigenvalue near 1 (the eigengap of
    spectral clustering, von Luxburg 2007); groups much smaller than `near` melt into others.
    """
    n = len(vectors)
    index, cosine = neighbours(vectors, count=min(near, n - 1))
    rows = np.repeat(np.arange(n), index.shape[1])
    graph = sparse.csr_array((cosine.ravel().astype(float), (rows, index.ravel())), shape=(n, n))
    graph = graph.maximum(graph.T)
    scale = sparse.diags_array(1 / np.sqrt(np.maximum(graph.sum(axis=1), 1e-9)))
    normal = scale @ graph @ scale
    if limit + 1 >= n // 2:
        values = np.linalg.eigvalsh(normal.toarray())
    else:
        start = np.ones(n) / np.sqrt(n)  # a fixed start: the same data gives the same number
        values = eigsh(normal, k=limit + 1, which="LA", return_eigenvectors=False, v0=start)
    return int(np.clip((values > EIGENVALUE).sum(), 2, limit))


def silhouettes(vectors: Vectors, fine: Labels, merges: Merges) -> dict[int, float]:
    """Mean silhouette (cosine distance, Rousseeuw 1987) of every cut from 2 topics to the finest."""
    finest = len(merges) + 1
    own = np.arange(len(fine))
    sizes = np.bincount(fine, minlength=finest).astype(float)
    sums = np.stack([vectors[fine == g].sum(0) for g in range(finest)])
    similar = (vectors @ sums.T).astype(float)
    column = np.arange(2 * finest)  # where a tree node's sums are kept
    labels, scores = fine.copy(), {}
    for k in range(finest, 1, -1):
        mean = np.where(sizes > 0, similar / np.maximum(sizes, 1), -1.0)
        inside = (similar[own, labels] - 1) / np.maximum(sizes[labels] - 1, 1)
        mean[own, labels] = -1.0
        other = mean.max(1)
        score = (inside - other) / np.maximum(np.maximum(1 - inside, 1 - other), 1e-9)
        scores[k] = float(np.where(sizes[labels] > 1, score, 0).mean())
        keep, gone = (int(column[node]) for node in merges[finest - k])
        similar[:, keep] += similar[:, gone]
        sizes[keep] += sizes[gone]
        sizes[gone] = 0
        labels[labels == gone] = keep
        column[finest + finest - k] = keep
    return scores


def _distances(vectors: Vectors) -> Floats:
    """Those of unit vectors by their cosines, condensed: a fifth of the time of scipy's `pdist`."""
    exact = vectors.astype(np.float64)
    found = np.empty(len(vectors) * (len(vectors) - 1) // 2)
    end = 0
    for row in range(0, len(vectors), CHUNK):
        cosine = exact[row : row + CHUNK] @ exact[row:].T
        for i, line in enumerate(cosine):
            start, end = end, end + len(line) - i - 1
            found[start:end] = line[i + 1 :]
    return np.sqrt(np.clip(2 - 2 * found, 0, None, out=found), out=found)


def _cut(tree: Floats, groups: int) -> tuple[Labels, list[tuple[int, int]]]:
    """The cut of a linkage matrix into `groups`, and the merges above it renumbered from 0."""
    n = len(tree) + 1
    below = n - groups  # this many merges lie under the cut
    parent = np.arange(2 * n - 1)
    for i, (a, b) in enumerate(tree[:below, :2].astype(int)):
        parent[[a, b]] = n + i
    for node in range(n + below - 1, -1, -1):  # parents have higher numbers
        parent[node] = parent[parent[node]]
    roots, fine = np.unique(parent[:n], return_inverse=True)
    number = {int(root): i for i, root in enumerate(roots)}
    number |= {n + below + i: groups + i for i in range(groups - 1)}
    return fine, [(number[int(a)], number[int(b)]) for a, b in tree[below:, :2]]


def _assign(vectors: Vectors, *, sample: Vectors, pooled: Vectors, centroids: Vectors) -> Labels:
    """The nearest group of every record, after pooling it with its neighbours in the sample."""
    labels = np.empty(len(vectors), np.int64)
    for start in range(0, len(vectors), CHUNK):
        part = vectors[start : start + CHUNK]
        similar = part @ sample.T
        near = np.argpartition(similar, -POOL_NEIGHBOURS, axis=1)[:, -POOL_NEIGHBOURS:]
        weight = np.clip(np.take_along_axis(similar, near, 1), 0, None) ** 2
        weight /= np.maximum(weight.sum(1, keepdims=True), 1e-9)
        moved = unit(part + np.einsum("ij,ijd->id", weight, pooled[near]))
        distance = (centroids**2).sum(1) - 2 * moved @ centroids.T
        labels[start : start + CHUNK] = distance.argmin(1)
    return labels
