"""Categorising through the tools: what is written, what a decision teaches, the least fit."""

from typing import Any

import pytest

from app.domain.topics import TopicNode
from app.errors import ToolError
from app.store import changes, records, results, topics
from app.store.records import RecordFilter
from app.tools.categories import place_in_worker, store_placed
from app.tools.improving import uncategorised_at
from tests.tools.conftest import OpenApp

COLUMNS = ("id", "topic_id", "topic_source", "probability", "fit", "alternatives")
BY_HAND = [TopicNode(name=name) for name in ("Lost card", "Paying a bill", "Weather")]


async def held(app: Any) -> list[tuple[Any, ...]]:
    """Every assignment as it is stored."""
    read = app.session.store.read
    return await read(lambda tx: list(records.columns(tx, RecordFilter(), COLUMNS)))


async def newest(app: Any) -> Any:
    return (await app.session.store.read(changes.timeline, 1))[0]


async def by_name(app: Any) -> dict[str, int]:
    return {t.name: t.id for t in await app.session.store.read(topics.all_topics)}


async def test_counts_reported_stored_and_shown_are_the_same(program: OpenApp) -> None:
    async with program() as app:
        await app.call("apply_topic_hierarchy", hierarchy=[n.model_dump() for n in BY_HAND])
        done = await app.call("categorize_records", scope="all")
        rows = await held(app)
        assert done.assigned == sum(row[1] is not None for row in rows)
        assert done.uncategorised == sum(row[1] is None for row in rows)
        assert done.high + done.medium + done.review == done.assigned
        assert done.estimated
        at = await app.session.store.read(uncategorised_at)
        assert at[round(done.threshold * 100)] == done.uncategorised
        assert at == sorted(at)
        assert at[100] == len(rows), "nothing fits so well"


async def test_what_stays_as_it_is_is_not_written(program: OpenApp) -> None:
    async with program() as app:
        await app.call("apply_topic_hierarchy", hierarchy=[n.model_dump() for n in BY_HAND])
        before, change = await held(app), await newest(app)
        again = await app.call("categorize_records", scope="all")
        assert again.written == 0
        assert await held(app) == before
        assert (await newest(app)).id == change.id, "no change, no line in the timeline"
        await app.call("add_topic", name="Stolen card")
        moved = (await app.call("categorize_records", scope="all")).written
        after = await held(app)
        assert moved == sum(old != new for old, new in zip(before, after, strict=True))
        await app.call("undo")
        assert await held(app) == before


async def test_a_decision_improves_the_rest_and_both_are_one_undo(program: OpenApp) -> None:
    async with program() as app:
        assert not (await app.call("improve_categories")).done, "there is nothing to learn from"
        await app.call("apply_topic_hierarchy", hierarchy=[n.model_dump() for n in BY_HAND])
        before, names = await held(app), await by_name(app)
        await app.call("assign_topic", record_ids=[1, 3, 5], topic=names["Weather"])
        decided, change = await held(app), await newest(app)
        done = await app.call("improve_categories")
        after = await held(app)
        assert done.done
        moved = [i for i, (old, new) in enumerate(zip(decided, after, strict=True)) if old != new]
        assert done.records == len(moved) > 0
        assert {after[i][2] for i in moved} == {"auto"}
        at, stats = await app.session.store.read(
            lambda tx: (uncategorised_at(tx), records.stats(tx))
        )
        result = await app.session.store.read(results.latest, "categorisation")
        assert at[round(result.data["threshold"] * 100)] == stats.valid - stats.categorised
        assert (await newest(app)).id == change.id
        assert (await newest(app)).cells > change.cells
        await app.call("undo")
        assert await held(app) == before
        await app.call("redo")
        assert await held(app) == after


async def test_what_follows_is_dropped_where_something_else_was_done(program: OpenApp) -> None:
    async with program() as app:
        await app.call("apply_topic_hierarchy", hierarchy=[n.model_dump() for n in BY_HAND])
        names, store = await by_name(app), app.session.store
        await app.call("assign_topic", record_ids=[1], topic=names["Weather"])
        first = (await newest(app)).id
        await app.call("assign_topic", record_ids=[2], topic=names["Weather"])
        second = (await newest(app)).id

        def follow(tx: Any) -> int:
            return records.set_topic(tx, [9], names["Weather"])

        assert await store.follow_up(first, "assign_topic", follow) == 1, (
            "decisions after it do not hinder"
        )
        assert (await newest(app)).id == second
        await app.call("tag_records", record_ids=[4], tag="seen")
        assert await store.follow_up(first, "assign_topic", follow) is None
        assert not (await app.call("improve_categories")).done
        await app.call("undo")
        assert await store.follow_up(first, "assign_topic", follow) is None, "something was undone"


async def test_what_was_placed_on_topics_that_changed_meanwhile_is_refused(
    program: OpenApp,
) -> None:
    async with program() as app:
        await app.call("apply_topic_hierarchy", hierarchy=[n.model_dump() for n in BY_HAND])
        names, session = await by_name(app), app.session
        assert session is not None
        placed = await place_in_worker(app.context(), "Categorise", session.folder / "runs" / "c")
        await app.call("set_topics", topic_ids=[names["Weather"]], color=2)
        await session.store.write("Categorise", store_placed, placed, RecordFilter(valid=True))
        await app.call("delete_topics", topic_ids=[names["Weather"]])
        assert (await app.call("add_topic", name="Fees")).topic_id == names["Weather"]
        before = await held(app)
        with pytest.raises(ToolError, match="Categorise again"):
            await session.store.write("Categorise", store_placed, placed, RecordFilter(valid=True))
        assert await held(app) == before


