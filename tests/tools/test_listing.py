"""The line people type, through the tool: topics by name, words by the search, ranges, errors."""

import pytest

from app.domain.query import QueryError
from app.errors import ToolError


async def found(app, line, **more):
    return await app.call("get_dataset_records", query=line, limit=1000, **more)


async def test_a_line_is_answered_by_the_tool(program):
    async with program() as app:
        everything = await found(app, "")
        assert everything.total == 80
        words = await found(app, "lost card")
        assert not words.ranked  # so few are looked through, in file order
        assert words.total == len(words.records) == 20
        assert {"lost", "card"} <= set(words.records[0].preview.replace(",", "").split())
        assert (await found(app, '"lost my" -card')).total == 0
        assert (await found(app, '"lost my"')).total == 10
        train = await found(app, "lost split:train")
        test = await found(app, "lost split:test split:validation")
        assert train.total + test.total == 20
        assert {row.split for row in train.records} == {"train"}
        tokens = sorted(row.tokens for row in everything.records)
        above = await found(app, f"tokens>{tokens[0]}")
        assert above.total == sum(t > tokens[0] for t in tokens)
        assert (await found(app, "is:valid is:invalid")).total == 0
        assert (await found(app, "has:reference has:reply is:uncategorised")).total == 80
        assert (await found(app, "has:tools")).total == 0


async def test_topics_are_found_by_name(program):
    async with program() as app:
        await app.call("apply_topic_hierarchy", hierarchy=[{"name": "Card"}, {"name": "Bill"}])
        every = (await found(app, "")).records
        await app.call("assign_topic", record_ids=[r.id for r in every[:50]], topic="Card")
        await app.call("assign_topic", record_ids=[r.id for r in every[50:]], topic="Bill")
        assert (await found(app, "topic:card")).total == 50
        assert (await found(app, "topic:card topic:Bill stolen")).total == 10
        assert [r.id for r in (await found(app, "topic:Bill bill")).records] != []
        assert (await found(app, "topic:card", topic_filter="Bill")).total == 0
        with pytest.raises(ToolError, match="no topic 'Crad'"):
            await found(app, "topic:Crad")


async def test_a_wrong_line_says_where(program):
    async with program() as app:
        with pytest.raises(QueryError, match=r"character 6.*Did you mean “issue”"):
            await found(app, "card isue:duplicate")
