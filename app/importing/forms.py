"""A clean record's turns in whatever known form they are kept: roles, texts, and the rest of it.

The forms are those of `app.importing.shapes`; this knows only what is well-formed in them.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from app.domain.normalise import frame_bytes, read_tools
from app.domain.validation import PROMPT_ENDS, ROLES
from app.importing.lines import strings_in
from app.importing.shapes import SHAREGPT_ROLES

SYSTEM = ("system", "developer")
MAX_PLANS = 10_000
PAIRS = {2}  # fields of a turn: role and content
TURN_FIELDS = ("role", "content", "name", "tool_calls", "tool_call_id")  # in the store's order
USED = frozenset({"messages", "tools", "functions"})
LISTS = ("conversations", "conversation")
# Text forms: the name, the prompt's field, the fields of a reply, and all that become turns.
TEXT_FORMS = (
    ("Alpaca", "instruction", ("output", "response"),
     frozenset({"instruction", "input", "output", "response", "system"})),
    ("prompt/completion", "prompt", ("completion", "response"),
     frozenset({"prompt", "completion", "response", "system", "tools", "functions"})),
    ("question/answer", "question", (), frozenset({"question", "system"})),
)  # fmt: skip


class Form(NamedTuple):
    """What a record is made of; its turns may end with a recorded reply."""

    roles: tuple[str, ...]
    texts: list[str]
    extra: dict[str, Any]
    strings: int  # keys and texts in the object but for those in the values of `extra`
    # As the file has them, where that is how the store keeps them but for the order of fields.
    turns: list[dict[str, Any]] | None = None
    shape: str = ""  # that the record is converted from
    tools: Sequence[dict[str, Any]] = ()
    # Of turns with further fields: as in `app.domain.normalise.frame_bytes`.
    frames: list[Any] | None = None


class Plan(NamedTuple):
    """What follows from the roles of a record's turns alone."""

    end: int  # of the prompt: all turns but a recorded reply
    spoken: int  # the first turn that is not from the system
    users: tuple[int, ...]
    frame: bytes  # of a record with nothing else


class Plans(dict[tuple[str, ...], Plan | None]):
    """The plan of each sequence of roles that was met, None for a faulty one."""

    def __missing__(self, roles: tuple[str, ...]) -> Plan | None:
        if len(self) == MAX_PLANS:
            self.clear()
        self[roles] = plan_of(roles)
        return self[roles]


def plan_of(roles: Sequence[str]) -> Plan | None:
    """The plan of a sequence of roles without any fault; None for all others."""
    spoken = next((i for i, role in enumerate(roles) if role not in SYSTEM), len(roles))
    order = roles[spoken:]
    end = len(roles) - (roles[-1:] == ("assistant",))
    users = tuple(i for i, role in enumerate(roles[:end]) if role == "user")
    if (
        not users
        or order[0] == "assistant"
        or any(role not in ROLES or role in SYSTEM for role in order)
        or any(roles[i - 1] == "user" for i in users if i)
        or roles[end - 1] not in PROMPT_ENDS
    ):
        return None
    reply = roles[end] if end < len(roles) else None
    return Plan(end, spoken, users, frame_bytes([list(roles[:end]), reply, [], None, {}]))


def form_of(value: dict[str, Any]) -> Form | None:
    """The parts of a record; None when it is not clean. Raises TypeError, KeyError or AttributeError
    for some values of types that no clean record has.
    """
    if "messages" in value:
        turns = value["messages"]
        if type(turns) is not list:
            return None
        if len(value) == 1:
            extra: dict[str, Any] = {}
        elif "tools" in value or "functions" in value:
            return _with_tools(value, turns)
        else:
            extra = {name: found for name, found in value.items() if name != "messages"}
        if set(map(len, turns)) != PAIRS:
            return _with_fields(turns, extra, 1 + len(extra))
        roles = tuple([turn["role"] for turn in turns])
        if "tool" in roles:
            return None
        texts = [turn["content"] for turn in turns]
        return Form(roles, texts, extra, len(value) + 4 * len(turns), turns)
    if "conversations" in value or "conversation" in value:
        return _sharegpt(value)
    return _texts(value)


