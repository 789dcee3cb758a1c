"""The connections as a list: name, model, and chips for the roles each one has; drawn."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from app.ui import kit
from app.ui.parts.badge import badge_size, draw_badge_at_left
from app.ui.parts.paint import draw_text
from app.ui.theme import theme

ROW = Qt.ItemDataRole.UserRole
LINE, GAP, MARGIN = 20, 4, 12  # pixels: a line of text, between chips, around


class Row(NamedTuple):
    """One connection as it is listed; `roles` are the words of its chips."""

    id: str
    name: str
    about: str
    roles: tuple[str, ...]

    @property
    def spoken(self) -> str:
        return ", ".join(filter(None, (self.name, self.about, *self.roles)))


class ConnectionList(QListWidget):
    """`picked` tells the id of the connection moved to."""

    picked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Connections")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_Delegate(self))
        self.currentItemChanged.connect(self._tell)

    def show_rows(self, rows: Sequence[Row], selected: str) -> None:
        """Fill anew; no row is selected where no id fits. Tells nothing."""
        self.blockSignals(True)
        self.clear()
        for row in rows:
            item = QListWidgetItem(row.name, self)
            item.setData(ROW, row)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, row.spoken)
            item.setToolTip(kit.tip(row.spoken))
            if row.id == selected:
                self.setCurrentItem(item)
        self.blockSignals(False)

    def select(self, id: str) -> None:
        """Move to a connection without telling `picked`; to none where no id fits."""
        self.blockSignals(True)
        items = [self.item(n) for n in range(self.count())]
        wanted = next((item for item in items if item.data(ROW).id == id), None)
        self.setCurrentItem(wanted) if wanted else self.setCurrentRow(-1)
        self.blockSignals(False)

    def _tell(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.picked.emit(item.data(ROW).id)


class _Delegate(QStyledItemDelegate):
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        lines = 3 if index.data(ROW).roles else 2
        return QSize(120, theme().px(LINE) * lines + (8 if lines == 3 else 4) + 12)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: Row = index.data(ROW)
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        look, height = theme(), theme().px(LINE)
        room = QRectF(option.rect).adjusted(MARGIN, 6, -MARGIN, -6)
        line = QRectF(room.left(), room.top(), room.width(), height)
        painter.save()
        draw_text(painter, line, row.name, font=look.font("strong"), color=look.color("text"))
        line.translate(0, height)
        small, quiet = look.font("small"), look.color("text_2")
        draw_text(painter, line, row.about, font=small, color=quiet)
        line.translate(0, height + GAP)
        selected = option.state & QStyle.StateFlag.State_Selected  # on the colour of the chips
        for words in row.roles:
            draw_badge_at_left(painter, line, words, tone="muted" if selected else "accent")
            line.setLeft(line.left() + badge_size(words).width() + GAP)
        painter.restore()
