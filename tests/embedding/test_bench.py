"""The topics' bench: its figures are those of their definitions, and it runs on any labelled file."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BUILD = Path(__file__).parents[2] / "build"
THINGS = {"card": "my card", "parcel": "the parcel", "invoice": "an invoice", "train": "a ticket"}
WORDS = ["I have lost {}", "where is {}", "please send me {} again", "how do I cancel {}"]
ENDS = ("", "now", "today", "please")


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BUILD / f"{name}.py")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


metrics, peers, data = module("topic_metrics"), module("topic_peers"), module("topic_data")
speed = module("bench_topics_speed")


def test_agreement_of_groupings() -> None:
    """By hand: entropies ln 3 and ln(12)/2, mutual information 0.7803; one pair in both, three in
    each, 0.6 by chance."""
    truth, found = [0, 0, 1, 1, 2, 2], [5, 5, 5, 7, 8, 9]
    assert metrics.nmi(truth, found) == pytest.approx(2 / 3)
    assert metrics.ari(truth, found) == pytest.approx(1 / 6)
    assert metrics.matched_accuracy(truth, found) == pytest.approx(4 / 6)
    for score in (metrics.nmi, metrics.ari, metrics.matched_accuracy):
        assert score(truth, [7, 7, 3, 3, 1, 1]) == pytest.approx(1)
        assert score([0, 0], [1, 1]) == 1


def test_calibration_error_and_auroc() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.3, 0.3])
    right = [True, True, True, False, False, True]
    assert metrics.calibration_error(confidence, right) == pytest.approx((4 * 0.15 + 2 * 0.2) / 6)
    assert metrics.calibration_error(np.ones(3), [True] * 3) == 0
    assert metrics.auroc(np.array([0.9, 0.8]), np.array([0.1])) == 1
    assert metrics.auroc(np.array([0.5]), np.array([0.5, 0.1])) == 0.75


def test_peers_find_clear_groups() -> None:
    texts = [word.format(thing) for thing in THINGS.values() for word in ["{}", *WORDS] * 2]
    truth = np.repeat(np.arange(4), 10)
    vectors = peers.tfidf_svd(texts)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
    random = np.random.default_rng(0)
    blobs = np.eye(4)[truth] + 0.05 * random.normal(size=(40, 4))
    assert metrics.ari(truth, peers.kmeans(blobs, 4)) == 1


def test_labels_are_read_from_any_field() -> None:
    assert data.label_of({"a": {"b": ["x", "y"]}}, "a.b") == ("x", "y")
    assert data.label_of({"a": 3}, "a") == ("3",)
    assert data.label_of({"a": [1]}, "a.b") == data.label_of({}, "a") == ()
    assert data.stranger(("oos",))
    assert data.stranger(("none of ours", "Out_of-scope"))
    assert not data.stranger(("travel", "translate"))


def labelled(file: Path) -> Path:
    rows = [
        {"prompt": f"{word.format(text)} {end}", "note": {"kind": ["post", kind]}}
        for kind, text in THINGS.items()
        for word in WORDS
        for end in ENDS
    ]
    strangers = ["what is a black hole", "who won the chess game", "do ducks sleep at night"]
    rows += [{"prompt": text, "note": {"kind": ["oos", "oos"]}} for text in strangers]
    rows.append({"prompt": "no label here", "note": {}})
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return file


def bench(file: Path, labels: str) -> subprocess.CompletedProcess[str]:
    command = [BUILD / "bench_topics.py", file, "--labels", labels, "--seeds", "1"]
    env = os.environ | {"PYTHONPATH": str(BUILD.parent)}
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, env=env
    )


def test_a_file_that_cannot_be_measured_still_ends_in_an_object(tmp_path: Path) -> None:
    file = labelled(tmp_path / "mine.jsonl")
    done = bench(file, "nothing.here")
    assert done.returncode == 1
    said = json.loads(done.stdout.splitlines()[-1])["mine"]["error"]
    assert "fewer than two different labels at 'nothing.here'" in said
    assert said in done.stderr


def test_any_labelled_file_is_measured(tmp_path: Path) -> None:
    done = bench(labelled(tmp_path / "mine.jsonl"), "note.kind")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])["mine"]
    assert (found["records"], found["topics"]) == (67, 4)
    assert (found["out_of_scope"], found["left_out"]) == (3, 1)
    assert set(found["discovery"]["k_given"]) == {"nmi", "ari", "accuracy"}
    assert set(found["categorisation"]) == {"names", "1", "3", "5", "10"}
    assert found["categorisation"]["names"]["estimate"] is True
    assert found["categorisation"]["10"]["estimate"] is False
    assert found["categorisation"]["5"]["accuracy"] >= 0.7
    assert found["fit"]["marked"]["5"]["auroc"] >= 0.9
    assert found["cost"]["peak_mb"] > 50
    assert "mine: 67 records, 4 topics" in done.stderr


def test_examples_are_drawn_by_seed_and_leave_some_to_score() -> None:
    some = data.Labelled(["t"] * 14, [("a",), ("b",)], np.array([0] * 10 + [1] * 3 + [-1]))
    drawn = data.draw(some, 5, 1)
    assert [len(rows) for rows in drawn] == [5, 1]
    assert drawn == data.draw(some, 5, 1)
    assert set(drawn[1]) <= {10, 11, 12}


def test_the_texts_of_the_speed_bench_are_distinct_and_short() -> None:
    texts = speed.made_texts(12_000)
    assert len(texts) == len(set(texts)) == 12_000
    assert max(len(text.split()) for text in texts) <= speed.WORDS
    assert texts == speed.made_texts(12_000)
