"""What a format of exported records offers, and the table of all of them; it opens no file."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

import orjson

import app.importing.exporters
from app.importing.shapes import REFERENCE_FIELDS
from app.registry import Registry, load_family


@dataclass(frozen=True, slots=True)
class Exported:
    """A record as plain values; `labels` (topic, split, tags) are empty unless they were asked for."""

    id: int
    valid: bool
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    reference: Any
    reply: dict[str, Any] | None
    extra: dict[str, Any]
    labels: dict[str, Any]
    issues: list[str]  # codes
    tokens: int

    @property
    def fields(self) -> dict[str, Any]:
        """Further fields, labels and tools: all but the turns and the reference."""
        found = {**self.extra, **self.labels}
        return {**found, "tools": self.tools} if self.tools else found

    @property
    def with_reference(self) -> dict[str, Any]:
        """The fields, and the reference where an import would not find it among them anyway."""
        known = next(
            (self.extra[k] for k in REFERENCE_FIELDS if self.extra.get(k) is not None), None
        )
        if self.reference is None or (known is not None and known == self.reference):
            return self.fields
        return {**self.fields, "reference": self.reference}

    @property
    def conversation(self) -> list[dict[str, Any]]:
        """All turns; the recorded reply is the last, as an import takes it off again.

        Where the prompt itself ends with an assistant turn an empty one follows, so that it stays.
        """
        if self.reply is not None:
            return [*self.messages, self.reply]
        if self.messages and self.messages[-1].get("role") == "assistant":
            return [*self.messages, {"role": "assistant", "content": ""}]
        return self.messages


Write = Callable[[BinaryIO, Iterable[Exported]], int]
"""Writes the records as they come and returns how many; one it has no place for is left out."""


@dataclass(frozen=True)
class RecordFormat:
    """A format: its name for people, the ending of its files, what it holds, and how it is written."""

    title: str
    suffix: str
    text: str
    write: Write
    labelled: bool = False  # has columns of its own for topic, split and tags


def json_lines(line: Callable[[Exported], dict[str, Any] | None]) -> Write:
    """One object a line; `line` gives None for a record that is left out."""

    def write(file: BinaryIO, records: Iterable[Exported]) -> int:
        written = 0
        for value in map(line, records):
            if value is not None:
                file.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
                written += 1
        return written

    return write


FORMATS: Registry[RecordFormat] = Registry("record format")


@cache
def formats() -> Registry[RecordFormat]:
    """The registry with every format of this package in it."""
    load_family(app.importing.exporters)
    return FORMATS


def text_of(value: Any) -> str:
    """A text as it is, any other value as JSON, nothing as ""."""
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def text_of_turn(turn: dict[str, Any] | None) -> str:
    """The words of a turn; parts that are not text are left out."""
    content = (turn or {}).get("content")
    if isinstance(content, list):
        return "\n".join(str(p["text"]) for p in content if isinstance(p, dict) and p.get("text"))
    return content if isinstance(content, str) else ""


def last_user_turn(record: Exported) -> str:
    turns = (turn for turn in reversed(record.messages) if turn.get("role") == "user")
    return text_of_turn(next(turns, None))
