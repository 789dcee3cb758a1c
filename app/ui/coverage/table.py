"""The table of topics: sorted by a column, narrowed to thin ones or a name; it only tells a choice."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent

from app.ui import kit
from app.ui.coverage.rows import TopicRow
from app.ui.kit.text import tip
from app.ui.parts import CELL, BadgeCell, BarCell, Cell, NumberCell, PlainCell, Tone
from app.ui.theme import theme

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
NARROW, NARROW_WITH_ALL = 560, 800  # pixels of width under which names need the bars' room
NAME, RECORDS, QUOTA, SHARE, PLAN, LEARNS, STATE = range(7)
COLUMNS = (
    kit.Column("Topic"),
    kit.Column("Records", 88, right=True),
    kit.Column("Quota", 92),
    kit.Column("Share", 92),
    kit.Column("Plan", 64, right=True),
    kit.Column("Learnability", 124, right=True),
    kit.Column("", 62),
)
NARROW_WIDTHS = (0, 86, 72, 72, 60, 118, 58)
DOWN, UP = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder
ARROWS = {DOWN: " ↓", UP: " ↑"}
SORTS = (  # as a menu says them; a first click on a column sorts it this way
    (RECORDS, "Most records first", DOWN),
    (NAME, "By name", UP),
    (QUOTA, "Least full first", UP),
    (SHARE, "Farthest below its share first", UP),
    (PLAN, "Most planned first", DOWN),
    (LEARNS, "Least learnable first", UP),
)
TIPS = (
    "",
    "Valid records in the topic",
    "Records as a part of twice the quota: the tick is the quota, the outline what the plan adds",
    "The topic's share of the records: the tick is its target, the outline what the plan adds",
    "Records that the plan adds: to the quota, and toward the target share, never more than real ones",
    "The share of training groups that would carry a signal, by the last dry run: at least 20 "
    "prompts of the topic, fewer tell too little",
    "thin: below its quota or target share; short: below its quota even after the plan",
)
KEYS: tuple[Callable[[TopicRow], Any], ...] = (
    lambda row: row.topic.casefold(),
    lambda row: row.records,
    lambda row: row.filled,
    lambda row: row.share - (row.target or 0.0),
    lambda row: row.add,
    lambda row: -1.0 if row.signal is None or row.signal.value is None else row.signal.value,
    lambda row: (row.short > 0, row.thin),
)


class TopicModel(QAbstractTableModel):
    """`rows` are those shown: of all, the thin ones or those whose name holds the words, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[TopicRow] = []
        self._all: Sequence[TopicRow] = ()
        self._thin, self._words, self._longest = False, "", 1.0
        self.column, self.order = RECORDS, DOWN

    def show(self, rows: Sequence[TopicRow]) -> None:
        self._all = rows
        self._longest = max([0.01, *(max(r.share, r.target or 0.0, r.after) for r in rows)])
        self._lay_out()

    def narrow(self, *, thin: bool | None = None, words: str | None = None) -> None:
        self._thin = self._thin if thin is None else thin
        self._words = self._words if words is None else words.casefold().strip()
        self._lay_out()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.column, self.order = column, order
        self._lay_out()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def _lay_out(self) -> None:
        self.beginResetModel()
        kept = [r for r in self._all if not self._thin or r.thin or r.short]
        kept = [r for r in kept if self._words in r.topic.casefold()]
        self.rows = sorted(kept, key=KEYS[self.column], reverse=self.order == DOWN)
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                arrow = ARROWS[self.order] if section == self.column else ""
                return f"{COLUMNS[section].title}{arrow}"
            case Qt.ItemDataRole.ToolTipRole:
                return tip(TIPS[section])
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if COLUMNS[section].right else None
                return (side or Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole if index.column() == NAME:
                return row.name
            case Qt.ItemDataRole.ToolTipRole if index.column() == NAME:
                return tip(row.words)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._tip(row, index.column(), role)
        if role == CELL and index.column() != NAME:
            return self._cell(row, index.column())
        return None

    def _tip(self, row: TopicRow, column: int, role: int) -> str:
        cell = self._cell(row, column) if column != NAME else None
        said = cell.text if cell else row.name
        if column == LEARNS and row.signal and row.signal.low is not None:
            ends = f"{row.signal.low:.2f} to {row.signal.high:.2f}"
            said += f", 95 % interval {ends}, {row.signal.prompts:,} prompts"
        return tip(said) if role == Qt.ItemDataRole.ToolTipRole else said

    def _cell(self, row: TopicRow, column: int) -> Cell:
        match column:
            case 1:
                return NumberCell(f"{row.records:,}")
            case 2:
                return _quota_bar(row)
            case 3:
                whole = self._longest * 1.1
                aim = None if row.target is None else row.target / whole
                grows = max(0.0, row.after - row.share) if row.add else 0.0
                words = row.share_words
                return BarCell(row.share / whole, aim, "muted", grows / whole, words=words)
            case 4:
                return NumberCell(f"+{row.add:,}" if row.add else "", "accent")
            case 5:
                known = row.signal is not None and row.signal.value is not None
                return NumberCell(row.signal_words, "" if known else "faint")
            case 6:
                return BadgeCell(row.chip, "warn" if row.short else "muted")
        return PlainCell(row.name)


def _quota_bar(row: TopicRow) -> BarCell:
    """The whole length is twice the quota, so that the tick stands in the middle."""
    if not row.quota:
        return BarCell(0.0, words="no quota: its target is 0")
    whole = 2 * row.quota
    said = f"{row.records:,} of {row.quota:,}" + (f", {row.add:,} planned" if row.add else "")
    tone: Tone = "warn" if row.thin else "accent"
    return BarCell(row.records / whole, 0.5, tone, row.add / whole, words=said)


class TopicTable(kit.Table):
    """`topic_opened` tells the id of the topic whose records are wanted."""

    topic_opened = Signal(int)

    def __init__(self) -> None:
        self.topics = TopicModel()
        super().__init__("Topics", COLUMNS, row_height=29, model=self.topics)
        self.setMinimumHeight(240)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._sort_by)
        self.opened.connect(self._open)
        self.clicked.connect(self._open_bar)

    def show_topics(self, rows: Sequence[TopicRow]) -> None:
        """Replace the rows; the selected topic stays selected. Columns without anything are hidden."""
        row, top = self.currentIndex().row(), self.verticalScrollBar().value()
        before = self.topics.rows[row].topic if 0 <= row < len(self.topics.rows) else None
        self.topics.show(rows)
        self.setColumnHidden(PLAN, not any(r.add for r in rows))
        self.setColumnHidden(STATE, not any(r.chip for r in rows))
        self.setColumnHidden(LEARNS, not any(r.signal for r in rows))
        self._fit_columns()
        for place, shown in enumerate(self.topics.rows):
            if shown.topic == before:
                self.selectRow(place)
                self.verticalScrollBar().setValue(top)
                break

    def _open(self, row: int) -> None:
        topic = self.topics.rows[row].id
        if topic is not None:
            self.topic_opened.emit(topic)

    def _sort_by(self, column: int) -> None:
        """A second click on a column turns its order round."""
        first = {place: order for place, _, order in SORTS}.get(column, DOWN)
        again = self.topics.column == column and self.topics.order == first
        self.topics.sort(column, (UP if first == DOWN else DOWN) if again else first)

    def _open_bar(self, index: QModelIndex) -> None:
        if index.column() in (QUOTA, SHARE):
            self._open(index.row())

    def retheme(self) -> None:
        super().retheme()
        self._fit_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        least = NARROW if self.isColumnHidden(LEARNS) else NARROW_WITH_ALL
        narrow = self.width() < theme().px(least)
        for index, (column, width) in enumerate(zip(COLUMNS, NARROW_WIDTHS, strict=True)):
            if column.width:
                self.setColumnWidth(index, theme().px(width if narrow else column.width))
