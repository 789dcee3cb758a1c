"""Tool calls in every odd form seen in the wild, streamed over real HTTP to the real tools."""

import json
from collections.abc import Sequence
from typing import Any

from app.agent.entries import ToolDone
from app.store import topics
from tests.agent.conftest import OpenTalk, Talk
from tests.agent.connected import Rows, connected
from tests.llm.scripted import MODEL, Answer, call, chunk, says

CARDS, LOANS = json.dumps({"name": "Cards"}), json.dumps({"name": "Loans – 🙂"})
ADD = "add_topic"
END = chunk(finish="tool_calls")
BOTH = ["Cards", "Loans – 🙂"]


def old(name: str | None, arguments: str | None) -> dict[str, Any]:
    """The form of before there were several calls."""
    said = {"name": name, "arguments": arguments}
    return chunk({"function_call": {k: v for k, v in said.items() if v is not None}})


def several(*pieces: dict[str, Any]) -> dict[str, Any]:
    """Pieces of several calls in one chunk."""
    found = [piece["choices"][0]["delta"]["tool_calls"][0] for piece in pieces]
    return chunk({"tool_calls": found})


def whole(*calls: tuple[str | None, str], content: Any = None) -> Answer:
    """An answer that is not streamed; ids may be missing."""
    made = [
        {"type": "function", "function": {"name": ADD, "arguments": arguments}}
        | ({"id": id} if id else {})
        for id, arguments in calls
    ]
    message = {"role": "assistant", "content": content, "tool_calls": made}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return Answer(body=json.dumps({"model": MODEL, "choices": [choice]}).encode())


FORMS: dict[str, Answer | Sequence[Any]] = {
    "arguments letter by letter": [
        call(ADD, "", id="a"), *(call(None, c) for c in CARDS),
        call(ADD, "", index=1, id="b"), *(call(None, c, index=1) for c in LOANS), END,
    ],
    "whole in one piece each": [call(ADD, CARDS, id="a"), call(ADD, LOANS, index=1, id="b"), END],
    "both in one chunk": [several(call(ADD, CARDS, id="a"), call(ADD, LOANS, index=1, id="b")), END],
    "words before, between and after": [
        chunk({"content": "First. "}), call(ADD, CARDS, id="a"), chunk({"content": "Second. "}),
        call(ADD, LOANS, index=1, id="b"), chunk({"content": "Third."}), END,
    ],
    "index 0 for both": [call(ADD, CARDS, id="a"), call(ADD, LOANS, id="b"), END],
    "no index": [call(ADD, CARDS, index=None, id="a"), call(ADD, LOANS, index=None, id="b"), END],
    "index from 1": [call(ADD, CARDS, index=1, id="a"), call(ADD, LOANS, index=2, id="b"), END],
    "the second begun first": [
        call(ADD, "", index=0, id="a"), call(ADD, LOANS, index=1, id="b"), call(None, CARDS), END,
    ],
    "no ids": [call(ADD, CARDS), call(ADD, LOANS, index=1), END],
    "neither ids nor index": [call(ADD, CARDS, index=None), call(ADD, LOANS, index=None), END],
    "empty ids": [call(ADD, CARDS, id=""), call(ADD, LOANS, index=1, id=""), END],
    "one id for both": [call(ADD, CARDS, id="a"), call(ADD, LOANS, index=1, id="a"), END],
    "one id for both, one index": [call(ADD, CARDS, id="a"), call(ADD, LOANS, id="a"), END],
    "id and name in every piece": [
        *(call(ADD, CARDS[i : i + 4], id="a") for i in range(0, len(CARDS), 4)),
        *(call(ADD, LOANS[i : i + 4], index=1, id="b") for i in range(0, len(LOANS), 4)), END,
    ],
    "the id late": [call(ADD, ""), call(None, CARDS, id="a"), call(ADD, LOANS, index=1, id="b"), END],
    "the name in pieces": [
        call("add", None, id="a"), call("_top", None), call("ic", None), call(None, CARDS),
        call(ADD, LOANS, index=1, id="b"), END,
    ],
    "an empty name later": [
        call(ADD, "", id="a"), call("", CARDS), call(ADD, LOANS, index=1, id="b"), END,
    ],
    "arguments as an object": [
        call(ADD, {"name": "Cards"}, id="a"), call(ADD, {"name": BOTH[1]}, index=1, id="b"), END,
    ],
    "content null": [
        chunk({"role": "assistant", "content": None}), call(ADD, CARDS, id="a"),
        chunk({"content": None, "tool_calls": None}), call(ADD, LOANS, index=1, id="b"), END,
    ],
    "finish says stop": [
        call(ADD, CARDS, id="a"), call(ADD, LOANS, index=1, id="b"), chunk(finish="stop"),
    ],
    "finish with the last piece": [
        call(ADD, CARDS, id="a"),
        {**call(ADD, LOANS, index=1, id="b"), "choices": [
            {**call(ADD, LOANS, index=1, id="b")["choices"][0], "finish_reason": "tool_calls"}
        ]},
    ],
    "finish twice": [
        call(ADD, CARDS, id="a"), call(ADD, LOANS, index=1, id="b"), END, chunk(finish="stop"),
    ],
    "the whole call twice": [call(ADD, CARDS, id="a")] * 2 + [call(ADD, LOANS, index=1, id="b"), END],
    "spaces and lines in arguments": [
        call(ADD, f"\n {CARDS} \n", id="a"), call(ADD, f"  {LOANS}", index=1, id="b"), END,
    ],
    "a very long id": [call(ADD, CARDS, id="a" * 200), call(ADD, LOANS, index=1, id="b" * 200), END],
    "an odd id": [call(ADD, CARDS, id="functions.add:0 ü"), call(ADD, LOANS, index=1, id="<b>"), END],
    "not streamed": whole(("a", CARDS), ("b", LOANS)),
    "not streamed, without ids": whole((None, CARDS), (None, LOANS), content="I add them."),
}  # fmt: skip


