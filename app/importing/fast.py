"""The quick way for the common line: a clean chat record goes from its object to its rows directly.

It gives the very rows the general way (`app.importing.records`) gives, or nothing: whatever is unusual
about a line is left to the other. A test holds the two equal.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from app.domain.normalise import IDENTITY_FIELDS, plain, squeezed
from app.domain.records import PREVIEW_CHARS, preview_of
from app.domain.splits import cluster_id, split_of_cluster
from app.domain.validation import CONTROL, MAX_RECORD_BYTES
from app.importing.lines import Line
from app.importing.rows import Row, record_row
from app.importing.shapes import REFERENCE_FIELDS
from app.importing.tokens import TokenEstimate

TEXTS = {str}
PAIRS = {2}  # fields of a turn: role and content
SYSTEM = ("system", "developer")
REFERENCES = frozenset(REFERENCE_FIELDS)
MAX_PLANS = 10_000
FIRST_KEY = b'{"role":"'  # the order in which the general way writes a turn; no text can hold it
SORTED = orjson.OPT_SORT_KEYS


class Plan(NamedTuple):
    """What follows from the roles of a record's turns alone."""

    end: int  # of the prompt: all turns but a recorded reply
    spoken: int  # the first turn that is not from the system
    users: tuple[int, ...]


# A record's object, its turns, their roles and texts, and the plan of the roles.
Turns = tuple[dict[str, Any], list[dict[str, str]], tuple[str, ...], list[str], Plan]


class FastLane:
    """Makes the rows of clean chat records; remembers what it found of sequences of roles."""

    def __init__(self, tokens: TokenEstimate) -> None:
        self._tokens = tokens
        self._plans: dict[tuple[str, ...], Plan | None] = {}

    def rows(self, record_id: int, line: Line) -> tuple[Row, Row] | None:
        """The rows of `record` and `body`; None when the line needs the general way."""
        found = self._turns(line)
        if found is None:
            return None
        value, turns, roles, texts, plan = found
        joined = " ".join(texts)
        end, spoken, users = plan
        length = sum(map(len, texts[:end]))
        tokens = self._tokens.scaled(length + end - 1)  # turns are a line each
        short = _squeezed(texts, joined, plain_line=line.plain)
        if tokens is None or "" in map(short.__getitem__, users) or not short[-1]:
            return None
        if not line.plain and CONTROL.search("\n".join(texts[:end])):
            return None
        if joined.isascii():
            key = "\n".join(short[spoken:end]).lower()
        else:
            key = "\n".join(map(plain, short[spoken:end]))
        messages = orjson.dumps(turns[:end])
        if messages.count(FIRST_KEY) != end:
            return None
        if short is texts:
            same = turns
        else:
            same = [{"role": r, "content": c} for r, c in zip(roles, short, strict=True)]
        extra, rest, reference = _others(value)
        has_reply = end < len(turns)
        hashed = [same[:end], [], reference, same[end] if has_reply else None, rest]
        cluster = cluster_id(key)
        last = texts[users[-1]]
        row = record_row(
            record_id,
            line=line.number,
            split=split_of_cluster(cluster),
            content_hash=blake2b(orjson.dumps(hashed, option=SORTED), digest_size=16).digest(),
            cluster=cluster,
            tokens=tokens,
            turns=len(users),
            length=length,
            preview=last[:PREVIEW_CHARS] if short is texts else preview_of(last),
            has_reply=has_reply,
            has_reference=reference is not None,
        )
        reply = turns[end] if has_reply else None
        return row, (record_id, messages.decode(), "[]", *_texts(reference, reply, extra))

    def _turns(self, line: Line) -> Turns | None:
        """The turns of a line if they are flat, of known roles in a proper order, and of text only."""
        value = line.value
        if value is None or line.issues or "tools" in value or "functions" in value:
            return None
        turns = value.get("messages")
        if not turns or type(turns) is not list or line.size > MAX_RECORD_BYTES:
            return None
        try:
            if set(map(len, turns)) != PAIRS:
                return None
            roles = tuple([turn["role"] for turn in turns])
            texts = [turn["content"] for turn in turns]
            plan = self._plan(roles)
        except (TypeError, KeyError):  # a turn that is no object, a role that is no text
            return None
        if plan is None or set(map(type, texts)) != TEXTS:
            return None
        return value, turns, roles, texts, plan

    def _plan(self, roles: tuple[str, ...]) -> Plan | None:
        try:
            return self._plans[roles]
        except KeyError:
            if len(self._plans) == MAX_PLANS:
                self._plans.clear()
            return self._plans.setdefault(roles, plan_of(roles))


def plan_of(roles: Sequence[str]) -> Plan | None:
    """The plan of a sequence of roles without any fault; None for all others."""
    spoken = next((i for i, role in enumerate(roles) if role not in SYSTEM), len(roles))
    order = roles[spoken:]
    if not order or any(role != ("user", "assistant")[i % 2] for i, role in enumerate(order)):
        return None
    end = len(roles) - (order[-1] == "assistant")
    return Plan(end, spoken, tuple(range(spoken, end, 2)))


def _squeezed(texts: list[str], joined: str, *, plain_line: bool) -> list[str]:
    """The texts with single blanks; the very list where that changes nothing.

    `joined` is the texts with a blank between. A plain line's texts hold no blanks but space and newline.
    """
    if not plain_line:
        return [" ".join(text.split()) for text in texts]
    if "\n" in joined or "  " in joined or joined.startswith(" ") or joined.endswith(" "):
        return [squeezed(text) if text.isascii() else " ".join(text.split()) for text in texts]
    if joined.isascii():
        return texts
    return [text if text.isascii() else " ".join(text.split()) for text in texts]


def _texts(
    reference: Any, reply: dict[str, Any] | None, extra: dict[str, Any]
) -> tuple[str, str, str]:
    """The JSON of what a record mostly lacks."""
    if reply is not None:
        reply = {"role": reply["role"], "content": reply["content"]}
    return (
        "null" if reference is None else orjson.dumps(reference).decode(),
        "null" if reply is None else orjson.dumps(reply).decode(),
        orjson.dumps(extra).decode() if extra else "{}",
    )


def _others(value: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """The further fields, those of them that do not only name the record, and the reference."""
    if len(value) == 1:
        return {}, {}, None
    extra = {name: v for name, v in value.items() if name != "messages"}
    rest = {name: v for name, v in extra.items() if name not in IDENTITY_FIELDS}
    if REFERENCES.isdisjoint(rest):
        return extra, rest, None
    found = (rest[name] for name in REFERENCE_FIELDS if rest.get(name) is not None)
    return extra, rest, next(found, None)
