"""The dialog that asks what more shall be written for which topics, thin or not; it asks no model."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QWidget

from app.generation.base import strategies
from app.ui import dialogs, kit
from app.ui.theme import theme

MOST, USUAL = 1_000, 20  # records for each topic
LIMIT = (
    "Never more than a topic has real training records. The cost is shown before anything is asked."
)
CHECKED = Qt.CheckState.Checked


class MoreDialog(QDialog):
    """`wish` is what `generate_synthetic_data` takes; `chosen` topics are ticked at the start."""

    def __init__(
        self, parent: QWidget | None, topics: Sequence[str], chosen: Sequence[str] = ()
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Write more")
        self.resize(theme().px(520), theme().px(480))
        self.strategies = strategies()
        titles = [strategy.title for strategy in self.strategies]
        self.strategy = kit.combo("Strategy", titles, on=lambda _: self._show())
        self.number = kit.spin_box("Records for each topic", 1, MOST, value=USUAL)
        self.about = kit.label("", "small", "muted", wrap=True)
        self.topics = QListWidget()
        self.topics.setAccessibleName("Topics to write for")
        for topic in topics:
            item = QListWidgetItem(topic, self.topics)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(CHECKED if topic in chosen else Qt.CheckState.Unchecked)
        self.topics.itemChanged.connect(lambda _: self._show())
        self.ok = kit.button("Show the cost", self.accept, kind="primary")
        self.ok.setDefault(True)
        how = kit.row((self.strategy, 1), kit.label("Each"), self.number, gap=8)
        actions = kit.row(None, kit.button("Cancel", self.reject), self.ok)
        head = kit.label("Write more for which topics?", "h2")
        limit = kit.label(LIMIT, "small", "muted", wrap=True)
        body = ((self.topics, 1), how, self.about, limit, actions)
        self.setLayout(kit.column(head, *body, gap=10, margin=20))
        self._show()

    @property
    def wish(self) -> dict[str, Any]:
        return {
            "strategy": self.strategies[self.strategy.currentIndex()].name,
            "target_topics": self.ticked,
            "count_per_topic": self.number.value(),
        }

    @property
    def ticked(self) -> list[str]:
        items = [self.topics.item(row) for row in range(self.topics.count())]
        return [item.text() for item in items if item.checkState() == CHECKED]

    def _show(self) -> None:
        self.about.setText(self.strategies[self.strategy.currentIndex()].description)
        self.ok.setEnabled(bool(self.ticked))
        self.ok.setToolTip("" if self.ticked else "Tick at least one topic")


async def ask_more(
    parent: QWidget, topics: Sequence[str], chosen: Sequence[str]
) -> dict[str, Any] | None:
    """What the user wants, None when cancelled."""
    dialog = MoreDialog(parent, topics, chosen)
    return dialog.wish if await dialogs.ask(dialog) else None
