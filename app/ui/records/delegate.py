"""Paints the record list itself: through the style sheet every cell costs several times as much.

Fonts, metrics and colours are kept for the theme in use; making them was half of the time.
"""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.ui.parts import CELL, BadgeCell, Cell, NumberCell, PlainCell, TwoLineCell
from app.ui.parts.badge import draw_badge_at_left
from app.ui.parts.cells import Index
from app.ui.parts.paint import LEFT, RIGHT, ink_token
from app.ui.theme import Theme, theme

PAD = 8
State = QStyle.StateFlag
Elide = Qt.TextElideMode.ElideRight


class Look:
    """What painting needs of a theme, made once."""

    def __init__(self, look: Theme) -> None:
        self.theme = look
        self.body, self.strong = look.font("body", 400), look.font("body", 500)
        self.label = look.font("label", 400)
        self._metrics: dict[int, QFontMetricsF] = {}
        self._colors: dict[str, QColor] = {}
        self.line, self.under = look.px(18), look.px(16)

    def color(self, name: str) -> QColor:
        if name not in self._colors:
            self._colors[name] = self.theme.color(name)
        return self._colors[name]

    def metrics(self, font: QFont) -> QFontMetricsF:
        found = self._metrics.get(id(font))
        if found is None:
            found = self._metrics[id(font)] = QFontMetricsF(font)
        return found


class RecordDelegate(QStyledItemDelegate):
    """Draws the Cells of the record list and the row's state."""

    _look: Look | None = None

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(60, theme().px(46))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell: Cell = index.data(CELL)
        look = self._look
        if look is None or look.theme is not theme():
            look = self._look = Look(theme())
        rect, state = option.rect, option.state
        if state & State.State_Selected:
            painter.fillRect(rect, look.color("selected"))
        elif state & State.State_MouseOver:
            painter.fillRect(rect, look.color("hover"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), look.color("border"))
        painter.save()
        if state & State.State_HasFocus:
            painter.setPen(look.color("focus"))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        _draw(painter, QRectF(rect).adjusted(PAD, 0, -PAD, -1), cell, look)
        painter.restore()


def _draw(painter: QPainter, rect: QRectF, cell: Cell, look: Look) -> None:
    match cell:
        case BadgeCell(text="") | NumberCell(text="") | PlainCell(text=""):
            pass
        case BadgeCell(text, tone, icon):
            draw_badge_at_left(painter, rect, text, tone=tone, icon=icon)
        case NumberCell(text, tone):
            _text(painter, rect, text, look, look.body, ink_token(tone), RIGHT)
        case PlainCell(text, tone):
            _text(painter, rect, text, look, look.body, ink_token(tone), LEFT)
        case TwoLineCell(text, sub, marks):
            top = 5 if sub else (rect.height() - look.line) / 2
            line = QRectF(rect.left(), rect.top() + top, rect.width(), look.line)
            if marks:
                _marks(painter, line, text, marks, look)
            _text(painter, line, text, look, look.strong, "text", LEFT)
            if sub:
                below = QRectF(rect.left(), line.bottom(), rect.width(), look.under)
                _text(painter, below, sub, look, look.label, "text_3", LEFT)


def _text(
    painter: QPainter,
    rect: QRectF,
    text: str,
    look: Look,
    font: QFont,
    color: str,
    flags: Qt.AlignmentFlag,
) -> None:
    painter.setFont(font)
    painter.setPen(look.color(color))
    shown = look.metrics(font).elidedText(text, Elide, rect.width() + 0.5)
    painter.drawText(rect, int(flags), shown)


def _marks(
    painter: QPainter, line: QRectF, text: str, marks: tuple[tuple[int, int], ...], look: Look
) -> None:
    """A soft ground under the words searched for, as far as the line goes."""
    metrics = look.metrics(look.strong)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.color("warn_soft"))
    for start, end in marks:
        left = line.left() + metrics.horizontalAdvance(text[:start]) - 1
        room = line.right() - left
        if room > 0:
            width = min(metrics.horizontalAdvance(text[start:end]) + 2, room)
            painter.drawRoundedRect(QRectF(left, line.top() + 1, width, line.height() - 1), 3, 3)
