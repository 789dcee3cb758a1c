"""Undo across many mixed edits gives back exactly the tree and the assignments, and redo the rest."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from app.domain.topic_text import to_json
from app.domain.topic_tree import Tree
from app.domain.topics import MAX_DEPTH, TopicNode, build_tree, validate_hierarchy
from app.errors import ToolError
from app.store import records, topics
from app.store.database import Tx
from app.wiring import App
from tests.tools.conftest import OpenApp

RECORDS = """SELECT id, topic_id, topic_source, probability, fit, alternatives, weight FROM record
  ORDER BY id"""
Edit = Callable[["Walk"], Awaitable[Any]]


def everything(tx: Tx) -> Any:
    """What undo must give back: every topic with all of it, every assignment, the values."""
    meta = tx.sql("SELECT key, value FROM meta WHERE key IN ('targets', 'quota') ORDER BY key")
    return topics.all_topics(tx), tx.sql(RECORDS), meta


class Walk:
    """A random walk through the edits, by a fixed seed."""

    def __init__(self, app: App, seed: int, folder: Path) -> None:
        self.app, self.random, self.folder, self.names = app, random.Random(seed), folder, 0

    async def state(self) -> Any:
        assert self.app.session is not None
        return await self.app.session.store.read(everything)

    async def tree(self) -> Tree:
        return Tree((await self.state())[0])

    def name(self) -> str:
        self.names += 1
        return f"Topic {self.names}"

    async def some(self, most: int = 1) -> list[int]:
        every = list((await self.tree()).by_id)
        return self.random.sample(every, min(len(every), self.random.randint(1, most)))


async def add(walk: Walk) -> None:
    parent = one_or_top(walk, await walk.some())
    await walk.app.call("add_topic", name=walk.name(), parent_id=parent)


def one_or_top(walk: Walk, ids: list[int]) -> int | None:
    return walk.random.choice([*ids, None])


async def rename(walk: Walk) -> None:
    (topic,) = await walk.some()
    await walk.app.call("rename_topic", topic_id=topic, name=walk.name())


async def describe(walk: Walk) -> None:
    (topic,) = await walk.some()
    await walk.app.call("describe_topic", topic_id=topic, description=walk.name())


async def move(walk: Walk) -> None:
    parent = one_or_top(walk, await walk.some())
    place = walk.random.randint(0, 3)
    await walk.app.call(
        "move_topics", topic_ids=await walk.some(3), parent_id=parent, position=place
    )


async def merge(walk: Walk) -> None:
    (into,) = await walk.some()
    await walk.app.call("merge_topics", topic_ids=await walk.some(2), into=into)


async def delete(walk: Walk) -> None:
    await walk.app.call("delete_topics", topic_ids=await walk.some())


async def colour(walk: Walk) -> None:
    await walk.app.call("set_topics", topic_ids=await walk.some(3), color=walk.random.randint(0, 8))


async def lock(walk: Walk) -> None:
    locked = walk.random.random() < 0.3
    await walk.app.call("set_topics", topic_ids=await walk.some(), locked=locked)


async def target(walk: Walk) -> None:
    share = round(walk.random.random(), 2)
    await walk.app.call("set_topics", topic_ids=await walk.some(2), target=share, quota=7)


async def clear(walk: Walk) -> None:
    await walk.app.call("set_topics", topic_ids=await walk.some(2), clear=["target", "quota"])


async def by_hand(walk: Walk) -> None:
    tree = await walk.tree()
    leaf = walk.random.choice([i for i in tree.by_id if not tree.children(i)])
    chosen = walk.random.sample(range(1, 81), 12)
    await walk.app.call("assign_topic", record_ids=chosen, topic=leaf)


async def split(walk: Walk) -> None:
    counts = await walk.app.session.store.read(topics.counts)  # type: ignore[union-attr]
    largest = max((i for i in counts if i is not None), key=lambda i: counts[i])
    await walk.app.call("split_topic", topic_id=largest, parts=2)


async def take_parts(walk: Walk) -> None:
    file = walk.folder / "parts.txt"
    file.write_text("\n".join(f"# {walk.name()}\n- {walk.name()}\n- {walk.name()}" for _ in "ab"))
    entries = (await walk.app.call("import_topics", path=str(file))).diff.entries
    chosen = [entry.id for entry in entries if walk.random.random() < 0.4]
    await walk.app.call("apply_topic_hierarchy", changes=chosen)


async def import_all(walk: Walk) -> None:
    tree: list[TopicNode] = build_tree((await walk.state())[0])
    walk.random.shuffle(tree)
    tree.append(TopicNode(name=walk.name(), children=[TopicNode(name=walk.name())]))
    file = walk.folder / "all.json"
    file.write_text(to_json(tree))
    await walk.app.call("import_topics", path=str(file))
    await walk.app.call("apply_topic_hierarchy")


QUICK: list[Edit] = [
    add, add, add, rename, describe, move, move, merge, delete, colour, lock, target, clear,
    by_hand, by_hand,
]  # fmt: skip
SLOW: list[Edit] = [split, take_parts, import_all]  # each starts a worker


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
async def test_undo_and_redo_across_mixed_edits(
    program: OpenApp, tmp_path: Path, seed: int
) -> None:
    async with program() as app:
        walk = Walk(app, seed, tmp_path)
        await begin(walk)
        states = {(await newest(app)): await walk.state()}
        edits = [*QUICK, *QUICK, *QUICK, *SLOW]
        walk.random.shuffle(edits)
        done: set[str] = set()
        for edit in edits:
            before = await newest(app)
            try:
                await edit(walk)
            except ToolError:  # what the rules forbid here: nothing was changed
                assert await newest(app) == before or edit in SLOW
                continue
            done.add(edit.__name__)
            states[await newest(app)] = await walk.state()
            check(states[await newest(app)])
        assert len(states) > 20
        assert done >= {edit.__name__ for edit in (*QUICK, *SLOW)}
        await back_and_forth(walk, states)


async def begin(walk: Walk) -> None:
    """A few topics that hold all records."""
    for _ in range(4):
        await walk.app.call("add_topic", name=walk.name())
    for topic, chosen in (("Topic 1", range(1, 51)), ("Topic 2", range(51, 81))):
        await walk.app.call("assign_topic", record_ids=list(chosen), topic=topic)


async def newest(app: App) -> int:
    """The newest change, undone ones and undoing ones aside."""
    query = "SELECT COALESCE(MAX(id), 0) FROM change WHERE undone_by IS NULL AND undoes IS NULL"
    assert app.session is not None
    return int((await app.session.store.read(lambda tx: tx.sql(query)))[0][0])


def check(state: Any) -> None:
    """A valid tree, and no record on a topic that is none or has others below it."""
    rows, assigned, _ = state
    if rows:
        validate_hierarchy(build_tree(rows), max_depth=MAX_DEPTH)
    tree = Tree(rows)
    for _, topic_id, *_ in assigned:
        assert topic_id is None or (topic_id in tree.by_id and not tree.children(topic_id))


async def back_and_forth(walk: Walk, states: dict[int, Any]) -> None:
    """Undo to the first state and redo to the last, each in between compared."""
    first, last = min(states), max(states)
    while (now := await newest(walk.app)) > first:
        assert await walk.state() == states.get(now, await walk.state())
        await walk.app.call("undo")
    assert await walk.state() == states[first]
    while await newest(walk.app) < last:
        await walk.app.call("redo")
        now = await newest(walk.app)
        assert await walk.state() == states.get(now, await walk.state())
    assert await walk.state() == states[last]
    spec = records.RecordFilter()
    assert walk.app.session is not None
    assert await walk.app.session.store.read(records.count, spec) == 80
