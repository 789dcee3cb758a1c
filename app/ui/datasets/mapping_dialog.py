"""Asks which column of a file is what, with the first records as they would become; imports nothing."""

from PySide6.QtWidgets import QComboBox, QDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.importing.lines import Line
from app.importing.mapping import PARTS, ColumnMapping, Part
from app.importing.records import ParsedRecord, RecordReader
from app.importing.unknown import Sample
from app.ui import kit
from app.ui.parts.badge import Badge
from app.ui.parts.paint import Tone
from app.ui.theme import theme

WORDS: dict[Part, str] = {
    "messages": "Messages (a list of turns)",
    "system": "System text",
    "user": "User text",
    "reply": "Recorded reply",
    "reference": "Reference",
    "tools": "Tools",
    "keep": "Keep for the grader",
    "leave": "Leave out",
}
SHOWN_CHARS = 300  # of a turn in the preview
TONES: dict[str, Tone] = {"user": "accent", "assistant": "info"}


class MappingDialog(QDialog):
    """`mapping` is what is chosen now; accepted only when records can come of it."""

    def __init__(
        self, parent: QWidget | None, file: str, sample: Sample, mapping: ColumnMapping
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import")
        self.sample = sample
        self.parts = {name: self._combo(name, mapping) for name in sample.columns}
        self.preview = QVBoxLayout()
        self.words = kit.label("", "body", "muted", wrap=True)
        self.go = kit.button("Import", self.accept, kind="primary")
        self.go.setDefault(True)
        head = kit.label("Which column is what?", "h2")
        text = (
            f"{file}: its shape is not recognised. The guesses are filled in; your choice is kept "
            "for files with the same columns."
        )
        both = kit.row((self._columns(), 4), (self._preview(), 5), gap=12)
        foot = kit.row((self.words, 1), kit.button("Cancel", self.reject), self.go, gap=8)
        intro = kit.label(text, "body", "muted", wrap=True)
        self.setLayout(kit.column(head, intro, (both, 1), foot, gap=10, margin=20))
        self.resize(theme().px(900), theme().px(620))
        self._show()

    @property
    def mapping(self) -> ColumnMapping:
        chosen = {name: PARTS[combo.currentIndex()] for name, combo in self.parts.items()}
        return ColumnMapping(columns=chosen)

    def choose(self, column: str, part: Part) -> None:
        """As the user would at the column's box."""
        self.parts[column].setCurrentIndex(PARTS.index(part))
        self._show()

    def _combo(self, name: str, mapping: ColumnMapping) -> QComboBox:
        combo = kit.combo(
            f"What {name} is", [WORDS[part] for part in PARTS], lambda i: self._show()
        )
        combo.setCurrentIndex(PARTS.index(mapping.columns.get(name, "keep")))
        combo.setFixedWidth(theme().px(186))
        return combo

    def _columns(self) -> QWidget:
        lines = []
        for name, combo in self.parts.items():
            example = next(
                (_short(row[name]) for row in self.sample.rows if row.get(name)), "empty"
            )
            words = kit.column(
                kit.ElidedLabel(name, "strong"), kit.ElidedLabel(example, "small", "muted"), gap=0
            )
            lines.append(kit.row((words, 1), combo, gap=10))
        content = QWidget()
        content.setLayout(kit.column(*lines, None, gap=10, margin=(14, 10, 14, 12)))
        return kit.frame(kit.column(kit.scroll(content), gap=0, margin=2))

    def _preview(self) -> QWidget:
        content = QWidget()
        self.preview.setContentsMargins(14, 10, 14, 12)
        self.preview.setSpacing(8)
        content.setLayout(self.preview)
        return kit.frame(kit.column(kit.scroll(content), gap=0, margin=2))

    def _show(self) -> None:
        """Everything that follows from the choice: the preview, its count, whether to go on."""
        mapping = self.mapping
        kit.clear(self.preview)
        found = read_rows(self.sample, mapping)
        for number, record in enumerate(found, 1):
            self.preview.addWidget(_card(number, record))
        self.preview.addStretch(1)
        valid = sum(record.valid for record in found)
        missing = mapping.missing()
        good = f"{valid:,} of the first {len(found):,} records are valid."
        self.words.setText(missing or good)
        kit.restyle(self.words, tone="bad" if missing or not valid else "muted")
        self.go.setEnabled(not missing)
        self.go.setToolTip(missing)


def read_rows(sample: Sample, mapping: ColumnMapping) -> list[ParsedRecord]:
    """The records that the import would make of these rows."""
    reader = RecordReader()
    lines = (Line(n, 0, 0, mapping.apply(row)) for n, row in enumerate(sample.rows, 1))
    return [made for made in map(reader.read, lines) if isinstance(made, ParsedRecord)]


def _card(number: int, record: ParsedRecord) -> QFrame:
    state = Badge("valid", "good") if record.valid else Badge("invalid", "bad")
    head = kit.row(kit.label(f"Record {number}", "small", "muted"), None, state)
    turns = [*record.messages, *([record.reply] if record.reply else [])]
    lines = [_line(turn.role, turn.text, TONES.get(turn.role, "muted")) for turn in turns]
    if record.reference is not None:
        lines.append(_line("reference", _short(record.reference), "good"))
    kept = [name for name in record.extra if name != "reference"]
    if kept:
        lines.append(_line("kept", ", ".join(kept), "muted"))
    errors = [found.text for found in record.issues if found.severity == "error"]
    lines += [kit.row((kit.label(text, "small", "bad", wrap=True), 1)) for text in errors]
    return kit.frame(kit.column(head, *lines, gap=6, margin=(12, 8, 12, 10)), "sunken")


def _line(name: str, text: str, tone: Tone) -> QHBoxLayout:
    shown = kit.label(_short(text) or "nothing", "body" if text else "small", wrap=True)
    return kit.row(Badge(name, tone), (shown, 1), gap=8, top=True)


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"
