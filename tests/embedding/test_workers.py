"""Both tasks in a real worker process: a proposal, then categories for the very same records."""

import json
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest

from app.embedding import categorize_worker, topics_worker
from app.embedding.files import encoder_folder
from app.embedding.proposal import load_proposal
from app.errors import AppError
from app.workers import RunDir, Status, Worker, run_worker

THINGS = ["my card", "the parcel", "an invoice", "the password", "a train ticket"]
WORDS = ["I have lost {}", "where is {}", "please send me {} again", "how do I cancel {}"]
TEXTS = [
    word.format(thing) + " " + end
    for thing in THINGS
    for word in WORDS
    for end in ("", "now", "today")
]


def exported(folder: Path) -> dict[str, Any]:
    rows = [{"id": 10 + i, "text": text} for i, text in enumerate(TEXTS)]
    (folder / "records.jsonl").write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in rows))
    return {
        "records": str(folder / "records.jsonl"),
        "cache": str(folder / "vectors.sqlite"),
        "encoder": str(encoder_folder()),
    }


async def test_propose_then_categorise(tmp_path: Path) -> None:
    config = exported(tmp_path)
    said: list[Status] = []
    result = await run_worker("topics", tmp_path / "t", config, on_status=said.append)
    proposal = load_proposal(Path(result["proposal"]))
    assert result["n_topics"] == proposal.suggested
    assert result["records"] == 60
    assert result["english"] is True
    assert said[-1].done == said[-1].total == 1
    topics = proposal.cut(5)
    assert sorted(i for node in topics for i in node.record_ids) == list(range(10, 70))

    specs = [
        {"id": i, "path": [node.name], "members": node.record_ids} for i, node in enumerate(topics)
    ]
    result = await run_worker("categorize", tmp_path / "c", {**config, "topics": specs})
    lines = [json.loads(line) for line in Path(result["assignments"]).read_bytes().splitlines()]
    assert [line["id"] for line in lines] == list(range(10, 70))
    assert sum(result["counts"].values()) == 60
    counted = Counter(str(x["topic_id"]) for x in lines if x["topic_id"] is not None)
    assert counted == result["by_topic"]
    assert result["counts"]["uncategorized"] == sum(x["topic_id"] is None for x in lines)
    assert all(x["fit"] >= result["threshold"] for x in lines if x["topic_id"] is not None)
    assert all(len(x["alternatives"]) == 3 for x in lines)
    assert result["threshold"] == result["calibrated"] == round(result["threshold"], 2)
    assert result["reliability"]["bins"] == [], "nothing is confirmed, nothing can be compared"
    unsure = {x["id"]: x["topic_id"] for x in lines if x["topic_id"] and x["probability"] < 0.5}
    for text in Path(result["similar"]).read_bytes().splitlines():
        found = json.loads(text)
        assert {unsure[i] for i in found["like"]} == {unsure[found["id"]]}


def done(task: ModuleType, folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    """What the task returns when run here."""
    RunDir(folder).prepare(config)
    worker = Worker(folder)
    result: dict[str, Any] = task.run(worker)
    worker.finish("completed")
    return result


def test_the_same_records_give_the_kept_proposal(tmp_path: Path) -> None:
    """Told by an encoder that is not there: it is asked only when something changed."""
    config = exported(tmp_path)
    first = done(topics_worker, tmp_path / "t", config)
    found = Path(first["proposal"]).read_bytes()
    gone = {**config, "encoder": str(tmp_path / "gone")}
    again = done(topics_worker, tmp_path / "u", gone)
    assert Path(again["proposal"]).read_bytes() == found
    assert "encoder is not at" in refusal(topics_worker, tmp_path / "v", {**gone, "n_topics": 3})
    (tmp_path / "last-proposal").write_bytes(b"damaged")
    assert "encoder is not at" in refusal(topics_worker, tmp_path / "w", gone)
    rows = (tmp_path / "records.jsonl").read_bytes().splitlines()
    (tmp_path / "records.jsonl").write_bytes(b"\n".join(rows[1:]))
    done(topics_worker, tmp_path / "x", config)
    assert len(load_proposal(tmp_path / "x" / "proposal.json").record_ids) == 59


def refusal(task: ModuleType, folder: Path, config: dict[str, Any], *, stop: bool = False) -> str:
    """What the task says when it refuses; run here, for a process takes seconds to start."""
    RunDir(folder).prepare(config)
    if stop:
        RunDir(folder).stop()
    worker = Worker(folder)
    with pytest.raises(AppError) as caught:
        task.run(worker)
    worker.finish("failed")
    return str(caught.value)


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    config = exported(tmp_path)
    none = {**config, "topics": []}
    assert "no topics to choose from" in refusal(categorize_worker, tmp_path / "c", none)
    assert "Stopped" in refusal(topics_worker, tmp_path / "s", config, stop=True)
    (tmp_path / "records.jsonl").write_text('{"id": 1}\n')
    assert "Line 1 of records.jsonl" in refusal(topics_worker, tmp_path / "t", config)
    (tmp_path / "records.jsonl").write_text("")
    assert "no records to find topics in" in refusal(topics_worker, tmp_path / "t", config)
