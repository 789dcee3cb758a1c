"""The table of topics by size; where room is short, names keep theirs and the bars give way."""

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent

from app.ui import kit
from app.ui.parts import Cell
from app.ui.theme import theme

COLUMNS = (
    kit.Column("Topic"),
    kit.Column("Records", 68, right=True),
    kit.Column("Quota", 96),
    kit.Column("Plan", 52, right=True),
    kit.Column("", 64),
)
NARROW = 420  # pixels
NARROW_WIDTHS = (0, 62, 60, 46, 58)
PLANNED = (3, 4)  # columns that are empty where nothing is planned


class TopicTable(kit.Table):
    """Columns of the plan are shown only where there is one."""

    def __init__(self) -> None:
        super().__init__("Topics by size", COLUMNS, row_height=29)
        self.setMinimumHeight(240)

    def show_topics(self, rows: Sequence[Sequence[Cell | str]]) -> None:
        """Replace the rows, each of Cells for all columns."""
        self.show_rows(rows)
        for column in PLANNED:
            some = any(self.text(row, column) for row in range(self.row_count))
            self.setColumnHidden(column, not some)

    def retheme(self) -> None:
        super().retheme()
        self._fit_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        narrow = self.width() < theme().px(NARROW)
        for index, (column, width) in enumerate(zip(COLUMNS, NARROW_WIDTHS, strict=True)):
            if column.width:
                self.setColumnWidth(index, theme().px(width if narrow else column.width))
