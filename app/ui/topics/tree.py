"""The view of the topic tree: selection, folding, rename in place, drag and drop; it changes nothing."""

from collections.abc import Collection
from itertools import groupby

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QDragLeaveEvent, QDragMoveEvent, QDropEvent, QResizeEvent, QStandardItem
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QToolTip, QTreeView

from app.domain.topic_tree import Tree
from app.ui import kit
from app.ui.kit.table import LEFT, RIGHT
from app.ui.theme import theme
from app.ui.topics.cells import COLUMNS, NAME, SCORE, SHARE, SURE
from app.ui.topics.delegate import TopicDelegate
from app.ui.topics.lines import Key, Line, Lines, heir
from app.ui.topics.model import TopicModel

NARROW = 430  # under this the figures take less, so that names keep room
NAME_ROOM = 128  # pixels a name should have; figures give way to it, the last first
GIVE_WAY = (SURE, SHARE)
OPEN_ALL = 300  # lines; a larger tree begins with only its top groups open
EXPAND_AFTER_MS = 600  # over a folded group while dragging
_FLAG = QItemSelectionModel.SelectionFlag


class TopicTree(QTreeView):
    """`picked`: another selection; `renamed` (key, name); `dropped` (Move); `refused` says why
    something cannot be dropped here.

    Nothing moves by itself: an edit is only told, and the tree shows what the store then says.
    """

    renamed = Signal(object, str)
    dropped = Signal(object)
    refused = Signal(str)
    picked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Topics")
        self.topics = TopicModel(self)
        self.setModel(self.topics)
        self._painter = TopicDelegate(self, self.topics)
        self.setItemDelegate(self._painter)
        self._open: dict[Key, bool] = {}  # as the user left it
        self._filling = False
        self._editable = True
        self._scored = True
        self._set_manners()
        self._set_header()
        self.topics.renamed.connect(self.renamed)
        self.topics.dropped.connect(self.dropped)
        self.selectionModel().selectionChanged.connect(self._tell_picked)
        self.doubleClicked.connect(lambda _: self.rename())
        self.retheme()

    def retheme(self) -> None:
        """Give each column its room: the names first, then as many figures as there is room for."""
        wide, px = self.viewport().width() >= theme().px(NARROW), theme().px
        widths = {n: px(c.width if wide else c.narrow) for n, c in enumerate(COLUMNS) if n != NAME}
        hidden = set() if self._scored else {SCORE}
        for column in GIVE_WAY:
            taken = sum(width for n, width in widths.items() if n not in hidden)
            if self.viewport().width() - taken >= px(NAME_ROOM):
                break
            hidden.add(column)
        for column, width in widths.items():
            self.setColumnHidden(column, column in hidden)
            self.setColumnWidth(column, width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.retheme()

    def show_lines(
        self, lines: Lines, tree: Tree, *, editable: bool, scored: bool, searched: str = ""
    ) -> None:
        """Show these lines; the same topics stay selected, folded and in view."""
        kept, current, top = self._keys(), self.current(), self.verticalScrollBar().value()
        before = self.topics.lines
        self._filling, self._painter.searched, self.topics.tree = True, searched, tree
        blocked = self.selectionModel().blockSignals(True)
        anew = self.topics.show(lines)
        self._unfold(all_open=bool(searched))
        self._select_again(kept, current.key if current else None, before)
        self.selectionModel().blockSignals(blocked)
        self._filling = False
        if anew:
            self.doItemsLayout()
        self.verticalScrollBar().setValue(top)
        if current is not None and not self.topics.index_of(current.key).isValid():
            self.scrollTo(self.currentIndex())  # what is selected in its place is never unseen
        self._set_editable(editable)
        if self._scored != scored:
            self._scored = scored
            self.retheme()
        self.viewport().update()

    def show_cut(self, keys: Collection[Key]) -> None:
        """Draw these greyed, until they are put elsewhere."""
        self._painter.cut = frozenset(keys)
        self.viewport().update()

    @property
    def cut(self) -> frozenset[Key]:
        return self._painter.cut

    def selected(self) -> list[Line]:
        """The selected topics, from the top down."""
        order = self.topics.lines.order
        return [
            self.topics.lines.by_key[key] for key in sorted(self._keys(), key=order.__getitem__)
        ]

    def selected_ids(self) -> list[int]:
        """The ids of the selected stored topics, from the top down."""
        return [line.key for line in self.selected() if isinstance(line.key, int)]

    def selected_one(self) -> Line | None:
        """The selected topic; None where none or several are. It need not have the focus, which stays
        where a topic was last taken out of the selection."""
        lines = self.selected()
        return lines[0] if len(lines) == 1 else None

    def current(self) -> Line | None:
        """The topic with the focus."""
        index = self.currentIndex()
        return self.topics.line(index) if index.isValid() else None

    def pick(self, key: Key | None, *, also: Collection[Key] = ()) -> None:
        """Select one topic, if it is shown, and bring it into view; `also` others with it."""
        if key is not None and (index := self.topics.index_of(key)).isValid():
            # Said outright: setCurrentIndex would go by the modifier keys that are down.
            self.selectionModel().setCurrentIndex(index, _FLAG.ClearAndSelect | _FLAG.Rows)
            if also:
                self.selectionModel().select(self._ranges({*also}), _FLAG.Select | _FLAG.Rows)
            self.scrollTo(index)

    def rename(self) -> None:
        """Open the editor on the selected topic, if it is one."""
        if self._editable and (line := self.selected_one()) is not None:
            index = self.topics.index_of(line.key)
            self.scrollTo(index)
            self.edit(index)

    def start_over(self) -> None:
        """Forget all of this tree: the keys of the next mean other topics."""
        self._filling = True
        self.topics.show(Lines())  # with the rows go what is selected, and a name being typed
        self._filling = False
        self._open.clear()
        self.show_cut(())

    def fold(self, *, open_: bool) -> None:
        """Open or close every group."""
        self._open = dict.fromkeys(self.topics.groups(), open_)
        self._filling = True
        if open_:
            self.expandAll()
        else:
            self.collapseAll()
        self._filling = False

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """As Qt does it, but a place where the topics cannot go says why."""
        self.topics.refused = ""
        super().dragMoveEvent(event)
        reason = "" if event.isAccepted() else self.topics.refused
        place = self.viewport().mapToGlobal(event.position().toPoint())
        QToolTip.showText(place, kit.tip(reason), self.viewport())
        self.refused.emit(reason)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self.refused.emit("")

    def dropEvent(self, event: QDropEvent) -> None:
        super().dropEvent(event)
        self.refused.emit("")

    def _set_editable(self, editable: bool) -> None:
        self._editable = editable
        modes = QAbstractItemView.DragDropMode
        self.setDragDropMode(modes.DragDrop if editable else modes.NoDragDrop)

    def _tell_picked(self) -> None:
        if not self._filling:
            self.picked.emit()

    def _keys(self) -> set[Key]:
        """By stretches of rows: to ask each of ten thousand rows takes a quarter of a second."""
        keys = set[Key]()
        for rows in self.selectionModel().selection().toList():
            line = self.topics.line(rows.parent())
            siblings = self.topics.siblings(None if line is None else line.key)
            keys.update(siblings[rows.top() : rows.bottom() + 1])
        return keys

    def _is_open(self, key: Key) -> bool:
        few = len(self.topics.lines) <= OPEN_ALL
        return self._open.get(key, few or self.topics.lines.above.get(key) is None)

    def _unfold(self, *, all_open: bool) -> None:
        filling, self._filling = self._filling, True
        for key in self.topics.groups():
            index, wanted = self.topics.index_of(key), all_open or self._is_open(key)
            if self.isExpanded(index) != wanted:
                self.setExpanded(index, wanted)
        self._filling = filling

    def _select_again(self, kept: set[Key], current: Key | None, before: Lines) -> None:
        """As before; in place of what is gone, what stands there now. In another tree the first has
        the focus, but is not selected: the next key must not edit what the user did not choose."""
        selection, first = self.selectionModel(), self.topics.index(0, NAME)
        left = None if current is None else heir(before, self.topics.lines, current)
        index = first if left is None else self.topics.index_of(left)
        selection.setCurrentIndex(index, _FLAG.NoUpdate)
        if self._keys() != kept:
            selection.select(self._ranges(kept), _FLAG.ClearAndSelect | _FLAG.Rows)
        if not selection.hasSelection() and (current is None or left not in (None, current)):
            selection.select(index, _FLAG.Select | _FLAG.Rows)

    def _ranges(self, keys: Collection[Key]) -> QItemSelection:
        """These rows as few stretches: a selection of thousands of single rows takes Qt seconds."""
        selection = QItemSelection()
        for siblings in self.topics.lines.below.values():
            for chosen, run in groupby(siblings, keys.__contains__):
                if chosen:
                    ends = list(run)
                    first, last = self.topics.index_of(ends[0]), self.topics.index_of(ends[-1])
                    selection.select(first, last)
        return selection

    def _set_manners(self) -> None:
        self.setIndentation(16)
        self.setUniformRowHeights(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(False)  # a double click renames
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setAutoExpandDelay(EXPAND_AFTER_MS)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setMinimumHeight(280)
        self.expanded.connect(lambda index: self._remember(index, open_=True))
        self.collapsed.connect(lambda index: self._remember(index, open_=False))

    def _set_header(self) -> None:
        header, mode = self.header(), QHeaderView.ResizeMode
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(24)
        for number, column in enumerate(COLUMNS):
            item = QStandardItem(column.title)
            item.setTextAlignment(RIGHT if column.right else LEFT)
            item.setToolTip(kit.tip(column.about))
            self.topics.setHorizontalHeaderItem(number, item)
            header.setSectionResizeMode(number, mode.Fixed if number else mode.Stretch)

    def _remember(self, index: QModelIndex, *, open_: bool) -> None:
        if not self._filling and (line := self.topics.line(index)) is not None:
            self._open[line.key] = open_
