"""The live charts of a training run: the reward with its baseline, and six small ones."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QSizePolicy

from app.domain.wording import number
from app.ui import kit
from app.ui.kit.chart import Plot
from app.ui.parts import Tone
from app.ui.theme import theme
from app.ui.training.course import Course
from app.ui.training.reward import RewardCurves, RewardView
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
REDRAW_MS = 200  # a step takes longer; what comes faster than one can look is drawn together
MUCH_WITHOUT_SIGNAL = 0.35  # above, the chart turns amber: a third of the work is wasted


class RewardChart(QFrame):
    """The curves with their head. `picked` tells a clicked step.

    The plot is made in a turn of its own when first seen, redrawn at most every REDRAW_MS, and
    not at all while nobody sees it.
    """

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.plot: Plot | None = None
        self.curves: RewardCurves | None = None
        self.shaded = kit.label("", "small", "faint")
        head = kit.row(kit.label("Reward", "h2"), None, self.shaded)
        self._place = kit.column()
        place = kit.holder(self._place)
        place.setMinimumHeight(theme().px(230))
        self.setLayout(kit.column(head, (place, 1), gap=4, margin=(14, 10, 14, 8)))
        self.setMinimumHeight(theme().px(290))
        self._view, self._asked, self._late = RewardView(Course()), False, False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REDRAW_MS)
        self._rest.timeout.connect(self._catch_up)

    def show_course(
        self, course: Course, *, steps: int, baseline: tuple[float, str] | None
    ) -> None:
        """`baseline` is a mean and its words."""
        self._view, self._late = RewardView(course, steps, baseline), True
        found = course.validation
        n = f", n = {found.n}" if found else ""
        self.shaded.setText(f"shaded: 95 % interval of validation{n}")
        self._catch_up()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._asked:
            self._asked = True
            kit.in_turn(self, self._make_plot)
        self._catch_up()

    def _make_plot(self) -> None:
        self.plot = Plot("Reward", x="step", y="mean reward (0 to 1)")
        self._place.addWidget(self.plot)
        kit.in_turn(self.plot, lambda: self.plot.draw(self._begin) if self.plot else None)

    def _begin(self, plot: Plot) -> None:
        """Empty curves, at first and after a change of colours; their data comes in a turn."""
        self.curves, self._late = RewardCurves(plot, self._clicked), True
        self._rest.stop()
        kit.in_turn(plot, self._catch_up)

    def _catch_up(self) -> None:
        """Draw what came since the last drawing, unless that was just now."""
        if self.plot is None or self.curves is None or not self._late or self._rest.isActive():
            return
        if self.isVisible():
            self._late = False
            self._rest.start()
            self.curves.show(self._view)
            self.plot.describe(self._said())

    def _said(self) -> str:
        course, baseline = self._view.course, self._view.baseline
        train = number(course.last("reward"))
        found = course.validation
        held = f"{found.reward:.2f} at step {found.step}" if found else "none yet"
        base = f" Baseline {baseline[0]:.2f}." if baseline else ""
        return f"Step {course.step}: train reward {train}, validation {held}.{base}"

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
