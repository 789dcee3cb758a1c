"""Under the record list: how much is selected, what to do with it, which columns and order."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from app.ui import kit
from app.ui.records.columns import ALWAYS, COLUMNS
from app.ui.records.snapshot import Around, View
from app.ui.topics.choices import leaf_entries

SPLITS = (("Train", "train"), ("Validation", "validation"), ("Test", "test"), ("No split", ""))


class Foot(QWidget):
    """Tells what was asked; whoever owns the list knows which records are meant."""

    all_toggled = Signal(bool)
    topic_chosen = Signal(object)  # a leaf's id, or None for no topic
    split_chosen = Signal(str)
    tag_asked = Signal()
    untag_chosen = Signal(str)
    export_asked = Signal()
    variants_asked = Signal()
    delete_asked = Signal()
    columns_chosen = Signal(tuple)
    sorted_by = Signal(str, bool)
    jump_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._around, self._view, self._shown = Around(), View(), tuple[str, ...]()
        self.every = QCheckBox("")
        self.every.setToolTip("Select all that match (Ctrl+A)")
        self.every.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.every.clicked.connect(self._toggle)
        self.change = kit.drop_button("Change", small=True)
        self.delete = kit.tool_button(
            "trash", "Delete the selected records (Del)", self.delete_asked.emit
        )
        self.looks = kit.drop_button("View", kind="ghost", small=True)
        self.looks.setToolTip("Columns, order, go to a row")
        row = kit.row((self.every, 1), self.change, self.delete, self.looks, gap=6)
        row.setContentsMargins(12, 6, 8, 6)
        self.setLayout(row)
        self._fill_change()

    def show_around(self, around: Around) -> None:
        """The topics and tags to choose from."""
        if (around.topics, around.tags) != (self._around.topics, self._around.tags):
            self._around = around
            self._fill_change()

    def show_view(self, view: View, shown: Sequence[str]) -> None:
        """The columns and the order in use."""
        looks = (view.sort, view.descending, tuple(shown))
        if looks != (self._view.sort, self._view.descending, self._shown):
            self._view, self._shown = view, tuple(shown)
            self._fill_looks()

    def show_selection(self, selected: int, total: int, said: str) -> None:
        """How many are selected of how many; `said` is the total in words."""
        every = selected == total and total > 0
        words = (
            f"All {said} selected" if every and total > 1 else f"{selected:,} of {said} selected"
        )
        self.every.setText(words)
        self.every.setAccessibleName(f"{words}. Select all {said}")
        state = Qt.CheckState.Checked if every else Qt.CheckState.PartiallyChecked
        self.every.setCheckState(state if selected else Qt.CheckState.Unchecked)
        self.every.setEnabled(total > 0)
        for widget in (self.change, self.delete):
            widget.setEnabled(selected > 0)

    def _toggle(self) -> None:
        # Qt has moved on by one state already: from part and from none, a click means all.
        self.all_toggled.emit(self.every.checkState() != Qt.CheckState.Unchecked)

    def _fill_change(self) -> None:
        topics = leaf_entries(self._around.topics, self.topic_chosen.emit)
        none = kit.Entry("No topic", lambda: self.topic_chosen.emit(None))
        splits = [kit.Entry(words, partial(self.split_chosen.emit, s)) for words, s in SPLITS]
        tags = [kit.Entry(tag, partial(self.untag_chosen.emit, tag)) for tag in self._around.tags]
        kit.set_entries(
            self.change,
            [
                kit.Entry("Set topic", below=[*topics, kit.Entry(), none])
                if topics
                else kit.Entry("Set topic", enabled=False, tip="There are no topics yet"),
                kit.Entry("Move to split", below=splits),
                kit.Entry(),
                kit.Entry("Add a tag…", self.tag_asked.emit),
                kit.Entry("Remove a tag", below=tags)
                if tags
                else kit.Entry("Remove a tag", enabled=False, tip="No record has a tag"),
                kit.Entry(),
                kit.Entry(
                    "Write variants…",
                    self.variants_asked.emit,
                    tip="A connected model varies the training records; you see the cost first",
                ),
                kit.Entry("Export the selected…", self.export_asked.emit),
            ],
        )

    def _fill_looks(self) -> None:
        view = self._view
        columns = [
            kit.Entry(
                column.words,
                partial(self._flip, column.key),
                checked=column.key in self._shown,
                enabled=column.key != ALWAYS,
            )
            for column in COLUMNS
        ]
        orders = [("Best match, or file order", "match"), *((c.words, c.sort) for c in COLUMNS)]
        sorts = [
            kit.Entry(words, partial(self.sorted_by.emit, sort, False), checked=sort == view.sort)
            for words, sort in orders
        ]
        turn = partial(self.sorted_by.emit, view.sort, not view.descending)
        reverse = kit.Entry("Reverse the order", turn, enabled=view.sort != "match")
        kit.set_entries(
            self.looks,
            [
                kit.Entry("Columns", below=columns),
                kit.Entry("Sort by", below=[*sorts, kit.Entry(), reverse]),
                kit.Entry(),
                kit.Entry("Go to row… (Ctrl+G)", self.jump_asked.emit),
            ],
        )

    def _flip(self, key: str) -> None:
        shown = set(self._shown) ^ {key}
        self.columns_chosen.emit(tuple(c.key for c in COLUMNS if c.key in shown | {ALWAYS}))
