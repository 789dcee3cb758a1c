"""Other languages are compared by spelling, by the same workers, and the result says so."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from app.embedding import categorize_worker, topics_worker
from app.embedding.cache import encode_cached
from app.embedding.discovery import discover
from app.embedding.encoder import Encoder
from app.embedding.files import encoder_folder
from app.embedding.proposal import load_proposal
from app.embedding.spelling import Speller, encoder_for
from app.workers import RunDir, Worker

GERMAN = {
    "Rechnung": ["die Rechnung", "meine Rechnung", "den Rechnungsbetrag"],
    "Passwort": ["mein Passwort", "das Passwort", "die Passwörter"],
    "Lieferung": ["die Lieferung", "meine Lieferung", "den Lieferschein"],
}
GERMAN_FRAMES = ["Ich kann {} nicht finden", "Wo ist {} geblieben", "Wie ändere ich {}", "{} fehlt"]
JAPANESE = {
    "請求書": ["請求書", "請求金額", "請求書の内容"],
    "パスワード": ["パスワード", "ログインパスワード", "新しいパスワード"],
    "配送": ["荷物の配送", "配送状況", "配送先"],
}
JAPANESE_FRAMES = ["{}が見つかりません", "{}を確認したい", "{}をもう一度送って", "{}の変更方法"]
LANGUAGES = [(GERMAN, GERMAN_FRAMES), (JAPANESE, JAPANESE_FRAMES)]


def rows(things: dict[str, list[str]], frames: list[str]) -> list[tuple[str, str]]:
    return [
        (frame.format(word), topic)
        for topic, words in things.items()
        for word in words
        for frame in frames
    ]


def done(task: Any, folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    RunDir(folder).prepare(config)
    worker = Worker(folder)
    result: dict[str, Any] = task.run(worker)
    worker.finish("completed")
    return result


@pytest.mark.parametrize(("things", "frames"), LANGUAGES)
def test_topics_and_categories_of_another_language(
    tmp_path: Path, things: dict[str, list[str]], frames: list[str]
) -> None:
    made = rows(things, frames)
    lines = [orjson.dumps({"id": i, "text": text}) for i, (text, _) in enumerate(made)]
    (tmp_path / "records.jsonl").write_bytes(b"\n".join(lines))
    cache = tmp_path / "vectors.sqlite"
    config = {
        "records": str(tmp_path / "records.jsonl"),
        "cache": str(cache),
        "encoder": str(encoder_folder()),
    }
    found = done(topics_worker, tmp_path / "t", config)
    assert found["english"] is False
    proposal = load_proposal(Path(found["proposal"]))
    assert sorted(i for node in proposal.cut(4) for i in node.record_ids) == list(range(len(made)))
    topics = [{"id": n, "path": [name]} for n, name in enumerate(things)]
    placed = done(categorize_worker, tmp_path / "c", {**config, "topics": topics})
    assert placed["english"] is False
    assert not cache.exists()
    assigned = [json.loads(x) for x in Path(placed["assignments"]).read_bytes().splitlines()]
    right = [
        list(things)[line["alternatives"][0][0]] == topic
        for line, (_, topic) in zip(assigned, made, strict=True)
    ]
    assert np.mean(right) >= 0.8


def test_languages_fall_apart(shared_data: Callable[[str], Path]) -> None:
    lines = shared_data("data/mgsm_4lang_sample.jsonl").read_text(encoding="utf-8").splitlines()
    items = [json.loads(line) for line in lines]
    texts = [item["messages"][0]["content"] for item in items]
    speller = encoder_for(texts, encoder_folder())
    assert isinstance(speller, Speller)
    fine = discover(speller.encode(texts)).fine
    languages = np.array([item["metadata"]["language"] for item in items])
    assert all(len(set(languages[fine == group])) == 1 for group in set(fine.tolist()))


def test_a_speller_stands_in_for_the_encoder(tmp_path: Path) -> None:
    texts = ["Meine Karte ist weg", "Die Karte ist gesperrt", "Wo bleibt das Paket", "", "Ja"]
    speller, seen = Speller(texts), []
    cache = tmp_path / "vectors.sqlite"
    vectors = encode_cached(texts, speller, cache, lambda *x: seen.append(x))
    assert (vectors.shape, vectors.dtype) == ((5, 384), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 0, 1], abs=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert np.allclose(
        np.abs(Speller(texts).encode(texts) @ vectors.T), np.abs(vectors @ vectors.T), atol=1e-4
    )
    assert seen == [(5, 5)]
    assert not cache.exists()
    assert Speller(["ein"]).encode(["ein", "zwei"]).shape == (2, 384)
    assert Speller([]).encode([]).shape == (0, 384)
    assert isinstance(encoder_for(["Where is my card"], encoder_folder()), Encoder)
