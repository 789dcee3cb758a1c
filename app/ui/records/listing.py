"""The card with the record list: filter line, lazy table, what is selected and what to do with it."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QStackedWidget

from app.ui import kit
from app.ui.records.filters import FilterBar
from app.ui.records.foot import Foot
from app.ui.records.model import RecordModel
from app.ui.records.snapshot import Around, Listing, View
from app.ui.records.table import RecordTable

RESTORED = 2_000  # selected records that are found again in another list; more are let go


class RecordList(QFrame):
    """`picked` carries the id of the record moved to."""

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.model = RecordModel()
        self.filters, self.foot = FilterBar(), Foot()
        self.table = RecordTable(self.model)
        self._pending: frozenset[int] = frozenset()  # to be selected once their places are known
        self.clear = kit.button("Clear the filter", self.filters.all_asked.emit)
        self.stack = QStackedWidget()
        self.stack.addWidget(kit.frame(kit.column((self.table, 1), margin=(5, 0, 5, 0)), "bar"))
        self.stack.addWidget(kit.empty("magnifying-glass", "No record matches.", self.clear))
        self.stack.addWidget(
            kit.empty("files", "This dataset has no records. Import a file of chat records.")
        )
        self.stack.addWidget(kit.Skeleton(6, "Reading the records"))
        self.stack.setMinimumHeight(160)
        self.stack.setCurrentIndex(3)
        self.setLayout(kit.column(self.filters, (self.stack, 1), kit.rule(), self.foot, gap=0))
        self.table.picked.connect(self._tell_picked)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self.show_selection())
        self.foot.all_toggled.connect(self.select_all)

    def show_listing(self, listing: Listing, shown: int | None) -> None:
        """The list as far as it is known; what was selected stays selected, by record."""
        kept, everything = self.kept_ids(), self.all_selected
        if another := listing.view.list != self.model.listing.view.list:
            kept, everything = frozenset(), False
        self.filters.show_listing(listing)
        blocked = self.table.blockSignals(True)  # a re-read is not the user's move
        self.model.show_listing(listing)
        if another:  # Qt keeps the place of the list before, which may be out of reach here
            self.table.scrollToTop()
        self._restore(kept, shown, everything=everything)
        self.table.blockSignals(blocked)
        self.stack.setCurrentIndex(0 if listing.total else 1 if listing.view.filtered else 2)
        self.show_selection()
        QTimer.singleShot(0, self.table, self._show_current)  # rows have no place before layout

    def show_view(self, view: View, columns: Sequence[str]) -> None:
        """The line, the columns and the order as they are now."""
        self.filters.show_view(view)
        if tuple(columns) != self.model.shown:
            self.table.show_columns(columns)
        self.table.show_sort(view)
        self.foot.show_view(view, columns)

    def show_around(self, around: Around) -> None:
        """Counts and names."""
        self.model.show_topics(around.topics)
        self.filters.show_around(around)
        self.table.fit_numbers(around.stats.records)
        self.foot.show_around(around)
        self.show_selection()

    def move_by(self, step: int) -> None:
        """To the record before or after."""
        self.table.select(self.table.currentIndex().row() + step)

    def select_all(self, on: bool = True) -> None:
        """All that match, looked at or not; or only the current one again."""
        if on:
            self.table.selectAll()
        else:
            self.table.select(self.table.currentIndex().row())
        self.table.setFocus()

    @property
    def all_selected(self) -> bool:
        total = self.model.listing.total
        return total > 1 and self.table.selected_count == total

    def selected_ids(self) -> list[int] | None:
        """The selected records in the order of the list; None while some are not known yet."""
        ids, found = self.model.listing.ids, list[int]()
        for rows in self.table.selected_rows():
            if ids is not None:
                found.extend(ids[rows.start : rows.stop])
                continue
            for row in rows:
                if (record_id := self.model.id_at(row)) is None:
                    return None
                found.append(record_id)
        return found

    def kept_ids(self) -> frozenset[int]:
        """The selected records whose places in the next reading are asked for."""
        if self.table.selected_count > RESTORED or self.all_selected:
            return frozenset()
        return frozenset(self.selected_ids() or ()) | self._pending

    def show_selection(self) -> None:
        listing = self.model.listing
        self.foot.show_selection(self.table.selected_count, listing.total, listing.said)

    def _tell_picked(self, row: int) -> None:
        self.model.ask_for(row)  # first: the row is seen before the record is beside it
        if (record_id := self.model.id_at(row)) is not None:
            self.picked.emit(record_id)

    def _restore(self, kept: frozenset[int], shown: int | None, *, everything: bool) -> None:
        """Select again what was selected; what has no known place waits for the order."""
        row = self.model.row_of(shown)
        if everything:
            self.table.selectAll()
            return
        if row < 0:
            self._pending = kept if self.model.listing.ids is None else frozenset()
            return
        if row != self.table.currentIndex().row() or not self.table.selected_count:
            self.table.select(row)
            rows = [self.model.row_of(record_id) for record_id in kept - {shown}]
            self.table.select_more(r for r in rows if r >= 0)
        self._pending = frozenset()

    def _show_current(self) -> None:
        index = self.table.currentIndex()
        if index.isValid():
            self.table.scrollTo(index)
