"""What can be wrong with a record: every reason in one table, and the function that finds them all.

Knows nothing of files; a missing assistant reply is never a fault.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from app.domain.records import Issue, Message, Severity

ROLES = ("system", "developer", "user", "assistant", "tool")
PROMPT_ENDS = ("user", "tool")  # after a tool result the next assistant turn can be sampled too
MAX_RECORD_BYTES = 2_000_000  # product limit: over 2 MB is no prompt
MAX_ISSUES = 100  # kept of one record: a line of 8 MB can hold a million empty turns
TOKEN_LIMIT = 32_768  # the context of the small pretrained models on offer (Qwen3)

# Severity as in the import examples: what makes a prompt unusable is an error, what an owner should
# look at is a warning. Codes are stored with records: rename one only with a migration.
ISSUES: dict[str, tuple[Severity, str]] = {
    # of a line that cannot become a record
    "not_utf8": ("error", "Not valid UTF-8 at byte {at}. Save the file as UTF-8."),
    "not_json": ("error", "Not valid JSON: {why}."),
    "line_too_long": ("error", "The line is longer than {limit} MB."),
    "too_deep": ("error", "Nested deeper than {limit} levels."),
    "archive_broken": ("error", "The compressed file ends or breaks here: {why}."),
    "row_unreadable": ("error", "The row cannot be read: {why}."),
    "not_object": ("error", "Not a JSON object but {what}."),
    "unknown_shape": (
        "error",
        "No messages found. Known forms: messages, prompt, instruction, conversations, question, "
        "input.messages.",
    ),
    "messages_not_list": ("error", "“{field}” is not a list of turns but {what}."),
    # of a record that is kept but cannot be used
    "no_messages": ("error", "There are no messages before the reply."),
    "message_not_object": ("error", "Turn {turn} is not an object with a role and content."),
    "unknown_role": ("error", "Turn {turn} has the unknown role “{role}”."),
    "no_user_turn": ("error", "No turn is from the user."),
    "last_not_user": ("error", "The last turn is from “{role}”. A prompt ends with the user."),
    "empty_user_turn": ("error", "User turn {turn} is empty."),
    "too_big": ("error", "The record has {size} MB; the limit is {limit} MB."),
    # of a record that can be used
    "tool_result_without_call": ("warn", "The tool result in turn {turn} answers no earlier call."),
    "tool_call_without_id": ("warn", "A tool call in turn {turn} has no id."),
    "tool_calls_unreadable": ("warn", "The tool calls of turn {turn} were not readable; left out."),
    "arguments_not_json": ("warn", "Arguments of “{name}” in turn {turn} are no JSON object."),
    "arguments_encoded_twice": ("warn", "Arguments of “{name}” in turn {turn} are encoded twice."),
    "tools_unreadable": ("warn", "The tools were not a list of objects; left out."),
    "over_token_limit": ("warn", "About {tokens} tokens, over the limit of {limit}."),
    "control_characters": ("warn", "Turn {turn} contains control characters."),
    "content_coerced": ("warn", "The content of turn {turn} was {what}; taken as text."),
    "assistant_first": ("warn", "The conversation starts with the assistant."),
    "user_twice": ("warn", "Turns {before} and {turn} are both from the user."),
    "converted": ("warn", "Converted from the {shape} form."),
    "duplicate_key": ("warn", "The key “{key}” appears more than once; the last one counts."),
    "duplicate": ("warn", "The same as line {line}."),
    "near_duplicate": ("warn", "Nearly the same prompt as line {line}."),
}
# Stored with every record (`flags`), so a number is for ever: new codes take the next one, at most 62.
FLAG_BITS: dict[str, int] = {
    "not_utf8": 0, "not_json": 1, "line_too_long": 2, "too_deep": 3, "archive_broken": 4,
    "not_object": 5, "unknown_shape": 6, "messages_not_list": 7, "no_messages": 8,
    "message_not_object": 9, "unknown_role": 10, "no_user_turn": 11, "last_not_user": 12,
    "empty_user_turn": 13, "too_big": 14, "tool_result_without_call": 15,
    "tool_call_without_id": 16, "tool_calls_unreadable": 17, "arguments_not_json": 18,
    "arguments_encoded_twice": 19, "tools_unreadable": 20, "over_token_limit": 21,
    "control_characters": 22, "content_coerced": 23, "assistant_first": 24, "user_twice": 25,
    "converted": 26, "duplicate_key": 27, "duplicate": 28, "near_duplicate": 29,
    "row_unreadable": 30,
}  # fmt: skip
# What only the file or the other records can tell: checking a stored record again must keep these.
ONLY_AT_IMPORT = frozenset({
    "message_not_object", "too_big", "tool_calls_unreadable", "tools_unreadable", "content_coerced",
    "converted", "duplicate_key", "duplicate", "near_duplicate",
})  # fmt: skip
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def issue(code: str, **values: object) -> Issue:
    """The issue of that code, its text filled in; long values are cut for display."""
    severity, text = ISSUES[code]
    shown = {name: v if isinstance(v, int) else str(v)[:120] for name, v in values.items()}
    return Issue(code=code, severity=severity, text=text.format(**shown))


def flags_of(codes: Iterable[str]) -> int:
    """The bits of these issue codes together, as stored with a record."""
    flags = 0
    for code in codes:
        flags |= 1 << FLAG_BITS[code]
    return flags


def codes_of(flags: int) -> list[str]:
    """The issue codes whose bits are set, in the order of their bits."""
    return [code for code, bit in FLAG_BITS.items() if flags >> bit & 1]


def issues_of(
    messages: Sequence[Message],
    *,
    reply: Message | None = None,
    tokens: int = 0,
    size: int = 0,
    token_limit: int = TOKEN_LIMIT,
) -> list[Issue]:
    """Every reason against a prompt and its recorded reply, not the first one only.

    `tokens` and `size` (bytes of the whole record) are 0 where the caller does not know them.
    """
    found = [*_prompt_issues(messages), *_turn_issues(messages), *_order_issues(messages)]
    found += _tool_issues([*messages, reply] if reply else messages)
    if tokens > token_limit:
        found.append(issue("over_token_limit", tokens=tokens, limit=token_limit))
    if size > MAX_RECORD_BYTES:
        limit = MAX_RECORD_BYTES // 1_000_000
        found.append(issue("too_big", size=round(size / 1e6, 1), limit=limit))
    return found


def worst(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """The issues to keep, errors first; what is cut never makes a record valid."""
    return tuple(sorted(issues, key=lambda found: found.severity != "error")[:MAX_ISSUES])


def _prompt_issues(messages: Sequence[Message]) -> Iterable[Issue]:
    if not messages:
        yield issue("no_messages")
        return
    if not any(message.role == "user" for message in messages):
        yield issue("no_user_turn")
    if messages[-1].role not in PROMPT_ENDS:
        yield issue("last_not_user", role=messages[-1].role)


def _turn_issues(messages: Sequence[Message]) -> Iterable[Issue]:
    for turn, message in enumerate(messages, 1):
        if message.role not in ROLES:
            yield issue("unknown_role", turn=turn, role=message.role)
        text = message.text
        if message.role == "user" and not text.strip():
            yield issue("empty_user_turn", turn=turn)
        if CONTROL.search(text):
            yield issue("control_characters", turn=turn)


def _order_issues(messages: Sequence[Message]) -> Iterable[Issue]:
    first = next((m.role for m in messages if m.role not in ("system", "developer")), "")
    if first == "assistant":
        yield issue("assistant_first")
    for turn in range(1, len(messages)):
        if messages[turn - 1].role == messages[turn].role == "user":
            yield issue("user_twice", before=turn, turn=turn + 1)


def _tool_issues(messages: Sequence[Message]) -> Iterable[Issue]:
    called: set[str] = set()
    for turn, message in enumerate(messages, 1):
        for call in message.tool_calls or ():
            if not call.get("id"):
                yield issue("tool_call_without_id", turn=turn)
            called.add(str(call.get("id")))
            yield from _argument_issues(call, turn)
        if message.role == "tool" and str(message.tool_call_id) not in called:
            yield issue("tool_result_without_call", turn=turn)


def _argument_issues(call: dict[str, Any], turn: int) -> Iterable[Issue]:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    name, arguments = function.get("name", "?"), function.get("arguments") or "{}"
    value = _json(arguments)
    if isinstance(value, str) and isinstance(_json(value), dict):
        yield issue("arguments_encoded_twice", name=name, turn=turn)
    elif not isinstance(value, dict):
        yield issue("arguments_not_json", name=name, turn=turn)


def _json(text: Any) -> Any:
    """The value a text stands for, None when it is no JSON; other values as they are."""
    if not isinstance(text, str):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
