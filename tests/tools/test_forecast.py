"""What the plan foretells is what is measured once its records are accepted, by the real tools."""

import pytest

from app.domain.planning import Plan
from app.store import topics
from app.tools.coverage import measure
from app.tools.plan_cost import plan_cost
from tests.tools.writer import generator


async def aims(app, kind):
    """Targets and quotas of each kind; the topics by name."""
    rows = await app.session.store.read(topics.all_topics)
    ids = {t.name: t.id for t in rows}
    if kind == "own":
        await app.call("set_targets", targets={ids["Refund"]: 0.3, ids["Coffee"]: 0.1})
        await app.call("set_topics", topic_ids=[ids["Password"]], quota=16)
    elif kind == "left out":
        await app.call("set_targets", targets={ids["Delivery"]: 0.0})
    return ids


@pytest.mark.parametrize("kind", ["uniform", "own", "left out"])
async def test_the_forecast_is_what_is_measured_after_accepting(tmp_path, kind):
    async with generator(tmp_path, quota=18) as (app, writer):
        await aims(app, kind)
        before = await app.call("analyze_coverage")
        found: Plan = before.plan
        assert set(found.add) == {"Refund", "Password"}
        await app.call("generate_synthetic_data", strategy="few_shot")
        await app.call("accept_generated")
        after = await app.session.store.read(measure, app.context())
        assert after.coverage.balance == pytest.approx(found.balance_after, abs=1e-9)
        assert after.coverage.coverage == pytest.approx(found.coverage_after, abs=1e-9)
        assert after.plan.short == found.short
        counts = {t.topic: t.records for t in after.coverage.leaves.topics}
        assert counts == {t.topic: t.after for t in found.topics} | {
            t.topic: t.records for t in before.coverage.leaves.topics if t.target == 0
        }
        assert all(t.add <= t.cap for t in found.topics)
        assert writer.said["good"] >= found.total


async def test_the_plans_cost_is_told_where_a_model_is_connected(tmp_path):
    async with generator(tmp_path, quota=18, prompt_price=1.0, answer_price=4.0) as (app, _):
        report = await app.session.store.read(measure, app.context())
        told = await plan_cost(app.context())
        assert told is not None
        assert told.records == report.plan.total
        assert told.model == "Writer"
        assert told.tokens > 0
        assert told.cost is not None
        assert 0 < told.cost < told.tokens * 4 / 1e6 + 1e-9
        await app.call("set_quota", quota=5)
        left = await app.session.store.read(measure, app.context())
        assert (await plan_cost(app.context()) is None) == (left.plan.total == 0)
        app.connections.remove("writer")
        assert await plan_cost(app.context()) is None
