"""The table's model over record ids: rows come in pages when they are looked at, never all at once."""

from collections.abc import Sequence
from typing import Any, ClassVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from app.domain.validation import ISSUES
from app.store.records import RecordRow, Sort
from app.ui.kit.table import LEFT, RIGHT
from app.ui.parts import CELL, BadgeCell, Cell, NumberCell, Tone, TwoLineCell
from app.ui.records.snapshot import PAGE
from app.ui.topics.choices import TopicChoice

Index = QModelIndex | QPersistentModelIndex
PAGES_KEPT = 60
NO_INDEX = QModelIndex()
SHORT = {"near_duplicate": "near dup.", "duplicate": "duplicate"}
SPLITS = {"validation": "valid.", None: "no split", "": "no split"}


class RecordModel(QAbstractTableModel):
    """`wanted` asks for a page of ids; `fill` brings its rows. Rows already known stay meanwhile."""

    wanted = Signal(int)
    titles = ("#", "Last user turn and topic", "Tokens", "Issue")
    sorts: ClassVar[dict[int, Sort]] = {0: "id", 1: "preview", 2: "tokens"}

    def __init__(self) -> None:
        super().__init__()
        self.ids: Sequence[int] = ()
        self._rows: dict[int, RecordRow] = {}
        self._asked: set[int] = set()
        self._topics: dict[int, str] = {}
        self.edition = 0

    def show_ids(
        self, ids: Sequence[int], first: Sequence[RecordRow], topics: Sequence[TopicChoice]
    ) -> None:
        """Another list, or the same one after a change: all but the first page is read again."""
        self._topics = {topic.id: topic.name for topic in topics}
        self.edition += 1
        self._asked = {0}
        if len(self._rows) > PAGE * PAGES_KEPT:
            self._rows.clear()
        self._rows.update((row.id, row) for row in first)
        if ids == self.ids:
            self._tell(0, len(ids))
            return
        self.beginResetModel()
        self.ids = ids
        self.endResetModel()

    def page(self, number: int) -> list[int]:
        """The ids of a page."""
        return list(self.ids[number * PAGE : (number + 1) * PAGE])

    def fill(self, rows: Sequence[RecordRow], number: int, *, edition: int) -> None:
        """The rows of a page; those of an earlier list are dropped."""
        if edition != self.edition:
            return
        self._rows.update((row.id, row) for row in rows)
        self._tell(number * PAGE, PAGE)

    def row_of(self, record_id: int | None) -> int:
        """The place of a record in the list, -1 when it is not in it."""
        return self.ids.index(record_id) if record_id in self.ids else -1

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.ids)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return len(self.titles)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.titles[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if section in (0, 2) else LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        record_id = self.ids[index.row()]
        self._ask_for(index.row() // PAGE)
        row = self._rows.get(record_id)
        if role == CELL:
            return self._cell(index.column(), record_id, row)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole) and row:
            return self._said(index.column(), row)
        return None

    def _ask_for(self, page: int) -> None:
        if page not in self._asked:
            self._asked.add(page)
            self.wanted.emit(page)

    def _cell(self, column: int, record_id: int, row: RecordRow | None) -> Cell:
        if column == 0:
            return NumberCell(f"{record_id:,}", "faint")
        if row is None:
            return TwoLineCell("…", "") if column == 1 else NumberCell("")
        if column == 1:
            return TwoLineCell(" ".join(row.preview.split()) or "(no user turn)", self._below(row))
        if column == 2:
            return NumberCell(f"{row.tokens:,}")
        return BadgeCell(*issue_badge(row))

    def _below(self, row: RecordRow) -> str:
        if not row.valid:
            return "No topic: record is invalid"
        topic = self._topics.get(row.topic_id or 0, "Uncategorised")
        made = "" if row.source == "imported" else f", {row.source}"
        return f"{topic}, {SPLITS.get(row.split, row.split)}{made}"

    def _said(self, column: int, row: RecordRow) -> str:
        if column == 3:
            return ", ".join(plain_code(code) for code in row.issues) or "no issue"
        words = [f"Record {row.id}", row.preview[:400], self._below(row), f"{row.tokens:,} tokens"]
        return "\n".join(words)

    def _tell(self, first: int, count: int) -> None:
        last = min(first + count, len(self.ids)) - 1
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.titles) - 1))


def plain_code(code: str) -> str:
    """An issue's code as words."""
    return code.replace("_", " ")


def issue_badge(row: RecordRow) -> tuple[str, Tone]:
    """The gravest issue as a chip: invalid, a duplicate, or how many there are."""
    if not row.valid:
        return "invalid", "bad"
    for code, words in SHORT.items():
        if code in row.issues:
            return words, "warn"
    warned = [code for code in row.issues if code in ISSUES]
    return (f"{len(warned)} to see", "warn") if warned else ("", "muted")
