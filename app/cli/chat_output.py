"""A conversation as lines of JSON: one event for each entry, in the order they happened."""

import os
import sys
from collections.abc import Callable
from typing import Any, Protocol

import orjson

from app.agent import entries
from app.agent.entries import Busy, CardAnswered, CardAsked, Entry, Question

Broken = Callable[[OSError], None]
# The event of each entry and the fields it has, which scripts rely on; none: all but the kind.
EVENTS: dict[type[Entry], tuple[str, str]] = {
    entries.Said: ("said", "key text answers"),
    entries.Queued: ("queued", "key text on"),
    entries.Withdrawn: ("withdrawn", "key"),
    entries.Piece: ("text", "reply text"),
    entries.Message: ("message", "reply text stopped"),
    entries.ToolStarted: ("tool_started", "key tool"),
    entries.ToolDone: ("tool_finished", "key tool result tone details reply arguments"),
    entries.CardAsked: ("approval_asked", "key"),
    entries.CardAnswered: ("approval_answered", "key yes how"),
    entries.Question: ("question", "key text form chosen answer"),
    entries.Choice: ("choice", "key index answer"),
    entries.Chart: ("chart", ""),
    entries.TreeShown: ("tree", ""),
    entries.Show: ("show", "panel target"),
    entries.Waits: ("waits", "seconds reason"),
    entries.Spent: ("usage", "model prompt_tokens answer_tokens cost estimated"),
}
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
        name, wanted = EVENTS[type(entry)]
        self._put(name, _fields(entry, set(wanted.split())))

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


def _fields(entry: Entry, wanted: set[str]) -> dict[str, Any]:
    fields = entry.model_dump(mode="json", include=wanted or None, exclude={"kind"})
    if isinstance(entry, Question):
        fields["options"] = [option.label for option in entry.options]
    if isinstance(entry, CardAsked):
        fields |= entry.card.model_dump(mode="json", include=OF_CARD)
    if isinstance(entry, CardAnswered):
        fields["tool"] = entry.card.tool
    return fields
