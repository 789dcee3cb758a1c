"""Every fault of an endpoint in the middle of a turn: told, repeatable, and nothing is done twice."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

import pytest

from app.agent.entries import Message, Said, Waits
from app.llm.openai import ANSWER_LIMIT
from app.store import topics
from tests.agent.conftest import OpenTalk, Talk
from tests.agent.connected import Rows, connected
from tests.llm.scripted import MODEL, Answer, call, calls, chunk, says, scripted, sse

ADD = calls("add_topic", {"name": "Cards"})
HALF_CALL = [
    chunk({"content": "I add "}),
    call("add_topic", '{"name": ', id="half"),
    call(None, '"Loa'),
]
WHOLE_CALL = [call("add_topic", '{"name": "Loans"}', id="whole")]
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
WHOLE = {
    "id": "c", "object": "chat.completion", "created": 1, "model": MODEL,
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    ],
}  # fmt: skip


class Fault(NamedTuple):
    """What an endpoint does in place of an answer, and what the person must read."""

    name: str
    answers: Sequence[Answer]
    words: str
    idle: float = 10


FAULTS = (
    Fault("429 for an hour", [Answer(status=429, error="slow", headers={"retry-after": "3600"})],
          "is busy (429): slow"),
    Fault("500 each time", [Answer(status=500, error="boom")] * 4, "a problem of its own (500): boom"),
    Fault("503 with a page", [Answer(status=503, body=HTML, content_type="text/html")] * 4,
          "a problem of its own (503)"),
    Fault("ends in its words", [Answer(says("Well now").events[:-1], cut=True)], "in the middle"),
    Fault("ends in a call", [Answer(HALF_CALL, cut=True)], "in the middle"),
    Fault("ends after a whole call", [Answer([chunk({"content": "So"}), *WHOLE_CALL], cut=True)],
          "in the middle"),
    Fault("done before its end", [Answer([chunk({"content": "So"})])], "in the middle"),
    Fault("a malformed chunk", [Answer([*HALF_CALL, b'data: {"id": "c1", "cho\n\n'])], "is no answer"),
    Fault("a chunk that is a list", [Answer([*HALF_CALL, b"data: [1, 2]\n\n"])], "is no answer"),
    Fault("a chunk that is text", [Answer([*HALF_CALL, b'data: "oops"\n\n'])], "is no answer"),
    Fault("choices of another kind", [Answer([sse({"choices": "none"})])], "is no answer"),
    Fault("bytes that are no UTF-8", [Answer([b"data: \xff\xfe\n\n"])], "is no answer"),
    Fault("no blank lines", [Answer([sse(e)[:-1] for e in says("So it is").events])], "is no answer"),
    Fault("an error in the stream", [Answer([*HALF_CALL, {"error": {"message": "out of memory"}}])],
          "out of memory"),
    Fault("closed in a call", [Answer(HALF_CALL, drop=True)], "broke in the middle"),
    Fault("reset in a call", [Answer(HALF_CALL, reset=True)], "broke in the middle"),
    Fault("closed before its answer", [Answer(shut=True)] * 4, "closed the connection before"),
    Fault("stalled in a call", [Answer(HALF_CALL, hold=True)], "said nothing for too long", 0.3),
    Fault("silent", [Answer(silent=True)], "said nothing for too long", 0.3),
    Fault("wrong key", [Answer(status=401, error="Incorrect API key: sk-secret")],
          "does not accept the key"),
    Fault("no access", [Answer(status=403, error="not for you")], "does not accept the key"),
    Fault("model gone", [Answer(status=404, error="The model `m` does not exist")],
          "does not have this model"),
    Fault("no tools", [Answer(status=400, error="registry/llama does not support tools")],
          "cannot use tools"),
    Fault("no tools in vLLM",
          [Answer(status=400, error='"auto" tool choice requires --enable-auto-tool-choice')],
          "cannot use tools"),
    Fault("too long a prompt", [Answer(status=400, error="maximum context length is 4096 tokens")],
          "maximum context length"),
    Fault("a megabyte", [Answer([chunk({"content": "x" * 4096})] * 256)], f"{ANSWER_LIMIT:,}"),
    Fault("a megabyte of arguments",
          [Answer([call("add_topic", "", id="a"), *[call(None, "x" * 4096)] * 256])],
          f"{ANSWER_LIMIT:,}"),
    Fault("nothing at all", [Answer(cut=True)], "Is its address right?"),
    Fault("an empty body", [Answer(body=b"")], "Is its address right?"),
    Fault("a page", [Answer(body=HTML, content_type="text/html")], "is no answer"),
    Fault("a page as a stream", [Answer([HTML])], "Is its address right?"),
    Fault("JSON of another kind", [Answer(body=b'{"choices": 1}')], "is no answer"),
    Fault("an error told as success", [Answer(body=b'{"error": {"message": "no GPU"}}')] * 4,
          "no GPU"),
    Fault("redirected to nowhere", [Answer(status=302, body=b"", headers={"location": "/login"})],
          "is at /login"),
    Fault("refused by a filter", [Answer([chunk(finish="content_filter")])], "filter"),
    Fault("cut by a filter", [Answer([*HALF_CALL, chunk(finish="content_filter")])], "filter"),
    Fault("no room for the call", [Answer([*HALF_CALL, chunk(finish="length")])], "limit"),
    Fault("no room for the words", [Answer([chunk({"content": "And so"}), chunk(finish="length")])],
          "limit"),
)  # fmt: skip


async def names(t: Talk) -> list[str]:
    return [topic.name for topic in await t.app.session.store.read(topics.all_topics)]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_is_told_and_the_turn_is_repeated(
    talk: OpenTalk, rows: Rows, fault: Fault
) -> None:
    script = (ADD, *fault.answers, says("All done."))
    async with connected(talk, rows, *script, idle=fault.idle) as (t, server):
        await t.send("please add it")
        assert fault.words in t.text
        assert "Mine" in t.text
        assert "sk-secret" not in t.text
        assert len(server.requests) == 1 + len(fault.answers)
        await t.choose("try again")
        assert t.text.endswith("All done.")
        assert t.tools == ["add_topic"], "no tool ran twice, and none of a broken answer"
        assert await names(t) == ["Cards"]
        assert t.said == ["please add it"]
        kept = await t.assistant.history()
        assert [e.text for e in kept if isinstance(e, Said)] == ["please add it"]
        assert [e.text for e in kept if isinstance(e, Message)][-1] == "All done."


async def test_several_faults_in_a_row_are_waited_out(talk: OpenTalk, rows: Rows) -> None:
    busy = Answer(status=429, error="slow down", headers={"retry-after-ms": "30"})
    late = Answer(status=500, error="starting")
    lost = Answer(HALF_CALL[1:], drop=True)  # nothing of it was shown
    async with connected(talk, rows, ADD, busy, late, lost, says("All done.")) as (t, server):
        await t.send("please add it")
        waits = t.of(Waits)
        assert [w.seconds for w in waits] == [0.03, 0.02, 0.04]
        for wait, words in zip(waits, ("slow down", "(500): starting", "broke"), strict=True):
            assert words in wait.reason
            assert "Mine" in wait.reason
        assert t.text == "All done."
        assert t.tools == ["add_topic"]
        assert server.requests[1] == server.requests[-1], "the same is asked again"


async def test_a_long_wait_is_told_and_ended_at_once(talk: OpenTalk, rows: Rows) -> None:
    busy = Answer(status=429, error="slow down", headers={"retry-after": "250"})
    async with connected(talk, rows, ADD, busy, says("All done.")) as (t, server):
        t.assistant.send("please add it")
        while not t.of(Waits):
            await asyncio.sleep(0.005)
        assert t.of(Waits)[0].seconds == 250
        began = time.monotonic()
        t.assistant.stop()
        await t.assistant.idle()
        assert time.monotonic() - began < 0.2
        await t.send("go on")
        assert t.text.endswith("All done.")
        assert t.tools == ["add_topic"]
        assert len(server.requests) == 3


async def test_no_redirect_takes_the_conversation_to_another_host(
    talk: OpenTalk, rows: Rows
) -> None:
    async with scripted(says("Got it.")) as stranger:
        moved = Answer(
            status=307, body=b"", headers={"location": f"{stranger.url}/chat/completions"}
        )
        async with connected(talk, rows, moved) as (t, _):
            await t.send("what do the records say?")
            assert "Correct its address" in t.text
            assert not stranger.requests
