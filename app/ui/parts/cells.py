"""Table cells drawn by hand: a chip, a bar, a number, two lines; plain text stays Qt's own."""

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.ui.parts.badge import draw_badge_at_left
from app.ui.parts.paint import RIGHT, Tone, draw_bar, draw_text, ink_token
from app.ui.theme import theme

CELL = Qt.ItemDataRole.UserRole
"""The model role that holds a Cell; an item without one is drawn by Qt."""


@dataclass(frozen=True)
class BadgeCell:
    text: str
    tone: Tone = "muted"
    icon: str = ""


@dataclass(frozen=True)
class BarCell:
    """A length from 0 to 1 with a tick at `target`; `add` is planned and only outlined.

    `words` say what it stands for where that is not the length in percent.
    """

    value: float
    target: float | None = None
    tone: Tone = "accent"
    add: float = 0.0
    words: str = ""

    @property
    def text(self) -> str:
        return self.words or f"{self.value * 100:.0f} %"


@dataclass(frozen=True)
class NumberCell:
    """Right-aligned; the text is formatted by the caller (`2,714`, `0.41`, `error`)."""

    text: str
    tone: Tone = ""
    strong: bool = False


@dataclass(frozen=True)
class TwoLineCell:
    """`marks` are stretches of `text` (start, end) that were searched for; the record list lights
    them."""

    text: str
    sub: str
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class PlainCell:
    """One line at the left."""

    text: str
    tone: Tone = ""


Cell = BadgeCell | BarCell | NumberCell | PlainCell | TwoLineCell
Index = QModelIndex | QPersistentModelIndex


class CellDelegate(QStyledItemDelegate):
    """Draws the Cell that an index holds under the role CELL."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        tall = isinstance(index.data(CELL), TwoLineCell)
        return QSize(60, theme().px(46 if tall else 32))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell = index.data(CELL)
        if not isinstance(cell, Cell):
            super().paint(painter, option, index)
            return
        self.initStyleOption(option, index)
        option.text = ""
        widget = option.widget
        widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, widget)
        painter.save()
        draw_cell(painter, QRectF(option.rect).adjusted(8, 0, -8, -1), cell)
        painter.restore()


def draw_cell(painter: QPainter, rect: QRectF, cell: Cell) -> None:
    """Paint a cell within its row."""
    look = theme()
    match cell:
        case BadgeCell(text="") | NumberCell(text="") | PlainCell(text=""):
            pass
        case BadgeCell(text, tone, icon):
            draw_badge_at_left(painter, rect, text, tone=tone, icon=icon)
        case BarCell(value, target, tone, add, _):
            bar = QRectF(rect.left(), rect.center().y() - 3, rect.width(), 6)
            draw_bar(painter, bar, value, target=target, tone=tone, add=add)
        case NumberCell(text, tone, strong):
            font = look.font("body", 600 if strong else 400)
            color = look.color(ink_token(tone))
            draw_text(painter, rect, text, font=font, color=color, flags=RIGHT)
        case PlainCell(text, tone):
            color = look.color(ink_token(tone))
            draw_text(painter, rect, text, font=look.font("body", 400), color=color)
        case TwoLineCell(text, sub):
            top = 5 if sub else (rect.height() - look.px(18)) / 2
            line = QRectF(rect.left(), rect.top() + top, rect.width(), look.px(18))
            draw_text(painter, line, text, font=look.font("body", 500), color=look.color("text"))
            below = QRectF(rect.left(), line.bottom(), rect.width(), look.px(16))
            draw_text(painter, below, sub, font=look.font("label", 400), color=look.color("text_3"))
