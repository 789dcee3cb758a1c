"""The live charts of a training run: the reward with its baseline, and six small ones."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QSizePolicy

from app.domain.wording import number
from app.ui import kit
from app.ui.kit.chart import Plot
from app.ui.parts import Tone
from app.ui.theme import theme
from app.ui.training.course import Course
from app.ui.training.trend import TrendLine

# name, metric, unit; the metric names are TRL's.
SMALL = (
    ("KL to base", "kl", ""),
    ("Entropy", "entropy", ""),
    ("No signal", "frac_reward_zero_std", "%"),
    ("Length, tokens", "completions/mean_length", "n"),
    ("Loss", "loss", ""),
    ("Tokens per s", "tokens_per_second", "n"),
)
TIPS = {
    "kl": "How far the model has moved from the base model, nats a token.",
    "entropy": "How undecided the model is; near 0 it always says the same.",
    "frac_reward_zero_std": "Groups whose answers all score alike: nothing to learn from them.",
    "completions/mean_length": "Mean length of an answer. Growth may mean that length is rewarded.",
    "loss": "The training loss; for RFT its size says little, its jumps say more.",
    "tokens_per_second": "Tokens sampled each second.",
}
MUCH_WITHOUT_SIGNAL = 0.35  # above, the chart turns amber: a third of the work is wasted


class RewardChart(QFrame):
    """Train line, validation with its interval, dashed baseline. `picked` tells a clicked step."""

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.plot = Plot("Reward", x="step", y="mean reward (0 to 1)")
        self.plot.setMinimumHeight(theme().px(230))
        self.shaded = kit.label("", "small", "faint")
        head = kit.row(kit.label("Reward", "h2"), None, self.shaded)
        items = kit.column(head, (self.plot, 1), gap=4, margin=(14, 10, 14, 8))
        self.setLayout(items)
        self.setMinimumHeight(theme().px(290))
        self._course, self._steps = Course(), 0
        self._baseline: tuple[float, str] | None = None

    def show_course(
        self, course: Course, *, steps: int, baseline: tuple[float, str] | None
    ) -> None:
        """`baseline` is a mean and its words."""
        self._course, self._steps, self._baseline = course, steps, baseline
        found = course.validation
        n = f", n = {found.n}" if found else ""
        self.shaded.setText(f"shaded: 95 % interval of validation{n}")
        self.plot.draw(self._draw)
        self.plot.describe(self._said())

    def _said(self) -> str:
        train = number(self._course.last("reward"))
        found = self._course.validation
        held = f"{found.reward:.2f} at step {found.step}" if found else "none yet"
        base = f" Baseline {self._baseline[0]:.2f}." if self._baseline else ""
        return f"Step {self._course.step}: train reward {train}, validation {held}.{base}"

    def _draw(self, plot: Plot) -> None:
        course = self._course
        steps, train = course.series("reward")
        points = [course.evaluations[s] for s in sorted(course.evaluations)]
        low = min([p.low for p in points] + [v for v in train if v == v], default=0.0)
        high = max([p.high for p in points] + [v for v in train if v == v], default=1.0)
        if points:
            at = [float(p.step) for p in points]
            plot.band(at, [p.low for p in points], [p.high for p in points])
        plot.line(steps, train, color="text_3", width=1.2)
        if steps and train[-1] == train[-1]:
            right = steps[-1] > 0.9 * self._steps
            plot.words("train", steps[-1], train[-1], color="text_3", anchor=(float(right), 0))
        if points:
            held = [p.reward for p in points]
            plot.line(at, held, width=2.5)
            plot.dots(at, held).sigPointsClicked.connect(self._clicked)
            plot.ring(at[-1], held[-1], size=12)
            late = at[-1] > 0.6 * self._steps
            place = (1.0, 1.6) if late else (0.0, 1.3)
            words = f"validation {held[-1]:.2f}"
            plot.words(words, at[-1], held[-1], color="accent_text", anchor=place)
        if self._baseline is not None:
            value, words = self._baseline
            low, high = min(low, value), max(high, value)
            plot.mark(value)
            plot.words(words, self._steps, value, anchor=(1, 0))
        room = max(0.05, (high - low) * 0.15)
        plot.setXRange(0, max(1, self._steps), 0.01)
        plot.setYRange(max(0.0, low - room), min(1.05, high + 2 * room), 0)

    def _clicked(self, item: object, points: list[object]) -> None:
        for point in points:
            self.picked.emit(round(point.pos().x()))  # type: ignore[attr-defined]


class SmallChart(QFrame):
    """One metric: its name, its newest value, its line."""

    def __init__(self, name: str, metric: str, unit: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._key, self._unit, self._name = metric, unit, name
        self.value = kit.label("n/a", "strong")
        self.line = TrendLine(name)
        head = kit.row(kit.label(name, "small", "muted"), None, self.value)
        self.setLayout(kit.column(head, (self.line, 1), gap=2, margin=(12, 6, 12, 6)))
        self.setToolTip(TIPS[metric])
        self.setMinimumHeight(theme().px(88))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def show_course(self, course: Course) -> None:
        _, values = course.series(self._key)
        text, tone = self._words(course.last(self._key))
        self.value.setText(text)
        kit.retint(self.value, tone)
        words = f"{self._name}: {text} at step {course.step}. {TIPS[self._key]}"
        self.line.show_values(values, tone="warn" if tone == "warn" else "accent", words=words)

    def _words(self, value: float | None) -> tuple[str, Tone]:
        if value is None:
            return "n/a", "muted"
        if self._unit == "%":
            return number(value, "%"), "warn" if value > MUCH_WITHOUT_SIGNAL else ""
        return (f"{value:,.0f}" if self._unit == "n" else number(value)), ""


def small_charts() -> list[SmallChart]:
    return [SmallChart(*each) for each in SMALL]
