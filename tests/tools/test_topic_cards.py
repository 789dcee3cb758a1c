"""What a model must ask for before it edits topics: whatever takes records off their topic."""

from typing import Any

import pytest

from app.errors import DeclinedError
from app.store import records, topics
from app.store.records import RecordFilter
from app.tools.base import TOOLS
from tests.tools.conftest import OpenApp


async def test_a_model_asks_before_a_topic_with_records_becomes_a_group(program: OpenApp) -> None:
    async with program(answer=False) as app:
        assert app.session is not None
        ids: dict[str, int] = {}
        for name in ("Full", "Empty", "Other"):
            made: Any = await app.call("add_topic", name=name)
            ids[name] = made.topic_id
        await app.call("assign_topic", record_ids=[1, 2, 3], topic=ids["Full"])
        ctx, cards = app.context("assistant"), app.cards  # type: ignore[attr-defined]
        ctx.by_model = True
        for tool, given in (
            ("add_topic", {"name": "New", "parent_id": ids["Full"]}),
            ("move_topics", {"topic_ids": [ids["Other"]], "parent_id": ids["Full"]}),
        ):
            with pytest.raises(DeclinedError):
                await TOOLS[tool](ctx, given)
            assert ("Records uncategorised then", "3") in cards.pop().rows
        full = RecordFilter(topic_ids=(ids["Full"],))
        assert await app.session.store.read(records.count, full) == 3
        await TOOLS["add_topic"](ctx, {"name": "Free", "parent_id": ids["Empty"]})
        await TOOLS["move_topics"](ctx, {"topic_ids": [ids["Other"]], "parent_id": ids["Empty"]})
        await app.call("add_topic", name="By hand", parent_id=ids["Full"])
        assert cards == []
        assert len(await app.session.store.read(topics.all_topics)) == 5
