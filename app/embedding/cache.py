"""Vectors by text hash in one file beside the dataset, so that nothing is encoded twice."""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from app.embedding.encoder import DIMENSIONS, Encoder, OnProgress, Vectors
from app.embedding.files import HASHES, MODEL
from app.embedding.spelling import Speller

# Encoded between two commits, at most this much is lost by a kill: two seconds of short texts. With
# fewer the two threads wait for each other's last batch more often.
SLICE_CHARACTERS = 80_000
SLICE_TEXTS = 2_000
ASKED = 512  # keys in one question to the file
_SCHEMA = "CREATE TABLE IF NOT EXISTS vector (hash BLOB PRIMARY KEY, data BLOB) WITHOUT ROWID"


def encode_cached(
    texts: Sequence[str],
    encoder: Encoder | Speller,
    path: Path,
    on_progress: OnProgress | None = None,
) -> Vectors:
    """The texts as (n, 384) float32 unit vectors; only texts new to the cache are encoded. A
    speller's are not kept: they depend on all the texts it was made from.

    Vectors are kept as float16 and always read back, so that a text has the same vector whether
    it was cached or not. A damaged cache is replaced by a new one. `on_progress(done, total)`
    counts distinct texts; when it raises, the slices done so far are kept.
    """
    if isinstance(encoder, Speller):
        return encoder.encode(texts, on_progress)
    try:
        return _encode(texts, encoder, path, on_progress)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise  # locked, read-only or full: the file itself is not to blame
        path.unlink()
        return _encode(texts, encoder, path, on_progress)


def _encode(
    texts: Sequence[str], encoder: Encoder, path: Path, on_progress: OnProgress | None
) -> Vectors:
    keys = [_key(text) for text in texts]
    by_key = dict(zip(keys, texts, strict=True))
    with closing(sqlite3.connect(path, timeout=30)) as db:
        db.execute(_SCHEMA)
        found = _read(db, list(by_key))
        # By length, so that a slice pads little; then by text, whatever the records' order: int8
        # activations are scaled per batch, so neighbours change a vector (cosine .995 measured).
        missing = [k for k in by_key if k not in found]
        missing.sort(key=lambda k: (len(by_key[k]), by_key[k]))
        for part in _slices(missing, [len(by_key[k]) for k in missing]):
            vectors = encoder.encode([by_key[k] for k in part]).astype(np.float16)
            new = {k: v.tobytes() for k, v in zip(part, vectors, strict=True)}
            with db:
                db.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?)", new.items())
            found |= new
            if on_progress:
                on_progress(len(found), len(by_key))
    stored = np.frombuffer(b"".join(found[k] for k in keys), np.float16)
    vectors = stored.reshape(-1, DIMENSIONS).astype(np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _slices(keys: list[bytes], lengths: list[int]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for key, length in zip(keys, lengths, strict=True):
        if part and (size + length > SLICE_CHARACTERS or len(part) == SLICE_TEXTS):
            yield part
            part, size = [], 0
        part.append(key)
        size += length
    if part:
        yield part


def _key(text: str) -> bytes:
    """128 bits of the text and of the model that encodes it."""
    model = HASHES[MODEL][:16]
    return hashlib.sha256(f"{model}\0{text}".encode("utf-8", "replace")).digest()[:16]


def _read(db: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for start in range(0, len(keys), ASKED):
        part = keys[start : start + ASKED]
        marks = ",".join("?" * len(part))
        found.update(db.execute(f"SELECT * FROM vector WHERE hash IN ({marks})", part))
    return {k: v for k, v in found.items() if len(v) == DIMENSIONS * 2}
