"""The history of one record: its changes with their values, and how it was when it came."""

from pathlib import Path

from app.domain.records import Message, Record
from app.store import record_history, records
from app.store.create import create_dataset
from app.store.store import Store
from tests.store.conftest import row

NEW = [Message(role="user", content="another question")]


def uncounted(record: Record | None) -> Record | None:
    """Counts are not of the history: they follow the text."""
    return record and record.model_copy(update={"tokens": 0})


async def test_changes_and_the_first_version(tmp_path: Path) -> None:
    create_dataset(tmp_path / "dataset.sqlite", (row(n) for n in range(5)), {})
    store = await Store.open(tmp_path / "dataset.sqlite", "d")
    try:
        came = await store.read(records.get, 2)
        assert await store.read(record_history.of_record, 2) == []
        assert await store.read(record_history.original, 2) == came
        await store.write("Edit", records.edit, 2, messages=NEW, source="edited")
        await store.write("Tag all", records.set_tag, [1, 2, 3], "vip")
        newest, oldest = await store.read(record_history.of_record, 2)
        assert (newest.info.label, newest.others) == ("Tag all", 2)
        assert [v.model_dump() for v in newest.values] == [
            {"column": "tags", "before": "", "after": " vip "}
        ]
        messages = next(v for v in oldest.values if v.column == "messages")
        assert messages.after == [NEW[0].model_dump(exclude_none=True)]
        assert messages.before == [m.model_dump(exclude_none=True) for m in came.messages]
        assert oldest.others == 0
        assert uncounted(await store.read(record_history.original, 2)) == uncounted(came)
        assert len(await store.read(record_history.of_record, 3)) == 1
        await store.undo(newest.info.id)
        await store.undo(oldest.info.id)
        assert await store.read(record_history.original, 2) == came
        assert await store.read(records.get, 2) == came
        assert [c.info.undone for c in await store.read(record_history.of_record, 2)] == [
            False, False, True, True,
        ]  # fmt: skip
    finally:
        await store.close()


async def test_a_history_that_was_dropped_is_admitted(tmp_path: Path) -> None:
    create_dataset(tmp_path / "dataset.sqlite", (row(n) for n in range(2)), {})
    store = await Store.open(tmp_path / "dataset.sqlite", "d")
    try:
        await store.write("Edit", records.edit, 1, messages=NEW, source="edited")
        await store.transaction(lambda tx: tx.sql("DELETE FROM change_cell"))
        assert await store.read(record_history.original, 1) is None
    finally:
        await store.close()
