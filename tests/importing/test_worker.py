"""An import makes a whole dataset file or none, in a real worker process."""

import asyncio
import hashlib
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from app.domain.splits import split_of
from app.errors import AppError
from app.importing import worker as task
from app.paths import resource
from app.store import records
from app.store.store import Store
from app.workers import RunDir, launch, run_worker
from tests.tasks import run_task


def config(tmp_path: Path, file: Path) -> dict[str, Any]:
    return {"file": str(file), "database": str(tmp_path / "dataset.sqlite"), "name": "Mine"}


def run_here(tmp_path: Path, rows: list[Any], **more: Any) -> tuple[dict[str, Any], list[Any]]:
    """The task in this process; returns its result and the stored rows."""
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows))
    result = run_task(task, tmp_path / "run", config(tmp_path, file) | more)
    db = sqlite3.connect(tmp_path / "dataset.sqlite")
    db.row_factory = sqlite3.Row
    stored = db.execute("SELECT * FROM record JOIN body ON record_id = id ORDER BY id").fetchall()
    db.close()
    return result, stored


async def test_the_sample_becomes_a_dataset(tmp_path: Path) -> None:
    file = resource("resources/samples/support_tickets.jsonl")
    seen = []
    result = await run_worker(
        "import", tmp_path / "run", config(tmp_path, file), on_status=seen.append
    )
    assert (result["records"], result["invalid"], result["rejected_lines"]) == (3000, 0, 0)
    assert any("a second" in status.text for status in seen)
    store = await Store.open(tmp_path / "dataset.sqlite", "d1")
    try:
        stats = await store.read(records.stats)
        nobodys, first = await store.read(records.many, [1, 2])
    finally:
        await store.close()
    assert stats.valid == stats.with_reply == 3000
    assert stats.with_reference == 2200  # 800 tickets are nobody's
    assert stats.splits["train"] == pytest.approx(2400, rel=0.03)
    assert stats.duplicates == 0
    assert nobodys.reference is None
    assert first.reference == {"team": "banking", "intent": "pay_bill"}
    assert first.reply
    assert first.messages[-1].role == "user"
    assert first.split == split_of(first.last_user_turn)
    assert first.tokens > 20
    assert [p.name for p in tmp_path.iterdir() if "part" in p.name] == []


def test_what_is_kept_and_what_is_rejected(tmp_path: Path) -> None:
    rows = [
        {"prompt": "one", "answer": "4"},
        "not json",
        "",
        {"foo": 1},
        {"messages": [{"role": "wizard", "content": "x"}]},
        {"messages": [{"role": "user", "content": "fine"}], "reference": "4", "x": [1]},
    ]
    result, stored = run_here(tmp_path, rows, meta={"goal": "G"}, quota=7)
    assert [result[k] for k in ("records", "invalid", "rejected_lines", "warnings")] == [3, 1, 2, 1]
    assert [(r["line"], r["reasons"][0]["code"]) for r in result["rejections"]] == [
        (2, "not_json"),
        (4, "unknown_shape"),
    ]
    assert [(row["line"], row["valid"]) for row in stored] == [(1, 1), (5, 0), (6, 1)]
    assert json.loads(stored[2]["reference"]) == "4"
    assert json.loads(stored[2]["extra"]) == {"reference": "4", "x": [1]}
    db = sqlite3.connect(tmp_path / "dataset.sqlite")
    meta = {key: json.loads(value) for key, value in db.execute("SELECT key, value FROM meta")}
    db.close()
    assert (meta["name"], meta["goal"], meta["quota"]) == ("Mine", "G", 7)
    assert meta["origin"]["rejected_lines"] == 2


def test_near_duplicates_share_the_split_of_the_first(tmp_path: Path) -> None:
    first = "please tell me how i can change the pin of my savings account today"
    texts = [hashlib.sha1(bytes([i])).hexdigest() for i in range(30)]
    texts.insert(3, first)
    texts += [first.replace("today", "now"), first + "  "]
    rows = [{"messages": [{"role": "user", "content": text}]} for text in texts]
    result, stored = run_here(tmp_path, rows)
    codes = [[found["code"] for found in json.loads(row["issues"])] for row in stored]
    assert codes[3] == []
    assert codes[-2:] == [["near_duplicate"], ["duplicate"]]
    assert stored[3]["cluster"] == stored[-2]["cluster"] == stored[-1]["cluster"]
    assert {stored[i]["split"] for i in (3, -2, -1)} == {split_of(first)}
    assert result["warnings"] == 2


def test_a_template_does_not_empty_the_held_out_splits(tmp_path: Path) -> None:
    text = "Convert the following decimal number to its binary form and show every step: {}"
    rows = [{"messages": [{"role": "user", "content": text.format(i)}]} for i in range(500)]
    _, stored = run_here(tmp_path, rows)
    assert {row["split"] for row in stored} == {"train", "validation", "test"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "is empty"),
        (" \n\n", "only blank lines"),
        ("hello\nworld", "no usable record. Line 1: Not valid JSON"),
        ("\x00\x01", "binary"),
    ],
)
def test_a_file_without_records_is_one_clear_error(tmp_path: Path, data: str, words: str) -> None:
    with pytest.raises(AppError, match=words):
        run_here(tmp_path, [data])
    assert not (tmp_path / "dataset.sqlite").exists()


async def test_a_missing_file_is_told_by_the_worker(tmp_path: Path) -> None:
    with pytest.raises(AppError, match=r"There is no file .*none\.jsonl"):
        await run_worker("import", tmp_path / "run", config(tmp_path, tmp_path / "none.jsonl"))


async def test_a_killed_import_leaves_nothing_visible(tmp_path: Path) -> None:
    file = tmp_path / "big.jsonl"
    with file.open("w") as out:
        for i in range(60_000):
            out.write(f'{{"prompt":"a question with the number {i}, and more {i * 7}"}}\n')
    run = RunDir(tmp_path / "run")
    run.prepare(config(tmp_path, file))
    process = launch("import", run)
    deadline = time.monotonic() + 60
    while run.status().done == 0 and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert run.status().done > 0
    process.kill()
    process.wait()
    assert not (tmp_path / "dataset.sqlite").exists()


async def test_stop_ends_an_import_without_a_trace(tmp_path: Path) -> None:
    file = tmp_path / "big.jsonl"
    file.write_text("".join(f'{{"prompt":"question {i}"}}\n' for i in range(20_000)))
    run = RunDir(tmp_path / "run")
    run.prepare(config(tmp_path, file))
    process = launch("import", run)
    run.stop()
    process.wait()
    assert run.status().state == "stopped"
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "home") == ["big.jsonl", "run"]
