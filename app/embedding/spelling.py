"""Texts to vectors by how they are spelled, for languages that the sentence encoder has not read."""

import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import svds

from app.embedding.discovery import unit
from app.embedding.encoder import DIMENSIONS, Encoder, OnProgress, Vectors
from app.embedding.language import encoder_fits

SIZES = (2, 3, 4)  # characters; with word ends. Two are a word in Chinese and Japanese
BUCKETS = 2**17
FITTED = 5_000  # texts that the axes are found in (latent semantic analysis, Deerwester 1990)
AXES = (
    200  # banking part of CLINC read so: NMI .79 with its intents, .80 with 384 at thrice the time
)
CHARACTERS = 1_000  # of a text that are read
STEP = 2_000  # texts between two reports


class Speller:
    """TF-IDF of character n-grams, hashed, and the 200 strongest axes of the texts it was given.

    It stands in for `Encoder`. Its vectors have a meaning only among themselves: another speller's
    are not to be compared with them.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        some = list(dict.fromkeys(texts))
        counts = _counts(some[:: max(1, len(some) // FITTED)][:FITTED])
        seen = np.bincount(counts.indices, minlength=BUCKETS)
        self._weight = np.log((1 + counts.shape[0]) / (1 + seen)) + 1
        table = self._weighted(counts)
        axes = min(AXES, min(table.shape) - 1)
        self._axes = np.zeros((BUCKETS, DIMENSIONS), np.float32)
        if axes > 0:
            start = np.ones(min(table.shape))  # fixed: the same texts give the same vectors
            self._axes[:, :axes] = svds(table, k=axes, v0=start)[2].T

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Vectors:
        """The texts as (n, 384) float32 unit vectors; of a text without a known n-gram zeros."""
        parts = [np.zeros((0, DIMENSIONS), np.float32)]
        for start in range(0, len(texts), STEP):
            some = texts[start : start + STEP]
            parts.append(unit(self._weighted(_counts(some)) @ self._axes))
            if on_progress:
                on_progress(start + len(some), len(texts))
        return np.concatenate(parts)

    def _weighted(self, counts: sparse.csr_array) -> sparse.csr_array:
        """Sublinear counts times inverse frequencies, rows of unit length."""
        data = (1 + np.log(counts.data)) * self._weight[counts.indices]
        table = sparse.csr_array((data, counts.indices, counts.indptr), shape=counts.shape)
        length = np.sqrt(np.maximum(table.multiply(table).sum(axis=1), 1e-12))
        return sparse.csr_array(sparse.diags_array(1 / length) @ table)


def encoder_for(texts: Sequence[str], path: Path) -> Encoder | Speller:
    """The sentence encoder where it suits most of the texts, else a speller made from them.

    Texts of mixed languages are all read the same way, so that they can be compared.
    """
    return Encoder(path) if encoder_fits(texts) else Speller(texts)


def _counts(texts: Sequence[str]) -> sparse.csr_array:
    """How often each hashed n-gram occurs in each text, (n, 131072)."""
    data: list[int] = []
    indices: list[int] = []
    ends = [0]
    for text in texts:
        grams = _grams(text)
        indices += grams.keys()
        data += grams.values()
        ends.append(len(indices))
    return sparse.csr_array(
        (np.array(data, float), np.array(indices, np.int32), np.array(ends)),
        shape=(len(texts), BUCKETS),
    )


def _grams(text: str) -> Counter[int]:
    plain = unicodedata.normalize("NFKC", text[:CHARACTERS]).casefold()
    found: Counter[int] = Counter()
    for word in plain.split():
        padded = f" {word} ".encode("utf-32-le", "replace")  # four bytes a character
        for size in SIZES:
            for start in range(0, len(padded) - 4 * size + 1, 4):
                found[zlib.crc32(padded[start : start + 4 * size]) % BUCKETS] += 1
    return found
