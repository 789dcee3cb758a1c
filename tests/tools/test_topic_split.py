"""A topic divided by what its records say: every record in one part, one Change, clear refusals."""

import asyncio
from typing import Any

import pytest

from app.domain.topics import MAX_DEPTH
from app.errors import DeclinedError, InputError, ToolError
from app.store import topics
from app.tools.base import TOOLS
from tests.tools.conftest import OpenApp

EVERY = "SELECT id, topic_id, topic_source FROM record ORDER BY id"


async def state(app: Any) -> Any:
    read = app.session.store.read
    return await read(topics.all_topics), await read(lambda tx: tx.sql(EVERY))


async def filled(app: Any, parent: int | None = None) -> int:
    """A topic with all records."""
    made = await app.call("add_topic", name="All", parent_id=parent)
    every = list(range(1, 81))
    await app.session.store.write("Fill", topics.assign, every, made.topic_id, source="auto")
    return int(made.topic_id)


async def test_each_record_is_in_one_part_and_one_undo_takes_it_back(program: OpenApp) -> None:
    async with program() as app:
        whole = await filled(app)
        given = {"target": 0.5, "quota": 9, "locked": True, "color": 3}
        await app.call("set_topics", topic_ids=[whole], **given)
        before = await state(app)
        made = await app.call("split_topic", topic_id=whole, parts=2)
        rows, records = await state(app)
        parts = [t for t in rows if t.parent_id == whole]
        assert [t.id for t in parts] == made.topic_ids
        assert len({t.name.casefold() for t in parts}) == 2
        divided = [(t.target, t.quota, t.locked, t.color) for t in parts]
        assert divided == [(0.25, 5, True, 3)] * 2
        (group,) = (t for t in rows if t.id == whole)
        assert (group.target, group.quota, group.color) == (None, None, 3)
        assert {topic_id for _, topic_id, _ in records} == set(made.topic_ids)
        homes = {
            topic_id: {i % 2 for i, t, _ in records if t == topic_id} for topic_id in made.topic_ids
        }
        assert sorted(map(sorted, homes.values())) == [[0], [1]], "cards and bills stand apart"
        await app.call("undo")
        assert await state(app) == before
        await app.call("redo")
        assert await state(app) == (rows, records)


async def test_the_number_is_found_where_none_is_given(program: OpenApp) -> None:
    async with program() as app:
        made = await app.call("split_topic", topic_id=await filled(app))
        assert 2 <= len(made.topic_ids) <= 16
        assert made.records == 80


async def test_at_the_deepest_level_the_parts_take_its_place(program: OpenApp) -> None:
    async with program() as app:
        parent = None
        for depth in range(1, MAX_DEPTH):
            parent = (await app.call("add_topic", name=f"Level {depth}", parent_id=parent)).topic_id
        for name in ("First", "Last"):
            await app.call("add_topic", name=name, parent_id=parent)
        whole = await filled(app, parent)
        await app.call("move_topics", topic_ids=[whole], parent_id=parent, position=1)
        made = await app.call("split_topic", topic_id=whole, parts=2)
        rows, records = await state(app)
        beside = [t.name for t in rows if t.parent_id == parent]
        assert beside == ["First", *made.names, "Last"]
        assert {topic_id for _, topic_id, _ in records} == set(made.topic_ids)


async def test_a_model_asks_first(program: OpenApp) -> None:
    async with program(answer=False) as app:
        whole = await filled(app)
        context = app.context("assistant")
        context.by_model = True
        with pytest.raises(DeclinedError):
            await TOOLS["split_topic"](context, {"topic_id": whole})
        (card,) = app.cards  # type: ignore[attr-defined]
        assert (card.title, card.rows[0]) == ("Split “All”?", ("Records", "80"))


async def test_what_cannot_be_split_is_told(program: OpenApp) -> None:
    async with program() as app:
        group = (await app.call("add_topic", name="Group")).topic_id
        few = (await app.call("add_topic", name="Few", parent_id=group)).topic_id
        await app.session.store.write("Fill", topics.assign, [1, 2, 3], few, source="auto")
        with pytest.raises(ToolError, match="has topics below it"):
            await app.call("split_topic", topic_id=group)
        with pytest.raises(InputError, match="3 records are too few for 2 parts"):
            await app.call("split_topic", topic_id=few)
        with pytest.raises(ToolError, match="parts is 2"):
            await app.call("split_topic", topic_id=few, parts=1)


async def test_two_splits_at_once_each_divide_their_own_records(program: OpenApp) -> None:
    async with program() as app:
        made = [await app.call("add_topic", name=name) for name in ("First", "Second")]
        first, second = (each.topic_id for each in made)
        for topic_id, ids in ((first, range(1, 41)), (second, range(41, 81))):
            await app.session.store.write("Fill", topics.assign, list(ids), topic_id, source="auto")
        both = [app.call("split_topic", topic_id=each, parts=2) for each in (first, second)]
        parts = [set(split.topic_ids) for split in await asyncio.gather(*both)]
        _, records = await state(app)
        assert {t for i, t, _ in records if i <= 40} == parts[0]
        assert {t for i, t, _ in records if i > 40} == parts[1]
