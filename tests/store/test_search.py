"""Search answers the same with an index, without, behind, and beside a damaged one."""

import os
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from app.importing import index_worker
from app.store import filters, records, search
from app.store.create import create_dataset
from app.store.database import Tx
from app.store.records import RecordFilter
from app.store.search import Search
from app.store.store import Store
from app.workers import RunDir, launch
from tests.tasks import run_task

WORDS = ["refund", "card", "lost", "Fee", "crème", "überweisung", "the", "ticket", "x9"]


def row(number: int, **more: Any) -> dict[str, Any]:
    words = random.Random(number).choices(WORDS, k=6)
    return {
        "messages": [
            {"role": "system", "content": "house rules"},
            {"role": "user", "content": f"{' '.join(words)} number{number}"},
        ],
        "reference": {"answer": f"ref{number % 7}"},
        "reply": {"role": "assistant", "content": f"said{number % 5}"},
        "topic_id": number % 3,
        **more,
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "dataset.sqlite"
    create_dataset(path, map(row, range(1, 301)), {})
    return path


def index(path: Path) -> dict[str, Any]:
    return run_task(index_worker, path.parent / "runs" / "index", {"database": str(path)})


def ids(tx: Tx, text: str) -> list[int]:
    return list(Search(tx, text).ids())


def everything(tx: Tx) -> dict[str, Any]:
    lines = ["refund", '"lost card"', "refund -lost", "-refund", "creme", "number1", "said3 ref2 ",
             "the", "number12", "rules", "nothing", "answer", '"', "", "(", "a AND", "Überw"]  # fmt: skip
    found: dict[str, Any] = {}
    for line in lines:
        one = Search(tx, line)
        found[line] = (list(one.ids()), one.count(), list(one.page(after=40, limit=9)))
        assert sorted(one.first(1000).ids) == found[line][0]
        assert one.first(1000).total == found[line][1] == len(found[line][0])
    return found


async def test_the_index_finds_what_looking_through_finds(path: Path) -> None:
    store = await Store.open(path, "d")
    try:
        direct = await store.read(everything)
        assert index(path) == {"records": 300, "last_id": 300}
        assert (await store.read(search.coverage)).direct == ()
        assert await store.read(everything) == direct
        assert direct["number12"][0] == [12, *range(120, 130)]
        assert direct["rules"][1] == 300
        assert direct["answer"][1] == 0  # keys of the reference are no words of it
        assert direct[""][1] == 0
    finally:
        await store.close()


async def test_changes_count_at_once_and_the_index_is_not_asked_for_them(path: Path) -> None:
    index(path)
    store = await Store.open(path, "d")
    try:
        await store.write(
            "Edit", records.edit, 5, messages=[{"role": "user", "content": "newword"}]
        )
        await store.write("Delete", records.delete, [7])
        assert await store.read(ids, "newword") == [5]
        assert await store.read(ids, "number5 ") == []
        assert await store.read(ids, "number7 ") == []
        assert len(await store.read(ids, "-newword")) == 298
        await store.undo()
        await store.undo()
        assert await store.read(ids, "number5 ") == [5]
        assert await store.read(ids, "number7 ") == [7]
        assert await store.read(ids, "newword") == []
    finally:
        await store.close()


@pytest.mark.parametrize("harm", ["gone", "empty", "rubbish", "middle", "no table", "old"])
async def test_a_lost_or_damaged_index_is_noticed_and_made_anew(path: Path, harm: str) -> None:
    index(path)
    file = path.with_name(search.FILE)
    store = await Store.open(path, "d")
    try:
        whole = await store.read(everything)
        _harm(file, harm)
        assert await store.read(everything) == whole
        index(path)
        assert await store.read(search.coverage) == search.Coverage(300, (), (), 0, 300)
        assert await store.read(everything) == whole
    finally:
        await store.close()


def _harm(file: Path, harm: str) -> None:
    if harm == "gone":
        file.unlink()
    elif harm == "empty":
        file.write_bytes(b"")
    elif harm == "rubbish":
        file.write_bytes(os.urandom(20_000))
    elif harm == "middle":
        data = bytearray(file.read_bytes())
        data[4096:] = b"\xff" * (len(data) - 4096)
        file.write_bytes(data)
    else:
        db = sqlite3.connect(file)
        db.execute("DROP TABLE done" if harm == "no table" else "PRAGMA user_version = 0")
        db.commit()
        db.close()


async def test_filters_and_words_hold_together(path: Path) -> None:
    index(path)
    store = await Store.open(path, "d")
    try:
        spec = RecordFilter(text="refund", topic_ids=(1,))
        found = list(await store.read(records.ids, spec))
        assert found == [i for i in await store.read(ids, "refund") if i % 3 == 1]
        assert await store.read(records.count, spec) == len(found)
        page = await store.read(records.page, spec, offset=5, limit=7)
        assert list(page) == found[5:12]
        down = await store.read(records.page, spec, "id", True, offset=0, limit=4)
        assert list(down) == found[::-1][:4]
    finally:
        await store.close()


async def test_a_pass_is_due_when_the_index_is_behind(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "DIRECT", 50)
    monkeypatch.setattr(search, "CATCH_UP", 20)
    store = await Store.open(path, "d")
    try:
        found = await store.read(search.coverage)
        assert (found.missing, found.share) == (300, 0.0)
        assert await store.transaction(search.prepare)
        index(path)
        assert not await store.transaction(search.prepare)
        change = {"messages": [{"role": "user", "content": "newword"}]}
        for record_id in range(1, 20):
            await store.write("Edit", records.edit, record_id, **change)
        assert await store.read(search.plan) == "none"
        assert len(await store.read(ids, "newword")) == 19
        for record_id in range(20, 60):
            await store.write("Edit", records.edit, record_id, **change)
        found = await store.read(search.coverage)
        assert (len(found.direct), found.missing) == (50, 9)
        assert await store.transaction(search.prepare)
        index(path)
        assert await store.read(search.coverage) == search.Coverage(300, (), (), 0, 300)
        assert await store.read(ids, "newword") == list(range(1, 60))
    finally:
        await store.close()


async def test_a_common_word_comes_in_order_and_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "RANKED", 100)
    index(path)
    store = await Store.open(path, "d")
    try:
        first = await store.read(lambda tx: Search(tx, "rules").first(10))
        assert first.ids == tuple(range(1, 11))
        assert (first.ranked, first.total, first.total_exact) == (False, 100, False)
        rare = await store.read(lambda tx: Search(tx, "number5 ").first(10))
        assert (rare.ids, rare.ranked, rare.total_exact) == ((5,), True, True)
        assert await store.read(ids, "number") != []
        assert await store.read(ids, "rules ") == await store.read(ids, "rules")
    finally:
        await store.close()


