"""The Qt model of the topic tree: an item for each line, told apart by key; it changes no topic."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import orjson
from PySide6.QtCore import QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel

from app.domain.topic_tree import Tree
from app.ui import kit
from app.ui.parts import CELL
from app.ui.topics import moves
from app.ui.topics.cells import COLUMNS, accessible, cell, explained
from app.ui.topics.lines import Key, Line, Lines
from app.ui.topics.moves import Move

KEY = Qt.ItemDataRole.UserRole + 1
LINE = Qt.ItemDataRole.UserRole + 2
MIME = "application/x-rft-topics"
MANY = 40  # rows that come or go; each costs up to a millisecond, filling ten thousand anew 30
Index = QModelIndex | QPersistentModelIndex
Below = Mapping[Key | None, tuple[Key, ...]]


class TopicModel(QStandardItemModel):
    """`renamed` (key, name) and `dropped` (Move) only tell: the model shows what the store then says.

    A row has one item, which holds its key; what stands in its columns is worked out when it is
    painted. So ten thousand lines are there in 30 ms, and new figures cost nothing.
    """

    renamed = Signal(object, str)
    dropped = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(0, len(COLUMNS), parent)
        self.lines = Lines()
        self.tree = Tree(())
        self.refused = ""  # why the drop last asked about cannot be made
        self._items: dict[Key, QStandardItem] = {}
        self._below: Below = {}

    def show(self, lines: Lines) -> bool:
        """Show these; the same keys keep their items. Whether all was filled anew (the view then has
        forgotten what was open and selected)."""
        before, self._below, self.lines = self._below, lines.below, lines
        changed = [p for p in {**before, **lines.below} if before.get(p) != lines.below.get(p)]
        come = [{*before.get(p, ())} ^ {*lines.below[p]} for p in changed if p in lines.below]
        if not before or sum(map(len, come)) > MANY:
            self._fill()
            return True
        if changed:
            self._patch(changed, before)
        return False

    def index_of(self, key: Key) -> QModelIndex:
        """Where a line stands; an invalid index where it is not shown."""
        item = self._items.get(key)
        return QModelIndex() if item is None else item.index()

    def line(self, index: Index) -> Line | None:
        """What stands in a row; None for no row."""
        item = self.itemFromIndex(index.sibling(index.row(), 0))
        return None if item is None else self.lines.by_key.get(item.data(KEY))

    def siblings(self, parent: Key | None) -> tuple[Key, ...]:
        """The keys of the rows below a line, in their order."""
        return self._below.get(parent, ())

    def groups(self) -> list[Key]:
        """The lines with others below them."""
        return [key for key in self._below if key is not None]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.line(index)
        if line is None:
            return None
        column = index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return None if column else line.name
            case Qt.ItemDataRole.ToolTipRole:
                return kit.tip(explained(line, column)).replace("\n", "<br>")
            case Qt.ItemDataRole.AccessibleTextRole:
                return accessible(line, column)
        if role == CELL:
            return cell(line, column, self.lines)
        return line if role == LINE else super().data(index, role)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A name typed in place."""
        line, name = self.line(index), str(value).strip()
        if role != Qt.ItemDataRole.EditRole or line is None or name in ("", line.name):
            return False
        self.renamed.emit(line.key, name)
        return True

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The ids of the topics that are dragged."""
        data = QMimeData()
        keys = {line.key for index in indexes if (line := self.line(index)) is not None}
        data.setData(MIME, orjson.dumps(sorted(key for key in keys if isinstance(key, int))))
        return data

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def canDropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        if not data.hasFormat(MIME):
            return False
        move = self._move(data, row, parent)
        self.refused = moves.refusal(self.tree, move)
        return not self.refused

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        """Tell where; the rows stay where they are until the store has them elsewhere."""
        if self.canDropMimeData(data, action, row, column, parent):
            self.dropped.emit(self._move(data, row, parent))
        return False

    def _move(self, data: QMimeData, row: int, parent: Index) -> Move:
        ids = [i for i in orjson.loads(data.data(MIME).data()) if i in self.tree.by_id]
        line = self.line(parent)
        above = line.key if line is not None and isinstance(line.key, int) else None
        shown = self._below.get(above, ())
        sibling = shown[row] if 0 <= row < len(shown) else None
        return moves.before(self.tree, ids, above, sibling if isinstance(sibling, int) else None)

    def _fill(self) -> None:
        """All rows anew, told to the views as one change."""
        self.beginResetModel()
        blocked = self.blockSignals(True)
        self.setRowCount(0)
        self._items = {}
        self._fill_below(self.invisibleRootItem(), None)
        self.blockSignals(blocked)
        self.endResetModel()

    def _fill_below(self, parent: QStandardItem, key: Key | None) -> None:
        keys = self._below.get(key, ())
        items = [self._make(child) for child in keys]
        parent.appendRows(items)
        for child, item in zip(keys, items, strict=True):
            if child in self._below:
                self._fill_below(item, child)
        parent.setColumnCount(len(COLUMNS))

    def _make(self, key: Key) -> QStandardItem:
        item = self._items[key] = QStandardItem()
        item.setData(key, KEY)
        return item

    def _patch(self, changed: Sequence[Key | None], before: Below) -> None:
        """Rows that went elsewhere are taken out with all below them, then what is gone is removed,
        then what is missing is put in."""
        above = {key: parent for parent, keys in self._below.items() for key in keys}
        loose: dict[Key, QStandardItem] = {}
        for parent in changed:
            for key in before.get(parent, ()):
                if key in above and above[key] != parent:
                    loose[key] = self._take(self._items[key])
        for parent in changed:
            gone = [key for key in before.get(parent, ()) if key not in above]
            if gone and (parent is None or parent in above):
                self._remove(parent, gone)
        self._items = {key: item for key, item in self._items.items() if key in above}
        order = self.lines.order
        for parent in sorted(changed, key=lambda key: -1 if key is None else order.get(key, 0)):
            if parent is None or parent in above:
                self._put(parent, loose)

    def _item(self, key: Key | None) -> QStandardItem:
        return self.invisibleRootItem() if key is None else self._items[key]

    def _take(self, item: QStandardItem) -> QStandardItem:
        parent = item.parent() or self.invisibleRootItem()
        return parent.takeRow(item.row())[0]

    def _remove(self, parent: Key | None, gone: Sequence[Key]) -> None:
        """In stretches, from the last: each removal lays the view out anew."""
        item = self._item(parent)
        rows = [self._items[key].row() for key in gone]
        for _, run in groupby(reversed(list(enumerate(rows))), lambda pair: pair[1] - pair[0]):
            stretch = [row for _, row in run]
            item.removeRows(stretch[-1], len(stretch))

    def _put(self, parent: Key | None, loose: dict[Key, QStandardItem]) -> None:
        above = self._item(parent)
        for row, key in enumerate(self._below.get(parent, ())):
            there = above.child(row)
            if there is not None and there.data(KEY) == key:
                continue
            item = loose.pop(key, None)
            if item is None:
                known = self._items.get(key)
                item = self._make(key) if known is None else self._take(known)
            above.insertRow(row, item)
        above.setColumnCount(len(COLUMNS))
