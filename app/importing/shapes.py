"""Recognises the forms in which people keep prompts and replies, and brings each to chat turns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.domain.normalise import kind_of
from app.domain.records import Issue
from app.domain.validation import issue

Turn = Any  # a turn as found in the file: an object, if all is well
REFERENCE_FIELDS = (
    "reference", "reference_answer", "ground_truth", "expected_answer", "expected_output",
    "expected", "target", "gold", "answer",
)  # fmt: skip
SHAREGPT_ROLES = {
    "human": "user", "user": "user", "gpt": "assistant", "chatgpt": "assistant",
    "assistant": "assistant", "bot": "assistant", "model": "assistant", "system": "system",
    "observation": "tool", "tool": "tool", "function_response": "tool",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """A record's parts before its turns are checked; a reply may still be the last turn."""

    turns: list[Turn]
    used: tuple[str, ...]  # the fields that became turns or tools; all others are kept as extra
    shape: str = ""  # empty for the OpenAI chat form
    tools: Any = None
    reference: Any = None
    extra: dict[str, Any] = field(default_factory=dict)


def recognise(value: dict[str, Any]) -> Draft | Issue:
    """The parts of a record in any known form, or the reason why it is none."""
    for reader in READERS:
        found = reader(value)
        if isinstance(found, Issue):
            return found
        if found:
            extra = {k: v for k, v in value.items() if k not in found.used}
            reference = next((value[k] for k in REFERENCE_FIELDS if value.get(k) is not None), None)
            return Draft(found.turns, found.used, found.shape, found.tools, reference, extra)
    return issue("unknown_shape")


def _chat(value: dict[str, Any]) -> Draft | Issue | None:
    if "messages" not in value:
        return None
    turns = value["messages"]
    if not isinstance(turns, list):
        return issue("messages_not_list", field="messages", what=kind_of(turns))
    used = ("messages", "tools", "functions")
    return Draft([_turn(turn) for turn in turns], used, tools=_tools(value))


def _sharegpt(value: dict[str, Any]) -> Draft | Issue | None:
    name = next((n for n in ("conversations", "conversation") if n in value), "")
    if not name:
        return None
    turns = value[name]
    if not isinstance(turns, list):
        return issue("messages_not_list", field=name, what=kind_of(turns))
    turns = _system(value) + [_turn(turn) for turn in turns]
    used = (name, "system", "tools", "functions")
    return Draft(turns, used, "ShareGPT", tools=_tools(value))


def _trace(value: dict[str, Any]) -> Draft | Issue | None:
    source = value.get("input")
    if not isinstance(source, dict) or "messages" not in source:
        return None
    turns = source["messages"]
    if not isinstance(turns, list):
        return issue("messages_not_list", field="input.messages", what=kind_of(turns))
    turns = [_turn(turn) for turn in turns] + _output(value.get("output"))
    return Draft(turns, ("input", "output", "tools"), "trace", tools=_tools(value, source))


def _alpaca(value: dict[str, Any]) -> Draft | None:
    if "instruction" not in value:
        return None
    prompt, more = value["instruction"], value.get("input")
    if isinstance(prompt, str) and isinstance(more, str) and more.strip():
        prompt = f"{prompt}\n\n{more}"
    reply = value.get("output", value.get("response"))
    used = ("instruction", "input", "output", "response", "system")
    return Draft([*_system(value), _user(prompt), *_output(reply)], used, "Alpaca")


def _prompt(value: dict[str, Any]) -> Draft | None:
    if "prompt" not in value:
        return None
    prompt = value["prompt"]
    turns = [_turn(turn) for turn in prompt] if isinstance(prompt, list) else [_user(prompt)]
    reply = value.get("completion", value.get("response"))
    used = ("prompt", "completion", "response", "system", "tools", "functions")
    turns = _system(value) + turns + _output(reply)
    return Draft(turns, used, "prompt/completion", tools=_tools(value))


def _question(value: dict[str, Any]) -> Draft | None:
    """The answer is the reference here: such files are test questions, not recorded replies."""
    if "question" not in value:
        return None
    turns = [*_system(value), _user(value["question"])]
    return Draft(turns, ("question", "system"), "question/answer")


Reader = Callable[[dict[str, Any]], Draft | Issue | None]
READERS: tuple[Reader, ...] = (_chat, _sharegpt, _trace, _alpaca, _prompt, _question)


def _user(content: Any) -> Turn:
    return {"role": "user", "content": content}


def _system(value: dict[str, Any]) -> list[Turn]:
    text = value.get("system")
    return [{"role": "system", "content": text}] if isinstance(text, str) and text else []


def _turn(turn: Any) -> Turn:
    """A ShareGPT turn in chat form; any other as it is."""
    if not isinstance(turn, dict) or "role" in turn or "from" not in turn:
        return turn
    role = str(turn["from"])
    rest = {k: v for k, v in turn.items() if k not in ("from", "value")}
    return {**rest, "role": SHAREGPT_ROLES.get(role.lower(), role), "content": turn.get("value")}


def _tools(*places: dict[str, Any]) -> Any:
    found = (p.get(name) for p in places for name in ("tools", "functions"))
    return next((tools for tools in found if tools), None)


def _output(value: Any) -> list[Turn]:
    """The recorded reply in whatever an exporter wraps it; no turn when there is none."""
    if isinstance(value, list):
        return [_turn(turn) for turn in value]
    if not isinstance(value, dict):
        return [] if value is None else [{"role": "assistant", "content": value}]
    choices = value.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return _output(choices[0])
    for wrapper in ("message", "messages"):
        if wrapper in value:
            return _output(value[wrapper])
    if "role" in value or "from" in value:
        return [_turn(value)]
    return [{"role": "assistant", "content": value.get("content", value)}]
