"""Whatever is done to the topics by their tools: siblings have different names, what an edit is not
about stays as it was, and every count is the number of records that are there."""

import random
from collections import Counter
from typing import Any

import pytest

from app.domain.topics import key
from app.errors import ToolError
from app.store import topics
from app.store.database import Tx
from app.store.records import RecordFilter
from app.store.records import ids as record_ids
from app.tools.coverage import measure
from app.wiring import App

NAMES = ("Lost", "Stolen", "Fees", "Rates", "lost ", "ＬＯＳＴ", "Loans", "Limits", "Late", "Cards")
ODD = {
    "markup": "<b>Cards</b> & <img src=x onerror=alert(1)>",
    "500 characters": "W" * 499 + "Z",
    "right to left": "בטקיה כרטיס",
    "emoji": "Cards 👩‍💻🏳️‍🌈 lost",
    "markdown": "[Cards](https://example.org) **bold** `code` _x_",
}
EDITS = 40


def state(tx: Tx) -> tuple[list[Any], list[Any]]:
    """The tree with all it says, and where each record is."""
    return topics.all_topics(tx), tx.sql(
        "SELECT id, topic_id, topic_source FROM record ORDER BY id"
    )


async def categorised(app: App) -> None:
    await app.call("generate_topics", method="labels")
    await app.call("apply_topic_hierarchy")


async def one_edit(app: App, chance: random.Random) -> None:
    """Any edit of any topics, whether it is allowed or not."""
    assert app.session is not None
    known = [topic.id for topic in await app.session.store.read(topics.all_topics)]
    some = chance.sample(known, min(len(known), chance.choice((1, 1, 2, 3)))) if known else []
    one = chance.choice(known) if known else None
    name = chance.choice(NAMES)
    tool, arguments = chance.choice(
        [
            ("add_topic", {"name": name, "parent_id": chance.choice([None, one])}),
            ("add_topic", {"name": name, "parent_id": chance.choice([None, one])}),
            ("rename_topic", {"topic_id": one, "name": name}),
            ("describe_topic", {"topic_id": one, "description": name}),
            ("set_topics", {"topic_ids": some, "color": chance.randrange(9)}),
            ("set_topics", {"topic_ids": some, "quota": chance.randrange(1, 9)}),
            ("move_topics", {"topic_ids": some, "parent_id": chance.choice([None, one])}),
            ("move_topics", {"topic_ids": some, "parent_id": one, "position": 1}),
            ("merge_topics", {"topic_ids": some, "into": one}),
            ("delete_topics", {"topic_ids": some[:1]}),
        ]
    )
    await app.call(tool, **arguments)


async def assert_sound(app: App, valid: int) -> None:
    """Names of siblings differ; records are on leaves that exist; everybody counts the same."""
    assert app.session is not None
    store = app.session.store
    found, placed = await store.read(state)
    siblings = Counter((topic.parent_id, key(topic.name)) for topic in found)
    assert set(siblings.values()) <= {1}, siblings.most_common(1)
    ids, groups = {topic.id for topic in found}, {topic.parent_id for topic in found} - {None}
    assert groups <= ids
    counted = Counter(topic for _, topic, _ in placed)
    assert set(counted) - {None} <= ids - groups, "a record is on a group or on no topic"
    assert counted.total() == valid
    assert await store.read(topics.counts) == counted
    report = await store.read(measure, app.context())
    for topic in ids - groups:
        listed = await store.read(record_ids, RecordFilter(topic_ids=(topic,)))
        assert len(listed) == counted[topic]
    if ids:
        assert {report.topic_ids[t.topic]: t.records for t in report.plan.topics} == {
            topic: counted[topic] for topic in ids - groups
        }


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_edits_leave_a_sound_tree_and_exact_counts(program: Any, seed: int) -> None:
    async with program() as app:
        await categorised(app)
        valid = (await app.call("get_dataset_stats")).valid
        chance, refused = random.Random(seed), 0
        for _ in range(EDITS):
            before = await app.session.store.read(state)
            try:
                await one_edit(app, chance)
            except ToolError:
                refused += 1
                assert await app.session.store.read(state) == before, "a refused edit did something"
            await assert_sound(app, valid)
        assert 0 < refused < EDITS


async def test_adding_one_keeps_the_rest(program: Any) -> None:
    async with program() as app:
        await categorised(app)
        before, placed = await app.session.store.read(state)
        made = await app.call("add_topic", name="Loans")
        after, still = await app.session.store.read(state)
        assert [topic for topic in after if topic.id != made.topic_id] == before
        assert still == placed
        for name in ("loans", " Loans ", "ＬＯＡＮＳ"):
            with pytest.raises(ToolError, match="already"):
                await app.call("add_topic", name=name)
        assert await app.session.store.read(state) == (after, still)


async def test_odd_names_are_kept_whole(program: Any) -> None:
    async with program() as app:
        await categorised(app)
        for name in ODD.values():
            await assert_kept(app, name)


async def assert_kept(app: App, name: str) -> None:
    """The first topic can have the name, is found by it, and has it again after an undo."""
    assert app.session is not None
    first = (await app.session.store.read(topics.all_topics))[0]
    held = (await app.session.store.read(topics.counts))[first.id]
    await app.call("rename_topic", topic_id=first.id, name=name)
    assert (await app.session.store.read(topics.get, first.id)).name == name
    report = await app.session.store.read(measure, app.context())
    assert {t.topic: t.records for t in report.plan.topics}[name] == held
    listed = await app.call("get_dataset_records", topic_filter=name)
    assert listed.total == held
    record = listed.records[0].id
    await app.call("update_record", record_id=record, updates={"topic": name})
    await app.call("delete_topics", topic_ids=[first.id])
    await app.call("undo")
    assert (await app.session.store.read(topics.get, first.id)).name == name
