"""The try-it chat: one message, answered by base and tuned side by side, with scores if known."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from app.grading.base import Score
from app.serving.client import ChatReply
from app.tools.deployment import Tried
from app.ui import kit
from app.ui.answers import score_badge

KEPT = 20  # exchanges; the oldest go first


class TryIt(QFrame):
    """`asked` tells the text; `show_tried` adds the answers above the line."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._exchanges: list[tuple[str, Tried]] = []
        self.body = kit.Refill(gap=10)
        self.input = kit.line_edit("Message to both models", placeholder="Type a prompt")
        self.input.returnPressed.connect(self._ask)
        self.send = kit.button("Send", self._ask, kind="primary")
        title = kit.label("Try it", "h2")
        note = kit.label("same prompt, temperature 0", "small", "faint")
        hint = kit.label(
            "A prompt from the test split is also scored: the record has what the grader needs.",
            "small",
            "faint",
            wrap=True,
        )
        head, line = kit.row(title, None, note), kit.row((self.input, 1), self.send)
        self.setLayout(kit.column(head, self.body, line, hint, gap=10, margin=(16, 12, 16, 14)))

    def forget(self) -> None:
        """Another model is served now: what was said before is not its."""
        self._exchanges.clear()
        self.body.show_items()

    def show_tried(self, text: str, tried: Tried) -> None:
        """Add an exchange."""
        self._exchanges = [*self._exchanges, (text, tried)][-KEPT:]
        items: list[kit.Item] = []
        for asked, answers in self._exchanges:
            items += [_bubble(asked), _sides(answers)]
        self.body.show_items(*items)

    def _ask(self) -> None:
        if self.send.isEnabled() and (text := self.input.text().strip()):
            self.input.clear()
            self.asked.emit(text)


def _bubble(text: str) -> QFrame:
    words = kit.Prose(text, "You asked")
    return kit.frame(kit.column(words, margin=(12, 7, 12, 7)), "bubble")


def _sides(tried: Tried) -> kit.Reflow:
    sides = (
        _side("Base", tried.base, tried.base_score),
        _side("Tuned", tried.tuned, tried.tuned_score),
    )
    return kit.Reflow([(side, 1) for side in sides], least=480)


def _side(name: str, reply: ChatReply, score: Score | None) -> QFrame:
    cut = ", cut off" if reply.finish == "length" else ""
    facts = kit.label(f"{reply.seconds:.1f} s, {reply.tokens} tokens{cut}", "small", "faint")
    chip = [score_badge(score.score, score.error)] if score else []
    head = kit.row(kit.label(name, "strong"), facts, None, *chip)
    words = kit.Prose(reply.text or "(empty answer)", f"{name} answer", role="code")
    why = (score.error or score.reason) if score else ""
    reason = [kit.Prose(why, f"Why, {name.lower()}", role="small")] if why else []
    side = kit.frame(
        kit.column(head, words, *reason, None, gap=6, margin=(12, 8, 12, 10)), "sunken"
    )
    said = f", score {chip[0].text}" if chip else ""
    side.setAccessibleName(f"{name}{said}: {reply.text}")
    return side
