"""Stop texts across pieces, and what a request may say."""

import json
import shlex

import pytest

from app.serving.client import snippets
from app.serving.holding import Calls, until_stop
from app.serving.protocol import ApiError, check_context, parse_request
from app.training.generate import Piece


def cut(parts: list[str], *stops: str) -> tuple[list[str], str | None]:
    pieces = [Piece(text, i + 1) for i, text in enumerate(parts)]
    got = list(until_stop(iter([*pieces, Piece("", len(parts) + 1, "length")]), stops))
    assert all(p.finish is None for p in got[:-1])
    return [p.text for p in got], got[-1].finish


def test_a_stop_across_pieces_is_never_sent() -> None:
    assert cut(["ab", "c", "d"]) == (["ab", "c", "d", ""], "length")
    assert cut(["ab#", "#", "d"], "##") == (["ab", ""], "stop")
    assert cut(["a#", "b", "#"], "##") == (["a", "#b", "#"], "length")
    assert cut(["x<e", "n", "d>y"], "<end>", "never") == (["x", ""], "stop")
    assert cut(["one two three"], "three", "two") == (["one "], "stop")


def test_turns_are_what_a_template_takes() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    request = parse_request(
        {
            "model": "m",
            "messages": [
                {"role": "developer", "content": "be brief"},
                {"role": "user", "content": parts, "unknown": 1},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "content": "x", "tool_call_id": "1"},
            ],
            "tools": [{"type": "function"}],
            "tool_choice": "none",
            "user": "someone",
            "temperature": 1,
            "stop": "x",
        }
    )
    assert request.turns() == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "ab"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "x", "tool_call_id": "1"},
    ]
    assert request.offered_tools() is None
    assert request.stop == ["x"]


def test_context_is_named_with_numbers() -> None:
    unlimited = ("max_tokens", None)
    assert check_context(100, 90, limit=unlimited, usual=64) == 10
    assert check_context(9000, 90, limit=unlimited, usual=48) == 48
    assert check_context(100, 90, limit=("max_tokens", 10), usual=4) == 10
    with pytest.raises(ApiError, match=r"100 tokens; the messages have 90 .* at most 10"):
        check_context(100, 90, limit=("max_completion_tokens", 11), usual=64)
    with pytest.raises(ApiError, match="alone have 100"):
        check_context(100, 100, limit=unlimited, usual=64)


def test_snippets_survive_odd_names() -> None:
    name = 'it\'s "mine" $(x)'
    made = snippets("http://127.0.0.1:1/v1", "k", name)
    words = shlex.split(made["curl"].replace("\\\n", ""))
    assert words[:4] == [
        "curl",
        "http://127.0.0.1:1/v1/chat/completions",
        "-H",
        "Authorization: Bearer k",
    ]
    assert parse_request(json.loads(words[-1])).model == name
    assert f"model={name!r}" in made["python"]
    compile(made["python"], "snippet", "exec")


def test_tool_calls_are_held_and_told_apart() -> None:
    def run(parts: list[str], *, offered: bool = True) -> tuple[str, str, list[str]]:
        calls = Calls(offered=offered)
        sent = "".join(calls.add(part) for part in parts)
        rest, found = calls.rest()
        return sent, rest, [call["function"]["name"] for call in found]

    call = '<tool_call>{"name": "find", "arguments": {"n": 1}}</tool_call>'
    assert run(["one <tool", "_call>", call[11:], call]) == ("one ", "", ["find", "find"])
    assert run(["a <tool", " b"]) == ("a <tool b", "", [])
    assert run(["<tool_call>{broken"]) == ("", "<tool_call>{broken", [])
    assert run([call], offered=False) == (call, "", [])
