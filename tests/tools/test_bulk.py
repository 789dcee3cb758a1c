"""Tools on many records: by ids or by a line, one change each, stopped or undone as a whole."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.errors import DeclinedError, Stopped, StoreError, ToolError
from app.store import changes, records
from app.store.create import create_dataset
from app.store.library import FILE
from app.store.records import RecordFilter
from app.tools import bulk
from app.tools.base import TOOLS, Card
from app.wiring import App


def rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "messages": [{"role": "user", "content": f"question {i}"}],
            "content_hash": f"h{i}",
            "split": ("train", "validation", "test")[i % 3],
            "tokens": i,
        }
        for i in range(1, count + 1)
    ]


@asynccontextmanager
async def opened(home: Path, count: int) -> AsyncIterator[App]:
    app = await App.start(home)
    try:
        dataset_id, folder = app.library.new_folder()
        folder.mkdir(parents=True, exist_ok=True)
        create_dataset(folder / FILE, rows(count), {"goal": "answer"})
        await app.library.add(dataset_id, "Test data", records=count, invalid=0)
        await app.open(dataset_id)
        yield app
    finally:
        await app.close()


async def splits(app: Any) -> dict[str, int]:
    return dict((await app.session.store.read(records.stats)).splits)


async def test_by_ids_or_by_a_line_but_not_both(tmp_path: Path) -> None:
    async with opened(tmp_path, 30) as app:
        assert (await app.call("tag_records", tag="vip", query="tokens>20")).count == 10
        assert (await app.call("tag_records", tag="vip", record_ids=[1, 30])).count == 1
        found = await app.session.store.read(records.ids, RecordFilter(tag="vip"))
        assert list(found) == [1, *range(21, 31)]
        assert (await app.call("tag_records", tag="vip", how="remove", query="")).count == 11
        for arguments in ({}, {"record_ids": [1], "query": "tokens>3"}):
            with pytest.raises(ToolError, match="either record_ids, or query"):
                await app.call("delete_records", **arguments)


async def test_held_out_records_come_into_training_only_after_asking(tmp_path: Path) -> None:
    cards: list[Card] = []

    async def decline(card: Card) -> bool:
        cards.append(card)
        return False

    async with opened(tmp_path, 30) as app:
        app.approve = decline
        before = await splits(app)
        with pytest.raises(DeclinedError):
            await app.call("set_split", split="train", query="tokens<=10")
        assert await splits(app) == before
        assert ("Held out until now", "7") in cards[0].rows
        await app.call("set_split", split="train", query="split:train")
        await app.call("set_split", split="test", query="tokens<=10")
        assert len(cards) == 1
        assert (await splits(app))["test"] > before["test"]


async def test_many_are_one_change_that_undoes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MANY", 100)
    async with opened(tmp_path, 3000) as app:
        before = await splits(app)
        topic = (await app.call("add_topic", name="Fees")).topic_id
        names: list[str] = []
        app.jobs.subscribe(lambda job: names.append(job.name))
        await app.call("assign_topic", topic=topic, query="")
        assert "Set topic of 3,000 records" in names
        await app.call("set_split", split="test", query="")
        assert await splits(app) == {"test": 3000}
        undone = await app.session.store.undo()
        assert undone.label == "Undo: Move 3,000 records to test"
        assert await splits(app) == before
        await app.session.store.redo()
        assert await splits(app) == {"test": 3000}
        await app.session.store.undo()
        newest = await app.session.store.read(changes.next_undo)
        await app.call("assign_topic", topic="", record_ids=[7])
        with pytest.raises(StoreError, match="changed again since"):
            await app.session.store.undo(newest.id)


async def test_stop_takes_all_of_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MANY", 100)
    async with opened(tmp_path, 300) as app:
        app.jobs.subscribe(lambda job: job.stop() if job.state == "running" else None)
        before = await splits(app)
        with pytest.raises(Stopped):
            await app.call("set_split", split="test", query="")
        assert await splits(app) == before


def test_the_tools_say_what_they_take() -> None:
    for name in ("delete_records", "assign_topic", "tag_records", "set_split"):
        assert {"record_ids", "query"} <= set(TOOLS[name].arguments.model_fields)
