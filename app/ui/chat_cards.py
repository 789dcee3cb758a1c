"""The cards that wait for the user: approvals drawn from the app's own state, and questions."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QSizePolicy

from app.agent.entries import Question
from app.tools.base import Card
from app.ui import kit
from app.ui.kit.text import Role
from app.ui.theme import theme

LONG_VALUE = 34  # characters; a longer value stands below its label over the card's whole width


class ApprovalCard(QFrame):
    """One consequential call and its facts. `answered` tells yes or no, once; Escape is no."""

    answered = Signal(bool)

    def __init__(self, card: Card) -> None:
        super().__init__()
        self.card = card
        self.setProperty("role", "card")
        self.setProperty("selected", True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        facts = ", ".join(f"{label}: {value}" for label, value in card.rows)
        self.setAccessibleName(f"Approval: {card.title}")
        self.setAccessibleDescription(f"{facts}. {card.warning} {card.note}".strip())
        self.yes = kit.button(card.verb, lambda: self._answer(yes=True), kind="primary", small=True)
        self.no = kit.button("Not now", lambda: self._answer(yes=False), small=True)
        title = kit.Prose(card.title, "Question", role="strong")
        icon = kit.IconLabel("shield-check", "accent_text")
        self._column = kit.column(
            kit.row(icon, (title, 1), gap=8, top=True), gap=8, margin=(12, 10, 12, 12)
        )
        if card.warning:
            self._column.addLayout(_warning(card.warning))
        self._column.addLayout(_facts(card.rows))
        self._column.addWidget(self._buttons(card.note))
        self.setLayout(self._column)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def _buttons(self, note: str) -> kit.Reflow:
        """The note beside the buttons where there is room, else below them."""
        words = kit.label(note, "small", "faint")
        both = kit.holder(kit.row(self.yes, self.no, None, gap=8))
        needed = both.sizeHint().width() + words.sizeHint().width() + 8
        reflow = kit.Reflow([(both, 1), (words, 0)], least=round(needed / theme().scale), gap=8)
        words.setVisible(bool(note))
        return reflow

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._answer(yes=False)
        else:
            super().keyPressEvent(event)

    def _answer(self, *, yes: bool) -> None:
        self.yes.setEnabled(False)
        self.no.setEnabled(False)
        self.answered.emit(yes)


def _warning(text: str) -> QHBoxLayout:
    icon = kit.IconLabel("warning", "warn_text")
    return kit.row(icon, (kit.label(text, "small", "warn", wrap=True), 1), gap=8, top=True)


def _facts(rows: list[tuple[str, str]]) -> QGridLayout:
    """Label left, value right; the last one, the cost, in bold."""
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(1, 1)
    line = 0
    for index, (label, value) in enumerate(rows):
        role: Role = "strong" if index == len(rows) - 1 else "small"
        if len(value) > LONG_VALUE:
            grid.addWidget(kit.label(label, "small", "muted"), line, 0, 1, 2)
            words = kit.Prose(value, label or "Value", role="small")
            grid.addWidget(words, line + 1, 0, 1, 2)
            line += 2
            continue
        shown = kit.label(value, role, wrap=True)
        shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        grid.addWidget(kit.label(label, "small", "muted"), line, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(shown, line, 1)
        line += 1
    return grid


class OptionButton(QPushButton):
    """A full-width choice whose words wrap, long ones too."""

    def __init__(self, text: str, on: Callable[[], object]) -> None:
        super().__init__(text.replace("&", "&&"))
        self.words = text
        self.setProperty("option", True)
        self.setProperty("compact", True)
        self.setCheckable(True)
        self.setAccessibleName(text)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: on())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._wrap()

    def retheme(self) -> None:
        self._wrap()

    def _wrap(self) -> None:
        """Break the words at the button's width; QPushButton itself never wraps."""
        layout = QTextLayout(self.words, self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        lines = []
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(40, self.width() - 26))
            start, length = line.textStart(), line.textLength()
            lines.append(self.words[start : start + length].strip())
        layout.endLayout()
        self.setText("\n".join(lines).replace("&", "&&"))


class QuestionCard(QFrame):
    """A question with its options; `chosen` tells the index, once. Retired when a newer one came."""

    chosen = Signal(int)

    def __init__(self, question: Question, *, is_open: bool = True) -> None:
        super().__init__()
        self.question = question
        self.setProperty("role", "card")
        self.setAccessibleName(f"Question: {question.text}")
        self.title = kit.Prose(question.text, "Question", role="strong")
        self.options = [
            OptionButton(option.label, partial(self.chosen.emit, index))
            for index, option in enumerate(question.options)
        ]
        self.setLayout(kit.column(self.title, *self.options, gap=6, margin=(12, 10, 12, 12)))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        if question.chosen is not None or not is_open:
            self.settle(question.chosen)

    def settle(self, index: int | None) -> None:
        """Show what was chosen (None: nothing) and take no more clicks."""
        for number, option in enumerate(self.options):
            option.setChecked(number == index)
            option.setEnabled(number == index)
            if number == index:  # it keeps its colours, but is no longer a button
                option.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
                option.setFocusPolicy(Qt.FocusPolicy.NoFocus)
