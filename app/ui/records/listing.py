"""The card with the record list: filter bar, lazy table, what is selected and what to do with it."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QItemSelectionModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QFrame, QStackedWidget, QWidget

from app.store.records import RecordFilter, Sort
from app.ui import kit
from app.ui.records.filters import FilterBar
from app.ui.records.model import RecordModel
from app.ui.records.snapshot import RecordsSnapshot
from app.ui.topics.choices import leaf_entries

COLUMNS = (
    kit.Column("#", 54, right=True),
    kit.Column("Last user turn and topic"),
    kit.Column("Tokens", 58, right=True),
    kit.Column("Issue", 84),
)
SORTS: tuple[tuple[str, Sort], ...] = (
    ("file order", "id"),
    ("words", "preview"),
    ("tokens", "tokens"),
    ("topic", "topic_id"),
    ("probability", "probability"),
    ("split", "split"),
)


class RecordList(QFrame):
    """`picked` carries the id of the record moved to; the other signals what the user asked."""

    picked = Signal(int)
    filtered = Signal(object)
    sorted_by = Signal(str, bool)
    topic_chosen = Signal(object)  # a leaf's id, or None for no topic
    delete_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._sort: tuple[Sort, bool] = ("id", False)
        self._total = 0
        self.set_topic = kit.drop_button("Set topic", small=True)
        self.model = RecordModel()
        self.filters = FilterBar()
        self.filters.chosen.connect(self.filtered)
        self.table = kit.Table("Records", COLUMNS, row_height=46, model=self.model)
        self._set_manners()
        self.clear = kit.button("Clear the filters", lambda: self.filtered.emit(RecordFilter()))
        self.stack = QStackedWidget()
        self.stack.addWidget(kit.frame(kit.column((self.table, 1), margin=(5, 0, 5, 0)), "bar"))
        self.stack.addWidget(kit.empty("magnifying-glass", "No record matches.", self.clear))
        self.stack.addWidget(kit.empty("files", "This dataset has no records."))
        self.stack.setMinimumHeight(260)
        self.setLayout(
            kit.column(self.filters, (self.stack, 1), kit.rule(), self._make_foot(), gap=0)
        )

    def show_snapshot(self, snapshot: RecordsSnapshot) -> None:
        """The list as it is now; what was selected stays selected."""
        self.filters.show_snapshot(snapshot)
        kept = set(self.selected_ids()) if self.selection_size() < 1000 else set()
        self.model.show_ids(snapshot.ids, snapshot.rows, snapshot.topics)
        self._restore(kept, snapshot.view.shown)
        place = 0 if snapshot.ids else 1 if snapshot.view.filtered else 2
        self.stack.setCurrentIndex(place)
        self._show_sort(snapshot)
        entries = leaf_entries(snapshot.topics, self.topic_chosen.emit)
        none = kit.Entry("No topic", lambda: self.topic_chosen.emit(None))
        kit.set_entries(self.set_topic, [*entries, kit.Entry(), none] if entries else [])
        self._total = len(snapshot.ids)
        self._show_selection()

    def move_by(self, step: int) -> None:
        """To the record before or after."""
        self.select(self.table.currentIndex().row() + step)

    def select(self, row: int) -> None:
        """Select one row, if there is one there."""
        if 0 <= row < len(self.model.ids):
            # Said outright: selectRow would go by the modifier keys that are down.
            flags = QItemSelectionModel.SelectionFlag
            flag = flags.ClearAndSelect | flags.Rows
            self.table.selectionModel().setCurrentIndex(self.model.index(row, 0), flag)

    def selected_ids(self) -> list[int]:
        """The selected records, in the order of the list."""
        rows = sorted(
            (r.top(), r.bottom()) for r in self.table.selectionModel().selection().toList()
        )
        return [i for top, bottom in rows for i in self.model.ids[top : bottom + 1]]

    def selection_size(self) -> int:
        return sum(r.height() for r in self.table.selectionModel().selection().toList())

    def _set_manners(self) -> None:
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        header = self.table.horizontalHeader()
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._click_header)
        self.table.picked.connect(self._tell_picked)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_selection())
        key = QShortcut(QKeySequence(Qt.Key.Key_Delete), self.table)
        key.setContext(Qt.ShortcutContext.WidgetShortcut)
        key.activated.connect(self.delete_asked)

    def _make_foot(self) -> QWidget:
        self.count = kit.label("", "small", "muted")
        self.delete = kit.tool_button(
            "trash", "Delete the selected records", self.delete_asked.emit
        )
        self.order = kit.drop_button("", kind="ghost", small=True, icon="sort-ascending")
        foot = kit.row(self.count, None, self.set_topic, self.delete, self.order, gap=6)
        holder = kit.holder(foot)
        foot.setContentsMargins(12, 6, 8, 6)
        return holder

    def _tell_picked(self, row: int) -> None:
        if 0 <= row < len(self.model.ids):
            self.picked.emit(self.model.ids[row])

    def _restore(self, kept: set[int], shown: int | None) -> None:
        """Select again after the model was reset; a re-read is not the user's move."""
        row = self.model.row_of(shown)
        if row == self.table.currentIndex().row():
            return
        selection = self.table.selectionModel()
        blocked = self.table.blockSignals(True)
        self.select(row)
        flags = QItemSelectionModel.SelectionFlag
        for record_id in kept - {shown}:
            if (other := self.model.row_of(record_id)) >= 0:
                index = self.model.index(other, 0)
                selection.select(index, flags.Select | flags.Rows)
        self.table.blockSignals(blocked)
        QTimer.singleShot(0, self.table, self._show_current)  # rows have no place before layout

    def _show_current(self) -> None:
        self.table.scrollTo(self.table.currentIndex())

    def _click_header(self, column: int) -> None:
        if sort := self.model.sorts.get(column):
            now, down = self._sort
            self.sorted_by.emit(sort, not down if sort == now else False)

    def _show_sort(self, snapshot: RecordsSnapshot) -> None:
        view = snapshot.view
        self._sort = (view.sort, view.descending)
        words = {sort: name for name, sort in SORTS}[view.sort]
        self.order.setText(f"by {words}")
        self.order.setAccessibleName(f"Sorted by {words}")
        again = not view.descending
        entries = [
            kit.Entry(
                f"Sort by {name}",
                partial(self.sorted_by.emit, sort, again if sort == view.sort else False),
                checked=sort == view.sort,
            )
            for name, sort in SORTS
        ]
        turn = kit.Entry("Reverse the order", partial(self.sorted_by.emit, view.sort, again))
        kit.set_entries(self.order, [*entries, kit.Entry(), turn])
        header = self.table.horizontalHeader()
        column = next((c for c, sort in self.model.sorts.items() if sort == view.sort), -1)
        way = Qt.SortOrder.DescendingOrder if view.descending else Qt.SortOrder.AscendingOrder
        header.setSortIndicatorShown(column > 0)
        header.setSortIndicator(column, way)

    def _show_selection(self) -> None:
        size = self.selection_size()
        self.count.setText(f"{size:,} of {self._total:,} selected")
        self.delete.setEnabled(bool(size))
        has_topics = bool(self.set_topic.menu().actions())
        self.set_topic.setEnabled(bool(size) and has_topics)
        self.set_topic.setToolTip("" if has_topics else "There are no topics yet")


def first_after(ids: Sequence[int], gone: set[int]) -> int | None:
    """The record to show when some are deleted: the first kept one after them, else before."""
    last = max((i for i, record in enumerate(ids) if record in gone), default=-1)
    later = (record for record in ids[last + 1 :] if record not in gone)
    earlier = (record for record in reversed(ids[: last + 1]) if record not in gone)
    return next(later, None) or next(earlier, None)
