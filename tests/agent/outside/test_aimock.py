"""Our client and the assistant against aimock: streamed words and tools, errors, broken streams."""

from collections.abc import Callable
from typing import Any

import pytest

from app.agent.entries import Spent, ToolDone
from app.llm.client import Ask, Call, Ended, ModelError, Part, Text
from app.llm.openai import OpenAIClient
from app.store import topics
from tests.agent.conftest import OpenTalk
from tests.agent.connected import Rows, connect
from tests.agent.outside.conftest import Outside

pytestmark = pytest.mark.outside
Start = Callable[..., Outside]
LONG = "A long answer – ünïcode 🙂 – in many pieces, one after the other, until it is whole."


def fixture(words: str, response: dict[str, Any], /, **more: Any) -> dict[str, Any]:
    """What it answers to a message with these words; `more` are its other settings."""
    match = {"userMessage": words, **more.pop("match", {})}
    return {"match": match, "response": response, **more}


def two_rounds(words: str, calls: list[dict[str, Any]], then: str) -> list[dict[str, Any]]:
    """Tool calls, and words once their results have come."""
    return [
        fixture(words, {"toolCalls": calls}, match={"hasToolResult": False}),
        fixture(words, {"content": then}, match={"hasToolResult": True}),
    ]


FAULTS = [
    fixture(
        "busy", {"error": {"message": "Rate limited", "type": "rate_limit_error"}, "status": 429}
    ),
    fixture("broken", {"error": {"message": "Internal", "type": "server_error"}, "status": 500}),
    fixture("forbidden", {"error": {"message": "Bad key", "type": "auth"}, "status": 401}),
    fixture("cut", {"content": LONG}, truncateAfterChunks=3, chunkSize=5),
    fixture("lost", {"content": LONG}, disconnectAfterMs=150, latency=60, chunkSize=5),
    fixture("garbled", {"content": LONG}, chaos={"malformedRate": 1.0}),
    fixture("dropped", {"content": LONG}, chaos={"dropRate": 1.0}),
    fixture("gone", {"content": LONG}, chaos={"disconnectRate": 1.0}),
    fixture("short", {"content": "As far as", "finishReason": "length"}),
]


async def ask(client: OpenAIClient, words: str, **more: Any) -> list[Part]:
    asked = Ask(model="gpt-4o", messages=[{"role": "user", "content": words}], **more)
    return [part async for part in client.stream(asked)]


async def test_words_calls_and_models(aimock: Start, report: list[str]) -> None:
    mixed = [
        {"type": "toolCall", "name": "stats", "arguments": {"n": 1}, "id": "call_a"},
        {"type": "text", "text": "I look."},
        {"type": "toolCall", "name": "rows", "arguments": {"text": "ü" * 50}},
    ]
    server = aimock(
        [
            fixture("tell", {"content": LONG}, chunkSize=3),
            fixture("mixed", {"blocks": mixed}, chunkSize=4),
        ]
    )
    client = OpenAIClient(server.api, "sk-any", name="aimock", idle=5)
    assert "gpt-4o" in await client.models()
    parts = await ask(client, "tell me")
    assert "".join(p.text for p in parts if isinstance(p, Text)) == LONG
    assert len(parts) > 10
    parts = await ask(client, "mixed")
    first, second = (p for p in parts if isinstance(p, Call))
    assert (first.id, first.name, first.arguments) == ("call_a", "stats", '{"n":1}')
    assert (second.name, len(second.arguments)) == ("rows", 61)
    assert "".join(p.text for p in parts if isinstance(p, Text)) == "I look."
    assert isinstance(parts[-1], Ended)
    await client.close()
    report.append("aimock: words, calls before, after and between words, and models are read whole")


async def test_every_fault_of_it_is_told(aimock: Start, report: list[str]) -> None:
    server = aimock(FAULTS, auth={"apiKeys": ["right"]})
    client = OpenAIClient(server.api, "right", name="aimock", idle=2, first_wait=0.01)
    told = {}
    for words in ("busy", "broken", "forbidden", "cut", "lost", "garbled", "dropped", "gone", "?"):
        with pytest.raises(ModelError, match="aimock") as caught:
            await ask(client, words)
        told[words] = caught.value.fault
    (ended,) = [p for p in await ask(client, "short") if isinstance(p, Ended)]
    assert ended.finish == "length"
    await client.close()
    assert told == {
        "busy": "rate", "broken": "server", "forbidden": "key", "cut": "cut off", "lost": "cut off",
        "garbled": "malformed", "dropped": "server", "gone": "cut off", "?": "model",
    }  # fmt: skip
    stranger = OpenAIClient(server.api, "wrong", name="aimock", idle=2)
    with pytest.raises(ModelError, match="does not accept the key"):
        await ask(stranger, "tell me")
    await stranger.close()
    report.append(f"aimock: {len(told) + 2} faults, each told: " + ", ".join(told.values()))


async def test_the_assistant_works_with_its_streamed_tools(
    aimock: Start, talk: OpenTalk, rows: Rows, report: list[str]
) -> None:
    tree = {"hierarchy": [{"name": "Cards"}, {"name": "Loans"}]}
    server = aimock(
        [
            *two_rounds(
                "look around",
                [
                    {"name": "get_dataset_stats", "arguments": {}},
                    {"name": "get_dataset_records", "arguments": {"limit": 3}},
                ],
                "Sixty records.",
            ),
            *two_rounds(
                "make topics", [{"name": "apply_topic_hierarchy", "arguments": tree}], "Done."
            ),
            *two_rounds("wrong name", [{"name": "drop_table", "arguments": {}}], "Sorry."),
            *two_rounds("wrong JSON", [{"name": "set_goal", "arguments": '{"goal": '}], "Sorry."),
            fixture("cut short", {"content": LONG}, truncateAfterChunks=3, chunkSize=5),
        ],
        llm={"latency": 1, "chunkSize": 6},
    )
    async with talk(rows) as t:
        connect(t, server.api)
        await t.send("look around", "make topics")
        assert t.tools == ["get_dataset_stats", "get_dataset_records", "apply_topic_hierarchy"]
        assert t.text == "Sixty records.\nDone."
        assert [c.card.tool for c in t.cards] == ["apply_topic_hierarchy"]
        names = [topic.name for topic in await t.app.session.store.read(topics.all_topics)]
        assert names == ["Cards", "Loans"]
        assert len(t.of(Spent)) == 2
        t.clear()
        await t.send("wrong name", "wrong JSON")
        assert t.tools == []
        assert [d.result for d in t.of(ToolDone)] == ["not understood"] * 2
        assert t.text == "Sorry.\nSorry."
        await t.send("cut short")
        assert "in the middle of its answer" in t.text
        assert t.option("try again")
    report.append(
        "aimock: the assistant called 3 tools of its streams, 1 card, and refused 2 calls"
    )