async def test_killed_at_any_moment_the_next_pass_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = path.with_name("many") / "dataset.sqlite"
    many.parent.mkdir()
    create_dataset(many, map(row, range(1, 45_001)), {})
    run = RunDir(many.parent / "runs" / "index")
    reached = []
    while not reached or reached[-1] < 45_000:
        run.prepare({"database": str(many)})
        process = launch("index", run)
        start = reached[-1] if reached else 0
        while process.poll() is None and (run.status().done <= start or start >= 30_000):
            pass
        process.kill()
        process.wait()
        reached.append(search.last_indexed(many.with_name(search.FILE)))
        assert len(reached) < 8
    assert len(reached) > 2
    db = sqlite3.connect(many.with_name(search.FILE))
    found = db.execute(
        "SELECT rowid FROM words WHERE words MATCH 'rules' ORDER BY rowid"
    ).fetchall()
    db.close()
    assert [r[0] for r in found] == list(range(1, 45_001))


async def test_hits_are_streamed_whole(path: Path) -> None:
    store = await Store.open(path, "d")
    try:
        batches = await store.read(
            lambda tx: list(records.each(tx, RecordFilter(text="refund"), batch=50))
        )
        found = await store.read(ids, "refund")
        assert [r.id for batch in batches for r in batch] == found
        assert max(map(len, batches)) == 50
    finally:
        await store.close()


async def test_many_hits_are_filtered_and_sorted_like_few(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(path)
    store = await Store.open(path, "d")
    spec = RecordFilter(text="refund", topic_ids=(1,))
    try:
        few = [
            await store.read(records.count, spec),
            list(await store.read(records.ids, spec, "preview", True)),
        ]
        monkeypatch.setattr(filters, "MANY", 10)
        many = [
            await store.read(records.count, spec),
            list(await store.read(records.ids, spec, "preview", True)),
        ]
        assert few == many
        assert few[0] > 10
    finally:
        await store.close()
