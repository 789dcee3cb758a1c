"""The line in which records are filtered: completions as one types, the wrong word underlined."""

from collections.abc import Callable

from PySide6.QtCore import QRect, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCompleter, QListView

from app.domain.query import Completion, complete
from app.ui.kit.inputs import SearchBox
from app.ui.theme import theme

APPLY_AFTER_MS = 250  # after the last key
OFFERED = 12
TIP = (
    'Words search the text; "some words" stand together; -word leaves out. Filters: '
    "topic:billing  is:invalid  split:test  issue:duplicate  source:generated  tag:vip  has:tools  "
    "sensitive:email  score<0.5  tokens:100..200  length>2000  probability<0.6"
)


class FilterLine(SearchBox):
    """`applied` carries the line after a pause, or at once with Return."""

    applied = Signal(str)

    def __init__(self) -> None:
        super().__init__("Search records")
        self.setAccessibleName("Filter records")
        self.setAccessibleDescription(TIP)
        self.setToolTip(TIP)
        self.names: Callable[[], dict[str, tuple[str, ...]]] = dict
        self.wrong: tuple[int, int] | None = None
        self._offers: list[Completion] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(APPLY_AFTER_MS)
        self._timer.timeout.connect(self.apply)
        self._make_popup()
        self.textEdited.connect(self._edited)
        self.textChanged.connect(self._changed)
        self.returnPressed.connect(self.apply)

    @property
    def waiting(self) -> bool:
        """Whether what was typed is not applied yet: no refresh may replace it."""
        return self._timer.isActive()

    def show_line(self, line: str) -> None:
        """Put a line there that others wrote, unless the same is there or one is being typed."""
        if not self.waiting and line.split() != self.text().split():
            blocked = self.blockSignals(True)
            self.setText(line)
            self.blockSignals(blocked)
            self.mark(None)

    def mark(self, wrong: tuple[int, int] | None) -> None:
        """Underline the characters from..to as not understood; None for nothing."""
        self.wrong = wrong
        self.update()

    def apply(self) -> None:
        """Tell the line as it is now."""
        self._timer.stop()
        self.applied.emit(self.text().strip())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.wrong is None:
            return
        start, end = self.wrong
        left, right = self._x_of(start), self._x_of(end)
        inside = self._inside()
        left, right = max(left, inside.left()), min(right, inside.right())
        if right > left:
            with QPainter(self) as painter:
                painter.setPen(QPen(theme().color("bad"), 2, Qt.PenStyle.DotLine))
                y = inside.center().y() + self.fontMetrics().height() // 2 + 1
                painter.drawLine(left, y, right, y)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._popup.hide()

    def _make_popup(self) -> None:
        self._words = QStringListModel(self)
        self._completer = QCompleter(self._words, self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setMaxVisibleItems(OFFERED)
        self._completer.setWidget(self)
        self._popup = popup = QListView()
        popup.setAccessibleName("Suggestions")
        popup.setProperty("role", "popup")
        self._completer.setPopup(popup)
        self._completer.activated.connect(self._take)

    def _edited(self) -> None:
        self._timer.start()
        self.offer()

    def _changed(self, text: str) -> None:
        """The clear button edits too, but says only that the text changed."""
        self.mark(None)
        if not text:
            self._timer.start()

    def offer(self) -> None:
        """Show what could stand at the cursor, best first."""
        at = self.cursorPosition()
        found = complete(self.text(), at, self.names())
        typed = self.text()[:at]
        begun = bool(typed) and not typed[-1].isspace()
        # A whole word is no beginning: "is:valid" typed out needs no list that says so.
        rest = [c for c in found if c.text != self.text()[c.start : c.end]]
        self._offers = rest[:OFFERED] if begun else []
        if not self._offers:
            self._popup.hide()
            return
        self._words.setStringList([c.text for c in self._offers])
        width = max(self.fontMetrics().horizontalAdvance(c.text) for c in self._offers)
        left = self._x_of(self._offers[0].start)
        self._completer.complete(QRect(left - 12, 0, width + 60, self.height() + 2))

    def _take(self, text: str) -> None:
        chosen = next((c for c in self._offers if c.text == text), None)
        if chosen is None:
            return
        line = self.text()
        open_end = text.endswith(":") or (text[-1].isalpha() and ":" not in text)
        follows = "" if open_end or line[chosen.end :].startswith(" ") else " "
        self.setText(line[: chosen.start] + text + follows + line[chosen.end :])
        self.setCursorPosition(chosen.start + len(text + follows))
        self._timer.start()
        if text.endswith(":"):  # the values come next; the popup is only closing now
            QTimer.singleShot(0, self, self.offer)

    def _x_of(self, position: int) -> int:
        """Where a character stands; the line scrolls, so it is reckoned from the cursor."""
        metrics = self.fontMetrics()
        cursor = self.cursorRect().center().x()
        before = metrics.horizontalAdvance(self.text()[: self.cursorPosition()])
        return int(cursor - before + metrics.horizontalAdvance(self.text()[:position]))

    def _inside(self) -> QRect:
        """Where text is seen: between the lens and the button that clears."""
        return self.rect().adjusted(30, 0, -28, 0)
