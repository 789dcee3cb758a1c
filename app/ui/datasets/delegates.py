"""How a dataset is drawn: as a card on the start page, as a line in the sidebar; edited in place.

Drawn, not built of widgets: two hundred cards cost what the visible ones cost.
"""

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.store.library import DatasetInfo
from app.ui import kit
from app.ui.datasets.model import INFO, OPEN, status, when
from app.ui.parts.badge import badge_size, draw_badge
from app.ui.parts.bars import SEGMENT, draw_steps
from app.ui.parts.paint import RIGHT, draw_icon, draw_text
from app.ui.theme import theme

Index = QModelIndex | QPersistentModelIndex
CARD_WIDTH, CARD_HEIGHT, GAP = 250, 104, 12  # the least a card needs, its height, and between two
LINE_HEIGHT, LINE_GAP = 50, 2
MORE = 24  # pixels of the button that opens a card's menu
State = QStyle.StateFlag


class DatasetDelegate(QStyledItemDelegate):
    """What both have in common: the name's place, and the editor there."""

    def frame(self, rect: QRectF) -> QRectF:
        """The card or line within its cell."""
        raise NotImplementedError

    def name_rect(self, rect: QRectF) -> QRectF:
        """Where the name stands within the cell."""
        raise NotImplementedError

    def more_rect(self, rect: QRectF) -> QRectF:
        """Where a click opens the menu; empty where there is no such place."""
        return QRectF()

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> QLineEdit:
        editor = kit.line_edit(f"New name of {index.data()}")
        editor.setParent(parent)
        return editor

    def _placed(self, editor: QWidget, rect: QRectF) -> None:
        place = self.name_rect(rect)
        height = theme().px(28)
        editor.setGeometry(
            round(place.left() - 8),
            round(place.center().y() - height / 2),
            round(place.width() + 8),
            height,
        )

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        self._placed(editor, QRectF(option.rect))

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Only when it is opened: what is typed outlives a reading of the library."""
        assert isinstance(editor, QLineEdit)
        if not editor.isModified():
            editor.setText(index.data(Qt.ItemDataRole.EditRole))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        model.setData(index, editor.text())


class CardDelegate(DatasetDelegate):
    """A card of its own width in a grid of `columns`."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self.columns = 1
        self._view = view

    def cell(self) -> QSize:
        """The size of a grid's cell. Qt wraps a row that takes the very last pixel of the view."""
        width = self._view.viewport().width() - 2
        return QSize(width // self.columns, theme().px(CARD_HEIGHT) + GAP)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self.cell()

    def frame(self, rect: QRectF) -> QRectF:
        """The gaps stand between the cards, not at the sides."""
        width = (self._view.viewport().width() - GAP * (self.columns - 1)) / self.columns
        column = round(rect.left() / max(1, self.cell().width()))
        return QRectF(column * (width + GAP), rect.top(), width, rect.height() - GAP)

    def name_rect(self, rect: QRectF) -> QRectF:
        card = self.frame(rect)
        return QRectF(card.left() + 14, card.top() + 10, card.width() - 52, theme().px(20))

    def more_rect(self, rect: QRectF) -> QRectF:
        card = self.frame(rect)
        top = self.name_rect(rect).center().y() - MORE / 2
        return QRectF(card.right() - MORE - 12, top, MORE, MORE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        rect, info = QRectF(option.rect), index.data(INFO)
        face = _face(option)
        _draw_frame(painter, self.frame(rect), face)
        if option.state & State.State_HasFocus:
            _draw_ring(painter, self.frame(rect))
        _draw_name(painter, self.name_rect(rect), info.name, strong=True)
        draw_icon(painter, "dots-three", self.more_rect(rect).adjusted(4, 4, -4, -4), "text_2")
        self._draw_facts(painter, self.frame(rect), info)
        painter.restore()

    def _draw_facts(self, painter: QPainter, card: QRectF, info: DatasetInfo) -> None:
        look = theme()
        middle = QRectF(card.left() + 14, 0, card.width() - 28, look.px(18))
        middle.moveTop(card.top() + look.px(42))
        steps = QRectF(middle.left(), middle.center().y() - 4, 7 * SEGMENT, 8)
        draw_steps(painter, steps, info.steps)
        done = f"{info.steps.count('d')} of {len(info.steps)} steps"
        font, color = look.font("small"), look.color("text_2")
        draw_text(painter, middle, done, font=font, color=color, flags=RIGHT)
        words, tone = status(info)
        foot = middle.translated(0, look.px(28))
        chip = badge_size(words)
        size = f"{info.records:,} · {when(info.opened)}"
        room = foot.width() - painter.fontMetrics().horizontalAdvance(size) - 12
        height = chip.height()
        place = QRectF(foot.left(), foot.center().y() - height / 2, min(chip.width(), room), height)
        draw_badge(painter, place, words, tone=tone)  # type: ignore[arg-type]  # library's word
        draw_text(painter, foot, size, font=font, color=color, flags=RIGHT)


class LineDelegate(DatasetDelegate):
    """Name, then step dots and number of records; the open one stands on a soft block."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, theme().px(LINE_HEIGHT) + LINE_GAP)

    def frame(self, rect: QRectF) -> QRectF:
        return rect.adjusted(0, 0, 0, -LINE_GAP)

    def name_rect(self, rect: QRectF) -> QRectF:
        return QRectF(rect.left() + 10, rect.top() + 5, rect.width() - 20, theme().px(20))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        rect, info, is_open = QRectF(option.rect), index.data(INFO), index.data(OPEN)
        face = "accent_soft" if is_open else _face(option)
        _draw_frame(painter, self.frame(rect), face, border=False)
        if option.state & State.State_HasFocus:
            _draw_ring(painter, self.frame(rect))
        name = self.name_rect(rect)
        _draw_name(painter, name, info.name, strong=bool(is_open))
        below = name.translated(0, theme().px(20))
        steps = QRectF(below.left(), below.center().y() - 4, 7 * SEGMENT, 8)
        draw_steps(painter, steps, info.steps)
        font, color = theme().font("small"), theme().color("text_2")
        count = f"{info.records:,}"
        draw_text(painter, below, count, font=font, color=color, flags=RIGHT)
        painter.restore()


def _face(option: QStyleOptionViewItem) -> str:
    """The token of the background: a pressed or pointed-at one is told by it."""
    return "hover" if option.state & State.State_MouseOver else "surface"


def _draw_frame(painter: QPainter, rect: QRectF, face: str, *, border: bool = True) -> None:
    look = theme()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(look.color(face))
    painter.setPen(QPen(look.color("border"), 1) if border else Qt.PenStyle.NoPen)
    radius = look.radius["card"]
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)


def _draw_ring(painter: QPainter, rect: QRectF) -> None:
    """The focus ring, 2 px, inside, so that nothing moves."""
    look = theme()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(look.color("focus"), 2))
    radius = look.radius["card"]
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), radius, radius)


def _draw_name(painter: QPainter, rect: QRectF, name: str, *, strong: bool) -> None:
    font = theme().font("strong" if strong else "body")
    draw_text(painter, rect, " ".join(name.split()), font=font, color=theme().color("text"))
