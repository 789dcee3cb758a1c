"""Frames that act like buttons, and lines that are cut to their room."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel

from app.ui.kit.text import Role, tip
from app.ui.parts.paint import Tone


class Clickable(QFrame):
    """A frame that acts like a button: click, Return, Space."""

    clicked = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()


class ElidedLabel(QLabel):
    """One line that is cut to its room, whole in the tooltip: names may be 500 characters long."""

    def __init__(self, text: str, role: Role = "body", tone: Tone = "") -> None:
        super().__init__()
        self.setProperty("role", role)
        self.setProperty("tone", tone)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(10)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        self.full_text = " ".join(text.split())
        self.setAccessibleName(self.full_text)
        self.setToolTip(tip(self.full_text))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        elide = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(self.full_text, elide, max(10, self.width())))
