"""A proposed hierarchy of topics inside the conversation: edited where it stands, then used."""

from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QSizePolicy, QTreeView

from app.agent.entries import TreeShown
from app.domain.wording import count
from app.ui import kit
from app.ui.theme import theme

NODE = Qt.ItemDataRole.UserRole + 1  # what a topic holds besides its name and those below it
MOST_ROWS = 10  # shown without scrolling within the tree
ROW = 28  # pixels
NEW = "New topic"
USED = "Used. Topics shows them as they are now."
EDIT = QAbstractItemView.EditTrigger


class SmallTree(QTreeView):
    """Names and counts. F2 or a double click renames, Del deletes, a drag moves."""

    changed = Signal()

    def __init__(self, hierarchy: tuple[dict[str, Any], ...]) -> None:
        super().__init__()
        self.setAccessibleName("Proposed topics")
        self._model = QStandardItemModel(0, 2, self)
        self.setModel(self._model)
        self.setHeaderHidden(True)
        self.setIndentation(16)
        self.setUniformRowHeights(True)
        self.setEditTriggers(EDIT.EditKeyPressed | EDIT.DoubleClicked)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for node in hierarchy:
            self._model.appendRow(_row(node))
        self.expandAll()
        self._set_header()
        for signal in (self._model.rowsInserted, self._model.rowsRemoved, self._model.dataChanged):
            signal.connect(lambda *_: self.changed.emit())
        self.expanded.connect(lambda _: self.fit())
        self.collapsed.connect(lambda _: self.fit())
        self.fit()

    def hierarchy(self) -> list[dict[str, Any]]:
        """The tree as it stands, as apply_topic_hierarchy takes it."""
        return _nodes(self._model.invisibleRootItem())

    def leaves(self) -> int:
        """How many topics have none below them."""
        return _leaves(self.hierarchy())

    def add(self) -> None:
        """A topic beside the current one, its name open to be written."""
        at = self._current()
        parent = (at.parent() if at else None) or self._model.invisibleRootItem()
        row = _row({"name": NEW})
        parent.insertRow(at.row() + 1 if at else parent.rowCount(), row)
        self.fit()
        self.setCurrentIndex(row[0].index())
        self.edit(row[0].index())

    def rename(self) -> None:
        if (item := self._current()) is not None:
            self.edit(item.index())

    def delete(self) -> None:
        """The current topic and what is below it; its records go with it to no topic."""
        if (item := self._current()) is not None:
            parent = item.parent() or self._model.invisibleRootItem()
            parent.removeRow(item.row())
            self.fit()

    def freeze(self) -> None:
        """To be read only from now on."""
        self.setEditTriggers(EDIT.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.NoDragDrop)

    @property
    def frozen(self) -> bool:
        return self.editTriggers() == EDIT.NoEditTriggers

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and not self.frozen:
            self.delete()
        else:
            super().keyPressEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Move the row whole: Qt's own move would copy it without what stands below it folded."""
        source = self._current()
        place = self.indexAt(event.position().toPoint()).siblingAtColumn(0)
        target = self._model.itemFromIndex(place) if place.isValid() else None
        on = self.dropIndicatorPosition() == QAbstractItemView.DropIndicatorPosition.OnItem
        after = self.dropIndicatorPosition() == QAbstractItemView.DropIndicatorPosition.BelowItem
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        if source is not None:
            self.move_topic(source, target, on=on, after=after)

    def move_topic(
        self, source: QStandardItem, target: QStandardItem | None, *, on: bool, after: bool = False
    ) -> None:
        """Put a topic below another, beside it, or (without one) at the end of the top."""
        if target is not None and _holds(source, target):
            return
        top = self._model.invisibleRootItem()
        row = (source.parent() or top).takeRow(source.row())
        if target is None or on:
            (target or top).appendRow(row)
        else:
            (target.parent() or top).insertRow(target.row() + (1 if after else 0), row)
        self.expandAll()
        self.setCurrentIndex(row[0].index())
        self.fit()

    def retheme(self) -> None:
        self.fit()

    def fit(self) -> None:
        """As tall as what is unfolded, up to MOST_ROWS."""
        rows = _unfolded(self, self.rootIndex())
        self.setFixedHeight(theme().px(ROW) * max(2, min(MOST_ROWS, rows)) + 4)

    def _current(self) -> QStandardItem | None:
        index = self.currentIndex().siblingAtColumn(0)
        return self._model.itemFromIndex(index) if index.isValid() else None

    def _set_header(self) -> None:
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)


