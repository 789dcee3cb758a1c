"""Small bars: a share with its target, parts of a whole, and a dataset's seven steps."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.ui.parts.paint import Tone, begin, draw_bar, fill_token
from app.ui.theme import theme

STEP_COLORS = {"d": "accent", "c": "accent", "s": "warn", "f": "bad"}
STEP_WORDS = {"c": "current", "s": "out of date", "f": "failed", "k": "skipped"}
SEGMENT = 14  # pixels per step, gap included


class MiniBar(QWidget):
    """A share from 0 to 1, with a tick at its target. `name` is read out before the percentage."""

    def __init__(
        self,
        value: float,
        *,
        target: float | None = None,
        tone: Tone = "accent",
        width: int | None = None,
        name: str = "",
    ) -> None:
        super().__init__()
        self.value, self.target, self.tone, self.name = value, target, tone, name
        self.setFixedHeight(14)
        if width:
            self.setFixedWidth(width)
        else:
            self.setMinimumWidth(40)
        self.show_value(value)

    def show_value(self, value: float) -> None:
        self.value = value
        goal = "" if self.target is None else f", target {self.target * 100:.0f} %"
        self.setAccessibleName(f"{self.name} {value * 100:.0f} %{goal}".strip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        rect = QRectF(0, 4, self.width(), 6)
        with QPainter(self) as painter:
            draw_bar(painter, rect, self.value, target=self.target, tone=self.tone)


class StackBar(QWidget):
    """Parts of a whole, 2 px apart: `[(name, count, tone)]`; a part that is not 0 is always seen."""

    def __init__(self, parts: Sequence[tuple[str, float, Tone]] = ()) -> None:
        super().__init__()
        self.setFixedHeight(8)
        self.show_parts(parts)

    def show_parts(self, parts: Sequence[tuple[str, float, Tone]]) -> None:
        self.parts = [part for part in parts if part[1] > 0]
        self.setAccessibleName(", ".join(f"{name} {count:,.0f}" for name, count, _ in self.parts))
        self.update()

    def widths(self) -> list[float]:
        """Pixels for each part: in proportion, at least 4, the largest gives what that costs."""
        room = self.width() - 2.0 * (len(self.parts) - 1)
        total = sum(count for _, count, _ in self.parts)
        widths = [max(4.0, count / total * room) for _, count, _ in self.parts]
        largest = widths.index(max(widths))
        widths[largest] -= sum(widths) - room
        return widths

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            begin(painter)
            if not self.parts:
                painter.setBrush(theme().color("border"))
                painter.drawRoundedRect(QRectF(self.rect()), 2, 2)
                return
            x = 0.0
            for width, (_, _, tone) in zip(self.widths(), self.parts, strict=True):
                painter.setBrush(theme().color(fill_token(tone)))
                painter.drawRoundedRect(QRectF(x, 0, width, 8), 2, 2)
                x += width + 2


def step_words(states: str) -> str:
    """What the steps' letters say: "2 of 7 steps done, 1 out of date"."""
    said = [f"{states.count('d')} of {len(states)} steps done"]
    said += [f"{states.count(k)} {word}" for k, word in STEP_WORDS.items() if k in states]
    return ", ".join(said)


def draw_steps(painter: QPainter, rect: QRectF, states: str) -> None:
    """A dash per step from the rect's left, 8 px high."""
    begin(painter)
    for index, state in enumerate(states):
        token = STEP_COLORS.get(state, "border_control")
        painter.setBrush(theme().color(token, 0.45 if state == "c" else 1))
        dash = QRectF(rect.left() + index * SEGMENT, rect.top() + 2, SEGMENT - 3, 4)
        painter.drawRoundedRect(dash, 2, 2)


class StepDots(QWidget):
    """Progress of a dataset, a letter per step: d(one) c(urrent) s(tale) f(ailed) k (skipped) `.`"""

    def __init__(self, states: str = ".......") -> None:
        super().__init__()
        self.show_states(states)

    def show_states(self, states: str) -> None:
        self.states = states
        self.setFixedSize(max(1, len(states)) * SEGMENT, 8)
        self.setAccessibleName(step_words(states))
        self.setToolTip(self.accessibleName())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            draw_steps(painter, QRectF(self.rect()), self.states)
