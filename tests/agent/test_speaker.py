"""The assistant with a connected model: who answers, what it costs, what is kept, what may be sent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import orjson
import pytest

from app.agent.entries import (
    CardAnswered,
    Message,
    Queued,
    Said,
    Spent,
    ToolDone,
    Withdrawn,
)
from app.llm.connections import Connection
from app.store import meta, results
from tests.agent.conftest import OpenTalk, Talk
from tests.llm.scripted import MODEL, Answer, Scripted, calls, chunk, says, scripted, usage

Open = Callable[..., AbstractAsyncContextManager[tuple[Talk, Scripted]]]
KEPT = {"openings": False}


@pytest.fixture
def speaking(talk: OpenTalk, rows: list[dict[str, Any]]) -> Open:
    """`async with speaking(answers…) as (t, server)`: a dataset is open and a model is connected."""

    @asynccontextmanager
    async def open_it(*answers: Answer, **connection: Any) -> AsyncIterator[tuple[Talk, Scripted]]:
        async with scripted(*answers) as server, talk(rows) as t:
            given = {"id": "mine", "name": "Mine", "base_url": server.url, "model": MODEL}
            t.app.connections.put(Connection(**(given | connection)))
            yield t, server

    return open_it


def priced(text: str) -> Answer:
    return Answer([*says(text).events, usage(1000, 100)])


async def test_a_model_answers_with_the_context_of_the_message(speaking: Open):
    async with speaking(priced("Hello."), prompt_price=1.0, answer_price=10.0) as (t, server):
        t.assistant.page = "records"
        await t.send("hi there")
        assert t.text == "Hello."
        said = server.requests[0]["messages"][-1]
        assert said["role"] == "user"
        context, words = said["content"].split("\n\n")
        assert orjson.loads(context)["page"] == "records"
        assert words == "hi there"
        [spent] = t.of(Spent)
        assert (spent.prompt_tokens, spent.answer_tokens) == (1000, 100)
        assert spent.cost == pytest.approx(0.002)
        assert not spent.estimated
        assert (await t.assistant.spent()).cost == pytest.approx(0.002)


async def test_the_next_request_carries_what_was_said_before(speaking: Open):
    async with speaking(calls("get_dataset_stats"), says("Sixty."), says("As I said.")) as (
        t,
        server,
    ):
        await t.send("how many?", "sure?")
        roles = [wire["role"] for wire in server.requests[-1]["messages"]]
        assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
        history = await t.assistant.history()
        assert [e.text for e in history if isinstance(e, Said)] == ["how many?", "sure?"]
        assert t.tools == ["get_dataset_stats"]


async def test_what_is_written_during_a_turn_waits_and_comes_back_at_a_stop(speaking: Open):
    held = Answer([chunk({"content": "Thinking"})], hold=True)
    async with speaking(held) as (t, server):
        t.assistant.send("first")
        t.assistant.send("second")
        t.assistant.send("third")
        while not server.requests:
            await asyncio.sleep(0.01)
        assert [q.text for q in t.of(Queued)] == ["second", "third"]
        t.assistant.stop()
        await t.assistant.idle()
        assert [(q.text, q.on) for q in t.of(Queued)][2:] == [("second", False), ("third", False)]
        assert t.said == ["first"]
        assert len(server.requests) == 1


async def test_a_fault_is_told_and_the_turn_can_be_asked_for_again(speaking: Open):
    answers = (calls("get_dataset_stats"), Answer(status=400, error="bad"), says("Sixty."))
    async with speaking(*answers) as (t, server):
        await t.send("how many?")
        assert "Mine refused the request (400): bad" in t.text
        await t.choose("try again")
        assert t.text.endswith("Sixty.")
        assert t.tools == ["get_dataset_stats"]
        assert t.said == ["how many?"]
        assert server.requests[-1]["messages"][-1]["role"] == "user"


async def test_the_spending_limit_ends_a_turn_before_the_next_request(speaking: Open):
    first = Answer([*calls("get_dataset_stats").events, usage(1000, 0)])
    async with speaking(first, says("never"), prompt_price=1000.0, answer_price=0.0) as (t, server):
        t.app.settings.spend_cap = 1.0
        await t.send("go", "on")
        assert len(server.requests) == 1
        assert t.text.count("spending limit of 1.00") == 2


async def test_without_prices_the_limit_is_of_tokens(speaking: Open):
    async with speaking(priced("One."), says("never")) as (t, server):
        t.app.settings.token_cap = 1000
        await t.send("go", "on")
        assert len(server.requests) == 1
        assert "limit of 1,000 tokens" in t.text


async def test_the_tokens_of_a_stopped_answer_are_estimated(speaking: Open):
    held = Answer([chunk({"content": "Thinking about it"})], hold=True)
    async with speaking(held) as (t, _):
        t.assistant.send("first")
        while not any(e.kind == "piece" for e in t.heard):
            await asyncio.sleep(0.01)
        t.assistant.stop()
        await t.assistant.idle()
        [spent] = t.of(Spent)
        assert spent.estimated
        assert spent.answer_tokens == 5
        assert [m.stopped for m in t.of(Message)] == [True]


async def test_a_prompt_that_was_sent_counts_also_where_no_word_came(speaking: Open):
    async with speaking(Answer([], hold=True)) as (t, server):
        t.assistant.send("first")
        while not server.requests:
            await asyncio.sleep(0.01)
        t.assistant.stop()
        await t.assistant.idle()
        [spent] = t.of(Spent)
        assert spent.estimated
        assert spent.prompt_tokens > 1_000
        assert spent.answer_tokens == 0


async def test_an_edited_message_takes_the_place_of_what_followed(speaking: Open):
    answers = (calls("set_goal", {"goal": "Route"}), says("Set."), says("Other."))
    async with speaking(*answers) as (t, server):
        await t.send("the goal is routing")
        t.assistant.resend(t.of(Said)[0].key, "what is the goal?")
        await t.assistant.idle()
        assert len(t.of(Withdrawn)) == 1
        history = await t.assistant.history()
        assert [e.text for e in history if isinstance(e, Said | Message)] == [
            "what is the goal?",
            "Other.",
        ]
        assert [e.result for e in history if isinstance(e, ToolDone)] != []
        told = [str(wire["content"]) for wire in server.requests[-1]["messages"]]
        assert not any("the goal is routing" in text for text in told)
        assert any("ran set_goal" in text for text in told)


async def test_what_was_taken_back_stands_in_no_page_and_no_search(speaking: Open):
    async with speaking(says("One."), says("Two."), says("Three.")) as (t, _):
        await t.send("the first", "the second")
        t.assistant.resend(t.of(Said)[1].key, "the third")
        await t.assistant.idle()
        store = t.app.session.store
        page = await store.read(results.chat)
        second = next(row.id for row in page if row.data.get("text") == "the second")
        for before in (second + 1, second + 2):
            rows = await t.assistant.history_rows(1000, before)
            said = [e.text for _, e in rows if isinstance(e, Said | Message)]
            assert said == ["the first", "One."]
        assert [hit.excerpt for hit in await t.assistant.search("the ")] == [
            "the third", "the first",
        ]  # fmt: skip


async def test_another_answer_to_the_last_message(speaking: Open):
    async with speaking(says("One."), says("Two.")) as (t, _):
        await t.send("say it")
        t.assistant.regenerate()
        while len(t.of(Message)) < 2:
            await asyncio.sleep(0.01)
        await t.assistant.idle()
        history = await t.assistant.history()
        assert [e.text for e in history if isinstance(e, Said | Message)] == ["say it", "Two."]


async def test_what_was_taken_back_already_takes_nothing_else_away(speaking: Open):
    async with speaking(*[says(f"Answer {n}.") for n in range(1, 5)]) as (t, _):
        await t.send("the first", "the second")
        for words in ("in other words", "a late second click"):
            t.assistant.resend(t.of(Said)[1].key, words)
            await t.assistant.idle()
        history = await t.assistant.history()
        said = [e.text for e in history if isinstance(e, Said | Message)]
        assert said[:2] == ["the first", "Answer 1."]
        assert said[-2:] == ["a late second click", "Answer 4."]
        assert "the second" not in said


async def test_another_answer_is_not_asked_for_once_the_dataset_is_closed(speaking: Open):
    async with speaking(says("One."), says("never")) as (t, server):
        await t.send("only for this dataset")
        t.assistant.regenerate()
        await asyncio.sleep(0)
        t.assistant.turn_to(None)
        await t.app.jobs.wait()
        await t.assistant.idle()
        assert len(server.requests) == 1
        assert t.said == ["only for this dataset"]


async def test_a_stop_right_after_a_message_gives_it_back(speaking: Open):
    async with speaking(says("never")) as (t, server):
        for turns_of_the_loop in range(12):
            t.clear()
            t.assistant.send("do not lose this")
            for _ in range(turns_of_the_loop):
                await asyncio.sleep(0)
            t.assistant.stop()
            await t.assistant.idle()
            given_back = [e.text for e in t.of(Queued) if not e.on]
            assert [*t.said, *given_back] == ["do not lose this"]
        assert not server.requests


async def test_a_question_of_the_model_is_answered_by_a_click_or_in_words(speaking: Open):
    ask = {"question": "Which?", "kind": "multiselect", "options": ["A", "B", "C"]}
    text = {"question": "Why?", "kind": "text"}
    answers = (calls("ask_follow_up", ask), calls("ask_follow_up", text, id="b"), says("Good."))
    async with speaking(*answers) as (t, server):
        await t.send("help")
        assert t.question.form == "multiselect"
        t.assistant.answer(t.question, "A; C")
        await t.assistant.idle()
        assert t.question.form == "text"
        t.assistant.answer(t.question, "because")
        t.assistant.answer(t.question, "twice")
        await t.assistant.idle()
        said = [w["content"] for w in server.requests[-1]["messages"] if w["role"] == "user"]
        assert [text.split("\n\n")[-1] for text in said] == ["help", "A; C", "because"]
        assert t.text == "Good."


async def test_an_answer_that_a_stop_dropped_can_be_given_again(speaking: Open):
    ask = {"question": "Which?", "options": ["A", "B"]}
    held = Answer([chunk({"content": "Thinking"})], hold=True)
    async with speaking(calls("ask_follow_up", ask), held, says("B it is.")) as (t, server):
        await t.send("help")
        asked = t.question
        t.assistant.send("meanwhile")
        while len(server.requests) < 2:
            await asyncio.sleep(0.01)
        t.assistant.choose(asked, 0)
        assert not t.assistant.is_open(asked)
        t.assistant.stop()
        await t.assistant.idle()
        t.assistant.choose(asked, 1)
        t.assistant.choose(asked, 0)
        await t.assistant.idle()
        assert t.text.endswith("B it is.")
        assert t.said == ["help", "meanwhile", "B"]


async def test_excerpts_go_to_a_new_host_only_after_a_yes(speaking: Open):
    async with speaking() as (t, _):
        far = Connection(id="far", name="Far", base_url="http://198.51.100.7:9/v1", model="m")
        t.app.connections.put(far)
        t.app.connections.choose("assistant", "far")
        t.yes = False
        await t.send("hello")
        [card] = t.of(CardAnswered)
        assert card.card.tool == "send_to_host"
        assert "198.51.100.7:9" in card.card.title
        assert "not encrypted" in card.card.warning
        assert await t.app.session.store.read(meta.get, "hosts", []) == []
        assert "Nothing was sent to 198.51.100.7:9" in t.text


async def test_the_agents_model_or_the_connections_own_by_name(speaking: Open):
    async with speaking(says("One."), says("Two.")) as (t, server):
        folder = t.app.home / "agents"
        folder.mkdir()
        head = '---\nname = "other"\n[model_settings]\nmodel = "big-9"\ntemperature = 0.5\n---\nHi.'
        (folder / "other.md").write_text(head)
        t.app.settings.agent = "other"
        await t.send("a", "b")
        assert t.text.count("which **Mine** does not have") == 1
        assert server.requests[0]["model"] == MODEL
        assert server.requests[0]["temperature"] == 0.5
        assert server.requests[0]["messages"][0]["content"].startswith("Hi.")


async def test_a_context_window_too_small_for_the_agent_is_told(speaking: Open):
    async with speaking(says("never"), context=8_000) as (t, server):
        await t.send("hello")
        assert "Mine reads 8,000 tokens at once" in t.text
        assert server.requests == []


async def test_a_long_conversation_fits_the_context_window(speaking: Open):
    answers = [says("word " * 2_000) for _ in range(8)]
    async with speaking(*answers, context=16_000) as (t, server):
        await t.send(*(f"question {n}" for n in range(8)))
        sizes = [
            len(orjson.dumps(r["messages"]) + orjson.dumps(r["tools"])) for r in server.requests
        ]
        assert max(sizes) < 16_000 * 3.5
        last = server.requests[-1]["messages"]
        assert "question 0" in last[0]["content"]
        assert last[-1]["content"].endswith("question 7")


async def test_an_entry_that_cannot_be_read_hides_no_other(speaking: Open):
    async with speaking(says("Hello.")) as (t, _):
        await t.send("hi")
        for kind, data in (("message", {"words": 1}), ("from_tomorrow", {})):
            await t.app.session.store.transaction(results.add_chat, kind, data)
        assert [e.kind for e in await t.assistant.history()] == ["user", "message", "spent"]


async def test_guided_is_a_choice(speaking: Open):
    async with speaking() as (t, server):
        t.app.settings.agent = "guided"
        assert t.assistant.speaker is None
        await t.send("explain balance")
        assert "Balance" in t.text
        assert server.requests == []


async def test_the_conversation_is_searched(speaking: Open):
    async with speaking(says("Balance is how **even** the topics are.")) as (t, _):
        await t.send("what is balance")
        found = await t.assistant.search("BALANCE")
        assert [(hit.who, "alance" in hit.excerpt) for hit in found] == [
            ("assistant", True),
            ("you", True),
        ]
        assert await t.assistant.search("  ") == []
        for words in ("how even the", "How **even** the", "`how` even"):
            (place,) = await t.assistant.search(words)
            assert "is how even the topics" in place.excerpt
        assert await t.assistant.search("**") != []


async def test_without_a_dataset_it_talks_too(speaking: Open):
    async with speaking(says("Hello."), says("Again.")) as (t, server):
        await t.app.close_dataset()
        await t.send("hi", "and?")
        assert t.text == "Hello.\nAgain."
        roles = [wire["role"] for wire in server.requests[-1]["messages"]]
        assert roles == ["system", "user", "assistant", "user"]
