"""What a model wrote, read with patience: JSON in prose or fences, cut short, in near forms."""

import json
import re
from collections.abc import Callable
from typing import Any

from app.domain.normalise import IDENTITY_FIELDS
from app.domain.records import Message, Record
from app.generation.base import Brief, Candidate, Read, Refused
from app.generation.openers import refuses

LISTS = ("items", "records", "examples", "prompts", "variations")
TEXTS = ("text", "content", "prompt", "user", "message")
TURNS = ("turns", "messages", "conversation")
MOST_DIGITS = 18  # of a number written as a text; Python refuses to read thousands of them
SHOWN = 300  # characters kept of what could not be read
_DECODER = json.JSONDecoder()
_OPEN = re.compile(r"[\[{]")
Item = dict[str, Any]


def read_items(brief: Brief, answer: str, make: Callable[[Item], Candidate | Refused]) -> Read:
    """Each item of the answer by `make`; one Refused where there is nothing to read.

    More than twice what was asked for (and five) is not looked at.
    """
    found = items_of(answer)
    if not found:
        reason, detail = "malformed", "the answer holds no items"
        if refuses(answer, whole=True):
            reason, detail = "refusal", "the whole answer is a refusal"
        return [Refused(reason=reason, detail=detail, text=answer[:SHOWN])]
    read: Read = []
    for item in found[: 2 * brief.count + 5]:
        if isinstance(item, str) and item.strip():
            item = {"text": item}
        if isinstance(item, dict):
            read.append(make(item))
        else:
            read.append(malformed(item, "an item is no object"))
    return read


def items_of(answer: str) -> list[Any] | None:
    """The list that the answer holds, also in a fence or in prose; of one that was cut short what is
    whole. None where there is none."""
    for match in _OPEN.finditer(answer):
        value = _value(answer, match.start())
        if isinstance(value, list):
            return value
        if isinstance(value, dict):
            lists = [value[name] for name in LISTS if isinstance(value.get(name), list)]
            return lists[0] if lists else [value]
        if (cut := _of_cut_list(answer, match.start())) is not None:
            return cut
    return None


def _value(text: str, start: int) -> Any:
    try:
        return _DECODER.raw_decode(text, start)[0]
    except (ValueError, RecursionError):  # no JSON, or a number of thousands of digits
        return None


def _of_cut_list(text: str, start: int) -> list[Any] | None:
    """The whole items of a list of objects that ends in the middle."""
    opened = re.compile(r"\{\s*\"[a-z]+\"\s*:\s*\[|\[").match(text, start)
    if opened is None:
        return None
    found, at = [], opened.end()
    while at < len(text):
        at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n,"))
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        found.append(value)
    return found or None


def whole_number(value: Any) -> int:
    """A whole number, also one written as a text of at most 18 digits; -1 for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    is_one = isinstance(value, str) and value.isdecimal() and len(value) <= MOST_DIGITS
    return int(value) if is_one else -1


def malformed(item: Any, detail: str) -> Refused:
    return Refused(reason="malformed", detail=detail, text=json.dumps(item)[:SHOWN])


def text_of(item: Item) -> str | None:
    """The text of an item that is one turn, whatever its field is called."""
    return next((item[name].strip() for name in TEXTS if isinstance(item.get(name), str)), None)


def turns_of(item: Item) -> tuple[Message, ...] | None:
    """The turns of an item; None where it has none that can be read."""
    raw = next((item[name] for name in TURNS if isinstance(item.get(name), list)), None)
    if raw is None:
        text = text_of(item)
        return None if text is None else (Message(role="user", content=text),)
    turns = [{"role": "user", "content": t} if isinstance(t, str) else t for t in raw]
    if not turns or not all(isinstance(t, dict) and _is_turn(t) for t in turns):
        return None
    return tuple(Message(role=t["role"], content=t["content"].strip()) for t in turns)


def _is_turn(turn: Item) -> bool:
    return isinstance(turn.get("role"), str) and isinstance(turn.get("content"), str)


def conversation(brief: Brief, item: Item, **more: Any) -> Candidate | Refused:
    """A candidate from an item that is a conversation, framed as the first seed is: its system
    message and tools."""
    turns = turns_of(item)
    if turns is None:
        return malformed(item, "no turns with role and content")
    frame = brief.seeds[0] if brief.seeds else None
    reference, fault = reference_of(brief, item)
    if fault:
        return Refused(reason="structure", detail=fault, text=turns[-1].text[:SHOWN])
    made = Candidate(
        messages=(*system_of(frame), *(t for t in turns if t.role not in ("system", "developer"))),
        tools=frame.tools if frame else (),
        reference=reference,
        parents=tuple(seed.id for seed in brief.seeds),
    )
    return made.model_copy(update=more)


def system_of(seed: Record | None) -> tuple[Message, ...]:
    return tuple(m for m in seed.messages if m.role in ("system", "developer")) if seed else ()


def reference_of(brief: Brief, item: Item) -> tuple[Any, str]:
    """The item's reference in the form that the seeds' have, and what is wrong with it."""
    known = [seed.reference for seed in brief.seeds if seed.reference is not None]
    if not known:
        return None, ""
    value = item.get("reference")
    if value is None or value == "":
        return None, "the reference is missing"
    if isinstance(known[0], str):
        return value if isinstance(value, str) else json.dumps(value), ""
    if isinstance(value, str):
        value = _value(value.strip(), 0)
    if _kind(value) is not _kind(known[0]):
        return None, "the reference has another form than those of the data"
    return value, ""


def _kind(value: Any) -> type:
    """The type that counts: 3 and 2.5 are of one form."""
    return float if type(value) is int else type(value)


def kept_fields(seed: Record) -> dict[str, Any]:
    """The further fields of a record that still hold for a variation of it."""
    return {k: v for k, v in seed.extra.items() if k not in (*IDENTITY_FIELDS, "provenance")}
