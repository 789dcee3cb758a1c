"""One encoder for all tests of this folder, and the labelled utterances they measure on."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from app.embedding.cache import encode_cached
from app.embedding.encoder import Encoder, Vectors
from app.embedding.files import encoder_folder


@dataclass(frozen=True)
class Labelled:
    """Texts with their true topic path, and their vectors."""

    texts: list[str]
    paths: list[tuple[str, ...]]
    vectors: Vectors

    @property
    def labels(self) -> np.ndarray:
        return np.array(["/".join(path) for path in self.paths])


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder(encoder_folder())


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "vectors.sqlite"


@pytest.fixture
def labelled(
    shared_data: Callable[[str], Path], encoder: Encoder, cache: Path
) -> Callable[[str, int], Labelled]:
    """`count` random records of a shared data file."""

    def load(name: str, count: int) -> Labelled:
        lines = shared_data(f"data/{name}.jsonl").read_text(encoding="utf-8").splitlines()
        chosen = np.random.default_rng(0).permutation(len(lines))[:count]
        rows = [json.loads(lines[i]) for i in chosen]
        texts = [row["messages"][0]["content"] for row in rows]
        paths = [tuple(row["metadata"]["topic_path"]) for row in rows]
        return Labelled(texts, paths, encode_cached(texts, encoder, cache))

    return load
