"""The dialog that asks for the wished shares of the topics; it writes nothing."""

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QDialog, QWidget

from app.tools.targets import Targets
from app.ui import dialogs, kit
from app.ui.coverage.rows import TopicRow
from app.ui.coverage.shares import ShareModel, ShareTable
from app.ui.theme import theme

NAMES = ("Same share", "As imported", "Own shares")
WORDS = (
    "Every topic should have the same share of the records.",
    "No target set: the records stay as they were imported, and balance reads n/a.",
    "Type a share in percent. Topics without one get evenly what the others leave; Delete takes one "
    "away. 0 leaves a topic out of balance and coverage.",
)
OWN = 2


class TargetsDialog(QDialog):
    """`targets` is what `set_targets` takes."""

    def __init__(
        self,
        parent: QWidget | None,
        rows: Sequence[TopicRow],
        wished: Mapping[int, float],
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Targets")
        self.resize(theme().px(620), theme().px(560))
        known = [row for row in rows if row.id is not None]
        self.model = ShareModel(known, [wished.get(row.id or 0) for row in known])
        self.table = ShareTable(self.model)
        self.kinds = kit.Segments(NAMES, OWN)
        self.kinds.chosen.connect(lambda _: self._show_kind())
        self.model.changed.connect(self._show_kind)
        self.about = kit.label("", "small", "muted", wrap=True)
        self.live = kit.label("", wrap=True)
        self.even = kit.button(
            "Even out the rest",
            lambda: self.model.keep_only(self.table.places),
            small=True,
            tip="All but the selected topics share evenly what these leave",
        )
        self.present = kit.button(
            "As they are now",
            self.model.take_present,
            small=True,
            tip="Every topic's present share",
        )
        self.tools = kit.holder(kit.row(self.even, self.present, None))
        self.ok = kit.button("Set the targets", self.accept, kind="primary")
        self.ok.setDefault(True)
        actions = kit.row(None, kit.button("Cancel", self.reject), self.ok)
        body = (self.kinds, self.about, (self.table, 1), self.tools, self.live, actions)
        head = kit.label("Which share should each topic have?", "h2")
        self.setLayout(kit.column(head, *body, gap=10, margin=20))
        self._show_kind()

    @property
    def targets(self) -> Targets:
        kind = self.kinds.selected
        if kind != OWN:
            return "as_imported" if kind else "uniform"
        pairs = zip(self.model.rows, self.model.wished, strict=True)
        return {row.id: share for row, share in pairs if row.id is not None and share is not None}

    def _show_kind(self) -> None:
        own = self.kinds.selected == OWN
        self.about.setText(WORDS[self.kinds.selected])
        for widget in (self.table, self.tools):
            widget.setEnabled(own)
        self.live.setText(self.model.words if own else "")
        self.ok.setEnabled(not own or self.model.valid)
        self.ok.setToolTip("" if self.ok.isEnabled() else "At least one share must be above 0.")


async def ask_targets(
    parent: QWidget, rows: Sequence[TopicRow], wished: Mapping[int, float]
) -> Targets | None:
    """What the user wants, None when cancelled."""
    dialog = TargetsDialog(parent, rows, wished)
    return dialog.targets if await dialogs.ask(dialog) else None