async def names(t: Talk) -> list[str]:
    return [topic.name for topic in await t.app.session.store.read(topics.all_topics)]


async def test_every_form_is_understood(talk: OpenTalk, rows: Rows) -> None:
    """In one conversation, whose history holds them all."""
    async with connected(talk, rows) as (t, server):
        for form, events in FORMS.items():
            answer = events if isinstance(events, Answer) else Answer(events)
            server.script += [answer, says("Done.")]
            t.clear()
            await t.send(f"add them: {form}")
            assert t.tools == [ADD, ADD], form
            assert await names(t) == BOTH, form
            assert t.text.endswith("Done."), form
            wires = server.requests[-1]["messages"]
            assert [w["role"] for w in wires[-3:]] == ["assistant", "tool", "tool"], form
            for _ in BOTH:
                await t.app.call("undo")


async def test_a_legacy_call_is_understood(talk: OpenTalk, rows: Rows) -> None:
    events = [old(ADD, ""), *(old(None, c) for c in CARDS), chunk(finish="function_call")]
    async with connected(talk, rows, Answer(events), says("Done.")) as (t, _):
        await t.send("add it")
        assert await names(t) == ["Cards"]
        assert t.text == "Done."


async def test_no_arguments_are_none(talk: OpenTalk, rows: Rows) -> None:
    async with connected(talk, rows) as (t, server):
        for arguments in ("", None, "{}", "null", " "):
            asked = Answer([call("get_dataset_stats", arguments, id="a"), END])
            server.script += [asked, says("Sixty.")]
            t.clear()
            await t.send("how many?")
            assert [d.result for d in t.done] == ["60 of 60 valid"], arguments
            (sent,) = server.requests[-1]["messages"][-2]["tool_calls"]
            assert json.loads(sent["function"]["arguments"]) == {}


WRONG = (
    ("no_such_tool", "{}", "There is no tool"),
    ("functions.add_topic", CARDS, "There is no tool"),
    ("rm -rf / ; ü", CARDS, "There is no tool"),
    ("x" * 300, "{}", "There is no tool"),
    (ADD, '{"name": "Cards"', "no JSON"),
    (ADD, CARDS + CARDS, "no JSON"),
    (ADD, '{"name": NaN}', "no JSON"),
    (ADD, "add Cards", "no JSON"),
    (ADD, '["Cards"]', "one JSON object"),
    (ADD, '"Cards"', "one JSON object"),
    (ADD, '{"nmae": "Cards"}', "nmae"),
    (ADD, '{"name": 7}', "name"),
    (ADD, '{"name": null}', "name"),
)


async def test_what_is_wrong_is_told_and_mended(talk: OpenTalk, rows: Rows) -> None:
    """The model may correct itself; the wrong call did nothing, and its history can be sent."""
    async with connected(talk, rows) as (t, server):
        for name, arguments, told in WRONG:
            wrong = Answer([call(name, arguments, id="a"), END])
            right = Answer([call(ADD, LOANS, id="a"), END])  # the same id again, in the next answer
            server.script += [wrong, right, says("Done.")]
            t.clear()
            await t.send("add it")
            first = next(w for w in server.requests[-2]["messages"][::-1] if w["role"] == "tool")
            assert told in first["content"], (name, arguments)
            assert await names(t) == BOTH[1:]
            assert t.text == "Done."
            await t.app.call("undo")


async def test_a_good_call_beside_a_bad_one_is_made_once(talk: OpenTalk, rows: Rows) -> None:
    answer = Answer(
        [call(ADD, CARDS, id="a"), call("nope", "{}", index=1, id="b"),
         call(ADD, "{", index=2, id="c"), call(ADD, LOANS, index=3, id="d"), END]
    )  # fmt: skip
    async with connected(talk, rows, answer, says("Done.")) as (t, server):
        await t.send("add them")
        results = [e.result for e in t.of(ToolDone)]
        assert [r == "not understood" for r in results] == [False, True, True, False]
        assert await names(t) == BOTH
        tools = [w for w in server.requests[1]["messages"] if w["role"] == "tool"]
        assert [w["tool_call_id"] for w in tools] == ["a", "b", "c", "d"]
