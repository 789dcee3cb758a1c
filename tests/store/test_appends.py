"""Records of another file come in as one change, or not at all."""

from pathlib import Path
from typing import Any

import pytest

from app.errors import Stopped, StoreError
from app.store import meta, records
from app.store.appends import Appended, append
from app.store.bulk import quiet
from app.store.create import create_dataset
from app.store.records import RecordFilter
from app.store.store import Store

NOTE = {"file": "more.jsonl"}


def rows(*numbers: int) -> list[dict[str, Any]]:
    return [
        {
            "line": n,
            "messages": [{"role": "user", "content": f"question {n}"}],
            "content_hash": f"{n:032x}",
            "extra": {"n": n},
        }
        for n in numbers
    ]


async def opened(tmp_path: Path, *numbers: int) -> Store:
    origin = {"file": "first.jsonl", "imported": 1.0}
    create_dataset(tmp_path / "d.sqlite", rows(*numbers), {"name": "d", "origin": origin})
    return await Store.open(tmp_path / "d.sqlite", "d")


def staged(tmp_path: Path, *numbers: int) -> Path:
    path = tmp_path / "staged.sqlite"
    path.unlink(missing_ok=True)
    create_dataset(path, rows(*numbers), {"name": "s"})
    return path


async def add(store: Store, path: Path, **how: Any) -> Appended:
    return await store.write("Append", append, path, NOTE, **{"tell": quiet, **how})


async def listed(store: Store) -> list[Any]:
    found = await store.read(records.many, range(1, 100))
    return [(record.id, record.extra["n"], record.line) for record in found]


async def test_what_is_there_is_skipped_and_the_rest_comes_behind_it(tmp_path: Path) -> None:
    store = await opened(tmp_path, 1, 2, 3)
    try:
        done = await add(store, staged(tmp_path, 2, 3, 4, 5), duplicates="skip")
        assert done == Appended(added=2, skipped=2, batch=1)
        assert await listed(store) == [(1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4), (5, 5, 5)]
        new = await store.read(records.ids, RecordFilter(batch=(1, 1)))
        assert list(new) == [4, 5]
        batches = await store.read(meta.get, "batches")
        assert [(b["file"], b["records"]) for b in batches] == [
            ("first.jsonl", 3),
            ("more.jsonl", 2),
        ]
        again = await add(store, staged(tmp_path, 2, 3, 4, 5), duplicates="skip")
        assert again == Appended(added=0, skipped=4, batch=2)
        assert len(await store.read(meta.get, "batches")) == 2
    finally:
        await store.close()


async def test_marked_duplicates_are_added_with_their_reason(tmp_path: Path) -> None:
    store = await opened(tmp_path, 1, 2)
    try:
        done = await add(store, staged(tmp_path, 2, 3), duplicates="mark")
        assert (done.added, done.skipped) == (2, 0)
        found = await store.read(records.many, [2, 3, 4])
        assert [[issue.code for issue in record.issues] for record in found] == [
            [],
            ["duplicate"],
            [],
        ]
    finally:
        await store.close()


async def test_an_append_is_one_change_to_undo_and_redo(tmp_path: Path) -> None:
    store = await opened(tmp_path, 1)
    try:
        before = await listed(store)
        await add(store, staged(tmp_path, 2, 3), duplicates="skip")
        after = await listed(store)
        await store.undo()
        assert await listed(store) == before
        assert await store.read(meta.get, "batches") is None
        await store.redo()
        assert await listed(store) == after
    finally:
        await store.close()


async def test_stopped_in_the_middle_nothing_was_added(tmp_path: Path) -> None:
    store = await opened(tmp_path, 1)

    def stop(done: int, total: int) -> None:
        if done > 1000:
            raise Stopped("enough")

    try:
        with pytest.raises(Stopped):
            await add(store, staged(tmp_path, *range(2, 2500)), duplicates="skip", tell=stop)
        assert await listed(store) == [(1, 1, 1)]
    finally:
        await store.close()


async def test_a_file_that_is_no_dataset_is_refused(tmp_path: Path) -> None:
    store = await opened(tmp_path, 1)
    other = tmp_path / "other.sqlite"
    other.write_text("not a database, but long enough to look at its first page" * 50)
    try:
        with pytest.raises(StoreError):
            await add(store, other, duplicates="skip")
        assert await listed(store) == [(1, 1, 1)]
    finally:
        await store.close()
