"""The cards that wait for the user: approvals drawn from the app's own state, and questions."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout

from app.agent.entries import Question
from app.tools.base import Card
from app.ui import kit
from app.ui.kit.text import Role
from app.ui.theme import theme

CARD_ROOM = 56  # pixels of the dock's width that a card's words do not get: margins and paddings


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
        words.setVisible(bool(note))
        both = kit.holder(kit.row(self.yes, self.no, None, gap=8))
        needed = both.sizeHint().width() + words.sizeHint().width() + 8
        return kit.Reflow([(both, 1), (words, 0)], least=round(needed / theme().scale), gap=8)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._answer(yes=False)
        else:
            super().keyPressEvent(event)

    def _answer(self, *, yes: bool) -> None:
        self.yes.setEnabled(False)
        self.no.setEnabled(False)
        self.answered.emit(yes)


class Tinted(kit.Prose):
    """Prose in a token's colour."""

    def __init__(self, text: str, name: str, token: str) -> None:
        self._token = token
        super().__init__(text, name, role="small")

    def show_text(self, text: str) -> None:
        self.setTextColor(theme().color(self._token))
        super().show_text(text)

    def retheme(self) -> None:
        words = self.toPlainText()
        self.setTextColor(theme().color(self._token))
        self.setPlainText(words)
        super().retheme()


def _warning(text: str) -> QHBoxLayout:
    icon = kit.IconLabel("warning", "warn_text")
    return kit.row(icon, (Tinted(text, "Warning", "warn_text"), 1), gap=8, top=True)


def _facts(rows: list[tuple[str, str]]) -> QVBoxLayout:
    """A line per fact; the last one, the cost, in bold."""
    last = len(rows) - 1
    facts = [_fact(*row, role="strong" if i == last else "small") for i, row in enumerate(rows)]
    return kit.column(*facts, gap=2)


def _fact(label: str, value: str, *, role: Role) -> QHBoxLayout | QVBoxLayout:
    """Label left and value right; a value too wide for that stands below, over the whole width."""
    name, shown = kit.label(label, "small", "muted"), kit.label(value, role)
    room = theme().px(theme().size["chat_min"]) - CARD_ROOM
    if name.sizeHint().width() + shown.sizeHint().width() + 12 <= room:
        return kit.row(name, None, shown, gap=12)
    return kit.column(name, kit.Prose(value, label or "Value", role="small"), gap=0)


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
        self.setFixedHeight(self.sizeHint().height())


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
        self._passed = kit.label("passed over", "small", "faint")
        self._passed.hide()
        pieces = (self.title, *self.options, self._passed)
        self.setLayout(kit.column(*pieces, gap=6, margin=(12, 10, 12, 12)))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        if question.chosen is not None or not is_open:
            self.settle(question.chosen)

    def settle(self, index: int | None) -> None:
        """Keep what was chosen, or that the question was passed over; take no more clicks."""
        self._passed.setVisible(index is None)
        for number, option in enumerate(self.options):
            option.setVisible(number == index)
            option.setChecked(number == index)
            option.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            option.setFocusPolicy(Qt.FocusPolicy.NoFocus)
