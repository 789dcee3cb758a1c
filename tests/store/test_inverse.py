"""A large change is taken back by statements: the same data as cell by cell, and the same refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.domain.topics import TopicNode
from app.errors import Stopped, StoreError
from app.store import changes, inverse, records, topics
from app.store.appends import append
from app.store.bulk import quiet
from app.store.create import create_dataset
from app.store.database import Tx
from app.store.records import RecordFilter
from app.store.store import Store
from tests.store.conftest import row

NUMBER = 700
EVERY = RecordFilter()
Work = Callable[[Tx, Path], Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_dataset(tmp_path / "d.sqlite", (row(n, extra={"n": n}) for n in range(NUMBER)), {})
    # Every tenth is there already.
    more = (row(n, extra={"n": n}) for n in range(NUMBER - 70, 2 * NUMBER - 70))
    create_dataset(tmp_path / "staged.sqlite", more, {})
    return tmp_path / "d.sqlite"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many stretches, whose ends fall within rows."""
    monkeypatch.setattr(inverse, "STRETCH", 333)


def tag(tx: Tx, path: Path) -> None:
    records.set_tag(tx, EVERY, "seen")


def several_columns(tx: Tx, path: Path) -> None:
    records.set_topic(tx, EVERY, topics.add(tx, "Billing"))
    records.set_split(tx, EVERY, "test")


def delete(tx: Tx, path: Path) -> None:
    records.delete(tx, range(10, NUMBER - 10))


def delete_after_an_edit(tx: Tx, path: Path) -> None:
    records.set_tag(tx, EVERY, "gone")
    records.delete(tx, range(10, NUMBER - 10))


def twice(tx: Tx, path: Path) -> None:
    records.set_tag(tx, EVERY, "one")
    records.set_tag(tx, EVERY, "two")
    records.set_tag(tx, EVERY, "three")


def topics_applied(tx: Tx, names: str) -> None:
    nodes = [
        TopicNode(name=name, record_ids=list(range(half * 300 + 1, half * 300 + 400)))
        for half, name in enumerate(names)
    ]
    topics.apply_hierarchy(tx, nodes)


def topics_replaced(tx: Tx, path: Path) -> None:
    """Records are taken from topics that go, put on others, and moved among those."""
    topics_applied(tx, "CD")
    topics_applied(tx, "DC")


def append_marked(tx: Tx, path: Path) -> None:
    staged = path.with_name("staged.sqlite")
    append(tx, staged, {"file": "more"}, duplicates="mark", tell=quiet)


WORKS: list[Work] = [
    tag, several_columns, delete, delete_after_an_edit, twice, topics_replaced, append_marked,
]  # fmt: skip


async def dump(store: Store) -> list[list[tuple[Any, ...]]]:
    tables = ("meta", "record", "body", "topic")
    return await store.read(lambda tx: [tx.sql(f"SELECT * FROM {t} ORDER BY 1") for t in tables])


@pytest.mark.parametrize("work", WORKS)
async def test_undo_and_redo_give_exactly_what_was_there(path: Path, work: Work) -> None:
    store = await Store.open(path, "d")
    try:
        before = await dump(store)
        await store.write("Much", work, path)
        after = await dump(store)
        assert after != before
        assert (await store.read(changes.timeline))[0].cells >= inverse.MANY_CELLS or work is tag
        for _ in range(2):
            await store.undo()
            assert await dump(store) == before
            await store.redo()
            assert await dump(store) == after
    finally:
        await store.close()


@pytest.mark.parametrize("work", [delete, append_marked, several_columns, twice, topics_replaced])
async def test_it_is_done_without_reading_single_cells(
    path: Path, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await Store.open(path, "d")
    try:
        if work is topics_replaced:
            await store.write("Before", topics_applied, "AB")
        await store.write("Much", work, path)
        monkeypatch.delattr(inverse, "_cell_by_cell")
        await store.undo()
        await store.redo()
    finally:
        await store.close()


async def test_it_tells_how_far_it_is_and_stops_with_nothing_undone(path: Path) -> None:
    store = await Store.open(path, "d")
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if 2 * done > total:
            raise Stopped("enough")

    try:
        await store.write("Much", delete, path)
        after = await dump(store)
        with pytest.raises(Stopped):
            await store.undo(tell=stop)
        assert len(told) > 10
        assert await dump(store) == after
        assert await store.read(changes.next_redo) is None
        told.clear()
        await store.undo(tell=lambda done, total: told.append((done, total)))
        assert [told[0][0], told[-1][0]] == [0, told[-1][1]]
    finally:
        await store.close()


async def test_what_was_changed_again_is_counted_and_nothing_undone(path: Path) -> None:
    store = await Store.open(path, "d")
    try:
        much = await store.write("Much", several_columns, path)
        assert much is None
        await store.write("Again", records.set_split, [1, 2, 4], "train")
        before = await dump(store)
        newest, first = await store.read(changes.timeline)
        with pytest.raises(
            StoreError, match=r"“Much” cannot be undone on its own: [123] of its values"
        ):
            await store.undo(first.id)
        assert await dump(store) == before
        await store.undo(newest.id)
        await store.undo(first.id)
    finally:
        await store.close()


async def test_deleted_records_that_exist_again_are_not_overwritten(path: Path) -> None:
    store = await Store.open(path, "d")
    try:
        await store.write("Much", delete, path)
        await store.transaction(
            lambda tx: tx.sql("INSERT INTO body VALUES (50, '[]', '[]', 'null', 'null', '{}')")
        )
        before = await dump(store)
        with pytest.raises(StoreError, match="exists again"):
            await store.undo()
        assert await dump(store) == before
    finally:
        await store.close()


async def test_an_append_that_was_worked_on_is_not_undone_beneath_it(path: Path) -> None:
    store = await Store.open(path, "d")
    try:
        await store.write("Append", append_marked, path)
        await store.write("Tag one", records.set_tag, [NUMBER + 5], "x")
        first = (await store.read(changes.timeline))[-1]
        with pytest.raises(StoreError, match=r"“Tag one” builds on it"):
            await store.undo(first.id)
        await store.undo()
        await store.undo(first.id)
        assert await store.read(records.count, EVERY) == NUMBER
    finally:
        await store.close()


async def test_an_append_is_undone_after_background_work_on_its_records(path: Path) -> None:
    """Near-duplicates are marked without a change of the timeline."""
    store = await Store.open(path, "d")
    try:
        before = await dump(store)
        await store.write("Append", append_marked, path)
        await store.transaction(lambda tx: tx.sql("UPDATE record SET flags = 7 WHERE id > 700"))
        await store.undo()
        assert await dump(store) == before
    finally:
        await store.close()


async def test_the_changes_of_a_row_are_found_by_an_index(path: Path) -> None:
    store = await Store.open(path, "d")
    try:
        query = f"SELECT * FROM change_cell WHERE row_id = 5 AND {inverse.INDEXED.format('')}"
        plan = await store.read(lambda tx: tx.sql(f"EXPLAIN QUERY PLAN {query}"))
        assert "change_cell_row" in str(plan)
    finally:
        await store.close()
