"""Our client and the assistant against llmock, which breaks answers on demand and judges the client."""

from typing import Any

import pytest

from app.llm.client import Ask, Call, Ended, ModelError, Part, Text, Waiting
from app.llm.openai import OpenAIClient
from tests.agent.conftest import OpenTalk
from tests.agent.connected import Rows, connect
from tests.agent.outside.conftest import Outside

pytestmark = pytest.mark.outside
MODEL = "gpt-4o"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_dataset_stats",
            "description": "Count the records of the dataset.",
            "parameters": {
                "type": "object",
                "properties": {"topic": {"type": "string"}, "limit": {"type": "integer"}},
                "required": ["limit"],
            },
        },
    }
]
KINDS = ("disconnect", "truncate", "malformed", "stall")


class Person:
    """Asks, and asks again when told that an answer is no good; keeps what each try came to."""

    def __init__(self, server: Outside, *, tools: bool = False) -> None:
        self.client = OpenAIClient(server.api, "sk-any", name="llmock", idle=1.0, first_wait=0.1)
        self.tools = TOOLS if tools else []
        self.outcomes: list[str] = []

    async def ask(self, words: str, *, again: int = 0) -> list[Part]:
        """The parts of the whole answer; raises the last ModelError after `again` more tries."""
        ask = Ask(model=MODEL, messages=[{"role": "user", "content": words}], tools=self.tools)
        for left in reversed(range(again + 1)):
            try:
                parts = [part async for part in self.client.stream(ask)]
            except ModelError as error:
                self.outcomes.append(error.fault)
                if not left:
                    raise
            else:
                assert isinstance(parts[-1], Ended)
                self.outcomes.append("whole")
                return parts
        raise AssertionError("never asked")


def queue(server: Outside, *behaviors: dict[str, Any]) -> None:
    server.post("/_llmock/scenario", {"behaviors": list(behaviors)})


