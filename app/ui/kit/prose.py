"""Text of any length and any words, whole: wraps inside long words, can be selected and copied."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser

from app.ui.kit.text import Role
from app.ui.theme import theme


class Prose(QTextBrowser):
    """As tall as its text. A QLabel wraps at spaces only, so one long address would burst it."""

    def __init__(self, text: str, name: str, *, role: Role = "body") -> None:
        super().__init__()
        self._role = role
        self.setProperty("role", "plain")
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # not a stop of Tab: a chat has hundreds
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(0)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        self.setPlainText(text)
        self.retheme()

    def retheme(self) -> None:
        self.setFont(theme().font(self._role))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the panel scrolls

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.maximumHeight())

    def _fit(self) -> None:
        self.document().setTextWidth(self.viewport().width())
        self.setFixedHeight(round(self.document().size().height() + 0.5))
        # Within a resize Qt does not lay the viewport out again: the last line would be cut.
        self.setViewportMargins(0, 0, 0, 0)
