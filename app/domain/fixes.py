"""Repairs of a record's turns that need no judgement of the text: pure functions; knows no store."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from rapidfuzz import fuzz, process

from app.domain.records import Message, Record
from app.domain.validation import PROMPT_ENDS, ROLES

# Names other tools give to the five roles; the nearest spelling is tried for the rest.
ROLE_NAMES = {
    "human": "user", "customer": "user", "client": "user", "person": "user", "prompter": "user",
    "question": "user", "input": "user", "me": "user",
    "gpt": "assistant", "chatgpt": "assistant", "bot": "assistant", "chatbot": "assistant",
    "ai": "assistant", "model": "assistant", "agent": "assistant", "llm": "assistant",
    "answer": "assistant", "output": "assistant", "response": "assistant",
    "function": "tool", "ipython": "tool", "observation": "tool", "function_response": "tool",
    "instruction": "system", "instructions": "system", "context": "system", "prompt": "system",
}  # fmt: skip
NEAR_ROLE = 70  # rapidfuzz ratio: "asistant" and "usr" are near, "moderator" is near none


@dataclass(frozen=True)
class Turns:
    """What a fix may change: the prompt and the recorded reply."""

    messages: tuple[Message, ...]
    reply: Message | None = None


@dataclass(frozen=True)
class Fix:
    """A repair: `words` say what it does, `codes` the issues it helps with."""

    name: str
    words: str
    codes: tuple[str, ...]
    apply: Callable[[Turns], Turns]


def turns_of(record: Record) -> Turns:
    return Turns(record.messages, record.reply)


def fixed(name: str, turns: Turns) -> Turns | None:
    """The turns after that fix, None where it changes nothing; raises KeyError for an unknown one."""
    after = FIXES[name].apply(turns)
    return None if after == turns else after


def fixes_for(record: Record) -> list[Fix]:
    """The fixes that help with the record's issues and would change it."""
    codes = {issue.code for issue in record.issues}
    helping = (fix for fix in FIXES.values() if codes.intersection(fix.codes))
    return [fix for fix in helping if fixed(fix.name, turns_of(record)) is not None]


def reply_from_last(turns: Turns) -> Turns:
    """Trailing assistant turns become the recorded reply; with a reply there already they stand
    before it. Turns that call tools or hold more than text cannot be joined and stay."""
    messages, reply = list(turns.messages), turns.reply
    while messages and messages[-1].role == "assistant":
        last = messages[-1]
        if reply is not None and not (_is_text(last) and _is_text(reply)):
            break
        messages.pop()
        if reply is None:
            reply = last
        else:
            joined = "\n\n".join(text for text in (last.text, reply.text) if text)
            reply = reply.model_copy(update={"content": joined})
    return Turns(tuple(messages), reply)


def trim_to_user(turns: Turns) -> Turns:
    """All after the last user turn goes, where the prompt does not end as a prompt may."""
    messages = turns.messages
    if not messages or messages[-1].role in PROMPT_ENDS:
        return turns
    last = max((at for at, m in enumerate(messages) if m.role == "user"), default=-1)
    return replace(turns, messages=messages[: last + 1]) if last >= 0 else turns


def remove_empty(turns: Turns) -> Turns:
    """Turns without words, parts or tool calls go; a tool's empty result stays, it answers a call.
    Where no user turn would be left nothing is done: the record would still be no prompt."""
    kept = tuple(m for m in turns.messages if not _is_empty(m))
    if not any(m.role == "user" for m in kept):
        return turns
    return replace(turns, messages=kept)


def known_roles(turns: Turns) -> Turns:
    """Unknown roles become the role they mean, by ROLE_NAMES or the nearest spelling."""
    return replace(turns, messages=tuple(_with_known_role(m) for m in turns.messages))


def wrap_tool_results(turns: Turns) -> Turns:
    """Every tool call gets an id, and every tool result the call it answers: the first one of the
    turns just before that has no answer yet, else a call made up for it with no arguments."""
    ids = _Ids(turns)
    messages: list[Message] = []
    open_calls: list[str] = []
    known: set[str] = set()
    for message in turns.messages:
        if message.role != "tool":
            message = ids.given(message)
            open_calls = [str(call["id"]) for call in message.tool_calls or ()]
            known.update(open_calls)
        elif str(message.tool_call_id) not in known:
            if not open_calls:
                _add_call(messages, open_calls, message, ids.new())
                known.update(open_calls)
            message = message.model_copy(update={"tool_call_id": open_calls[0]})
        if message.role == "tool":
            open_calls = [i for i in open_calls if i != message.tool_call_id]
        messages.append(message)
    return Turns(tuple(messages), ids.given(turns.reply) if turns.reply else None)


FIXES: dict[str, Fix] = {
    fix.name: fix
    for fix in (
        Fix(
            "reply_from_last",
            "Keep the last assistant turn as the recorded reply",
            ("last_not_user",),
            reply_from_last,
        ),
        Fix("trim_to_user", "Trim to the last user turn", ("last_not_user",), trim_to_user),
        Fix("remove_empty", "Remove empty turns", ("empty_user_turn",), remove_empty),
        Fix("known_roles", "Name unknown roles by the nearest", ("unknown_role",), known_roles),
        Fix(
            "wrap_tool_results",
            "Give every tool result its call",
            ("tool_result_without_call", "tool_call_without_id"),
            wrap_tool_results,
        ),
    )
}


def nearest_role(role: str) -> str | None:
    """The known role that a name means, None when it is near to none."""
    name = role.strip().casefold()
    if name in ROLES:
        return name
    if name in ROLE_NAMES:
        return ROLE_NAMES[name]
    found = process.extractOne(name, ROLES, scorer=fuzz.ratio, score_cutoff=NEAR_ROLE)
    return found[0] if found else None


class _Ids:
    """Ids for tool calls that no call of the record has yet."""

    def __init__(self, turns: Turns) -> None:
        every = [*turns.messages, *([turns.reply] if turns.reply else [])]
        self._taken = {str(call.get("id")) for m in every for call in m.tool_calls or ()}
        self._last = 0

    def new(self) -> str:
        self._last += 1
        while f"call_{self._last}" in self._taken:
            self._last += 1
        return f"call_{self._last}"

    def given(self, message: Message) -> Message:
        """The message with an id on each of its calls."""
        calls = message.tool_calls or []
        if all(call.get("id") for call in calls):
            return message
        named = [call if call.get("id") else {**call, "id": self.new()} for call in calls]
        return message.model_copy(update={"tool_calls": named})


def _add_call(messages: list[Message], open_calls: list[str], result: Message, new: str) -> None:
    """The call a bare result answers; results that follow each other share one assistant turn."""
    call: dict[str, Any] = {
        "id": new,
        "type": "function",
        "function": {"name": result.name or "tool", "arguments": "{}"},
    }
    at = len(messages)
    while at and messages[at - 1].role == "tool":
        at -= 1
    above = messages[at - 1] if at and at < len(messages) else None
    if above is not None and above.role == "assistant" and above.tool_calls:
        calls = [*above.tool_calls, call]
        messages[at - 1] = above.model_copy(update={"tool_calls": calls})
    else:
        messages.append(Message(role="assistant", tool_calls=[call]))
    open_calls.append(new)


def _is_text(message: Message) -> bool:
    return isinstance(message.content, str) and not message.tool_calls


def _is_empty(message: Message) -> bool:
    return message.role != "tool" and not message.text.strip() and not message.tool_calls


def _with_known_role(message: Message) -> Message:
    if message.role in ROLES or (role := nearest_role(message.role)) is None:
        return message
    return message.model_copy(update={"role": role})
