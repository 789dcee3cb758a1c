"""Storing a categorisation: the one statement does what the rule says, record by record."""

import random
from typing import Any

import orjson

from app.store import records, topics, uncertain
from app.store.database import Tx
from app.store.records import RecordFilter

COLUMNS = ("id", "topic_id", "topic_source", "probability", "fit", "alternatives")
SOURCES = (None, "auto", "proposal", "user", "label", "model")
Row = tuple[Any, ...]


def held(tx: Tx) -> list[Row]:
    return list(records.columns(tx, RecordFilter(), COLUMNS))


def by_the_rule(old: Row, new: dict[str, Any], *, locked: int, within: float, least: float) -> Row:
    """What a record becomes, in plain words; the statement is the same in SQL."""
    record_id, topic, source, probability, fit, alternatives = old
    likely = orjson.dumps(new["alternatives"]).decode()
    if source in ("user", "label", "model") or topic == locked:
        return old
    same = source is not None and topic == new["topic_id"] and None not in (probability, fit)
    if same and max(abs(probability - new["probability"]), abs(fit - new["fit"])) <= within:
        same_side = (fit < least) == (new["fit"] < least)
        if same_side and (within > 0 or alternatives == likely):
            return old
    stays = source == "proposal" and topic == new["topic_id"] is not None
    kept = "proposal" if stays else "auto"
    return record_id, new["topic_id"], kept, new["probability"], new["fit"], likely


def drawn(chance: random.Random, ids: list[int]) -> dict[str, Any]:
    """A topic with its figures, few enough that two draws are often nearly the same."""
    first = chance.choice(ids)
    return {
        "topic_id": chance.choice([first, None]),
        "probability": chance.choice([0.5, 0.505, 0.7]),
        "fit": chance.choice([0.3, 0.305, 0.29]),
        "alternatives": [[first, 0.5], [chance.choice(ids), 0.25]],
    }


def _start(tx: Tx, chance: random.Random, ids: list[int]) -> None:
    for record_id in range(1, 11):
        values = drawn(chance, ids) | {"topic_source": chance.choice(SOURCES)}
        if chance.random() < 0.2:
            values |= {"probability": None, "fit": None}
        records.edit(tx, record_id, **values)


async def test_each_record_becomes_what_the_rule_says(opened):
    chance, writes = random.Random(5), 0
    async with opened() as store:
        ids = [await store.write("Add", topics.add, name) for name in "ABC"]
        await store.write("Lock", topics.put, [ids[2]], locked=True)
        for _ in range(60):
            await store.transaction(_start, chance, ids)
            given = [{"id": i, **drawn(chance, ids)} for i in range(1, 11) if chance.random() < 0.9]
            rule = {"within": chance.choice([0.0, 0.01]), "least": chance.choice([0.0, 0.295])}
            new = {row["id"]: row for row in given}
            before = await store.read(held)
            wanted = [
                by_the_rule(row, new[row[0]], locked=ids[2], **rule) if row[0] in new else row
                for row in before
            ]
            count = await store.write("Place", records.store_assignments, iter(given), **rule)
            assert await store.read(held) == wanted
            assert count == sum(a != b for a, b in zip(before, wanted, strict=True))
            writes += count
            again = await store.write("Place", records.store_assignments, given, **rule)
            assert again == 0, "what is there already is not written"
    assert writes > 60


async def test_more_rows_than_one_statement_takes(opened, monkeypatch):
    monkeypatch.setattr(records, "SLICE", 3)
    async with opened() as store:
        topic = await store.write("Add", topics.add, "A")
        given = [{"id": i, **drawn(random.Random(i), [topic])} for i in range(1, 11)]
        assert await store.write("Place", records.store_assignments, given) == 10
        assert {row[2] for row in await store.read(held)} == {"auto"}
        await store.undo()
        assert {row[1:3] for row in await store.read(held)} == {(None, None)}


async def test_other_messages_take_back_what_a_model_said(opened):
    async with opened() as store:
        topic = await store.write("Add", topics.add, "A")
        for record_id, source in ((1, "model"), (2, "model"), (3, "user"), (4, "label")):
            await store.write("Place", topics.assign, [record_id], topic, source=source)
        turns = [{"role": "user", "content": "another question"}]
        for record_id in (1, 3, 4):
            await store.write("Edit", records.edit, record_id, messages=turns)
        await store.write("Edit", records.edit, 2, reference="4")
        found = {row[0]: row[1:3] for row in await store.read(held)}
        assert found[1] == (topic, "auto")
        assert found[2] == (topic, "model"), "its messages are the same"
        assert found[3] == (topic, "user")
        assert found[4] == (topic, "label")


async def test_the_least_fit_leaves_a_locked_topic_alone_and_counts_so(opened):
    async with opened() as store:
        ids = [await store.write("Add", topics.add, name) for name in "AB"]
        placed = [
            {"id": i, "topic_id": ids[i % 2], "probability": 0.9, "fit": 0.3, "alternatives": []}
            for i in range(1, 11)
        ]
        await store.write("Place", records.store_assignments, placed)
        assert (await store.read(records.fits_under))[50] == 10
        await store.write("Lock", topics.put, [ids[1]], locked=True)
        assert (await store.read(records.fits_under))[50] == 5
        assert await store.write("Fit", records.apply_threshold, 0.5) == 5
        assert await store.read(records.unplaced) == 5
        assert [row[1] for row in await store.read(held)] == [ids[1], None] * 5


async def test_a_locked_group_holds_all_below_it(opened):
    async with opened() as store:
        group = await store.write("Add", topics.add, "Group")
        middle = await store.write("Add", topics.add, "Middle", group)
        below = await store.write("Add", topics.add, "Below", middle)
        beside = await store.write("Add", topics.add, "Beside")
        placed = [
            {"id": i, "topic_id": topic, "probability": 0.3, "fit": 0.3, "alternatives": []}
            for i, topic in enumerate((below, beside, None), 1)
        ]
        await store.write("Place", records.store_assignments, placed)
        await store.write("Lock", topics.put, [group], locked=True)
        before = await store.read(held)
        assert (await store.read(records.fits_under))[50] == 2
        assert set(await store.read(uncertain.ids, 9)) == set(range(2, 11))
        assert await store.read(uncertain.count) == 9
        choices = {1: beside, 2: None, 3: beside}
        made = await store.write("By a model", uncertain.place, choices)
        assert (made.placed, made.none) == (1, 1)
        assert (await store.read(held))[0] == before[0]
        await store.undo()
        assert await store.write("Fit", records.apply_threshold, 0.5) == 1
        elsewhere = [{**row, "topic_id": beside} for row in placed]
        assert await store.write("Place", records.store_assignments, elsewhere) == 2
        assert (await store.read(held))[0] == before[0]
        await store.write("Open", topics.put, [group], locked=False)
        assert await store.read(uncertain.count) == 10, "counted anew when a lock changes"
        assert await store.write("Place", records.store_assignments, elsewhere) == 1
