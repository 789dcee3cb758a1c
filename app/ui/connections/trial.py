"""The test of a connection as it goes: one line for each check, with an icon and a sentence."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.llm.examine import TITLES, Check, CheckName, Findings, State
from app.ui import kit

ICONS: dict[State, tuple[str, str]] = {
    "ok": ("check-circle", "good"),
    "missing": ("warning", "warn_text"),
    "failed": ("x-circle", "bad_text"),
    "skipped": ("minus-circle", "text_3"),
}
SPOKEN: dict[State, str] = {
    "ok": "passed", "missing": "missing", "failed": "failed", "skipped": "not tried",
}  # fmt: skip
ABOUT = "A few short requests, and a long one to a local server; costs next to nothing."
FIT = "Everything the assistant needs is there."
UNFIT = "The assistant cannot work with this model yet. The guided assistant needs none."


class _Line(QWidget):
    """One check: waiting, under way, or done."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title, self.is_done = title, False
        self.icon = kit.IconLabel("circle", "text_3")
        self.words = kit.label("", "small", "muted", wrap=True)
        self.words.hide()
        name = kit.label(title, "strong")
        self.setLayout(kit.row(self.icon, (kit.column(name, self.words, gap=1), 1), top=True))
        self.show_state("circle", "text_3", "waiting")

    def end(self, state: State, words: str) -> None:
        self.is_done = True
        self.show_state(*ICONS[state], SPOKEN[state], words)

    def show_state(self, icon: str, color: str, state: str, words: str = "") -> None:
        self.icon.show_icon(icon, color)
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.setAccessibleName(f"{self.title}: {state}. {words}".strip())


class Trial(QWidget):
    """`button` is Test and Stop in one, placed by the owner; `asked`, `stop_asked` tell which."""

    asked = Signal()
    stop_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.running = False
        self.button = kit.button("Test", self._press, icon="play", tip=ABOUT)
        self.words = kit.label("", "strong", wrap=True)
        self.lines: dict[CheckName, _Line] = {}
        self._box = kit.Refill(gap=8)
        self.setLayout(kit.column(self.words, self._box, gap=10))
        self.clear()

    def clear(self) -> None:
        """Another connection is shown: what was found of the one before is void."""
        self.lines = {}
        self._box.show_items()
        self._show(False, "")

    def begin(self) -> None:
        """All checks, waiting."""
        self.lines = {name: _Line(title) for name, title in TITLES.items()}
        self._box.show_items(*self.lines.values())
        self._show(True, "Testing…")
        self._go_on()

    def show_check(self, check: Check) -> None:
        """One is done; the next is under way."""
        self.lines[check.name].end(check.state, check.words)
        self._go_on()

    def finish(self, findings: Findings) -> None:
        self._show(False, FIT if findings.fit else UNFIT)

    def end(self, words: str) -> None:
        """It ended before its time, for a reason."""
        for line in self._waiting():
            line.end("skipped", "")
        self._show(False, words)

    def _waiting(self) -> list[_Line]:
        return [line for line in self.lines.values() if not line.is_done]

    def _go_on(self) -> None:
        if waiting := self._waiting():
            waiting[0].show_state("hourglass", "accent_text", "under way")

    def _show(self, running: bool, words: str) -> None:
        self.running = running
        self.button.setText("Stop" if running else "Test")
        self.words.setText(words)
        self.setVisible(bool(words))

    def _press(self) -> None:
        (self.stop_asked if self.running else self.asked).emit()
