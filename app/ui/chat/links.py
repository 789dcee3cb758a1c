"""Addresses in the assistant's words: what opens a place of the app, and what only a yes may open."""

import re
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QDialog, QWidget

from app.ui import dialogs, kit

# "record 12", "records 12, 15 and 20", "topic #7": each number becomes a link of its own.
_LIST = r"#?\d{1,12}(?:(?:, ?| and | or |, and )#?\d{1,12}\b(?![.,]\d| ?%))*"
_NAMED = re.compile(rf"\b(record|topic)s? (?P<numbers>{_LIST})\b(?![.,]\d| ?%)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_PLACES = {"record": ("records", "record"), "topic": ("topics_config", "topic")}
OPENABLE = ("http", "https")
MOST_SHOWN = 4_000  # characters of an address that a dialog can hold

Place = tuple[str, dict[str, Any]]


def mentions(words: str) -> Iterator[tuple[int, int, str]]:
    """Place, length and address of every record and topic that the words name by number."""
    for found in _NAMED.finditer(words):
        kind, first = found.group(1).lower(), True
        for number in _NUMBER.finditer(words, found.start("numbers"), found.end("numbers")):
            start = found.start() if first else number.start()
            yield start, number.end() - start, f"{kind}:{number.group()}"
            first = False


def place_of(url: QUrl) -> Place | None:
    """The panel and target that `record:12` or `topic:7` names; None for any other address."""
    number = url.path()
    if url.scheme() not in _PLACES or not re.fullmatch(r"\d{1,12}", number, re.ASCII):
        return None
    panel, key = _PLACES[url.scheme()]
    return panel, {key: int(number)}


class AddressDialog(QDialog):
    """The whole address, and what may be done with it; `chosen` is open, copy or nothing."""

    def __init__(self, parent: QWidget | None, url: QUrl) -> None:
        super().__init__(parent)
        self.setWindowTitle("RFT Studio")
        self.chosen = ""
        self.can_open = url.scheme().lower() in OPENABLE and bool(url.host())
        address = shown(url)
        self.words = kit.Prose(address[:MOST_SHOWN], "Address", role="code")
        self.words.setMinimumWidth(420)
        title, note = (
            "Open this address in the browser?",
            "The assistant wrote it. Nothing was opened.",
        )
        if not self.can_open:
            title, note = "This address is not opened from here", "Only web pages are."
        self.copy = kit.button("Copy address", lambda: self._choose("copy"))
        self.open_ = kit.button("Open in browser", lambda: self._choose("open"), kind="primary")
        self.open_.setVisible(self.can_open)
        close = kit.button("Cancel" if self.can_open else "Close", self.reject, kind="ghost")
        buttons = kit.row(None, close, self.copy, self.open_, margin=(0, 10, 0, 0))
        heading = kit.label(title, "h2", wrap=True)
        small = kit.label(note, "small", "muted", wrap=True)
        self.setLayout(kit.column(heading, self.words, small, buttons, gap=8, margin=20))
        self.copy.setFocus()

    def _choose(self, what: str) -> None:
        self.chosen = what
        self.accept()


def shown(url: QUrl) -> str:
    """The address as it would be asked for: a look-alike host stands in its plain letters."""
    return bytes(url.toEncoded().data()).decode("ascii", "replace")


async def ask(parent: QWidget | None, url: QUrl) -> None:
    """Show an address and do what the user says; nothing is fetched by the app."""
    dialog = AddressDialog(parent, url)
    await dialogs.ask(dialog)
    if dialog.chosen == "copy":
        QGuiApplication.clipboard().setText(shown(url))
    elif dialog.chosen == "open" and dialog.can_open:
        QDesktopServices.openUrl(url)
