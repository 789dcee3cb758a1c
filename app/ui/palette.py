"""The command palette (Ctrl+K): every command, step and dataset, found by a few letters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QWidget
from rapidfuzz import fuzz, process

from app.ui import kit
from app.ui.parts.cells import NumberCell

SHOWN = 12
LEAST_SCORE = 55.0  # rapidfuzz WRatio, 0 to 100; below it the hits read as noise


@dataclass(frozen=True)
class Entry:
    """`hint` stands at the right: a shortcut, or what kind of thing it is."""

    words: str
    hint: str
    do: Callable[[], object]


def matching(entries: Sequence[Entry], typed: str) -> list[Entry]:
    """The entries that fit what was typed, best first; all in their order when it is empty."""
    if not typed.strip():
        return list(entries[:SHOWN])
    low = typed.strip().lower()
    inside = [entry for entry in entries if low in entry.words.lower()]
    rest = [entry for entry in entries if entry not in inside]
    words = [entry.words.lower() for entry in rest]
    hits = process.extract(low, words, scorer=fuzz.WRatio, score_cutoff=LEAST_SCORE, limit=SHOWN)
    return [*inside, *(rest[index] for _, _, index in hits)][:SHOWN]


class Palette(QDialog):
    """Type, move with the arrows, Return runs. The command runs after the palette has closed."""

    def __init__(self, parent: QWidget, entries: Sequence[Entry]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Commands")
        self.resize(520, 440)
        self.chosen: Entry | None = None
        self._entries, self._shown = list(entries), list(entries)
        self.search = kit.search_box("Search or run a command", self._filter)
        self.search.installEventFilter(self)
        columns = [kit.Column("Command"), kit.Column("", 130, right=True)]
        self.table = kit.Table("Commands", columns)
        self.table.horizontalHeader().hide()
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.clicked.connect(lambda index: self._run(index.row()))
        self._none = kit.label("No command has that name.", "body", "muted")
        self.setLayout(
            kit.column(self.search, self._none, (self.table, 1), gap=10, margin=(12, 12, 12, 12))
        )
        self._filter("")

    def _filter(self, typed: str) -> None:
        self._shown = matching(self._entries, typed)
        self.table.show_rows([[e.words, NumberCell(e.hint, "faint")] for e in self._shown])
        self.table.setVisible(bool(self._shown))
        self._none.setVisible(not self._shown)
        if self._shown:
            self.table.selectRow(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        row = self.table.currentIndex().row()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(row)
        elif event.key() == Qt.Key.Key_Down:
            self.table.selectRow(min(row + 1, len(self._shown) - 1))
        elif event.key() == Qt.Key.Key_Up:
            self.table.selectRow(max(row - 1, 0))
        else:
            return False
        return True

    def _run(self, row: int) -> None:
        if 0 <= row < len(self._shown):
            self.chosen = self._shown[row]
            self.accept()
