"""Weights follow the target shares that were set, not only even ones."""

import pytest

from app.store import topics


async def weight_of(app, topic_id):
    """The weights that the records of a topic have."""
    query = "SELECT DISTINCT weight FROM record WHERE topic_id = ?"
    return [w for (w,) in await app.session.store.read(lambda tx: tx.sql(query, (topic_id,)))]


async def test_weights_follow_own_shares_and_a_target_of_zero(program):
    async with program() as app:
        await app.call("generate_topics", method="labels")
        await app.call("apply_topic_hierarchy")  # 40 cards and 40 bills
        rows = await app.session.store.read(topics.all_topics)
        ids = {topic.name.casefold(): topic.id for topic in rows}
        await app.call("set_targets", targets={ids["card"]: 0.75, ids["bill"]: 0.25})
        offered = (await app.call("generation_offers")).weights
        assert {t.casefold(): w for t, w in offered.items()} == pytest.approx(
            {"card": 1.5, "bill": 0.5}
        )
        await app.call("apply_topic_weights")
        assert await weight_of(app, ids["card"]) == pytest.approx([1.5])
        assert await weight_of(app, ids["bill"]) == pytest.approx([0.5])

        await app.call("set_targets", targets={ids["card"]: 1.0, ids["bill"]: 0.0})
        await app.call("apply_topic_weights")
        assert await weight_of(app, ids["bill"]) == [0.0]

        await app.call("set_targets", targets="as_imported")
        await app.call("apply_topic_weights")
        assert await weight_of(app, ids["card"]) == await weight_of(app, ids["bill"]) == [1.0]
