"""What a chat endpoint demands of a conversation; it knows nothing of how ours is made."""

import json
import re
from collections.abc import Sequence
from typing import Any

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # of a function, by the API's reference
ROLES = ("system", "user", "assistant", "tool")


def assert_valid_history(messages: Sequence[dict[str, Any]]) -> None:
    """As OpenAI checks it, and the stricter chat templates of local servers.

    A system message only at the front, every call answered at once, once and in order, no answer
    without its call, arguments that are JSON objects, and something to answer at the end.
    """
    assert messages, "no messages"
    waiting: list[str] = []
    for at, message in enumerate(messages):
        role = message.get("role")
        assert role in ROLES, f"message {at} has the role {role!r}"
        assert role != "system" or at == 0, f"message {at}: a system message stands first, alone"
        if role == "tool":
            assert waiting, f"message {at} answers no call: {message}"
            asked = waiting.pop(0)
            assert message.get("tool_call_id") == asked, f"message {at} does not answer {asked}"
            assert isinstance(message.get("content"), str), f"message {at} has no content"
            continue
        assert not waiting, f"before message {at} ({role}) these calls have no answer: {waiting}"
        if role == "assistant":
            waiting = _asked(message, at)
        else:
            assert _is_said(message), f"message {at} ({role}) is empty"
    assert not waiting, f"these calls have no answer: {waiting}"
    assert messages[-1]["role"] in ("user", "tool"), "there is nothing to answer at the end"


def _is_said(message: dict[str, Any]) -> bool:
    said = message.get("content")
    return isinstance(said, str) and bool(said.strip())


def _asked(message: dict[str, Any], at: int) -> list[str]:
    """The ids of the calls of an assistant's message."""
    if "tool_calls" not in message:
        assert _is_said(message), f"message {at} (assistant) says nothing and calls nothing"
        return []
    calls = message["tool_calls"]
    assert calls, f"message {at} has an empty list of calls"
    ids = []
    for call in calls:
        assert call.get("type") == "function", f"message {at}: {call}"
        assert call.get("id"), f"message {at} has a call without an id"
        assert NAME.fullmatch(call["function"]["name"]), f"message {at}: {call}"
        arguments = call["function"]["arguments"]
        assert isinstance(json.loads(arguments), dict), f"message {at}: {arguments!r} is no object"
        ids.append(call["id"])
    assert len(set(ids)) == len(ids), f"message {at} has two calls of one id"
    return ids
