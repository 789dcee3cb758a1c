"""The client against a scripted server over real HTTP: answers, faults, waits, Stop."""

import asyncio
import time
from typing import Any

import pytest

from app.llm.client import Ask, Call, Ended, ModelError, Part, Text, Waiting
from app.llm.openai import ANSWER_LIMIT, OpenAIClient
from tests.llm.scripted import MODEL, Answer, call, calls, chunk, says, scripted, usage

HELLO = Ask(model=MODEL, messages=[{"role": "user", "content": "hello"}])
TOOL = {"type": "function", "function": {"name": "stats", "parameters": {"type": "object"}}}


async def heard(*answers: Answer, ask: Ask = HELLO, **limits: Any) -> list[Part]:
    async with scripted(*answers) as server:
        client = OpenAIClient(server.url, "secret", name="Mine", first_wait=0.01, **limits)
        try:
            return [part async for part in client.stream(ask)]
        finally:
            await client.close()
            assert not server.script, "not all of the script was used"


async def test_text_comes_in_pieces_with_its_cost():
    answer = says("Good morning.")
    parts = await heard(Answer([*answer.events, usage(12, 5)]))
    assert "".join(p.text for p in parts if isinstance(p, Text)) == "Good morning."
    assert parts[-1] == Ended("stop", 12, 5, MODEL)
    assert len(parts) == 4


async def test_text_and_calls_in_one_answer():
    events = [
        chunk({"role": "assistant", "content": "I look."}),
        call("stats", "", id="a"),
        call(None, '{"n":', index=0),
        call(None, "1}", index=0),
        call("rows", "{}", index=1, id="b"),
        chunk(finish="tool_calls"),
    ]
    parts = await heard(Answer(events))
    assert parts[0] == Text("I look.")
    assert parts[1:3] == [Call("a", "stats", '{"n":1}'), Call("b", "rows", "{}")]


async def test_what_is_not_set_is_not_sent():
    async with scripted(says("a"), calls("stats")) as server:
        client = OpenAIClient(server.url, "secret")
        async for _ in client.stream(HELLO):
            pass
        async for _ in client.stream(HELLO.model_copy(update={"tools": [TOOL], "temperature": 0})):
            pass
        await client.close()
    first, second = server.requests
    assert set(first) == {"model", "messages", "stream", "stream_options"}
    assert second["tools"] == [TOOL]
    assert second["temperature"] == 0
    assert server.keys == ["Bearer secret"] * 2


@pytest.mark.parametrize(
    ("answer", "fault", "words"),
    [
        (Answer(status=401, error="bad key"), "key", "bad key"),
        (Answer(status=404, error="no such model"), "model", "no such model"),
        (Answer(status=400, error="this model does not support tools"), "tools", "assistant needs"),
        (Answer(status=400, error={"detail": "max_tokens too big"}), "request", "max_tokens"),
        (Answer(says("half").events[:-1], cut=True), "cut off", "in the middle"),
        (Answer([b"data: {broken\n\n"]), "malformed", "no answer"),
        (Answer([chunk({"content": "x" * ANSWER_LIMIT + "x"})], cut=True), "too long", "400,000"),
        (Answer(status=429, error="quota", headers={"retry-after": "3600"}), "rate", "quota"),
    ],
)
async def test_a_fault_is_named(answer: Answer, fault: str, words: str):
    with pytest.raises(ModelError, match=words) as caught:
        await heard(answer)
    assert caught.value.fault == fault
    assert "Mine" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_a_stall_is_given_up():
    with pytest.raises(ModelError, match="too long") as caught:
        await heard(Answer([chunk({"content": "well"})], hold=True), idle=0.2)
    assert caught.value.fault == "stalled"


async def test_an_answer_that_never_ends_is_given_up():
    drip = Answer([chunk({"content": "x"})] * 2000, hold=True)
    with pytest.raises(ModelError) as caught:
        await heard(drip, idle=30, total=0.3)
    assert caught.value.fault == "stalled"


async def test_nobody_listens():
    async with scripted() as server:
        pass
    client = OpenAIClient(server.url, name="Mine", first_wait=0.01)
    parts: list[Part] = []

    async def listen() -> None:
        async for part in client.stream(HELLO):
            parts.append(part)  # noqa: PERF401  the parts before the failure are wanted

    with pytest.raises(ModelError, match="cannot be reached"):
        await listen()
    assert [type(part) for part in parts] == [Waiting] * 3  # between four tries
    with pytest.raises(ModelError, match="cannot be reached"):
        await client.models()
    await client.close()


async def test_a_busy_endpoint_is_asked_again_as_it_wishes():
    busy = Answer(status=429, error="slow down", headers={"retry-after-ms": "20"})
    odd = Answer(status=503, error="loading", headers={"retry-after": "²"})
    parts = await heard(busy, odd, says("hi"))
    waits = [p for p in parts if isinstance(p, Waiting)]
    assert [w.seconds for w in waits] == [0.02, 0.02]
    assert "slow down" in waits[0].reason
    assert isinstance(parts[-1], Ended)


async def test_nothing_is_tried_again_once_something_was_said():
    with pytest.raises(ModelError, match="out of memory") as caught:
        await heard(Answer([chunk({"content": "hi"}), {"error": {"message": "out of memory"}}]))
    assert caught.value.fault == "server"


async def test_a_long_wait_ends_at_once_with_its_task():
    async with scripted(Answer(status=429, error="x", headers={"retry-after": "250"})) as server:
        client = OpenAIClient(server.url)
        waiting = asyncio.Event()

        async def listen() -> None:
            async for part in client.stream(HELLO):
                if isinstance(part, Waiting):
                    waiting.set()

        task = asyncio.ensure_future(listen())
        await waiting.wait()
        start = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - start < 5
        await client.close()


async def test_the_caller_may_work_longer_than_an_answer_may_take():
    """What it does between two parts is its own time, not the endpoint's."""
    async with scripted(says("abc", pieces=3)) as server:
        client = OpenAIClient(server.url, idle=5, total=0.3)
        said = []
        async for part in client.stream(HELLO):
            said.append(part)
            if isinstance(part, Ended):
                await asyncio.sleep(0.4)
        await client.close()
    assert isinstance(said[-1], Ended)


async def test_models_are_listed():
    async with scripted() as server:
        client = OpenAIClient(server.url)
        assert await client.models() == [MODEL]
        await client.close()


async def test_what_an_endpoint_refuses_is_left_out_from_then_on():
    no_heat = Answer(status=400, error="Unsupported value: 'temperature' does not support 0.2")
    no_limit = Answer(status=400, error="Use max_completion_tokens instead of max_tokens.")
    ask = HELLO.model_copy(update={"temperature": 0.2, "max_tokens": 50})
    async with scripted(no_heat, no_limit, says("a"), says("b")) as server:
        client = OpenAIClient(server.url, name="Mine")
        for _ in range(2):
            assert [p.text for p in await _all(client, ask) if isinstance(p, Text)]
        await client.close()
    assert "temperature" in server.requests[0]
    for sent in server.requests[2:]:
        assert "temperature" not in sent
        assert "max_tokens" not in sent
        assert sent["max_completion_tokens"] == 50


async def test_a_refusal_that_names_nothing_that_can_be_left_out_stands():
    same = Answer(status=400, error="temperature is wrong, whatever you send")
    with pytest.raises(ModelError) as told:
        await heard(same, same, ask=HELLO.model_copy(update={"temperature": 0.2}))
    assert told.value.fault == "request"


async def _all(client: OpenAIClient, ask: Ask) -> list[Part]:
    return [part async for part in client.stream(ask)]
