"""Where a message is written: several lines, Return sends, Up brings the last one back."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy

from app.ui.theme import theme

LINES = 6  # it grows to these, then scrolls
PADDING = 6  # pixels above and below the words


class Composer(QPlainTextEdit):
    """Shift or Alt with Return begin a line. What is blank is never `submitted`; Escape cancels."""

    submitted = Signal(str)
    cancelled = Signal()
    changed = Signal()

    def __init__(self, name: str, *, placeholder: str = "", text: str = "") -> None:
        super().__init__()
        self.last = ""  # what Up brings back
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(PADDING)
        self.setPlainText(text)
        self.document().documentLayout().documentSizeChanged.connect(lambda _: self._fit())
        self.textChanged.connect(self.changed)
        self._fit()

    def text(self) -> str:
        return self.toPlainText()

    def take(self, text: str) -> None:
        """Show these words with the cursor behind them."""
        self.setPlainText(text)
        self.moveCursor(self.textCursor().MoveOperation.End)

    def submit(self) -> None:
        """Send what is written, if it is more than space."""
        if self.text().strip():
            self.submitted.emit(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = event.modifiers()
        newline = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if held & newline:
                self.textCursor().insertBlock()
                self.ensureCursorVisible()
            else:
                self.submit()
        elif event.key() == Qt.Key.Key_Up and not self.text() and self.last:
            self.take(self.last)
        elif event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(120, self.minimumHeight())

    def retheme(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """As tall as its lines, up to LINES."""
        line = QFontMetrics(theme().font("body")).lineSpacing()
        lines = min(LINES, max(1, round(self.document().size().height())))
        scrolls = self.document().size().height() > LINES
        always = Qt.ScrollBarPolicy.ScrollBarAsNeeded if scrolls else self._never
        self.setVerticalScrollBarPolicy(always)
        least = theme().px(32)
        self.document().setDocumentMargin(max(PADDING, (least - line - 4) // 2))
        margin = round(2 * self.document().documentMargin())
        self.setFixedHeight(max(least, lines * line + margin + 4))

    @property
    def _never(self) -> Qt.ScrollBarPolicy:
        return Qt.ScrollBarPolicy.ScrollBarAlwaysOff
