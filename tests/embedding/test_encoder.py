"""The shipped encoder gives meaning-bearing unit vectors, and the cache spares it work."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from app.domain.records import Message
from app.embedding.cache import SLICE_TEXTS, encode_cached
from app.embedding.encoder import Encoder
from app.embedding.files import MODEL, TOKENIZER, encoder_folder
from app.embedding.language import encoder_fits
from app.embedding.text import record_text
from app.errors import InputError, Stopped

LOST = ["I lost my card yesterday", "my credit card went missing", "play some jazz music"]


def test_vectors_have_unit_length_and_know_meaning(encoder: Encoder) -> None:
    seen: list[tuple[int, int]] = []
    vectors = encoder.encode([*LOST, "", "word " * 5_000], lambda d, t: seen.append((d, t)))
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert vectors[0] @ vectors[1] > 0.5 > 0.2 > vectors[0] @ vectors[2]
    assert seen[-1] == (5, 5)
    assert encoder.encode([]).shape == (0, 384)


def test_a_damaged_or_missing_encoder_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not at"):
        Encoder(tmp_path)
    for name in (MODEL, TOKENIZER):
        (tmp_path / name).write_bytes((encoder_folder() / name).read_bytes()[:-1])
    with pytest.raises(InputError, match="damaged"):
        Encoder(tmp_path)


def test_a_record_is_its_first_and_last_user_turn() -> None:
    turns = [
        Message(role="system", content="be kind"),
        Message(role="user", content="a" * 900),
        Message(role="assistant", content="b"),
        Message(role="user", content="middle"),
        Message(role="user", content=" last "),
    ]
    assert record_text(turns) == "a" * 300 + "\nlast"
    assert record_text(turns[:2]) == "a" * 900
    assert record_text(turns[:1]) == ""


def test_the_cache_returns_the_same_vectors_without_encoding(
    encoder: Encoder, tmp_path: Path
) -> None:
    path = tmp_path / "vectors.sqlite"
    calls: list[int] = []
    first = encode_cached([*LOST, LOST[0]], encoder, path, lambda done, _: calls.append(done))
    assert calls == [3]
    again = encode_cached([*LOST, LOST[0]], encoder, path, lambda done, _: calls.append(done))
    assert calls == [3]
    assert np.array_equal(first, again)
    assert np.abs((first[:3] * encoder.encode(LOST)).sum(1) - 1).max() < 1e-3


def test_what_was_encoded_before_a_stop_is_kept(encoder: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "vectors.sqlite"
    texts = [f"text {i}" for i in range(SLICE_TEXTS + 10)]

    def stop(done: int, total: int) -> None:
        raise Stopped("Stopped by the user.")

    with pytest.raises(Stopped):
        encode_cached(texts, encoder, path, stop)
    left: list[int] = []
    encode_cached(texts, encoder, path, lambda done, _: left.append(done))
    assert left == [SLICE_TEXTS + 10]


def test_a_damaged_cache_is_made_anew(encoder: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "vectors.sqlite"
    path.write_bytes(b"not a database, by no means" * 100)
    assert encode_cached(LOST, encoder, path).shape == (3, 384)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM vector").fetchone() == (3,)
    db.close()


@pytest.mark.parametrize(
    ("texts", "fits"),
    [
        (LOST, True),
        (["SELECT * FROM t", "fix bug 12"], True),
        ([], True),
        (["我的卡丢了怎么办", "Моя карта потеряна"], False),
        (["Ich habe meine Karte verloren und das Konto ist gesperrt"] * 5, False),
        (["¿Cómo puedo cambiar el límite de la tarjeta para los pagos?"] * 5, False),
    ],
)
def test_other_languages_are_noticed(texts: list[str], fits: bool) -> None:
    assert encoder_fits(texts) is fits
