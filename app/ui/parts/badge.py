"""The chip: one or two words on a soft background; not clickable."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.ui.parts.paint import Tone, begin, draw_icon, draw_text, ink_token, soft_token
from app.ui.theme import theme


def badge_size(text: str, icon: str = "") -> QSize:
    """The room a chip needs, in pixels."""
    width = QFontMetricsF(theme().font("label")).horizontalAdvance(text)
    return QSize(round(width) + 14 + (16 if icon else 0), theme().px(20))


def draw_badge(
    painter: QPainter, rect: QRectF, text: str, *, tone: Tone = "muted", icon: str = ""
) -> None:
    begin(painter).setBrush(theme().color(soft_token(tone)))
    painter.drawRoundedRect(rect, 5, 5)
    left = 7.0
    if icon:
        square = QRectF(rect.left() + 6, rect.center().y() - 6, 12, 12)
        draw_icon(painter, icon, square, ink_token(tone))
        left = 22.0
    room = rect.adjusted(left, 0, -5, 0)
    color = theme().color(ink_token(tone))
    draw_text(painter, room, text, font=theme().font("label"), color=color)


def draw_badge_at_left(
    painter: QPainter, room: QRectF, text: str, *, tone: Tone = "muted", icon: str = ""
) -> None:
    """In the middle of a row, no wider than the row."""
    size = badge_size(text, icon)
    top = room.center().y() - size.height() / 2
    chip = QRectF(room.left(), top, min(size.width(), room.width()), size.height())
    draw_badge(painter, chip, text, tone=tone, icon=icon)


class Badge(QWidget):
    """A chip as a widget; `show_text` changes it."""

    def __init__(self, text: str, tone: Tone = "muted", icon: str = "") -> None:
        super().__init__()
        self.show_text(text, tone, icon)

    def show_text(self, text: str, tone: Tone = "muted", icon: str = "") -> None:
        self.text, self.tone, self.icon = text, tone, icon
        self.setAccessibleName(text)
        self.retheme()

    def retheme(self) -> None:
        self.setFixedSize(badge_size(self.text, self.icon))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            draw_badge(painter, QRectF(self.rect()), self.text, tone=self.tone, icon=self.icon)
