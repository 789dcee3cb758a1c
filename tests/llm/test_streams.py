"""Streams as servers really write them, over real HTTP: all of them say the same."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from app.llm.client import Ask, Call, Ended, Part, Text
from app.llm.openai import OpenAIClient
from tests.llm.scripted import MODEL, Answer, call, chunk, scripted, usage

ASK = Ask(model=MODEL, messages=[{"role": "user", "content": "hello"}])
WORDS = "Grüße, 世界 🙂 – done."
PARTS = [chunk({"content": WORDS[:9]}), chunk({"content": WORDS[9:]})]
CALL = [call("stats", "", id="a"), call(None, '{"n": "ü'), call(None, '🙂"}')]
END = [chunk(finish="tool_calls"), usage(7, 3)]


def raw(value: Any) -> bytes:
    """Without escapes: letters of several bytes on the wire."""
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[i : i + size] for i in range(0, len(body), size)]


ALL = [*PARTS, *CALL, *END]
PLAIN = b"".join(raw(e) for e in ALL)
COMMENTED = b": hello\n\n" + b": ping\n\n".join(raw(e) for e in ALL) + b":\n\n"
NAMED = b"".join(b"event: message\nid: 1\nretry: 10\n" + raw(e) for e in ALL)
TWO_LINES = b"".join(
    b"".join(b"data: " + line + b"\n" for line in json.dumps(e, indent=1).encode().split(b"\n"))
    + b"\n"
    for e in ALL
)
PADDED = [{**c, "system_fingerprint": None, "provider": {"x": 1}, "extra": [1]} for c in ALL]


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(ALL, id="as OpenAI writes it"),
        pytest.param([PLAIN], id="all in one packet"),
        pytest.param(cut(PLAIN, 1), id="byte by byte"),
        pytest.param(cut(PLAIN, 7), id="split in letters and lines"),
        pytest.param(cut(PLAIN.replace(b"\n", b"\r\n"), 5), id="CRLF"),
        pytest.param([PLAIN.replace(b"\n", b"\r\n")], id="CRLF in one packet"),
        pytest.param(cut(PLAIN.replace(b"data: ", b"data:"), 64), id="no space after data:"),
        pytest.param(cut(COMMENTED, 16), id="comments and keep-alives"),
        pytest.param([NAMED], id="named events"),
        pytest.param([TWO_LINES], id="one value on many data lines"),
        pytest.param(PADDED, id="fields nobody knows"),
        pytest.param([chunk({"role": "assistant", "content": ""}), *ALL], id="an empty beginning"),
        pytest.param([{**chunk(), "choices": []}, *ALL], id="no choices at first"),
        pytest.param(
            [{"prompt_filter_results": [], "choices": []}, *ALL], id="Azure's first piece"
        ),
        pytest.param([*PARTS, *CALL, chunk({"content": None}), *END], id="content null"),
        pytest.param([*PARTS, *CALL, chunk(finish="stop"), END[1]], id="finish says stop"),
    ],
)
async def test_all_say_the_same(events: Sequence[Any]) -> None:
    assert await heard(Answer(events)) == [
        Text(WORDS), Call("a", "stats", '{"n": "ü🙂"}'), Ended("x", 7, 3, MODEL)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer([*PARTS, chunk(finish="stop")]), id="no usage"),
        pytest.param(Answer([*PARTS, chunk(finish="stop")], cut=True), id="no [DONE]"),
        pytest.param(Answer([*PARTS, chunk(finish="stop")], drop=True), id="closed after its end"),
        pytest.param(
            Answer([*PARTS, chunk(finish="stop"), b"data: [DONE]\n\n"], hold=True),
            id="open after its end",
        ),
        pytest.param(Answer([*PARTS, chunk(finish="stop")], hold=True), id="open without [DONE]"),
        pytest.param(
            Answer([*PARTS, chunk(finish="stop")], content_type="text/plain"), id="a wrong type"
        ),
        pytest.param(
            Answer([*PARTS, chunk(finish="stop")], content_type="application/octet-stream"),
            id="another wrong type",
        ),
        pytest.param(
            Answer([chunk({"content": [{"type": "text", "text": WORDS}]}), chunk(finish="stop")]),
            id="content in parts",
        ),
        pytest.param(
            Answer([chunk({"reasoning_content": "hm", "content": None}), *PARTS, END[0]]),
            id="thoughts first",
        ),
    ],
)
async def test_what_is_missing_after_the_last_word_does_no_harm(answer: Answer) -> None:
    assert await heard(answer) == [Text(WORDS), Ended("x", 0, 0, MODEL)]


async def test_an_endpoint_that_cannot_stream_is_heard_whole() -> None:
    function = {"name": "stats", "arguments": '{"n": 1}'}
    message = {
        "role": "assistant",
        "content": WORDS,
        "tool_calls": [{"id": "a", "type": "function", "function": function}],
    }
    body = {
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }
    parts = await heard(Answer(body=json.dumps(body).encode()))
    assert parts == [Text(WORDS), Call("a", "stats", '{"n": 1}'), Ended("x", 7, 3, MODEL)]


async def heard(answer: Answer) -> list[Part]:
    """The answer, its words put together and its reason to end put aside."""
    async with scripted(answer) as server:
        client = OpenAIClient(server.url, name="Mine", idle=3)
        parts = [part async for part in client.stream(ASK)]
        await client.close()
    words = "".join(p.text for p in parts if isinstance(p, Text))
    (ended,) = (p for p in parts if isinstance(p, Ended))
    found = [p for p in parts if isinstance(p, Call)]
    return [Text(words), *found, Ended("x", ended.prompt_tokens, ended.answer_tokens, ended.model)]
