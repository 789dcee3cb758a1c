"""The table's model: rows come in pages when they are looked at; never all rows are held.

It holds the last pages looked at, and no more of the order than the listing knows.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from app.domain.search_words import Terms, terms_of
from app.store.records import RecordFilter, RecordRow
from app.ui.kit.table import LEFT, RIGHT
from app.ui.parts import CELL, Cell, NumberCell, PlainCell, TwoLineCell
from app.ui.records import columns
from app.ui.records.columns import COLUMNS, Shown
from app.ui.records.snapshot import NEAR, PAGE, Listing, Page, View, place_in
from app.ui.topics.choices import TopicChoice

Index = QModelIndex | QPersistentModelIndex
PAGES_KEPT = 60
CELLS_KEPT = 4_000  # of rows in view and near: made once, painted many times
NO_INDEX = QModelIndex()
NOTHING = Listing(View(), RecordFilter(), Page(), 0, "0", ids=())
WAITS = TwoLineCell("…", "")


class RecordModel(QAbstractTableModel):
    """`wanted` asks for a page; `fill` brings its rows. Rows already known stay meanwhile.

    `filled` says that rows came.
    """

    wanted = Signal(int)
    filled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.listing = NOTHING
        self.edition = 0
        self.shown: tuple[str, ...] = columns.FIRST_SHOWN
        self._pages: OrderedDict[int, Page] = OrderedDict()
        self._asked: set[int] = set()
        self._topics: dict[int, str] = {}
        self._terms = Terms()
        self._cells: dict[tuple[str, int], Cell] = {}

    def show_listing(self, listing: Listing) -> None:
        """Another list, the same one read again, or the order of the one that is shown.

        A list read again keeps the order it had until the new one is known.
        """
        before = self.listing
        same = listing.view.list == before.view.list
        self.edition += 1
        self._terms = terms_of(listing.spec.text)
        if not same:
            self._pages.clear()
        elif listing.ids is None and before.ids is not None:
            listing = _with_order_of(before, listing)
        self._asked = {0} if listing.first.rows else set()
        if same and listing.ids == before.ids:
            self.listing = listing
            self._keep(0, listing.first)
            self._tell(0, listing.total)
        elif same and before.ids is None and listing.first is before.first:
            self._lengthen(listing)
        else:
            self.beginResetModel()
            self.listing = listing
            self._pages.clear()
            self._cells.clear()
            self._keep(0, listing.first)
            self.endResetModel()

    def show_topics(self, topics: Sequence[TopicChoice]) -> None:
        """The names of the topics, for rows that have one."""
        names = {topic.id: topic.name for topic in topics}
        if names != self._topics:
            self._topics = names
            self._tell(0, self.listing.total)

    def show_columns(self, shown: Sequence[str]) -> None:
        """Which columns are in view: what has none of its own stands under the text."""
        self.shown = tuple(shown)
        self._tell(0, self.listing.total)

    def read_again(self) -> None:
        """Ask for what is in view once more."""
        self.edition += 1
        self._asked.clear()
        self._tell(0, self.listing.total)

    def fill(self, page: Page, number: int, *, edition: int) -> None:
        """The rows of a page; those of an earlier list are dropped."""
        if edition == self.edition:
            self._keep(number, page)
            self._tell(number * PAGE, PAGE)
            self.filled.emit()

    def forget(self, number: int) -> None:
        """A page that is not fetched after all: it is asked for again when it is looked at."""
        self._asked.discard(number)

    def row(self, row: int) -> RecordRow | None:
        """The row's values, None while they are not read."""
        page, ids = self._pages.get(row // PAGE), self.listing.ids
        if page is None or row % PAGE >= len(page.rows):
            return None
        found = page.rows[row % PAGE]
        # A record deleted meanwhile leaves a page that does not fit the order any more.
        return found if ids is None or ids[row] == found.id else None

    def id_at(self, row: int) -> int | None:
        """The record of a row, None where neither its page nor the order is known."""
        if not 0 <= row < self.listing.total:
            return None
        if self.listing.ids is not None:
            return self.listing.ids[row]
        found = self.row(row)
        return found.id if found else None

    def row_of(self, record_id: int | None) -> int:
        """The place of a record in the list, -1 where it is not in it or not known."""
        if record_id is None:
            return -1
        if (place := self.listing.places.get(record_id)) is not None:
            return place
        return place_in(self.listing.ids, record_id) if self.listing.ids is not None else -1

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else self.listing.total

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{COLUMNS[section].words}. Click to sort by it"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if COLUMNS[section].right else LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == CELL:
            return self._cell(COLUMNS[index.column()].key, index.row())
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            found = self._shown(index.row())
            return columns.said(COLUMNS[index.column()].key, found) if found else "being read"
        return None

    def _cell(self, key: str, row: int) -> Cell:
        self.ask_for(row)
        if (made := self._cells.get((key, row))) is not None:
            return made
        if found := self._shown(row):
            if len(self._cells) >= CELLS_KEPT:
                self._cells.clear()
            self._cells[key, row] = columns.cell(key, found)
            return self._cells[key, row]
        known = self.id_at(row) if key == "id" else None
        if known is not None:
            return NumberCell(f"{known:,}", "faint")
        return WAITS if key == "text" else PlainCell("")

    def _shown(self, row: int) -> Shown | None:
        found = self.row(row)
        if found is None:
            return None
        page = self._pages[row // PAGE]
        topic = self._topics.get(found.topic_id or 0, "")
        score = page.scores.get(found.id)
        return Shown(found, topic, score, self._terms, frozenset(self.shown))

    def ask_for(self, row: int) -> None:
        """Have the page of a row read, if it is not and can be."""
        page = row // PAGE
        if page in self._pages:
            self._pages.move_to_end(page)
        reachable = self.listing.ids is not None or page * PAGE < NEAR
        if page not in self._asked and reachable:
            self._asked.add(page)
            self.wanted.emit(page)

    def _keep(self, number: int, page: Page) -> None:
        self._pages[number] = page
        self._pages.move_to_end(number)
        while len(self._pages) > PAGES_KEPT:
            gone, _ = self._pages.popitem(last=False)
            self._asked.discard(gone)

    def _lengthen(self, listing: Listing) -> None:
        """The order came: rows are added or taken at the end, so that nothing in view moves."""
        before, now = self.listing.total, listing.total
        if now > before:
            self.beginInsertRows(NO_INDEX, before, now - 1)
        elif now < before:
            self.beginRemoveRows(NO_INDEX, now, before - 1)
        self.listing = listing
        if now > before:
            self.endInsertRows()
        elif now < before:
            self.endRemoveRows()
        self._tell(0, now)

    def _tell(self, first: int, count: int) -> None:
        self._cells.clear()
        last = min(first + count, self.listing.total) - 1
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(COLUMNS) - 1))


def _with_order_of(before: Listing, now: Listing) -> Listing:
    return Listing(
        now.view, now.spec, now.first, before.total, before.said,
        ids=before.ids, share=now.share, places=now.places,
    )  # fmt: skip
