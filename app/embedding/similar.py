"""Which uncertain records say nearly the same, so that one decision can stand for all of them."""

import numpy as np

from app.embedding.discovery import Labels
from app.embedding.encoder import Vectors

COMPARED = 4_000  # records of one topic; comparing them takes 0.1 s on one thread
MOST = 99  # a longer list is looked through by nobody


def alike(vectors: Vectors, topic: Labels, *, least: float) -> dict[int, list[int]]:
    """For each row the other rows of its topic whose cosine is at least `least`, the nearest first.

    `vectors` are of unit length (n, d), `topic` (n,). Rows without any are left out, and so are
    those beyond the first 4,000 of a topic.
    """
    found: dict[int, list[int]] = {}
    for each in np.unique(topic):
        rows = np.flatnonzero(topic == each)[:COMPARED]
        cosine = vectors[rows] @ vectors[rows].T
        np.fill_diagonal(cosine, -1)
        for i in np.flatnonzero((cosine >= least).any(1)).tolist():
            near = np.argsort(-cosine[i], kind="stable")[:MOST]
            found[int(rows[i])] = rows[near[cosine[i][near] >= least]].tolist()
    return found
