"""The outlook card: what this computer can do with this data, said before any work; reads nothing."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from app.domain.outlook import Cell, Outlook
from app.ui import kit
from app.ui.parts import Badge
from app.ui.theme import theme

CELL_WIDTH = 150  # under this four columns become two
LOOK: dict[str, tuple[str, str]] = {
    "good": ("check-circle", "good"),
    "warn": ("warning", "warn_text"),
    "bad": ("x-circle", "bad_text"),
    "info": ("info", "info_text"),
}


class OutlookCard(QFrame):
    """Open before the pipeline has begun, folded to its head once it has; the user may do either."""

    opened = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.view: Outlook | None = None
        self._by_hand: bool | None = None
        self._columns = 0
        self.chip = Badge("reading", "muted")
        self.toggle = kit.button("Hide", self._toggle, kind="link", small=True)
        self.body = QWidget()
        self._grid = QGridLayout(self.body)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        head = kit.row(kit.label("Outlook", "h2"), self.chip, None, self.toggle)
        self.setLayout(kit.column(head, self.body, gap=8, margin=(16, 10, 12, 12)))

    @property
    def wants_reading(self) -> bool:
        """Whether its contents are seen: a folded card costs nothing."""
        return not self.isHidden() and not self.body.isHidden()

    def settle(self, *, begun: bool) -> None:
        """Fold once the pipeline has begun, unless the user decided."""
        if self._by_hand is None:
            self._open(not begun)

    def show_outlook(self, view: Outlook) -> None:
        """Draw the contents."""
        if view == self.view:
            return
        self.view, self._columns = view, 0
        self.chip.show()
        self.chip.show_text(view.word, view.tone, LOOK.get(view.tone, ("", ""))[0])
        said = "; ".join(f"{cell.title}: {cell.text}" for cell in view.cells)
        self.setAccessibleName(f"Outlook, {view.word}. {said}")
        kit.in_turn(
            self, lambda: self._lay_out(self.width())
        )  # with all else a dataset shows: 56 ms

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out(event.size().width())

    def _lay_out(self, width: int) -> None:
        if self.view is None or not self.view.cells:
            return
        fits = max(1, (width - 28 + 16) // (theme().px(CELL_WIDTH) + 16))
        count = len(self.view.cells)
        columns = min(count, fits if fits < 4 else 4)
        columns = 2 if columns == 3 and count == 4 else columns
        if columns == self._columns:
            return
        for column in range(self._columns):
            self._grid.setColumnStretch(column, 0)
        self._columns = columns
        kit.clear(self._grid)
        for index, cell in enumerate(self.view.cells):
            self._grid.addWidget(_cell(cell), *divmod(index, columns))
        for column in range(columns):
            self._grid.setColumnStretch(column, 1)

    def _toggle(self) -> None:
        self._by_hand = self.body.isHidden()
        self._open(self._by_hand)
        if self._by_hand:
            self.opened.emit()

    def _open(self, opened: bool) -> None:
        self.body.setVisible(opened)
        self.chip.setVisible(opened or self.view is not None)  # folded, it is not being read
        self.toggle.setText("Hide" if opened else "Show")
        self.toggle.setAccessibleName("Hide the outlook" if opened else "Show the outlook")


def _cell(cell: Cell) -> QWidget:
    icon, color = LOOK[cell.tone]
    words = kit.column(
        kit.label(cell.title, "strong"),
        kit.label(cell.text, "small", "muted", wrap=True),
        None,
        gap=1,
    )
    place = kit.column(kit.IconLabel(icon, color), None, margin=(0, 2, 0, 0))
    return kit.holder(kit.row(place, (words, 1), gap=8))
