"""The small dialogs of topic edits: into how many parts, and which target; they change nothing."""

from dataclasses import dataclass

from PySide6.QtWidgets import QCheckBox, QDialog, QDoubleSpinBox, QWidget

from app.ui import dialogs, kit
from app.ui.kit.inputs import pad_number
from app.ui.topics.lines import Line

MOST_PARTS = 50
MOST_RECORDS = 1_000_000


@dataclass(frozen=True)
class Target:
    """A topic's own share (0 to 1) and its own number of records; None: none of its own."""

    share: float | None
    records: int | None


class SplitDialog(QDialog):
    """`parts`: how many, None as the data shows."""

    def __init__(self, parent: QWidget | None, name: str, records: int) -> None:
        super().__init__(parent)
        self.setWindowTitle("Split a topic")
        self.number = kit.spin_box("Parts", 1, MOST_PARTS, value=1, width=170)
        self.number.setSpecialValueText("As the data shows")
        text = f"Its {records:,} records are grouped anew by meaning; it becomes their group."
        words = kit.label(text, "body", "muted", wrap=True)
        words.setMinimumWidth(340)
        line = kit.row(kit.label("Parts", "body"), self.number, None)
        heading = kit.label(f"Split “{name}”", "h2", wrap=True)
        self.setLayout(kit.column(heading, words, line, _answers(self, "Split"), gap=10, margin=20))
        self.number.setFocus()

    @property
    def parts(self) -> int | None:
        return self.number.value() if self.number.value() > 1 else None


class TargetDialog(QDialog):
    """A share, a number of records, both, or neither: then the topic has no target of its own."""

    def __init__(self, parent: QWidget | None, lines: list[Line], quota: int) -> None:
        super().__init__(parent)
        self.setWindowTitle("Target")
        mark, first = lines[0].mark, lines[0]
        self.has_share = QCheckBox("Share of the records")
        self.share = _percent(100 * (mark.target if mark.target is not None else first.goal or 0))
        self.has_count = QCheckBox("Number of records")
        number = mark.quota or quota or 1
        self.count = kit.spin_box("Number of records", 1, MOST_RECORDS, value=number, width=120)
        for box, field, on in (
            (self.has_share, self.share, mark.target is not None),
            (self.has_count, self.count, mark.quota is not None),
        ):
            box.toggled.connect(field.setEnabled)
            box.setChecked(on)
            field.setEnabled(on)
        name = f"“{first.name}”" if len(lines) == 1 else f"{len(lines):,} topics"
        heading = kit.label(f"Target of {name}", "h2", wrap=True)
        text = (
            f"Without a share of its own a topic has an even part of what the others leave; without a "
            f"number of its own {quota:,} records are wanted. With neither it has no own target."
        )
        words = kit.label(text, "small", "muted", wrap=True)
        words.setMinimumWidth(360)
        share = kit.row((self.has_share, 1), self.share)
        count = kit.row((self.has_count, 1), self.count)
        actions = _answers(self, "Set")
        self.setLayout(kit.column(heading, share, count, words, actions, gap=10, margin=20))

    @property
    def target(self) -> Target:
        share = self.share.value() / 100 if self.has_share.isChecked() else None
        return Target(share, self.count.value() if self.has_count.isChecked() else None)


async def ask_parts(parent: QWidget, line: Line) -> tuple[bool, int | None]:
    """(whether to split, into how many parts or None as the data shows)."""
    dialog = SplitDialog(parent, line.name, line.records)
    answer = await dialogs.ask(dialog)
    return answer, dialog.parts


async def ask_target(parent: QWidget, lines: list[Line], quota: int) -> Target | None:
    """The target for these topics; None when cancelled."""
    dialog = TargetDialog(parent, lines, quota)
    return dialog.target if await dialogs.ask(dialog) else None


def _percent(value: float) -> QDoubleSpinBox:
    widget = QDoubleSpinBox()
    widget.setAccessibleName("Share of the records in percent")
    widget.setRange(0, 100)
    widget.setDecimals(1)
    widget.setSuffix(" %")
    widget.setValue(value)
    widget.setFixedWidth(120)
    pad_number(widget)
    return widget


def _answers(dialog: QDialog, verb: str) -> QWidget:
    yes = kit.button(verb, dialog.accept, kind="primary")
    yes.setDefault(True)
    no = kit.button("Cancel", dialog.reject)
    return kit.holder(kit.row(None, no, yes, margin=(0, 6, 0, 0)))