def _with_tools(value: dict[str, Any], turns: list[Any]) -> Form | None:
    """Chat turns beside the definitions of tools."""
    if "tools" in value and "functions" in value:
        return None
    found = value["tools"] if "tools" in value else value["functions"]
    if type(found) is not list:
        return None
    tools, issues = read_tools(found or None)
    if issues:
        return None
    extra = {name: each for name, each in value.items() if name not in USED}
    form = _with_fields(turns, extra, len(value) + strings_in(found))
    return form and form._replace(tools=tools)


def _with_fields(turns: list[Any], extra: dict[str, Any], strings: int) -> Form | None:
    """Chat turns, some with a name, tool calls or a result; in the order the store keeps them."""
    frames: list[Any] = []
    kept: list[dict[str, Any]] = []
    called: set[str] = set()
    for turn in turns:
        fields = {name: turn[name] for name in TURN_FIELDS if turn.get(name) is not None}
        if len(fields) != sum(each is not None for each in turn.values()):
            return None
        calls = fields.get("tool_calls")
        if calls is not None and not _called(calls, called):
            return None
        if fields["role"] == "tool" and fields["tool_call_id"] not in called:
            return None
        if type(fields.get("name", "")) is not str or type(fields.get("content", "")) is not str:
            return None
        if type(fields.get("tool_call_id", "")) is not str:
            return None
        kept.append(fields)
        strings += strings_in(turn)
        frame = {name: each for name, each in fields.items() if name != "content"}
        frames.append(frame if len(frame) > 1 or "content" not in fields else fields["role"])
    roles = tuple([turn["role"] for turn in kept])
    texts = [turn.get("content", "") for turn in kept]
    return Form(roles, texts, extra, strings, kept, frames=frames)


def _called(calls: Any, called: set[str]) -> bool:
    """Whether tool calls are well-formed, their arguments a text of an object; notes their ids."""
    if type(calls) is not list or not calls:
        return False
    for call in calls:
        function, name = call["function"], call["id"]
        arguments = function["arguments"]
        if not name or type(name) is not str or type(arguments) is not str:
            return False
        try:
            if type(orjson.loads(arguments)) is not dict:
                return False
        except orjson.JSONDecodeError:
            return False
        called.add(name)
    return True


def _sharegpt(value: dict[str, Any]) -> Form | None:
    if "tools" in value or "functions" in value:
        return None
    name = LISTS[0] if LISTS[0] in value else LISTS[1]
    turns = value[name]
    if type(turns) is not list or set(map(len, turns)) != PAIRS:
        return None
    roles = tuple([SHAREGPT_ROLES[turn["from"].lower()] for turn in turns])
    if "tool" in roles:
        return None
    texts = [turn["value"] for turn in turns]
    strings = len(value) + 4 * len(turns)
    if "system" in value:
        system = value["system"]
        texts, roles, strings = [system, *texts], ("system", *roles), strings + 1
    extra = {key: found for key, found in value.items() if key not in (name, "system")}
    return Form(roles, texts, extra, strings, None, "ShareGPT")


def _texts(value: dict[str, Any]) -> Form | None:
    """A prompt and perhaps a reply, each a text."""
    if "tools" in value or "functions" in value or type(value.get("input", "")) is not str:
        return None
    found = next((form for form in TEXT_FORMS if form[1] in value), None)
    if found is None:
        return None
    shape, prompt, replies, used = found
    texts, roles = [value[prompt]], ["user"]
    if shape == "Alpaca" and value.get("input", "").strip():
        texts = [f"{texts[0]}\n\n{value['input']}"] if type(texts[0]) is str else texts
    if system := value.get("system"):
        texts, roles = [system, *texts], ["system", *roles]
    reply = next((value[name] for name in replies if name in value), None)
    if reply is not None:
        texts, roles = [*texts, reply], [*roles, "assistant"]
    extra = {name: each for name, each in value.items() if name not in used}
    strings = len(value) + sum(strings_in(each) for name, each in value.items() if name in used)
    return Form(tuple(roles), texts, extra, strings, None, shape)