class TreeCard(QFrame):
    """The tree with its buttons. `used` carries the hierarchy as it was edited."""

    used = Signal(list)
    opened = Signal()

    def __init__(self, shown: TreeShown) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName(f"Topics: {shown.title}")
        self.tree = SmallTree(shown.hierarchy)
        self.facts = kit.label("", "small", "muted")
        self.add = kit.tool_button("plus", "Add a topic", self.tree.add)
        self.rename = kit.tool_button("pencil-simple", "Rename (F2)", self.tree.rename)
        self.delete = kit.tool_button("trash", "Delete (Del)", self.tree.delete)
        self.use = kit.button("Use these topics", self._use, kind="primary", small=True)
        self.open_ = kit.button("Open in Topics", self.opened.emit, small=True)
        self.state = kit.label("", "small", "faint", wrap=True)
        self.state.hide()
        tools = kit.row(self.facts, None, self.add, self.rename, self.delete, gap=0)
        buttons = kit.row(self.use, self.open_, None, gap=8)
        title = kit.Prose(shown.title, "Topics", role="strong")
        pieces = (title, tools, self.tree, self.state, buttons)
        self.setLayout(kit.column(*pieces, gap=6, margin=(12, 10, 12, 12)))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.tree.changed.connect(self._count)
        self._count()
        if shown.used:
            self.retire(USED)

    def retire(self, words: str) -> None:
        """Leave it to be read, and say why; the first reason stays."""
        if self.tree.frozen:
            return
        self.tree.freeze()
        for button in (self.add, self.rename, self.delete, self.use):
            button.hide()
        self.state.setText(words)
        self.state.show()

    def settle(self, *, used: bool) -> None:
        """What came of using it; after a no or a failure it can be used again."""
        self.use.setEnabled(True)
        if used:
            self.retire(USED)

    def _use(self) -> None:
        self.use.setEnabled(False)
        self.used.emit(self.tree.hierarchy())

    def _count(self) -> None:
        self.facts.setText(count(self.tree.leaves(), "topic"))


def _row(node: dict[str, Any]) -> list[QStandardItem]:
    name = QStandardItem(str(node.get("name", "")))
    name.setData({k: v for k, v in node.items() if k not in ("name", "children")}, NODE)
    name.setToolTip(kit.tip(str(node.get("description") or node.get("name", ""))))
    records = node.get("records") or len(node.get("record_ids") or ())
    number = QStandardItem(f"{records:,}" if records else "")
    number.setEditable(False)
    number.setDropEnabled(False)
    number.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for child in node.get("children") or ():
        name.appendRow(_row(child))
    return [name, number]


def _holds(item: QStandardItem, other: QStandardItem) -> bool:
    """Whether an item is another or one of those above it."""
    above: QStandardItem | None = other
    while above is not None:
        if above.index() == item.index():
            return True
        above = above.parent()
    return False


def _nodes(item: QStandardItem) -> list[dict[str, Any]]:
    found = []
    for row in range(item.rowCount()):
        child = item.child(row, 0)
        if child is not None and child.text().strip():
            held = child.data(NODE) or {}
            found.append({**held, "name": child.text().strip(), "children": _nodes(child)})
    return found


def _leaves(nodes: list[dict[str, Any]]) -> int:
    return sum(_leaves(node["children"]) if node["children"] else 1 for node in nodes)


def _unfolded(tree: QTreeView, index: QModelIndex) -> int:
    model = tree.model()
    rows = 0
    for row in range(model.rowCount(index)):
        child = model.index(row, 0, index)
        rows += 1 + (_unfolded(tree, child) if tree.isExpanded(child) else 0)
    return rows
