"""One form for what many tools write: turns, tools, and the hashes that tell records apart; no I/O."""

import hashlib
import unicodedata
from collections.abc import Sequence
from typing import Any

import orjson

from app.domain.records import Issue, Message
from app.domain.validation import issue

# Fields that name a record instead of describing it: two records that differ only here are the same.
IDENTITY_FIELDS = frozenset({"id", "_id", "uuid", "record_id", "index", "timestamp", "created_at"})


def read_messages(raw: Sequence[Any]) -> tuple[tuple[Message, ...], list[Issue]]:
    """Turns in the form of the OpenAI chat format, and what had to be put right to get there.

    Legacy `function_call` and role `function` become tool calls and results with made-up ids. Content
    that is no text becomes text. A turn that is no object is left out with an error.
    """
    messages: list[Message] = []
    found: list[Issue] = []
    last_call = ""
    for turn, value in enumerate(raw, 1):
        if not isinstance(value, dict):
            found.append(issue("message_not_object", turn=turn))
            continue
        fields = dict(value)
        last_call = _modernise(fields, turn, last_call)
        fields["role"] = str(fields.get("role") or "")
        found += _put_content_right(fields, turn)
        found += _put_tool_calls_right(fields, turn)
        for name in ("name", "tool_call_id"):
            if fields.get(name) is not None:
                fields[name] = str(fields[name])
        messages.append(Message.model_validate(fields))
    return tuple(messages), found


def read_tools(raw: Any) -> tuple[tuple[dict[str, Any], ...], list[Issue]]:
    """Tool definitions; bare functions are wrapped, a list written as text is read."""
    if isinstance(raw, str):
        try:
            raw = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return (), [issue("tools_unreadable")]
    if raw is None:
        return (), []
    if not isinstance(raw, list) or not all(isinstance(tool, dict) for tool in raw):
        return (), [issue("tools_unreadable")]
    wrap = [t if "function" in t or "name" not in t else _as_tool(t) for t in raw]
    return tuple(wrap), []


def content_hash(
    messages: Sequence[Message],
    *,
    tools: Sequence[dict[str, Any]] = (),
    reference: Any = None,
    reply: Message | None = None,
    extra: dict[str, Any] | None = None,
) -> str:
    """32 hex digits (128 bits) over all that training and grading see, after normalisation of space.

    Equal hashes are exact duplicates. Fields that only name the record do not count.
    """
    rest = {k: v for k, v in (extra or {}).items() if k not in IDENTITY_FIELDS}
    turns = [_frame(message) for message in messages]
    frame = [turns, _frame(reply) if reply else None, list(tools), reference, rest]
    texts = [_words(message) for message in (*messages, reply) if message]
    return content_digest(frame_bytes(frame), "\n".join(texts)).hex()


def frame_bytes(frame: list[Any]) -> bytes:
    """All of a record but its words: turns, reply, tools, reference, further fields; as one line.

    A turn that has a role and a text is its role alone.
    """
    return orjson.dumps(frame, option=orjson.OPT_SORT_KEYS)


def content_digest(frame: bytes, words: str) -> bytes:
    """16 bytes over both; `words` is a line for each turn, with single blanks."""
    return hashlib.blake2b(b"%b\n%b" % (frame, words.encode()), digest_size=16).digest()


def plain(text: str) -> str:
    """A text for comparing: NFKC, lower case, single spaces."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def cluster_key(messages: Sequence[Message]) -> str:
    """What places a prompt: its turns but the system message, each `plain`, one a line.

    For a prompt of one user turn that is the normalised user turn itself.
    """
    turns = (m for m in messages if m.role not in ("system", "developer"))
    return "\n".join(plain(message.text) for message in turns)


def _frame(message: Message) -> str | dict[str, Any]:
    fields = message.model_dump(exclude_none=True)
    if isinstance(message.content, str):
        del fields["content"]
        return message.role if len(fields) == 1 else fields
    return fields


def _words(message: Message) -> str:
    return " ".join(message.content.split()) if isinstance(message.content, str) else ""


def _modernise(fields: dict[str, Any], turn: int, last_call: str) -> str:
    """Turn a legacy function call or result into the tool form; returns the id of the latest call."""
    call = fields.pop("function_call", None)
    if isinstance(call, dict) and not fields.get("tool_calls"):
        last_call = f"call_{turn}"
        fields["tool_calls"] = [{"id": last_call, "type": "function", "function": call}]
    if fields.get("role") == "function":
        fields["role"] = "tool"
        fields.setdefault("tool_call_id", last_call)
    return last_call


def _put_content_right(fields: dict[str, Any], turn: int) -> list[Issue]:
    content = fields.get("content")
    if content is None or isinstance(content, str):
        return []
    if isinstance(content, list):
        parts = [_as_part(part) for part in content]
        if all(isinstance(part, dict) for part in parts):
            fields["content"] = parts
            return []
    fields["content"] = orjson.dumps(content).decode()
    return [issue("content_coerced", turn=turn, what=kind_of(content))]


def _as_part(part: Any) -> Any:
    """A text part for a bare text; the text of a text part is always text."""
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if isinstance(part, dict) and part.get("type") == "text":
        return part if isinstance(part.get("text"), str) else {**part, "text": ""}
    return part


def _put_tool_calls_right(fields: dict[str, Any], turn: int) -> list[Issue]:
    calls = fields.get("tool_calls")
    if calls is None:
        return []
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        del fields["tool_calls"]
        return [issue("tool_calls_unreadable", turn=turn)]
    fields["tool_calls"] = [_with_text_arguments(call) for call in calls] or None
    return []


def _with_text_arguments(call: dict[str, Any]) -> dict[str, Any]:
    """The format has arguments as JSON text; some exports hold the object itself."""
    function = call.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("arguments"), dict):
        return call
    arguments = orjson.dumps(function["arguments"]).decode()
    return {**call, "function": {**function, "arguments": arguments}}


def _as_tool(function: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": function}


def kind_of(value: Any) -> str:
    """A JSON value's kind in words, for messages to people."""
    if isinstance(value, bool):
        return "true or false"
    for kind, words in ((dict, "an object"), (list, "a list"), (str, "a text")):
        if isinstance(value, kind):
            return words
    return "null" if value is None else "a number"
