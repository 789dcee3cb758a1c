"""Finding something in the conversation: a line, the places where the words stand, and one of them."""

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from app.agent.conversation import Found
from app.jobs import Jobs
from app.ui import kit

MOST = 50  # places listed; more words narrow it
AFTER_MS = 200  # after the last key
HEADING = re.compile(r"^#+ ")  # of Markdown, which one line cannot show
Find = Callable[[str, int], Awaitable[Sequence[Found]]]


class SearchLine(QWidget):
    """The line above the conversation. `closed` on Escape, `found` with the places for its words."""

    closed = Signal()
    found = Signal(str, list)

    def __init__(self, jobs: Jobs, find: Find) -> None:
        super().__init__()
        self._jobs, self._find = jobs, find
        self.line = kit.search_box("Search the conversation", lambda text: self._timer.start())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AFTER_MS)
        self._timer.timeout.connect(self._ask)
        self.line.returnPressed.connect(self._ask)
        close = kit.tool_button("x", "Close the search (Esc)", self.closed.emit)
        self.setLayout(kit.row((self.line, 1), close, gap=4, margin=(16, 0, 8, 6)))

    def open(self) -> None:
        """Show the line, its words ready to be replaced."""
        self.show()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _ask(self) -> None:
        self._timer.stop()
        self._jobs.start(self._search(self.line.text()))

    async def _search(self, text: str) -> None:
        places = list(await self._find(text, MOST))
        if self.isVisible() and text == self.line.text():  # else more was typed meanwhile
            self.found.emit(text, places)


class Hit(kit.Clickable):
    """One place: when, who, and the words around."""

    def __init__(self, place: Found) -> None:
        when, who = dated(place.at), place.who.capitalize()
        super().__init__(f"{when}, {who}: {place.excerpt}")
        self.setProperty("role", "item")
        self.place = place
        head = kit.row(kit.label(who, "small"), None, kit.label(when, "small", "faint"))
        words = kit.ElidedLabel(HEADING.sub("", place.excerpt), "small", "muted")
        self.setLayout(kit.column(head, words, gap=2, margin=(10, 6, 10, 6)))


class Hits(QWidget):
    """The places found. `chosen` carries one."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._rows = kit.Refill(gap=2)
        self._said = kit.label("", "small", "muted", wrap=True)
        body = QWidget()
        body.setLayout(kit.column(self._said, self._rows, None, gap=6, margin=(8, 4, 8, 8)))
        area = kit.scroll(body)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setLayout(kit.column(area, gap=0))

    @property
    def hits(self) -> list[Hit]:
        return [hit for hit in self.findChildren(Hit) if not hit.isHidden()]

    def show_places(self, text: str, places: Sequence[Found]) -> None:
        """List them, the newest first; said where there is none or where there may be more."""
        many = f"The newest {MOST} places with “{text}”." if len(places) == MOST else ""
        none = f"“{text}” stands nowhere in this conversation."
        self._said.setText(many if places else none)
        self._said.setVisible(bool(many) or not places)
        self._rows.show_in_turns(*(partial(self._hit, place) for place in places))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    def _hit(self, place: Found) -> Hit:
        hit = Hit(place)
        hit.clicked.connect(lambda: self.chosen.emit(place))
        return hit


def dated(at: float) -> str:
    """12 Nov 2026, 14:03, in local time."""
    return time.strftime("%d %b %Y, %H:%M", time.localtime(at)).lstrip("0")
