"""The table in which wished shares are typed: a number in percent, or nothing to share what is left."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView

from app.domain.coverage import balance, own_shares
from app.domain.wording import count, number
from app.ui import kit
from app.ui.coverage.rows import TopicRow
from app.ui.kit.text import tip
from app.ui.parts import CELL, NumberCell

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
NAME, RECORDS, NOW, SHARE = range(4)
COLUMNS = (
    kit.Column("Topic"),
    kit.Column("Records", 80, right=True),
    kit.Column("Share now", 90, right=True),
    kit.Column("Wished share", 130, right=True),
)
TYPED = Qt.ItemDataRole.EditRole


class ShareModel(QAbstractTableModel):
    """`wished` are the shares (0 to 1) by row, None where a topic shares what the others leave."""

    changed = Signal()

    def __init__(self, rows: Sequence[TopicRow], wished: Sequence[float | None]) -> None:
        super().__init__()
        self.rows, self.wished = tuple(rows), list(wished)
        self._lay_out()

    def put(self, places: Sequence[int], share: float | None) -> None:
        """Set (or with None unset) the shares of some rows."""
        for place in places:
            self.wished[place] = share
        self._changed()

    def keep_only(self, places: Sequence[int]) -> None:
        """All other rows share what these leave; those of them without a share keep what they have."""
        kept = set(places)
        self.wished = [self.shares[i] if i in kept else None for i in range(len(self.rows))]
        self._changed()

    def take_present(self) -> None:
        """Every topic's share is the one it has now."""
        self.wished = [row.share for row in self.rows]
        self._changed()

    @property
    def words(self) -> str:
        """The sum, what is left for whom, and the balance of the records against these shares."""
        given = [w for w in self.wished if w is not None]
        total, others = sum(given), len(self.wished) - len(given)
        said = f"Set: {number(total, '%')} in {count(len(given), 'topic')}."
        if not given:
            said = "No share is set: every topic has the same."
        elif total > 1 + 1e-9 or (not others and abs(total - 1) > 1e-9):
            said += " They are scaled to 100 %."
            said += f" {count(others, 'topic')} get nothing." if others else ""
        elif others:
            each = number(max(0.0, 1 - total) / others, "%")
            said += f" {count(others, 'topic')} without a share get {each} each."
        counts = {row.topic: row.records for row in self.rows}
        aims = {row.topic: share for row, share in zip(self.rows, self.shares, strict=True)}
        return f"{said} Balance {number(balance(counts, aims))}."

    @property
    def valid(self) -> bool:
        return sum(self.shares) > 0

    def _changed(self) -> None:
        self._lay_out()
        last = self.index(len(self.rows) - 1, SHARE)
        self.dataChanged.emit(self.index(0, SHARE), last)
        self.changed.emit()

    def _lay_out(self) -> None:
        found = own_shares(dict(enumerate(self.wished)))
        self.shares = [found[i] for i in range(len(self.rows))]

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = (
                Qt.AlignmentFlag.AlignRight
                if COLUMNS[section].right
                else Qt.AlignmentFlag.AlignLeft
            )
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = super().flags(index)
        return found | Qt.ItemFlag.ItemIsEditable if index.column() == SHARE else found

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == TYPED and column == SHARE:
            wished = self.wished[index.row()]
            return "" if wished is None else f"{wished * 100:.6g}"
        if role == Qt.ItemDataRole.ToolTipRole and column == NAME:
            return tip(row.words)
        if column == NAME:
            return row.name if role == Qt.ItemDataRole.DisplayRole else None
        cell = self._cell(index.row(), column)
        if role == CELL:
            return cell
        return cell.text if role == Qt.ItemDataRole.AccessibleTextRole else None

    def setData(self, index: Index, value: Any, role: int = TYPED) -> bool:
        """Takes «12», «12.5 %» and nothing; anything else, and over 100, is left as it was."""
        text = str(value).replace("%", "").replace(",", ".").strip()
        try:
            share = float(text) / 100 if text else None
        except ValueError:
            return False
        if share is not None and not 0 <= share <= 1:
            return False
        self.put([index.row()], share)
        return True

    def _cell(self, place: int, column: int) -> NumberCell:
        row = self.rows[place]
        if column == RECORDS:
            return NumberCell(f"{row.records:,}")
        if column == NOW:
            return NumberCell(number(row.share, "%"), "muted")
        own, share = self.wished[place] is not None, number(self.shares[place], "%")
        return NumberCell(share if own else f"rest: {share}", "" if own else "faint", strong=own)


class ShareTable(kit.Table):
    """Typing a digit begins a share, Delete unsets those selected."""

    def __init__(self, model: ShareModel) -> None:
        super().__init__("Wished shares", COLUMNS, row_height=29, model=model)
        self.shares = model
        self.setMinimumHeight(280)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(
            triggers.AnyKeyPressed | triggers.EditKeyPressed | triggers.DoubleClicked
        )
        if model.rows:
            self.setCurrentIndex(model.index(0, SHARE))

    @property
    def places(self) -> list[int]:
        """The selected rows."""
        return [index.row() for index in self.selectionModel().selectedRows(NAME)]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.shares.put(self.places, None)
            return
        here = self.currentIndex()
        if here.isValid() and here.column() != SHARE:
            flag = self.selectionModel().SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(here.siblingAtColumn(SHARE), flag)
        super().keyPressEvent(event)