def said(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


def judged(server: Outside, report: list[str], what: str) -> dict[str, Any]:
    """Its verdict, put into the summary."""
    told: dict[str, Any] = server.get("/_llmock/verdict").json()
    text = server.get("/_llmock/verdict?format=text").text
    report.append(f"llmock, {what}:")
    report.extend(f"  {line}" for line in text.strip().splitlines() if line)
    return told


@pytest.fixture
def fresh(llmock: Outside) -> Outside:
    llmock.post("/_llmock/reset", {})
    return llmock


async def test_no_fault_is_accepted_as_success(fresh: Outside, report: list[str]) -> None:
    """Every fault it has, at several places, for words and for tool calls."""
    for tools in (False, True):
        person = Person(fresh, tools=tools)
        wanted = []
        for kind in KINDS:
            for after in (0, 1, 2, 3):
                fault = {"type": "stream_fault", "kind": kind, "after_chunks": after}
                queue(fresh, {**fault, "stall_seconds": 4})
                before = len(person.outcomes)
                await person.ask(f"How many records? {kind} {after}", again=1)
                wanted.append((kind, after, person.outcomes[before:]))
        for _, _, outcomes in wanted:
            assert outcomes[-1] == "whole"
        faults = {"malformed": "malformed", "stall": "stalled"}
        for kind, after, outcomes in wanted:
            missed = f"{kind} after {after} chunks: {outcomes}"
            if kind in faults:  # never tried again unasked: the person is told each
                assert outcomes == [faults[kind], "whole"], missed
            else:  # tried again unasked where nothing was shown yet
                assert outcomes in (["cut off", "whole"], ["malformed", "whole"], ["whole"]), missed
        await person.client.close()
    verdict = judged(fresh, report, "broken streams")
    assert verdict["faults_injected"] == 2 * 4 * len(KINDS)
    assert verdict["passed"], verdict
    # Told above each time; a stream that was sent whole before we hung up counts there as read.
    assert {f["code"] for f in verdict["findings"]} <= {"malformed_chunk_ignored"}, verdict


async def test_refusals_are_told_and_busy_servers_waited_for(
    fresh: Outside, report: list[str]
) -> None:
    person = Person(fresh)
    queue(fresh, {"type": "fail", "status": 429, "retry_after": 0.6, "times": 2})
    parts = await person.ask("after a limit")
    assert [p.seconds for p in parts if isinstance(p, Waiting)] == pytest.approx(
        [0.6, 0.6], abs=0.5
    )
    for status in (500, 502, 503, 529):
        queue(fresh, {"type": "fail", "status": status, "times": 2})
        assert said(await person.ask(f"after two {status}"))
    faults = {400: "request", 401: "key", 403: "key", 404: "model", 422: "request"}
    for status, fault in faults.items():
        queue(fresh, {"type": "fail", "status": status})
        with pytest.raises(ModelError, match="llmock") as caught:
            await person.ask(f"refused by {status}")
        assert caught.value.fault == fault
    queue(fresh, {"type": "fail", "status": 503, "times": 4})
    with pytest.raises(ModelError, match="503"):
        await person.ask("down")
    await person.client.close()
    verdict = judged(fresh, report, "refusals and limits")
    assert verdict["passed"], verdict
    assert verdict["findings"] == []


async def test_words_calls_and_models(fresh: Outside) -> None:
    person = Person(fresh, tools=True)
    assert MODEL in await person.client.models()
    queue(fresh, {"type": "reply", "text": "Sixty records, – ünïcode 🙂 and all."})
    assert said(await person.ask("How many?")) == "Sixty records, – ünïcode 🙂 and all."
    parts = await person.ask("Count the records of the dataset.")
    (call,) = (part for part in parts if isinstance(part, Call))
    assert call.name == "get_dataset_stats"
    queue(fresh, {"type": "reply", "tool_calls": [
        {"name": "get_dataset_stats", "arguments": {"limit": 1}},
        {"name": "get_dataset_stats", "arguments": {"limit": 2}},
    ]})  # fmt: skip
    parts = await person.ask("Twice")
    assert [p.arguments for p in parts if isinstance(p, Call)] == ['{"limit": 1}', '{"limit": 2}']
    await person.client.close()


async def test_the_assistant_repairs_what_it_breaks(
    fresh: Outside, talk: OpenTalk, rows: Rows, report: list[str]
) -> None:
    """Tool calls that no tool can take, then a whole one, then words; a tool ran once."""
    whole = {"type": "reply", "tool_calls": [{"name": "add_topic", "arguments": {"name": "Cards"}}]}
    queue(
        fresh,
        {"type": "tool_fault", "kind": "malformed_arguments"},
        {"type": "tool_fault", "kind": "unknown_tool"},
    )
    async with talk(rows) as t:
        connect(t, fresh.api)
        await t.send("Count the records.")
        assert [d.result for d in t.done][:1] == ["not understood"]
        assert t.text
        fresh.post("/_llmock/reset", {})
        t.clear()
        queue(fresh, whole, {"type": "reply", "text": "It is there."})
        await t.send("Add the topic Cards.")
        assert t.tools == ["add_topic"]
        assert t.text == "It is there."
    verdict = judged(fresh, report, "the assistant, with tools")
    assert verdict["findings"] == []


async def test_the_assistant_tells_each_broken_stream(
    fresh: Outside, talk: OpenTalk, rows: Rows
) -> None:
    whole = {"type": "reply", "tool_calls": [{"name": "add_topic", "arguments": {"name": "Cards"}}]}
    async with talk(rows) as t:
        connect(t, fresh.api, idle=0.5)
        queue(fresh, whole, {"type": "reply", "text": "Added."})
        await t.send("add the topic")
        for kind in KINDS:
            words = {"type": "reply", "text": "It is a long answer of many words, to be cut."}
            fault = {"type": "stream_fault", "kind": kind, "after_chunks": 3, "stall_seconds": 2}
            queue(fresh, words, fault)
            await t.send(f"go on with {kind}")
            assert "Mine" in t.text.splitlines()[-1], kind
            queue(fresh, {"type": "reply", "text": f"Whole after {kind}."})
            await t.choose("try again")
            assert t.text.endswith(f"Whole after {kind}.")
        assert t.tools == ["add_topic"]
