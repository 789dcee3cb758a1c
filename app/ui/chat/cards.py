"""Approval cards, drawn from the app's own state; no word of a model is on them."""

import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout

from app.tools.base import Card
from app.ui import kit
from app.ui.kit.text import Role
from app.ui.theme import theme

ALWAYS = "Always allow for this dataset"
ALWAYS_TIP = (
    "No more cards for this in this dataset. Each such change is kept, and Undo takes it back."
)
CARD_ROOM = 56  # pixels of the dock's width that a card's words do not get: margins and paddings


class ApprovalCard(QFrame):
    """One consequential call and its facts. `answered` tells yes or no, once; Escape is no.

    `allowed` is a yes to this one and to all like it in this dataset, offered for what can be undone.
    """

    answered = Signal(bool)
    allowed = Signal()

    def __init__(self, card: Card, *, expires: float = 0) -> None:
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
        self.always = kit.button(ALWAYS, self._allow, kind="link", small=True, tip=ALWAYS_TIP)
        self.always.setVisible(card.reversible)
        title = kit.Prose(card.title, "Question", role="strong")
        icon = kit.IconLabel("shield-check", "accent_text")
        self._column = kit.column(
            kit.row(icon, (title, 1), gap=8, top=True), gap=8, margin=(12, 10, 12, 12)
        )
        if card.warning:
            self._column.addLayout(_warning(card.warning))
        self._column.addLayout(_facts(card.rows))
        self._column.addWidget(self._buttons(card.note))
        until = kit.label(f"open until {_clock(expires)}" if expires else "", "small", "faint")
        until.setToolTip("Who comes back later is asked again, with the figures as they are then.")
        until.setVisible(bool(expires))
        self._column.addLayout(kit.row(self.always, None, until))
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
        self._close()
        self.answered.emit(yes)

    def _allow(self) -> None:
        self._close()
        self.allowed.emit()

    def _close(self) -> None:
        for button in (self.yes, self.no, self.always):
            button.setEnabled(False)


def _clock(seconds: float) -> str:
    """The local time so many seconds from now."""
    return time.strftime("%H:%M", time.localtime(time.time() + seconds))


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
