"""The datasets as rows of a list: searched and sorted here, drawn by a delegate; reads no store."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from app.store.library import DatasetInfo
from app.ui.kit.text import tip
from app.ui.parts.bars import step_words

Index = QModelIndex | QPersistentModelIndex
INFO = Qt.ItemDataRole.UserRole
OPEN = Qt.ItemDataRole.UserRole + 1
"""The roles of a row's DatasetInfo, and of whether it is the open dataset."""

SORTS: tuple[tuple[str, Callable[[DatasetInfo], Any]], ...] = (
    ("Last opened", lambda info: -info.opened),
    ("Name", lambda info: info.name.casefold()),
    ("Size", lambda info: -info.records),
    ("Step", lambda info: -info.steps.count("d")),
)


class DatasetModel(QAbstractListModel):
    """`found` are the datasets that match the search, in the chosen order. `renamed` tells an edit."""

    renamed = Signal(str, str)
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.infos: list[DatasetInfo] = []
        self.found: list[DatasetInfo] = []
        self._open, self._search, self._sort = "", "", 0

    def show_infos(self, infos: Sequence[DatasetInfo], open_id: str = "") -> None:
        """Take a new reading; a name that is being edited stays so while the rows are the same."""
        self.infos, self._open = list(infos), open_id
        self._arrange()

    def search(self, text: str) -> None:
        self._search = text.strip().casefold()
        self._arrange()

    def sort_by(self, index: int) -> None:
        """By its place in SORTS."""
        self._sort = index
        self._arrange()

    def row_of(self, dataset_id: str) -> int:
        """The row of a dataset; -1 when it is not shown."""
        return next((i for i, info in enumerate(self.found) if info.id == dataset_id), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.found)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        info = self.found[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return info.name
            case Qt.ItemDataRole.ToolTipRole:
                return tip(f"{info.name}, {step_words(info.steps)}")
            case Qt.ItemDataRole.AccessibleTextRole:
                words, _ = status(info)
                size = f"{info.records:,} records"
                return f"{info.name}, {size}, {words}, {step_words(info.steps)}"
            case _ if role == INFO:
                return info
            case _ if role == OPEN:
                return info.id == self._open
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A name that was typed: told, and shown at once."""
        name, info = " ".join(str(value).split()), self.found[index.row()]
        if role != Qt.ItemDataRole.EditRole or not name or name == info.name:
            return False
        self.found[index.row()] = info.model_copy(update={"name": name})
        self.dataChanged.emit(index, index)
        self.renamed.emit(info.id, name)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def _arrange(self) -> None:
        hits = [info for info in self.infos if self._search in info.name.casefold()]
        hits.sort(key=SORTS[self._sort][1])
        same = [info.id for info in hits] == [info.id for info in self.found]
        if same:
            self.found = hits
            if hits:
                self.dataChanged.emit(self.index(0), self.index(len(hits) - 1))
        else:
            self.beginResetModel()
            self.found = hits
            self.endResetModel()
        self.changed.emit()


def status(info: DatasetInfo) -> tuple[str, str]:
    """The chip's words and tone: the library's, else from the counts."""
    if info.status:
        return info.status, info.tone
    if info.invalid:
        return f"{info.invalid:,} invalid", "bad"
    return "Ready to start", "muted"


def when(opened: float, today: date | None = None) -> str:
    """`today`, `yesterday`, `12 Nov`, `12 Nov 2025`, or `new` for one that was never opened."""
    if not opened:
        return "new"
    day, now = datetime.fromtimestamp(opened).date(), today or date.today()
    days = (now - day).days
    if days <= 1:
        return "today" if days <= 0 else "yesterday"
    words = f"{day.day} {day:%b}"
    return words if day.year == now.year else f"{words} {day.year}"
