"""Puts tool calls together from the pieces in which endpoints stream them, also in the odd forms.

Seen in the wild: arguments in many pieces; a call whole in one piece; no index, or index 0 for every
call; an id only in the first piece, in each, or in none; the name repeated, or in pieces; arguments as
an object instead of a text; two calls with one id; a whole call sent twice; `null` for no arguments.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import orjson

from app.llm.client import Call


@dataclass
class _Open:
    index: int | None
    id: str
    name: str = ""
    arguments: str = ""


class Assembly:
    """`add` takes the pieces in order, `calls` gives the whole calls in the order they began."""

    def __init__(self) -> None:
        self._open: list[_Open] = []

    def add(self, index: int | None, id: str | None, name: str | None, arguments: Any) -> None:
        """One piece; what the endpoint left out is None."""
        text = arguments if isinstance(arguments, str | None) else orjson.dumps(arguments).decode()
        call = self._belongs_to(_Open(index, id or "", name or "", text or ""))
        if call is None:
            return
        if name and not call.arguments and name != call.name:
            call.name += name
        call.arguments += text or ""

    def calls(self) -> list[Call]:
        """Every call with an id of its own; one without a name is none."""
        seen: set[str] = set()
        found = []
        for call in self._open:
            if not call.name:
                continue
            key = call.id if call.id and call.id not in seen else f"call_{uuid.uuid4().hex[:24]}"
            seen.add(key)
            nothing = call.arguments.strip() in ("", "null")
            found.append(Call(key, call.name, "" if nothing else call.arguments))
        return found

    def _belongs_to(self, piece: _Open) -> _Open | None:
        """The call that a piece goes on with, or begins; None for one that says all of it again."""
        at_index = [c for c in self._open if c.index == piece.index]
        same = at_index if piece.index is not None else self._open[-1:]
        if same and not _begins(same[-1], piece):
            again = piece.id and piece.name and piece.arguments == same[-1].arguments != ""
            return None if again and _is_whole(piece.arguments) else same[-1]
        self._open.append(_Open(piece.index, piece.id))
        return self._open[-1]


def _begins(last: _Open, piece: _Open) -> bool:
    """Whether a piece for the same place starts another call: by another id, or, where that tells
    nothing, by a name with other arguments after arguments that are complete."""
    if piece.id and last.id and piece.id != last.id:
        return True
    if not piece.name or not _is_whole(last.arguments):
        return False
    if piece.id and last.id:
        return bool(piece.arguments.strip()) and piece.arguments != last.arguments
    return not piece.id and not last.id


def _is_whole(arguments: str) -> bool:
    try:
        orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return False
    return True
