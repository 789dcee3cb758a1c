"""The table of the record list: columns shown and sized, sorted by its header, selected by record."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHeaderView

from app.ui import kit
from app.ui.records.columns import ALWAYS, COLUMNS, FIRST_SHOWN, KEYS
from app.ui.records.delegate import RecordDelegate
from app.ui.records.model import RecordModel
from app.ui.records.snapshot import View
from app.ui.theme import theme

DIGIT = 8  # pixels of a figure in the column of numbers
LEAST_TEXT = 180  # pixels; under this the table scrolls sideways
FLAGS = QItemSelectionModel.SelectionFlag
TEXT, NUMBER = KEYS.index(ALWAYS), KEYS.index("id")


class RecordTable(kit.Table):
    """`sorted_by` carries a column's order and whether downwards; `delete_asked` came by key."""

    sorted_by = Signal(str, bool)
    delete_asked = Signal()

    def __init__(self, model: RecordModel) -> None:
        self.records = model
        columns = [column.column for column in COLUMNS]
        super().__init__("Records", columns, row_height=46, model=model)
        self.setItemDelegate(RecordDelegate(self))
        self._view = View()
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._click_header)
        header.setSectionResizeMode(TEXT, QHeaderView.ResizeMode.Fixed)
        # At once: the record beside it is laid out next, which takes longer.
        model.filled.connect(self.viewport().repaint)
        key = QShortcut(QKeySequence(Qt.Key.Key_Delete), self)
        key.setContext(Qt.ShortcutContext.WidgetShortcut)
        key.activated.connect(self.delete_asked)
        self.show_columns(FIRST_SHOWN)

    def show_columns(self, shown: Sequence[str]) -> None:
        for place, key in enumerate(KEYS):
            self.setColumnHidden(place, key not in shown)
        self.records.show_columns(shown)
        self._fit_text()

    def fit_numbers(self, highest: int) -> None:
        """Make room for the longest number of a record."""
        more = max(0, len(f"{highest:,}") - 4) * DIGIT
        self.setColumnWidth(NUMBER, theme().px(COLUMNS[NUMBER].width + more))
        self._fit_text()

    def show_sort(self, view: View) -> None:
        """The arrow at the column that gives the order; none in the order of its own."""
        self._view = view
        header = self.horizontalHeader()
        column = next((i for i, c in enumerate(COLUMNS) if c.sort == view.sort), -1)
        way = Qt.SortOrder.DescendingOrder if view.descending else Qt.SortOrder.AscendingOrder
        header.setSortIndicatorShown(column >= 0)
        header.setSortIndicator(column, way)

    def select(self, row: int) -> None:
        """Select one row and show it, if there is one there."""
        if 0 <= row < self.records.listing.total:
            # Said outright: selectRow would go by the modifier keys that are down.
            flag = FLAGS.ClearAndSelect | FLAGS.Rows
            self.selectionModel().setCurrentIndex(self.records.index(row, TEXT), flag)

    def select_more(self, rows: Iterable[int]) -> None:
        """Add rows to the selection in one go; the current one stays."""
        chosen = QItemSelection()
        for row in rows:
            index = self.records.index(row, TEXT)
            chosen.select(index, index)
        self.selectionModel().select(chosen, FLAGS.Select | FLAGS.Rows)

    @property
    def selected_count(self) -> int:
        return sum(r.height() for r in self.selectionModel().selection().toList())

    def selected_rows(self) -> list[range]:
        """The selected rows as ranges, from the top."""
        ranges = self.selectionModel().selection().toList()
        return sorted((range(r.top(), r.bottom() + 1) for r in ranges), key=lambda r: r.start)

    def retheme(self) -> None:
        super().retheme()
        self._fit_text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_text()

    def _fit_text(self) -> None:
        """The text takes what the other columns leave."""
        others = sum(
            self.columnWidth(i)
            for i in range(len(KEYS))
            if i != TEXT and not self.isColumnHidden(i)
        )
        room = self.viewport().width() - others
        self.setColumnWidth(TEXT, max(theme().px(LEAST_TEXT), room))

    def _click_header(self, column: int) -> None:
        sort = COLUMNS[column].sort
        self.sorted_by.emit(sort, not self._view.descending if sort == self._view.sort else False)
