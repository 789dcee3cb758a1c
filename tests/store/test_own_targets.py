"""Target shares of an older file, kept by topic id in one value, become those of the leaves."""

from pathlib import Path

import pytest

from app.store import changes, meta, topics
from app.store.create import create_dataset
from app.store.store import Store
from tests.store.test_create import TURNS, as_version


async def older(path: Path, targets: object) -> Store:
    """A file of version 4 with two leaves below Cards and the leaf Fees, ids 1 to 4."""
    create_dataset(path, [{"messages": TURNS}], {"targets": targets})
    store = await Store.open(path, "d")
    await store.write("Add", topics.add, "Cards")
    for name, parent in (("Lost", 1), ("Late", 1), ("Fees", None)):
        await store.write("Add", topics.add, name, parent)
    await store.close()
    as_version(4, path)
    return await Store.open(path, "d")


@pytest.mark.parametrize(
    ("targets", "kind", "shares"),
    [
        ({"2": 3, "4": 1, "99": 5}, "own", [None, 0.75, 0.0, 0.25]),
        ({"2": 0.0}, "uniform", [None] * 4),
        ("as_imported", "as_imported", [None] * 4),
        ("uniform", "uniform", [None] * 4),
    ],
)
async def test_shares_by_topic_id_become_the_leaves_own(tmp_path, targets, kind, shares):
    store = await older(tmp_path / "dataset.sqlite", targets)
    try:
        assert await store.read(meta.get, "targets") == kind
        found = {t.id: t.target for t in await store.read(topics.all_topics)}
        assert [found[i] for i in (1, 2, 3, 4)] == shares
        for _ in range(4):
            await store.undo()
        assert await store.read(topics.all_topics) == []
    finally:
        await store.close()


async def test_what_the_history_forgets_is_no_line_of_it(tmp_path):
    path = tmp_path / "dataset.sqlite"
    create_dataset(path, [{"messages": TURNS}], {})
    store = await Store.open(path, "d")
    await store.write("Add", topics.add, "Cards")
    await store.write("Set target shares", meta.put, "targets", {"1": 3})
    await store.close()
    as_version(4, path)
    store = await Store.open(path, "d")
    try:
        assert [change.label for change in await store.read(changes.timeline)] == ["Add"]
        await store.undo()
        assert await store.read(topics.all_topics) == []
    finally:
        await store.close()
