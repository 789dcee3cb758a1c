"""What the painted parts share: tones, elided text, icons and the bar; no widget."""

from typing import Literal

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from app.ui.theme import theme

Tone = Literal["", "good", "warn", "bad", "info", "accent", "muted", "faint"]
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter
FILL = {"muted": "text_3", "faint": "text_3", "": "text"}
INK = {"muted": "text_2", "faint": "text_3", "": "text"}


def fill_token(tone: Tone) -> str:
    """The token of a mark (bar, point, line) in this tone."""
    return FILL.get(tone, tone)


def ink_token(tone: Tone) -> str:
    """The token of text in this tone."""
    return INK.get(tone, f"{tone}_text")


def soft_token(tone: Tone) -> str:
    """The token of a quiet background in this tone."""
    return "sunken" if tone in INK else f"{tone}_soft"


def begin(painter: QPainter) -> QPainter:
    """Smooth edges, no outline."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    return painter


def draw_text(
    painter: QPainter,
    rect: QRectF,
    text: str,
    *,
    font: QFont,
    color: QColor,
    flags: Qt.AlignmentFlag = LEFT,
) -> None:
    """One line, cut with an ellipsis where it does not fit."""
    painter.setFont(font)
    painter.setPen(color)
    room = rect.width() + 0.5
    shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
    painter.drawText(rect, int(flags), shown)


def draw_icon(painter: QPainter, name: str, rect: QRectF, color: str) -> None:
    theme().icon(name, color).paint(painter, rect.toAlignedRect())


def draw_bar(
    painter: QPainter,
    rect: QRectF,
    value: float,
    *,
    target: float | None = None,
    tone: Tone = "accent",
    add: float = 0.0,
) -> None:
    """A share (0 to 1) with its target tick; `add`, the planned part, is outlined, not filled."""
    begin(painter)
    painter.setBrush(theme().color("border"))
    painter.drawRoundedRect(rect, 2, 2)
    painter.setBrush(theme().color(fill_token(tone)))
    width = rect.width() * min(1.0, max(0.0, value))
    if width > 0:
        filled = QRectF(rect.left(), rect.top(), max(3.0, width), rect.height())
        painter.drawRoundedRect(filled, 2, 2)
    if add > 0:
        painter.setBrush(theme().color("accent_soft"))
        painter.setPen(QPen(theme().color("accent"), 1))
        length = max(3.0, rect.width() * min(add, max(0.0, 1 - value)) - 1)
        left = min(rect.left() + width + 1.5, rect.right() - length)
        painter.drawRect(QRectF(left, rect.top() + 0.5, length, rect.height() - 1))
    if target is not None:
        x = rect.left() + rect.width() * min(1.0, target)
        painter.fillRect(QRectF(x - 1, rect.top() - 3, 2, rect.height() + 6), theme().color("text"))
