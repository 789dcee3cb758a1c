"""The sentence encoder: texts to unit vectors with the shipped ONNX model, without a network."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from app.embedding.files import MODEL, TOKENIZER, checked

Vectors = npt.NDArray[np.float32]
OnProgress = Callable[[int, int], None]

DIMENSIONS = 384
MAX_TOKENS = 128  # measured on one thread: a chat of 193 tokens runs at 25/s, a short one at 450/s
BATCH_TOKENS = 1024  # padded tokens in a batch; larger ones ran no faster on one thread
# Batches run side by side, each on one thread: no barrier inside a batch, so a busy core costs only
# its own share. More than two are left to the window and to other workers.
THREADS = min(2, os.cpu_count() or 1)


class Encoder:
    """Loads the model once; raises InputError when its files are missing or damaged."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_buffer(checked(path / TOKENIZER))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            checked(path / MODEL), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Vectors:
        """The texts as (n, 384) float32 unit vectors, in their order.

        Texts are cut at 128 tokens. `on_progress(done, total)` is called after each batch and may
        raise to stop.
        """
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        rows = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        done = 0
        batches = list(_batches([len(row) for row in rows]))
        pool = ThreadPoolExecutor(THREADS)
        try:
            found = pool.map(lambda batch: self._run([rows[i] for i in batch]), batches)
            for batch, part in zip(batches, found, strict=True):
                vectors[batch] = part
                done += len(batch)
                if on_progress:
                    on_progress(done, len(texts))
        finally:
            pool.shutdown(cancel_futures=True)
        return vectors

    def _run(self, rows: list[list[int]]) -> Vectors:
        width = max(map(len, rows))
        ids = np.zeros((len(rows), width), np.int64)
        mask = np.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = row
            mask[i, : len(row)] = 1
        (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        return cast(Vectors, vectors)


def _batches(lengths: Sequence[int]) -> Iterable[list[int]]:
    """Indices in batches of like length, so that little padding is computed."""
    batch: list[int] = []
    for i in np.argsort(lengths, kind="stable").tolist():
        if batch and lengths[i] * (len(batch) + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
