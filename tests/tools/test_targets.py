"""Targets and quotas by tool: one place for the shares, one undo, and figures that follow."""

import pytest

from app.domain.coverage import own_shares
from app.errors import ToolError
from app.store import meta, topics
from app.tools.coverage import levels, measure


async def placed(app):
    """Cards (40 records) and Bills (40), with Fees beside them, empty; ids by name."""
    await app.call("generate_topics", method="labels")
    await app.call("apply_topic_hierarchy")
    await app.call("add_topic", name="Fees")
    rows = await app.session.store.read(topics.all_topics)
    return {t.name.casefold(): t.id for t in rows}


async def shares(app):
    rows = await app.session.store.read(topics.all_topics)
    return {t.name.casefold(): t.target for t in rows}


async def report(app):
    return await app.session.store.read(measure, app.context())


async def test_own_shares_stand_at_the_leaves_and_are_one_undo(program):
    async with program() as app:
        ids = await placed(app)
        before = await report(app)
        await app.call("set_targets", targets={ids["card"]: 0.5, ids["fees"]: 0.0})
        assert await shares(app) == {"card": 0.5, "bill": None, "fees": 0.0}
        found = await report(app)
        assert found.targets == "own"
        targets = {t.topic.casefold(): t.target for t in found.coverage.leaves.topics}
        assert targets == {"card": 0.5, "bill": 0.5, "fees": 0.0}
        assert found.coverage.balance == pytest.approx(1.0)
        await app.call("undo")
        assert await report(app) == before
        await app.call("redo")
        await app.call("set_targets", targets="as_imported")
        assert set((await shares(app)).values()) == {None}
        assert (await report(app)).coverage.note.startswith("No target set")


async def test_shares_of_any_scale_over_one_are_scaled(program):
    async with program() as app:
        ids = await placed(app)
        await app.call("set_targets", targets={ids["card"]: 30, ids["bill"]: 10})
        assert await shares(app) == {"card": 0.75, "bill": 0.25, "fees": None}
        found = own_shares(await shares(app))
        assert found["fees"] == 0.0


@pytest.mark.parametrize("share", [-0.1, float("nan"), float("inf")])
async def test_what_is_no_share_is_refused_and_changes_nothing(program, share):
    async with program() as app:
        ids = await placed(app)
        with pytest.raises(ToolError, match="Card"):
            await app.call("set_targets", targets={ids["card"]: share})
        with pytest.raises(ToolError, match="above 0"):
            await app.call("set_targets", targets=dict.fromkeys(ids.values(), 0.0))
        with pytest.raises(ToolError, match="no topic 99"):
            await app.call("set_targets", targets={99: 0.5})
        assert await app.session.store.read(meta.get, "targets", "uniform") == "uniform"


async def test_only_what_the_aims_are_makes_an_analysis_stale(program):
    async def status(app):
        return (await app.session.workflow())["coverage_generation"].status

    async with program() as app:
        ids = await placed(app)
        await app.call("categorize_records")
        await app.call("analyze_coverage")
        assert await status(app) == "completed"
        await app.call("set_topics", topic_ids=[ids["card"]], quota=50)
        assert await status(app) == "stale"
        await app.call("undo")
        assert await status(app) == "completed"
        await app.call("set_targets", targets={ids["card"]: 0.9})
        assert await status(app) == "stale"
        await app.call("set_targets", targets="uniform")
        assert await status(app) == "completed"


async def test_a_topic_of_its_own_quota_is_measured_by_it(program):
    async with program() as app:
        ids = await placed(app)
        await app.call("set_quota", quota=40)
        await app.call("set_topics", topic_ids=[ids["card"]], quota=80)
        found = await report(app)
        quotas = {t.topic.casefold(): t.quota for t in found.coverage.leaves.topics}
        assert quotas == {"card": 80, "bill": 40, "fees": 40}
        assert found.coverage.coverage == pytest.approx((0.5 + 1 + 0) / 3)
        assert found.plan.short == 40 + 40 - found.plan.total


async def test_rounds_tell_what_was_done_between_them(program):
    async with program() as app:
        await placed(app)
        await app.call("categorize_records")
        await app.call("analyze_coverage")
        await app.call("set_quota", quota=30)
        await app.call("set_quota", quota=20)
        await app.call("undo")
        await app.call("analyze_coverage")
        found = (await report(app)).rounds
        assert found[-1].done == ["Quota 30"]
        assert found[-1].coverage > found[-2].coverage


def test_levels_are_those_with_several_groups():
    paths = [("a", "b", "c"), ("a", "b", "d"), ("a", "e"), ("f",)]
    top, middle = levels(paths)
    assert set(top.values()) == {"a", "f"}
    assert set(middle.values()) == {"a › b", "a › e", "f"}
    assert levels([("a", "b"), ("a", "c")]) == []
    assert levels([("a",), ("b",)]) == []
