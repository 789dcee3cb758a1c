"""Over real HTTP: answers equal the model's, errors name the field, one answer at a time."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import openai
import pytest

from app.serving.queue import Ask, Queue
from app.training.generate import Piece, sample
from app.training.model import Bundle
from tests.serving.conftest import ASKED, KEY, Local, serving


def greedy(bundle: Bundle, *, room: int = 24) -> tuple[str, str, int]:
    """Text, finish reason and token count of the likeliest answer."""
    prompt = bundle.prompt_ids(ASKED)
    [[one]] = sample(bundle, [prompt], n=1, max_new_tokens=room, temperature=0, seeds=[0])
    return one.text, "length" if one.truncated else "stop", len(one.tokens)


def events(text: str) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


async def test_whole_answers_are_the_models_own(tuned: Bundle, base: Bundle) -> None:
    async with serving(Queue({"tuned": tuned, "base": base})) as local:
        listed = (await local.http.get("/models")).json()
        assert [m["id"] for m in listed["data"]] == ["tuned", "base"]
        for name, bundle in (("tuned", tuned), ("base", base)):
            text, finish, tokens = greedy(bundle)
            reply = (await local.ask(model=name)).json()
            assert reply["choices"][0]["message"]["content"] == text
            assert reply["choices"][0]["finish_reason"] == finish
            prompt = len(bundle.prompt_ids(ASKED))
            assert reply["usage"] == {
                "prompt_tokens": prompt,
                "completion_tokens": tokens,
                "total_tokens": prompt + tokens,
            }
        assert greedy(tuned) != greedy(base), "the two models must be told apart"
        assert [(r["model"], r["status"]) for r in local.reports] == [("tuned", 200), ("base", 200)]


async def test_streamed_answers_are_the_same(tuned: Bundle) -> None:
    async with serving(Queue({"tuned": tuned})) as local:
        reply = await local.ask(stream=True, stream_options={"include_usage": True})
        assert reply.headers["content-type"].startswith("text/event-stream")
        *parts, used = events(reply.text)
        deltas = [part["choices"][0]["delta"].get("content", "") for part in parts]
        text, finish, tokens = greedy(tuned)
        assert "".join(deltas) == text
        assert len([d for d in deltas if d]) > 1
        assert [p["choices"][0]["finish_reason"] for p in parts][-1] == finish
        assert used["usage"]["completion_tokens"] == tokens


async def test_seed_and_temperature(tuned: Bundle) -> None:
    async with serving(Queue({"tuned": tuned})) as local:

        async def text(**fields: Any) -> str:
            reply = (await local.ask(temperature=1.5, **fields)).json()
            return str(reply["choices"][0]["message"]["content"])

        assert await text(seed=1) == await text(seed=1)
        assert await text(seed=1) != await text(seed=2)
        assert await text() != await text(), "without a seed each answer is its own"


async def test_stop_texts_end_the_answer(tuned: Bundle) -> None:
    text, _, _ = greedy(tuned)
    stop = text[4:7]
    async with serving(Queue({"tuned": tuned})) as local:
        for stream in (False, True):
            reply = await local.ask(stop=[stop, "never there"], stream=stream)
            if stream:
                parts = events(reply.text)
                got = "".join(p["choices"][0]["delta"].get("content", "") for p in parts)
                finish = parts[-1]["choices"][0]["finish_reason"]
            else:
                choice = reply.json()["choices"][0]
                got, finish = choice["message"]["content"], choice["finish_reason"]
            assert (got, finish) == (text[: text.index(stop)], "stop")


async def test_openai_sdk_is_served(tuned: Bundle) -> None:
    text, _, _ = greedy(tuned)
    async with (
        serving(Queue({"tuned": tuned})) as local,
        openai.AsyncOpenAI(base_url=local.url, api_key=KEY, max_retries=0) as client,
    ):
        assert [m.id async for m in client.models.list()] == ["tuned"]
        ask: dict[str, Any] = {"model": "tuned", "messages": ASKED, "max_completion_tokens": 24}
        whole = await client.chat.completions.create(**ask)
        assert whole.choices[0].message.content == text
        stream = await client.chat.completions.create(**ask, stream=True)
        parts = [part.choices[0].delta.content or "" async for part in stream]
        assert "".join(parts) == text
        with pytest.raises(openai.NotFoundError, match="Served now: tuned"):
            await client.chat.completions.create(**ask | {"model": "gpt-4o"})
        with pytest.raises(openai.AuthenticationError):
            await client.with_options(api_key="wrong").models.list()


class Scripted(Queue):
    """A queue whose model says given words."""

    async def answer(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        for i, text in enumerate(("Let me look. <tool", '_call>{"name": "find", "argu')):
            yield Piece(text, i + 1)
        yield Piece('ments": {"n": 1}}</tool_call>', 3, "stop")


async def test_tool_calls_come_in_openais_shape(tuned: Bundle) -> None:
    tool = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
    ask: dict[str, Any] = {"model": "tuned", "messages": ASKED, "tools": [tool]}
    async with (
        serving(Scripted({"tuned": tuned})) as local,
        openai.AsyncOpenAI(base_url=local.url, api_key=KEY, max_retries=0) as client,
    ):
        [choice] = (await client.chat.completions.create(**ask)).choices
        assert (choice.finish_reason, choice.message.content) == ("tool_calls", "Let me look.")
        [call] = choice.message.tool_calls or []
        assert (call.type, call.function.name) == ("function", "find")
        async with client.chat.completions.stream(**ask) as stream:
            [streamed] = (await stream.get_final_completion()).choices
        [again] = streamed.message.tool_calls or []
        assert json.loads(again.function.arguments) == {"n": 1}
        plain = await client.chat.completions.create(**ask, tool_choice="none")
        assert "<tool_call>" in (plain.choices[0].message.content or "")


FIELD_FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"messages": []}, "messages", "invalid_value"),
    ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role", "invalid_value"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        "messages[0].content",
        "invalid_value",
    ),
    ({"temperature": 3}, "temperature", "invalid_value"),
    ({"max_tokens": 0}, "max_tokens", "invalid_value"),
    ({"seed": "x"}, "seed", "invalid_value"),
    ({"stop": ""}, "stop", "invalid_value"),
    ({"n": 2}, "n", "unsupported_value"),
    ({"top_p": 0.5}, "top_p", "unsupported_value"),
    ({"response_format": {"type": "json_object"}}, "response_format", "unsupported_value"),
    ({"model": "none"}, "model", "model_not_found"),
    ({"max_tokens": 2048}, "max_tokens", "context_length_exceeded"),
    (
        {"messages": [{"role": "user", "content": "card " * 3000}], "max_tokens": None},
        "messages",
        "context_length_exceeded",
    ),
]


async def test_errors_name_the_field(tuned: Bundle) -> None:
    async with serving(Queue({"tuned": tuned})) as local:
        for fields, param, code in FIELD_FAULTS:
            for stream in (False, True):
                reply = await local.ask(**fields, stream=stream)
                error = reply.json()["error"]
                assert reply.status_code == (404 if param == "model" else 400), fields
                assert (error["param"], error["code"]) == (param, code), fields
                assert error["type"] == "invalid_request_error"
        assert "2048 tokens" in error["message"]
        assert {r["status"] for r in local.reports} == {400, 404}
        broken = await local.http.post("/chat/completions", content=b"{")
        assert broken.json()["error"]["code"] == "invalid_json"
        unknown = await local.http.get("/embeddings")
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_url")


async def test_a_key_is_needed(tuned: Bundle) -> None:
    async with serving(Queue({"tuned": tuned})) as local:
        for given in ("", "Bearer", "Bearer wrong", f"Basic {KEY}", f"Bearer {KEY}x"):
            for method, path in (("GET", "/models"), ("POST", "/chat/completions")):
                headers = {"Authorization": given}
                reply = await local.http.request(method, path, headers=headers)
                assert reply.status_code == 401
                assert reply.json()["error"]["code"] == "invalid_api_key"
        health = await local.http.get(local.url.replace("/v1", "/health"))
        assert health.json() == {"status": "ok"}


LONG: dict[str, Any] = {"max_tokens": 2000, "temperature": 2, "seed": 3}


async def endless(local: Local, **fields: Any) -> None:
    """Begin a long answer and leave after its first part."""
    body = {"model": "tuned", "messages": ASKED, **LONG, "stream": True, **fields}
    async with local.http.stream("POST", "/chat/completions", json=body) as reply:
        async for _ in reply.aiter_lines():
            break


async def test_generation_ends_when_the_client_leaves(tuned: Bundle) -> None:
    async with serving(Queue({"tuned": tuned})) as local:
        await endless(local)
        reports = await local.reported(1)
        whole = asyncio.create_task(local.ask(**LONG))
        while not local.queue.busy:
            await asyncio.sleep(0.005)
        whole.cancel()
        reports = await local.reported(2)
        assert [r["status"] for r in reports] == [499, 499]
        assert all(r["tokens"] < 2000 for r in reports)
        assert (await local.ask()).status_code == 200, "the queue is free again"


async def test_answers_queue_up(tuned: Bundle) -> None:
    text, _, _ = greedy(tuned)
    async with serving(Queue({"tuned": tuned})) as local:
        replies = await asyncio.gather(*(local.ask(stream=bool(i % 2)) for i in range(6)))
        assert all(r.status_code == 200 for r in replies)
        assert {r.json()["choices"][0]["message"]["content"] for r in replies[::2]} == {text}
        assert len(local.reports) == 6


async def test_closing_cuts_an_answer_off_with_an_error(tuned: Bundle) -> None:
    async with serving(Queue({"tuned": tuned})) as local:
        asked = [asyncio.create_task(local.ask(**LONG, stream=s)) for s in (True, False)]
        while not local.queue.busy:
            await asyncio.sleep(0.005)
        local.queue.close()
        streamed, whole = await asyncio.gather(*asked)
        assert json.loads(streamed.text.splitlines()[-2][6:])["error"]["code"] == "stopping"
        assert (whole.status_code, whole.json()["error"]["code"]) == (503, "stopping")
