"""The states of a panel that is not well yet: an error, and reading."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from app.ui.kit.buttons import button, tool_button
from app.ui.kit.layout import column, row
from app.ui.kit.text import IconLabel, label
from app.ui.parts.paint import begin, draw_text
from app.ui.theme import theme

WORDS_AFTER_MS = 300  # before that a word would only flicker


class ErrorBanner(QFrame):
    """What happened, to which thing, what to do; the technical details are folded.

    `dismissed` tells that the user has read it; whoever put it there takes it away.
    """

    dismissed = Signal()

    def __init__(self, text: str, *, details: str = "", retry: Callable[[], object] | None = None):
        super().__init__()
        self.setProperty("role", "banner")
        self.setProperty("tone", "bad")
        self.setAccessibleName(f"Error: {text}")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._details = label(details, "code", "muted", wrap=True, select=True)
        self._details.hide()
        more = button("Details", self._toggle, kind="ghost", small=True)
        more.setVisible(bool(details))
        again = [button("Try again", retry, small=True)] if retry else []
        self.text = label(text, wrap=True, select=True)
        icon = IconLabel("warning-octagon", "bad_text")
        close = tool_button("x", "Dismiss", self.dismissed.emit)
        line = row(icon, (self.text, 1), more, *again, close, gap=10)
        self.setLayout(column(line, self._details, gap=6, margin=(12, 8, 8, 8)))

    def _toggle(self) -> None:
        self._details.setVisible(not self._details.isVisible())


class Skeleton(QWidget):
    """Rows in place of what is being read; after 300 ms the words say how far it is."""

    def __init__(self, rows: int = 6, text: str = "Reading") -> None:
        super().__init__()
        self._rows, self._shows_text = rows, False
        self.setMinimumHeight(theme().px(32) * (rows + 1))
        self.show_progress(text)
        QTimer.singleShot(WORDS_AFTER_MS, self, self._show_text)

    def show_progress(self, text: str) -> None:
        """For example `Reading 12,400 of 90,000`."""
        self.text = text
        self.setAccessibleName(text)
        self.update()

    def _show_text(self) -> None:
        self._shows_text = True
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look, height = theme(), theme().px(32)
        with QPainter(self) as painter:
            for index in range(self._rows):
                share = 0.9 - 0.13 * (index * 7 % 5)
                rect = QRectF(
                    12, (index + 1) * height + 10, (self.width() - 24) * share, height - 20
                )
                begin(painter).setBrush(look.color("border", 0.6))
                painter.drawRoundedRect(rect, 4, 4)
            if self._shows_text:
                line = QRectF(12, 0, self.width() - 24, height)
                font, color = look.font("small"), look.color("text_2")
                draw_text(painter, line, self.text, font=font, color=color)
