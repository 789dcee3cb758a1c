"""The topic tree: records, share and certainty of each; rename, move by drag, several selected."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView

from app.domain.thresholds import DEFAULTS
from app.ui.kit.table import LEFT, RIGHT, fill_item
from app.ui.parts import BarCell, CellDelegate, NumberCell, Tone
from app.ui.theme import theme
from app.ui.topics.snapshot import Line, leaf_lines

LINE = Qt.ItemDataRole.UserRole + 1
COLUMNS = (("Topic", 0), ("Records", 64), ("Share", 84), ("Sure", 50))
NARROW = 400  # under this the bar is shorter, so that names keep room


class TopicTree(QTreeView):
    """`renamed` (key, name), `dropped` (key, target's key or None, where), `deleted` on the Del key.

    Nothing moves by itself: a drop is only told, and the tree shows what the store then says.
    """

    renamed = Signal(object, str)
    dropped = Signal(object, object, str)  # where: on, above, below
    deleted = Signal()
    picked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Topics")
        self._model = QStandardItemModel(0, len(COLUMNS), self)
        self.setModel(self._model)
        self.setItemDelegate(CellDelegate(self))
        self._items: dict[Any, QStandardItem] = {}
        self._folded: set[Any] = set()
        self._filling = False
        self._set_manners()
        self._set_header()
        self._model.itemChanged.connect(self._tell_renamed)
        self.selectionModel().selectionChanged.connect(lambda *_: self.picked.emit())
        self.retheme()

    def retheme(self) -> None:
        wide = self.width() >= theme().px(NARROW)
        for column, (_, width) in enumerate(COLUMNS[1:], 1):
            narrow = 54 if column == 2 else width
            self.setColumnWidth(column, theme().px(width if wide else narrow))

    def show_lines(self, lines: Sequence[Line], *, quota: int, editable: bool) -> None:
        """Replace the tree; the same topics stay selected, folded and in view."""
        kept, top = {line.key for line in self.selected()}, self.verticalScrollBar().value()
        current = self.current()
        self._filling = True
        blocked = self.selectionModel().blockSignals(True)
        self._model.setRowCount(0)
        self._items = {}
        ends = leaf_lines(lines)
        largest = max((line.share for line in lines), default=0.0) or 1.0
        even = (1 / len(ends)) / largest if len(ends) > 1 else None
        for line in lines:
            self._model.appendRow(self._row(line, largest, even, quota, editable))
        self._expand()
        self._select_again(kept, current.key if current else None)
        self.selectionModel().blockSignals(blocked)
        self._filling = False
        self.setDragEnabled(editable)
        self.verticalScrollBar().setValue(top)

    def selected(self) -> list[Line]:
        """The selected topics."""
        return [index.data(LINE) for index in self.selectionModel().selectedRows(0)]

    def current(self) -> Line | None:
        """The topic with the focus."""
        index = self.currentIndex().siblingAtColumn(0)
        line: Line | None = index.data(LINE) if index.isValid() else None
        return line

    def pick(self, key: object) -> None:
        """Select one topic, if it is there."""
        if (item := self._items.get(key)) is not None:
            # Said outright: setCurrentIndex would go by the modifier keys that are down.
            flags = QItemSelectionModel.SelectionFlag
            flag = flags.ClearAndSelect | flags.Rows
            self.selectionModel().setCurrentIndex(item.index(), flag)

    def rename(self) -> None:
        """Open the editor on the current topic."""
        index = self.currentIndex().siblingAtColumn(0)
        if index.isValid() and self._model.itemFromIndex(index).isEditable():
            self.edit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.deleted.emit()
        elif event.key() == Qt.Key.Key_F2:
            self.rename()
        else:
            super().keyPressEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Say what was dropped where; Qt's own move is not done."""
        line = self.current()
        target = self.indexAt(event.position().toPoint()).siblingAtColumn(0)
        where = {
            QAbstractItemView.DropIndicatorPosition.OnItem: "on",
            QAbstractItemView.DropIndicatorPosition.AboveItem: "above",
            QAbstractItemView.DropIndicatorPosition.BelowItem: "below",
        }.get(self.dropIndicatorPosition(), "below")
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        if line is None:
            return
        other: Line | None = target.data(LINE) if target.isValid() else None
        if other is None or other.key != line.key:
            self.dropped.emit(line.key, other.key if other else None, where)

    def _row(
        self, line: Line, largest: float, even: float | None, quota: int, editable: bool
    ) -> list[QStandardItem]:
        group = not line.leaf
        name = QStandardItem(line.name)
        name.setEditable(editable)
        name.setData(line, LINE)
        name.setToolTip("\n".join(filter(None, (line.name, line.description))))
        if group:
            name.setFont(theme().font("strong"))
        short: Tone = "accent" if group or line.records >= quota else "warn"
        said = f"{line.share * 100:.1f} % of the records"
        bar = BarCell(line.share / largest, None if group else even, short, words=said)
        count = NumberCell(f"{line.records:,}", strong=group)
        sure = NumberCell("–") if line.sure is None else NumberCell(f"{line.sure:.2f}", _tone(line))
        self._items[line.key] = name
        for child in line.children:
            name.appendRow(self._row(child, largest, even, quota, editable))
        return [name, fill_item(count), fill_item(bar), fill_item(sure)]

    def _tell_renamed(self, item: QStandardItem) -> None:
        line: Line | None = item.data(LINE)
        if self._filling or line is None or item.text() == line.name:
            return
        self.renamed.emit(line.key, item.text())

    def _expand(self) -> None:
        for key, item in self._items.items():
            if item.hasChildren():
                self.setExpanded(item.index(), key not in self._folded)

    def _select_again(self, kept: set[Any], current: object) -> None:
        selection = self.selectionModel()
        flags = QItemSelectionModel.SelectionFlag
        if current in self._items:
            selection.setCurrentIndex(self._items[current].index(), flags.NoUpdate)
        elif self._items:
            selection.setCurrentIndex(self._model.index(0, 0), flags.NoUpdate)
            first = self._model.index(0, 0)
            selection.select(first, flags.Select | flags.Rows)
        for key in kept & set(self._items):
            selection.select(self._items[key].index(), flags.Select | flags.Rows)

    def _set_manners(self) -> None:
        self.setIndentation(18)
        self.setUniformRowHeights(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setMinimumHeight(280)
        self.expanded.connect(self._remember_open)
        self.collapsed.connect(self._remember_folded)

    def _set_header(self) -> None:
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(24)
        for column, (title, width) in enumerate(COLUMNS):
            item = QStandardItem(title)
            item.setTextAlignment(RIGHT if column in (1, 3) else LEFT)
            self._model.setHorizontalHeaderItem(column, item)
            mode = QHeaderView.ResizeMode.Fixed if width else QHeaderView.ResizeMode.Stretch
            header.setSectionResizeMode(column, mode)
        sure = self._model.horizontalHeaderItem(3)
        sure.setToolTip(
            "Mean probability that its records belong here; amber under 0.80, – before categorising"
        )

    def _remember_open(self, index: QModelIndex) -> None:
        if not self._filling:
            self._folded.discard(index.data(LINE).key)

    def _remember_folded(self, index: QModelIndex) -> None:
        if not self._filling:
            self._folded.add(index.data(LINE).key)


def _tone(line: Line) -> Tone:
    return "good" if (line.sure or 0) >= DEFAULTS.topic_high else "warn"
