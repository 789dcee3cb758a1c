"""Labels and icons. Text is shown as text: markup in a record's words is never interpreted."""

from html import escape
from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app.ui.parts.paint import Tone
from app.ui.theme import theme

Role = Literal["display", "h1", "h2", "body", "strong", "small", "label", "figure", "code"]


def label(
    text: str,
    role: Role = "body",
    tone: Tone = "",
    *,
    wrap: bool = False,
    markdown: bool = False,
    select: bool = False,
) -> QLabel:
    """A line of text in one of the type roles; `wrap` for sentences, `select` to let it be copied."""
    widget = QLabel(text)
    widget.setTextFormat(Qt.TextFormat.MarkdownText if markdown else Qt.TextFormat.PlainText)
    widget.setProperty("role", role)
    widget.setProperty("tone", tone)
    if wrap:
        widget.setWordWrap(True)
        widget.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    if select:
        widget.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role == "code":
        widget.setFont(theme().font("code"))
    return widget


def restyle(widget: QWidget, **properties: object) -> None:
    """Change style properties of a widget that is already shown (`tone="warn"`)."""
    for name, value in properties.items():
        widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


class IconLabel(QLabel):
    """An icon that stands beside words and follows the theme; the words carry the meaning."""

    def __init__(self, name: str, color: str = "text_2", size: int = 16) -> None:
        super().__init__()
        self._size = size
        self.setFixedSize(size, size)
        self.show_icon(name, color)

    def show_icon(self, name: str, color: str = "text_2") -> None:
        self._name, self._color = name, color
        self.retheme()

    def retheme(self) -> None:
        square = QSize(self._size, self._size)
        icon = theme().icon(self._name, self._color)
        self.setPixmap(icon.pixmap(square, self.devicePixelRatioF()))


def tip(text: str) -> str:
    """Words from data as a tooltip: wrapped, and its markup shown as text."""
    return f"<span>{escape(text)}</span>" if text else ""