async def test_the_least_fit_takes_effect_at_once_and_back(program: OpenApp) -> None:
    async with program() as app:
        with pytest.raises(ToolError, match="Categorise first"):
            await app.call("set_fit_threshold", threshold=0.4)
        await app.call("apply_topic_hierarchy", hierarchy=[n.model_dump() for n in BY_HAND])
        await app.call("assign_topic", record_ids=[1], topic="Weather")
        before = await held(app)
        fits = sorted(row[4] for row in before if row[4] is not None)
        middle = round(fits[len(fits) // 2], 2)
        foretold = (await app.session.store.read(uncategorised_at))[round(middle * 100)]
        done = await app.call("set_fit_threshold", threshold=middle)
        after = await held(app)
        without = [row for row in after if row[1] is None]
        assert len(without) == foretold > 0
        assert all(row[4] < middle for row in without)
        assert done.records == sum(a != b for a, b in zip(before, after, strict=True))
        await app.call("undo")
        assert await held(app) == before
        await app.call("redo")
        again = await app.call("categorize_records", scope="all")
        assert again.threshold == middle, "it stays in force"
        assert {row[1] is None for row in await held(app) if (row[4] or 1) < middle} == {True}
        reset = await app.call("set_fit_threshold")
        assert reset.threshold == reset.calibrated == again.calibrated
        least = reset.threshold
        assert {row[4] < least for row in await held(app) if row[1] is None} <= {True}


async def test_members_of_a_proposal_are_those_it_put_there(program: OpenApp) -> None:
    """Else the classifier would learn from its own guesses, and grow surer with every run."""
    async with program() as app:
        await app.call("apply_topic_hierarchy", hierarchy=[n.model_dump() for n in BY_HAND])
        assert {row[2] for row in await held(app)} == {"auto"}
        await app.call("generate_topics")
        await app.call("apply_topic_hierarchy")
        assert "proposal" in {row[2] for row in await held(app)}


async def test_where_labels_put_records_nothing_moves_them(program: OpenApp) -> None:
    async with program() as app:
        await app.call("assign_topic", record_ids=[1], topic=await other(app))
        await app.call("generate_topics", method="labels")
        await app.call("apply_topic_hierarchy")
        names, before = await by_name(app), await held(app)
        for record_id, topic, source, *_ in before[1:]:
            assert (topic, source) == (names["Card" if record_id % 2 else "Bill"], "label")
        assert (await app.call("get_dataset_records", query="is:label")).total == len(before) - 1
        done = await app.call("categorize_records", scope="all")
        assert (done.written, done.review) == (0, 0)
        await app.call("set_fit_threshold", threshold=1.0)
        await app.call("assign_topic", record_ids=[2], topic=names["Card"])
        await app.call("improve_categories")
        assert (await held(app))[2:] == before[2:]
        await app.call("rename_topic", topic_id=names["Bill"], name="Invoices")
        await app.call("merge_topics", topic_ids=[names["Bill"]], into=names["Card"])
        after = await held(app)
        assert {row[1] for row in after[2:]} == {names["Card"]}
        assert {row[2] for row in after[2:]} == {"label"}, "they stay with their topic"


async def other(app: Any) -> int:
    return int((await app.call("add_topic", name="Other")).topic_id)


async def test_coverage_follows_where_it_was_measured(program: OpenApp) -> None:
    async with program() as app:
        read = app.session.store.read
        for node in BY_HAND:
            await app.call("add_topic", name=node.name)
        await app.call("categorize_records", scope="all")
        assert await read(results.latest, "coverage") is None, "nobody asked for it yet"
        await app.call("analyze_coverage")
        await app.call("add_topic", name="Stolen card")
        await app.call("categorize_records", scope="all")
        assert (await app.session.workflow())["coverage_generation"].status != "stale"
        report = (await read(results.latest, "coverage")).data
        counted = await read(topics.counts)
        leaves = {t["topic"]: t["records"] for t in report["plan"]["topics"]}
        assert leaves == {n: counted.get(i, 0) for n, i in report["topic_ids"].items()}
        assert "Stolen card" in leaves


async def test_the_users_records_outlive_a_proposal_that_merges_their_topics(
    program: OpenApp,
) -> None:
    async with program() as app:
        await app.call("apply_topic_hierarchy", hierarchy=[n.model_dump() for n in BY_HAND])
        names = await by_name(app)
        await app.call("assign_topic", record_ids=[1, 2], topic=names["Weather"])
        await app.call("generate_topics")
        await app.call("apply_topic_hierarchy")
        names, rows = await by_name(app), await held(app)
        assert "Weather" not in names
        assert all(row[1] in names.values() and row[2] == "user" for row in rows[:2])
        assert (await app.call("get_dataset_stats")).confirmed == 2
