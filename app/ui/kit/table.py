"""Tables of up to some thousand rows, filled from Cells; longer ones bring their own model."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractItemModel, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from app.ui.kit.text import tip
from app.ui.parts.cells import CELL, Cell, CellDelegate
from app.ui.theme import theme

HEADER_HEIGHT = 28
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Column:
    """Width in pixels at text scale 1; 0 takes the rest. Numbers stand at the right."""

    title: str
    width: int = 0
    right: bool = False


def fill_item(value: Cell | str) -> QStandardItem:
    """A read-only model item that shows a Cell or plain text; also for trees."""
    item = QStandardItem(value if isinstance(value, str) else "")
    item.setEditable(False)
    if not isinstance(value, str):
        item.setData(value, CELL)
        item.setAccessibleText(value.text)
        item.setToolTip(tip(value.text))
    return item


class Table(QTableView):
    """Whole rows are selected; `picked` tells the row moved to, `opened` Return or a double click.

    `fit` makes it as tall as its rows, for short tables inside a scrolling panel. A `model` of its
    own titles its columns itself and is filled by its owner, not by `show_rows`.
    """

    picked = Signal(int)
    opened = Signal(int)

    def __init__(
        self,
        name: str,
        columns: Sequence[Column],
        *,
        row_height: int = 32,
        fit: bool = False,
        model: QAbstractItemModel | None = None,
    ) -> None:
        super().__init__()
        self.columns, self._row_height, self._fit = tuple(columns), row_height, fit
        self.setAccessibleName(name)
        self.setModel(model or QStandardItemModel(0, len(columns), self))
        self.setItemDelegate(CellDelegate(self))
        self._set_manners()
        self._set_header()
        self.activated.connect(lambda index: self.opened.emit(index.row()))
        self.retheme()

    def retheme(self) -> None:
        """Take the text scale of the theme in use."""
        self.verticalHeader().setDefaultSectionSize(theme().px(self._row_height))
        self.horizontalHeader().setFixedHeight(theme().px(HEADER_HEIGHT))
        for index, column in enumerate(self.columns):
            if column.width:
                self.setColumnWidth(index, theme().px(column.width))
        self._fit_height()

    def show_rows(self, rows: Sequence[Sequence[Cell | str]]) -> None:
        """Replace the rows; the selected row stays selected by its place, the scroll position too."""
        row, top = self.currentIndex().row(), self.verticalScrollBar().value()
        model = self.model()
        assert isinstance(model, QStandardItemModel)
        selection = self.selectionModel()
        blocked = selection.blockSignals(True)  # a re-read is not the user's move
        model.setRowCount(0)
        for values in rows:
            model.appendRow([fill_item(value) for value in values])
        self._fit_height()
        if 0 <= row < len(rows):
            self.selectRow(row)
        selection.blockSignals(blocked)
        self.verticalScrollBar().setValue(top)

    @property
    def row_count(self) -> int:
        return self.model().rowCount()

    def text(self, row: int, column: int) -> str:
        """What a cell says, as a reader would read it."""
        index = self.model().index(row, column)
        cell = index.data(CELL)
        return cell.text if cell is not None else str(index.data() or "")

    def _set_manners(self) -> None:
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        if self._fit:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        selection = self.selectionModel()
        selection.currentRowChanged.connect(lambda now, before: self.picked.emit(now.row()))

    def _set_header(self) -> None:
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)
        model = self.model()
        for index, column in enumerate(self.columns):
            if isinstance(model, QStandardItemModel):
                item = QStandardItem(column.title)
                item.setTextAlignment(RIGHT if column.right else LEFT)
                model.setHorizontalHeaderItem(index, item)
            mode = QHeaderView.ResizeMode.Fixed if column.width else QHeaderView.ResizeMode.Stretch
            header.setSectionResizeMode(index, mode)

    def _fit_height(self) -> None:
        if self._fit:
            rows = theme().px(self._row_height) * self.model().rowCount()
            self.setFixedHeight(theme().px(HEADER_HEIGHT) + rows + 2)
