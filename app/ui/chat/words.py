"""Text of any length in parts: one that is finished is never laid out again while more comes."""

import re
import time
from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui import kit
from app.ui.chat.links import mentions
from app.ui.kit.markdown import GAP
from app.ui.theme import theme

PART, MOST = 900, 1_800  # characters: laying 900 out again takes 2 to 4 ms, of a table 13
FLUSH_MS = 40  # 25 times a second reads as steady
REST = 3  # times what a flush took, left to everything else
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_GOES_ON = re.compile(r"[\s|>]|([-*+]|\d+[.)])\s")  # a line that belongs to what stands above
_SURE = 8  # characters of a line that has not ended, from which its kind is known


class Cut(NamedTuple):
    """The first part's length; the fence line of code that goes on behind it; whether both parts
    belong together."""

    length: int
    fence: str = ""
    tight: bool = False


def first_cut(text: str, fence: str = "") -> Cut | None:
    """Where the first part of a Markdown text is finished, or None while it may still change.

    Between blocks from PART characters on, at MOST anywhere. What comes later never moves a cut.
    """
    at, blank = 0, False
    for line in text[: 2 * MOST].splitlines(keepends=True):
        known = line.endswith("\n") or len(line) >= _SURE
        if at >= PART and blank and known and not fence and not _GOES_ON.match(line):
            return Cut(at)
        if at + len(line) > MOST:
            return Cut(at if at >= PART else _within(text), fence, tight=True)
        fence = _after(line, fence)
        blank = not line.strip()
        at += len(line)
    return None


def plain_cut(text: str) -> Cut | None:
    """The same for text without markup: behind a line where there is one."""
    if len(text) <= MOST:
        return None
    line = text.rfind("\n", PART, MOST)
    return Cut(line + 1 if line > 0 else _within(text), tight=True)


def _within(text: str) -> int:
    """A place in a long line: behind a space where there is one."""
    space = text.rfind(" ", PART, MOST)
    return space + 1 if space > 0 else MOST


def _after(line: str, fence: str) -> str:
    """The fence that is open after a line."""
    found = _FENCE.match(line)
    if found is None:
        return fence
    if not fence:
        return line.rstrip("\n")
    same = found[1].startswith(_mark(fence)) and not found[2].strip()
    return "" if same else fence


def _mark(fence: str) -> str:
    bare = fence.strip()
    return bare[: len(bare) - len(bare.lstrip(bare[0]))]


class Linked(kit.Markdown):
    """The assistant's Markdown; `on_link` is called with the address that was clicked."""

    def __init__(self, text: str, name: str, on_link: Callable[[QUrl], object]) -> None:
        self._on_link = on_link
        super().__init__(text, name)

    def links(self, words: str) -> list[tuple[int, int, str]]:
        return list(mentions(words))

    def follow(self, url: QUrl) -> None:
        self._on_link(url)


class Words(QWidget):
    """A text as a column of parts, each made by `make(text)`; of a long one some in later turns.

    With `markdown`, code that is cut stays code on both sides.
    """

    def __init__(self, text: str, make: Callable[[str], kit.Prose], *, markdown: bool) -> None:
        super().__init__()
        self._make, self._markdown = make, markdown
        self.text, self._done, self._fence, self._tight = text, 0, "", False
        self._tail: kit.Prose | None = None
        self._pause = FLUSH_MS
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._flush)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(0)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._go_on()

    @property
    def parts(self) -> list[kit.Prose]:
        """What is drawn so far, top to bottom."""
        items = [self._column.itemAt(n) for n in range(self._column.count())]
        found = [item.widget() for item in items if item is not None]
        return [part for part in found if isinstance(part, kit.Prose)]

    @property
    def is_whole(self) -> bool:
        """Whether nothing waits for a later turn."""
        return self._tail is not None

    @property
    def drawn(self) -> str:
        """The words on the screen, as they stand there."""
        return "\n".join(part.toPlainText() for part in self.parts)

    def add(self, text: str) -> None:
        """More words; drawn together with those that come within the same moment."""
        self.text = self.text + text if self.text else text.lstrip()
        if not self._timer.isActive():
            self._timer.start(self._pause)

    def end(self, text: str) -> None:
        """All of it is there. What was drawn and still holds is left as it is."""
        self._timer.stop()
        if self.text[: self._done] != text[: self._done]:
            kit.clear(self._column)
            self._done, self._fence, self._tight, self._tail = 0, "", False, None
        self.text = text
        self._go_on()

    def _flush(self) -> None:
        started = time.monotonic()
        self._go_on()
        took = 1000 * (time.monotonic() - started)
        self._pause = max(FLUSH_MS, round(REST * took))

    def _go_on(self) -> None:
        """Draw one part; where more are there already, the next one in a later turn."""
        rest = self.text[self._done : self._done + 2 * MOST]
        cut = first_cut(rest, self._fence) if self._markdown else plain_cut(rest)
        if cut is None:
            self._show_tail(self._opened(rest))
            return
        part = self._opened(rest[: cut.length])
        self._show_tail(f"{part.rstrip()}\n{_mark(cut.fence)}" if cut.fence else part)
        self._tail = None
        self._done += cut.length
        self._fence, self._tight = cut.fence, cut.tight
        kit.in_turn(self, self._go_on)

    def _opened(self, text: str) -> str:
        return f"{self._fence}\n{text}" if self._fence else text

    def _show_tail(self, text: str) -> None:
        if self._tail is not None:
            self._tail.show_text(text)
        elif text or not self._done:
            if self._done and not self._tight:
                self._column.addSpacing(theme().px(GAP))
            self._tail = self._make(text)
            self._column.addWidget(self._tail)
            self._tail.show()
