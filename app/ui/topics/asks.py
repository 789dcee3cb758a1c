"""The small dialogs of topic edits: into how many parts, and which target; they change nothing."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QDoubleSpinBox, QSpinBox, QWidget

from app.domain.wording import count
from app.ui import dialogs, kit
from app.ui.kit.inputs import pad_number
from app.ui.topics.lines import Line

MOST_PARTS = 50
MOST_RECORDS = 1_000_000
_MIXED = Qt.CheckState.PartiallyChecked


class SplitDialog(QDialog):
    """`parts`: how many, None as the data shows."""

    def __init__(self, parent: QWidget | None, name: str, records: int) -> None:
        super().__init__(parent)
        self.setWindowTitle("Split a topic")
        self.number = kit.spin_box("Parts", 1, MOST_PARTS, value=1, width=170)
        self.number.setSpecialValueText("As the data shows")
        what = count(records, "record")
        text = f"Its {what} will be grouped anew by meaning; it becomes their group."
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
    """A share, a number of records, both, or neither: then the topic has no target of its own.

    Where the topics differ the box is partly ticked, and left so they keep what they have."""

    def __init__(self, parent: QWidget | None, lines: list[Line], quota: int) -> None:
        super().__init__(parent)
        self.setWindowTitle("Target")
        mark, first = lines[0].mark, lines[0]
        self.has_share = QCheckBox("Share of the records")
        self.share = _percent(100 * (mark.target if mark.target is not None else first.goal or 0))
        self.has_count = QCheckBox("Number of records")
        number = mark.quota or quota or 1
        self.count = kit.spin_box("Number of records", 1, MOST_RECORDS, value=number, width=120)
        _join(self.has_share, self.share, [line.mark.target for line in lines])
        _join(self.has_count, self.count, [line.mark.quota for line in lines])
        self._shown = self._fields()
        name = f"“{first.name}”" if len(lines) == 1 else f"{len(lines):,} topics"
        heading = kit.label(f"Target of {name}", "h2", wrap=True)
        text = (
            f"Without a share of its own a topic has an even part of what the others leave; without a "
            f"number of its own it should have {count(quota, 'record')}. With neither it has no own "
            "target."
        )
        if _MIXED in (self.has_share.checkState(), self.has_count.checkState()):
            text += " Partly ticked: the topics differ, and keep what they have."
        words = kit.label(text, "small", "muted", wrap=True)
        words.setMinimumWidth(360)
        share = kit.row((self.has_share, 1), self.share)
        number_of = kit.row((self.has_count, 1), self.count)
        actions = _answers(self, "Set")
        self.setLayout(kit.column(heading, share, number_of, words, actions, gap=10, margin=20))

    @property
    def changed(self) -> dict[str, float | None]:
        """What the user changed: "target" a share (0 to 1), "quota" a number of records; None to take
        away. What was left alone is not told: the field shows it rounded."""
        fields, said = self._fields(), dict[str, float | None]()
        for name, (state, value) in fields.items():
            if state == _MIXED or (state, value) == self._shown[name]:
                continue
            if state == Qt.CheckState.Checked:
                said[name] = value
            elif self._shown[name][0] != state:
                said[name] = None
        return said

    def _fields(self) -> dict[str, tuple[Qt.CheckState, float]]:
        return {
            "target": (self.has_share.checkState(), self.share.value() / 100),
            "quota": (self.has_count.checkState(), self.count.value()),
        }


async def ask_parts(parent: QWidget, line: Line) -> tuple[bool, int | None]:
    """(whether to split, into how many parts or None as the data shows)."""
    dialog = SplitDialog(parent, line.name, line.records)
    answer = await dialogs.ask(dialog)
    return answer, dialog.parts


async def ask_target(parent: QWidget, lines: list[Line], quota: int) -> dict[str, float | None]:
    """What is to change in the target of these topics; nothing when cancelled."""
    dialog = TargetDialog(parent, lines, quota)
    return dialog.changed if await dialogs.ask(dialog) else {}


def _join(box: QCheckBox, field: QSpinBox | QDoubleSpinBox, values: Sequence[float | None]) -> None:
    """The box switches its field; partly ticked where the values differ."""
    box.checkStateChanged.connect(partial(_switch, field))
    box.setTristate(len({*values}) > 1)
    if box.isTristate():
        box.setCheckState(_MIXED)
    else:
        box.setChecked(values[0] is not None)
    _switch(field, box.checkState())


def _switch(field: QWidget, state: Qt.CheckState) -> None:
    field.setEnabled(state == Qt.CheckState.Checked)


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
