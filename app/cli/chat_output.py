"""A conversation as lines of JSON: one event for each entry, in the order they happened."""

import os
import sys
from collections.abc import Callable
from typing import Any, Protocol

import orjson

from app.agent import entries
from app.agent.entries import Busy, CardAnswered, CardAsked, Entry, Question

Broken = Callable[[OSError], None]
EVENTS: dict[type[Entry], str] = {
    entries.Said: "said",
    entries.Queued: "queued",
    entries.Withdrawn: "withdrawn",
    entries.Piece: "text",
    entries.Message: "message",
    entries.ToolStarted: "tool_started",
    entries.ToolDone: "tool_finished",
    entries.CardAsked: "approval_asked",
    entries.CardAnswered: "approval_answered",
    entries.Question: "question",
    entries.Choice: "choice",
    entries.Chart: "chart",
    entries.TreeShown: "tree",
    entries.Show: "show",
    entries.Waits: "waits",
    entries.Spent: "usage",
}
LEFT_OUT = {"kind", "content", "context", "card", "options"}
OF_CARD = {"tool", "step", "title", "rows", "verb", "note", "warning"}


class Output(Protocol):
    """Where a conversation goes. Nothing here raises: a reader that went away is told to `Writer`'s
    owner, since an entry comes in the middle of a turn."""

    def show(self, entry: Entry) -> None: ...
    def opened(self, facts: dict[str, Any]) -> None: ...
    def note(self, text: str) -> None: ...
    def error(self, text: str) -> None: ...
    def prompt(self) -> None: ...
    def entered(self) -> None: ...


class Writer:
    """Standard output, flushed at once."""

    def __init__(self, broken: Broken) -> None:
        self._broken, self._gone = broken, False

    def write(self, text: str) -> None:
        if self._gone:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError as error:
            self._gone = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is buffered
            self._broken(error)


class JsonLines:
    """See `app.cli.chat` for the events and their fields."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def show(self, entry: Entry) -> None:
        if isinstance(entry, Busy):
            if not entry.on:
                self._put("turn_ended", {})
            return
        self._put(EVENTS[type(entry)], _fields(entry))

    def opened(self, facts: dict[str, Any]) -> None:
        self._put("opened", facts)

    def note(self, text: str) -> None:
        self._put("note", {"text": text})

    def error(self, text: str) -> None:
        self._put("error", {"text": text})

    def prompt(self) -> None:
        """Programs need none: `turn_ended` says it."""

    def entered(self) -> None:
        """Nothing is typed here."""

    def _put(self, event: str, fields: dict[str, Any]) -> None:
        text = orjson.dumps({"event": event, **fields}, default=str).decode()
        self._writer.write(f"{text}\n")


def _fields(entry: Entry) -> dict[str, Any]:
    fields = entry.model_dump(mode="json", exclude=LEFT_OUT)
    if isinstance(entry, Question):
        fields["options"] = [option.label for option in entry.options]
    if isinstance(entry, CardAsked):
        fields |= entry.card.model_dump(mode="json", include=OF_CARD)
    if isinstance(entry, CardAnswered):
        fields["tool"] = entry.card.tool
    return fields
