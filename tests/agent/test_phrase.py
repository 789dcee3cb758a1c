"""Openings in a model's words: one call, only given numbers, kept, and fixed words whenever it fails."""

from typing import Any

import pytest

from app.agent import phrase as phrasing
from app.agent.entries import CardAsked, Message, Spent, TreeShown
from app.llm.connections import Connection
from tests.agent.conftest import OpenTalk
from tests.agent.connected import connected
from tests.llm.scripted import Answer, chunk, usage

Rows = list[dict[str, Any]]
GREETING = "We were at step 1 of 7, Topics, with 60 records. Next we look for topics."
WORKFLOW: dict[str, Any] = {"goal": "Route it", "workflow": {"id": "wf-1", "started": 1.0}}


def worded(text: str) -> Answer:
    return Answer([chunk({"content": text}), chunk(finish="stop"), usage(120, 30)])


async def greeted(t: Any) -> str:
    t.clear()
    t.assistant.begin("opened")
    await t.assistant.idle()
    return str(t.text)


async def test_one_call_without_tools_words_the_welcome_and_the_same_state_costs_nothing_again(
    talk: OpenTalk, rows: Rows
) -> None:
    async with connected(talk, rows, worded(GREETING), **WORKFLOW) as (t, server):
        assert await greeted(t) == GREETING
        (request,) = server.requests
        assert "tools" not in request
        assert "Left at: Step 1 of 7: Topics" in request["messages"][1]["content"]
        (spent,) = t.of(Spent)
        assert (spent.prompt_tokens, spent.answer_tokens) == (120, 30)
        assert [o.label for o in t.question.options] == ["Continue", "Review what was done"]
        assert await greeted(t) == "", "the same greeting is given once"
        t.assistant.begin("status")
        await t.assistant.idle()
        assert await greeted(t) == GREETING
        assert len(server.requests) == 1
        assert (await t.assistant.spent()).tokens == 150


@pytest.mark.parametrize(
    "answer",
    [
        worded("We were at step 1 of 7 with 61 records."),
        worded("See [this](https://example.org), 60 records."),
        worded("word " * 300),
        worded(""),
        Answer(status=500, error={"error": {"message": "broken"}}),
        Answer(status=401, error={"error": {"message": "no"}}),
        Answer([chunk({"content": "We were at step 1"})], cut=True),
        Answer([chunk({"content": "Step 1"}), chunk(finish="length")]),
    ],
    ids=["invented", "link", "long", "empty", "500", "key", "cut off", "length"],
)
async def test_fixed_words_whenever_it_cannot_be_used(
    talk: OpenTalk, rows: Rows, answer: Answer
) -> None:
    async with connected(talk, rows, *[answer] * 4, **WORKFLOW) as (t, _):
        text = await greeted(t)
        assert text.startswith("Welcome back to **Tickets**. **Step 1 of 7: Topics**")
        assert len(t.of(Message)) == 1


async def test_nobody_waits_long_for_a_greeting(
    talk: OpenTalk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phrasing, "PATIENCE", 0.1)
    async with connected(talk, rows, Answer(silent=True), **WORKFLOW) as (t, _):
        assert "Welcome back" in await greeted(t)


async def test_nothing_is_sent_without_consent_room_or_wish(talk: OpenTalk, rows: Rows) -> None:
    async with connected(talk, rows, worded(GREETING), **WORKFLOW) as (t, server):
        t.app.settings.model_openings = False
        assert "Welcome back" in await greeted(t)
        t.app.settings.model_openings = True
        t.app.settings.token_cap = 0
        await greeted(t)
        t.app.settings.token_cap = 10**6
        t.app.connections.put(
            Connection(id="mine", name="Mine", base_url="https://far.example/v1", model="m")
        )
        await greeted(t)
        assert not t.of(CardAsked)
        assert not server.requests


async def test_the_first_opening_words_the_proposal_and_offers_the_four_choices(
    talk: OpenTalk, rows: Rows
) -> None:
    text = "60 records, all single-turn. I propose 2 topics: Cards and Bills, 30 records each."
    several = [
        row | {"preview": said, "messages": [{"role": "user", "content": said}]}
        for n, row in enumerate(rows)
        for said in [f"{('my card is lost', 'the bill is wrong')[n % 2]}, case {n}"]
    ]
    async with connected(talk, several, worded(text)) as (t, server):
        t.assistant.begin("set_goal", goal="Route it")
        await t.assistant.idle()
        assert "Dataset: Tickets" in server.requests[0]["messages"][1]["content"]
        facts = server.requests[0]["messages"][1]["content"]
        assert "Goal: Route it" in facts
        assert "All records are single-turn." in facts
        assert "Proposed topics:" in facts
        assert t.of(TreeShown)
        assert [o.action for o in t.question.options] == [
            "apply", "modify_topics", "another", "by_hand"
        ]  # fmt: skip
