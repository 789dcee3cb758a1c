"""The texts of a record as widgets: prose, Markdown, JSON in colour; hits of a search are marked."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import orjson
from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QWidget

from app.domain.search_words import Terms
from app.ui import kit
from app.ui.kit.code import JsonHighlighter
from app.ui.theme import theme

ONE_LINE = 40  # characters of JSON that stay on one line
SHOWN_CHARACTERS = 8_000  # more is laid out only on demand: a turn may have 2 MB
SHOWN_MARKDOWN = 4_000  # 20 to 40 ms of laying out; the event loop is to go on
MOST_MARKS = 300  # of one text
FENCES = ("```", "~~~")


def opened(text: str) -> Any:
    """The object or list a text stands for as JSON, None when it is other text."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict | list) else None


def pretty(value: Any) -> str:
    """JSON, indented where it is long; text that holds JSON is opened, other text stays."""
    try:
        inner = orjson.loads(value) if isinstance(value, str) else value
        compact = orjson.dumps(inner, default=str)
        if isinstance(value, str) and not isinstance(inner, dict | list):
            return value
        if len(compact) <= ONE_LINE:
            return json.dumps(inner, ensure_ascii=False, default=str)
        return orjson.dumps(inner, option=orjson.OPT_INDENT_2, default=str).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):  # plain words, or nested too deep
        return str(value)


class JsonText(kit.Prose):
    """JSON in the mono font with its values in colour."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text, name, role="code")
        self._colours = JsonHighlighter(self.document())

    def retheme(self) -> None:
        super().retheme()
        if hasattr(self, "_colours"):
            self._colours.rehighlight()


def words(text: str, name: str, *, code: bool = False, markdown: bool = False) -> QWidget:
    """The whole text; a very long one is cut, with a button that brings the rest. Text that is JSON
    is laid out as JSON where it is `code` or read as Markdown."""
    json_ = (code or markdown) and opened(text) is not None
    shown = pretty(text) if json_ else text
    make = _maker(name, json_=json_, code=code, markdown=markdown and bool(text.strip()))
    most = SHOWN_MARKDOWN if markdown and not json_ else SHOWN_CHARACTERS
    prose = make(shown[:most])
    if len(shown) <= most:
        return prose
    rest = f"Show {len(shown) - most:,} more characters"
    more = kit.button(rest, kind="link", small=True)
    holder = kit.holder(kit.column(prose, more, gap=4))

    def show_all() -> None:
        more.hide()
        prose.show_text(broken_lines(shown) if isinstance(prose, kit.Markdown) else shown)

    more.clicked.connect(show_all)
    return holder


def _maker(name: str, *, json_: bool, code: bool, markdown: bool) -> Callable[[str], kit.Prose]:
    if json_:
        return lambda part: JsonText(part, name)
    if markdown and not code:
        return lambda part: kit.Markdown(broken_lines(part), name)
    return lambda part: kit.Prose(part or "(empty)", name, role="code" if code else "body")


def broken_lines(text: str) -> str:
    """Markdown whose lines end where they were written to end: people write chats line by line."""
    lines, fenced = [], False
    for line, below in pairwise([*text.split("\n"), ""]):
        if line.lstrip().startswith(FENCES):
            fenced = not fenced
        breaks = not fenced and line.strip() and below.strip() and not below.startswith(FENCES)
        lines.append(line.rstrip() + "  " if breaks else line)
    return "\n".join(lines)


def mark(view: QTextEdit, terms: Terms) -> bool:
    """Mark the words searched for in a text that is shown; whether there are any."""
    text = view.toPlainText()
    look = QTextCharFormat()
    look.setBackground(theme().color("warn_soft"))
    look.setForeground(theme().color("warn_text"))
    look.setFontUnderline(True)
    selections = []
    for start, end in _places(text, terms.ranges(text)[:MOST_MARKS] if terms else []):
        selection = QTextEdit.ExtraSelection()
        cursor = QTextCursor(view.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        selection.cursor = cursor
        selection.format = look
        selections.append(selection)
    view.setExtraSelections(selections)
    return bool(selections)


def _places(text: str, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges as Qt counts: a character beyond the first 65,536 takes two places."""
    if text.isascii():
        return ranges
    found, at, wide = [], 0, 0
    for start, end in ranges:
        wide += sum(ord(c) > 0xFFFF for c in text[at:start])
        first = start + wide
        wide += sum(ord(c) > 0xFFFF for c in text[start:end])
        at = end
        found.append((first, end + wide))
    return found
