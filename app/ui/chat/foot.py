"""The dock's foot: what can be asked with a click, the line to write in, what is seen and spent."""

import math
import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.agent.entries import Waits
from app.agent.quick import Quick
from app.domain.wording import count
from app.store.results import Usage
from app.ui import kit
from app.ui.chat.composer import Composer
from app.ui.chat.flow import Flow
from app.ui.theme import set_icon

PLACEHOLDER = "Ask, or type “what next?”"
NO_MODEL = "No model is connected, so nothing is spent."
TICK_MS = 250  # the seconds left are said anew


class WaitLine(QFrame):
    """An endpoint is asked again after some seconds, which are counted down; Stop ends the turn."""

    def __init__(self, stop: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("role", "sunken")
        self._reason, self._until = "", 0.0
        self.words = kit.label("", "small", "muted", wrap=True)
        end = kit.button("Stop", stop, kind="link", small=True)
        end.setAccessibleName("Stop waiting")
        icon = kit.IconLabel("clock-counter-clockwise", "text_3", 14)
        self.setLayout(kit.row(icon, (self.words, 1), end, gap=8, margin=(10, 4, 4, 4)))
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tell)
        self.hide()

    def begin(self, waits: Waits) -> None:
        self._reason, self._until = waits.reason, time.monotonic() + waits.seconds
        self._tell()
        self._timer.start()
        self.show()

    def end(self) -> None:
        self._timer.stop()
        self.hide()

    def _tell(self) -> None:
        left = math.ceil(self._until - time.monotonic())
        again = f"trying again in {left:,} s" if left > 0 else "trying again now"
        self.words.setText(f"{self._reason.strip().rstrip('.')}, {again}")


class Foot(QFrame):
    """`sent` carries a message, `stopped` that the turn shall end."""

    sent = Signal(str)
    stopped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self._busy = False
        self.wait = WaitLine(self.stopped.emit)
        self.quick = Flow()
        self.input = Composer("Message to the assistant", placeholder=PLACEHOLDER)
        self.input.changed.connect(self._show_button)
        self.input.submitted.connect(self._send)
        self.input.cancelled.connect(self._cancel)
        self.send = kit.button("", self._press, kind="primary", icon="arrow-up")
        self.sees = kit.ElidedLabel("", "small", "faint")
        self.spent = kit.label("", "small", "faint")
        self.setLayout(self._lines())
        self._show_button()

    def _lines(self) -> QVBoxLayout:
        eye = kit.IconLabel("eye", "text_3", 14)
        line: QHBoxLayout = kit.row((self.input, 1), self.send, gap=8)
        line.setAlignment(self.send, Qt.AlignmentFlag.AlignBottom)
        below = kit.row(eye, (self.sees, 1), self.spent, gap=6)
        return kit.column(self.wait, self.quick, line, below, gap=6, margin=(16, 8, 16, 10))

    def show_busy(self, busy: bool) -> None:
        """Whether a turn is under way, so that Stop is offered."""
        self._busy = busy
        if not busy:
            self.wait.end()
        self._show_button()

    def give_back(self, text: str) -> None:
        """What was queued and dropped returns to the line, unless something else is written there."""
        if not self.input.text().strip():
            self.input.take(text)

    def show_quick(self, actions: Sequence[Quick]) -> None:
        """Chips above the line; a click sends their text."""
        self.quick.show_widgets([self._chip(action) for action in actions])

    def show_sees(self, words: str) -> None:
        self.sees.show_text(f"Sees: {words}" if words else "")

    def show_spent(self, usage: Usage, *, connected: bool) -> None:
        """What models took for this dataset; that none is there, where none is."""
        if not usage.tokens and not connected:
            self._say_spent("No model", NO_MODEL)
            return
        cost = "" if usage.cost is None else f", {usage.cost:.2f}"
        parts = f"{usage.prompt_tokens:,} asked, {usage.answer_tokens:,} answered"
        priced = f"; {usage.cost:.4f} by the connection's prices" if usage.cost is not None else ""
        said = f"{short(usage.tokens)} tokens{cost}" if usage.tokens else ""
        self._say_spent(said, f"For this dataset: {count(usage.tokens, 'token')}, {parts}{priced}")

    def _say_spent(self, words: str, more: str) -> None:
        self.spent.setText(words)
        self.spent.setToolTip(kit.tip(more))
        self.spent.setAccessibleDescription(more)

    def _chip(self, action: Quick) -> QWidget:
        chip = kit.button(action.label, lambda: self.sent.emit(action.text), small=True)
        chip.setProperty("chip", True)
        chip.setToolTip(kit.tip(f"Sends “{action.text}”"))
        return chip

    def _cancel(self) -> None:
        if self._busy:
            self.stopped.emit()

    def _press(self) -> None:
        if self._busy and not self.input.text().strip():
            self.stopped.emit()
        else:
            self.input.submit()

    def _send(self, text: str) -> None:
        self.input.clear()
        self.sent.emit(text)

    def _show_button(self) -> None:
        """Send; or Stop while a turn is under way and nothing is written."""
        written = bool(self.input.text().strip())
        stops = self._busy and not written
        set_icon(self.send, "stop" if stops else "arrow-up", "on_accent")
        self.send.setAccessibleName("Stop" if stops else "Send")
        self.send.setToolTip("Stop (Esc)" if stops else "Send (Return)")
        self.send.setEnabled(stops or written)


def short(tokens: int) -> str:
    """12.4k, 1.2M; small numbers whole."""
    for size, letter in ((1_000_000, "M"), (10_000, "k")):
        if tokens >= size:
            return f"{tokens / (1_000_000 if letter == 'M' else 1_000):.1f}{letter}"
    return f"{tokens:,}"
