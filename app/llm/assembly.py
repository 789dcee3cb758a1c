"""Puts tool calls together from the pieces in which endpoints stream them, also in the odd forms.

Seen in the wild: arguments in many pieces; a call whole in one piece; no index, or index 0 for every
call; an id only in the first piece, in each, or in none; the name repeated, or in pieces; arguments as
an object instead of a text; two calls with one id.
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
        call = self._belongs_to(index, id, name)
        if name and not call.arguments and name != call.name:
            call.name += name
        if isinstance(arguments, str):
            call.arguments += arguments
        elif arguments is not None:
            call.arguments = orjson.dumps(arguments).decode()

    def calls(self) -> list[Call]:
        """Every call with an id of its own; one without a name is none."""
        seen: set[str] = set()
        found = []
        for call in self._open:
            if not call.name:
                continue
            key = call.id if call.id and call.id not in seen else f"call_{uuid.uuid4().hex[:24]}"
            seen.add(key)
            found.append(Call(key, call.name, call.arguments))
        return found

    def _belongs_to(self, index: int | None, id: str | None, name: str | None) -> _Open:
        same = [c for c in self._open if c.index == index] if index is not None else self._open[-1:]
        if same and not self._begins(same[-1], id, name):
            return same[-1]
        self._open.append(_Open(index, id or ""))
        return self._open[-1]

    def _begins(self, last: _Open, id: str | None, name: str | None) -> bool:
        """Whether a piece for the same place starts another call: by another id, or, where there are
        no ids, by a name after arguments that are complete."""
        if id and last.id:
            return id != last.id
        return bool(name) and not id and not last.id and _is_whole(last.arguments)


def _is_whole(arguments: str) -> bool:
    try:
        orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return False
    return True
