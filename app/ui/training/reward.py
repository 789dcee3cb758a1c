"""The curves of the reward chart: made once, given new data at every step; no axis is rebuilt."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor

from app.ui.kit.chart import Plot
from app.ui.training.course import Course, Point

GRAIN = 0.05  # of the vertical axis: it moves seldom, so its labels are seldom drawn anew
Picked = Callable[[object, list[object]], None]


@dataclass(frozen=True)
class RewardView:
    """What the chart shows. `baseline` is a mean and its words; `steps` is the run's length."""

    course: Course
    steps: int = 0
    baseline: tuple[float, str] | None = None


class RewardCurves:
    """Train line, validation with its interval and newest point, dashed baseline, their names."""

    def __init__(self, plot: Plot, picked: Picked) -> None:
        self._plot = plot
        self._range: tuple[float, ...] = ()
        self.band = plot.band([0.0], [0.0], [0.0])
        self.train = plot.line([], [], color="text_3", width=1.2)
        self.train_words = plot.words("train", 0, 0, color="text_3")
        self.held = plot.line([], [], width=2.5)
        self.dots = plot.dots([], [])
        self.dots.sigPointsClicked.connect(picked)
        self.ring = plot.ring(0, 0, size=12)
        self.held_words = plot.words("", 0, 0, color="accent_text")
        self.mark = plot.mark(0)
        self.mark_words = plot.words("", 0, 0, anchor=(1, 0))

    def show(self, view: RewardView) -> None:
        """Move every curve to what is known now."""
        course = view.course
        points = [course.evaluations[step] for step in sorted(course.evaluations)]
        steps, train = course.series("reward")
        # The names of two curves that end close together: one above, one below.
        low = bool(points) and bool(train) and train[-1] < points[-1].reward
        self._show_train(view, steps, train, name_below=low or not points)
        self._show_held(view, points, name_below=not low)
        self._show_baseline(view)
        known = [value for value in train if value == value]
        known += [value for p in points for value in (p.low, p.high)]
        self._show_range(view, known)

    def _show_train(
        self, view: RewardView, steps: list[float], train: list[float], *, name_below: bool
    ) -> None:
        self.train.setData(steps, train)
        named = bool(steps) and train[-1] == train[-1]
        self.train_words.setVisible(named)
        if named:
            self.train_words.setAnchor((float(steps[-1] > 0.9 * view.steps), _beside(name_below)))
            self.train_words.setPos(steps[-1], train[-1])

    def _show_held(self, view: RewardView, points: list[Point], *, name_below: bool) -> None:
        for item in (self.band, self.ring, self.held_words):
            item.setVisible(bool(points))
        at, held = [float(p.step) for p in points], [p.reward for p in points]
        self.held.setData(at, held)
        self.dots.setData(at, held)
        if not points:
            return
        low, high = self.band.curves
        low.setData(at, [p.low for p in points])
        high.setData(at, [p.high for p in points])
        self.ring.setData(at[-1:], held[-1:])
        self.held_words.setText(f"validation {held[-1]:.2f}")
        left = float(at[-1] > 0.6 * view.steps)
        self.held_words.setAnchor((left, _beside(name_below)))
        self.held_words.setPos(at[-1], held[-1])

    def _show_baseline(self, view: RewardView) -> None:
        for item in (self.mark, self.mark_words):
            item.setVisible(view.baseline is not None)
        if view.baseline is not None:
            value, words = view.baseline
            self.mark.setValue(value)
            self.mark_words.setText(words)
            self.mark_words.setPos(view.steps, value)

    def _show_range(self, view: RewardView, known: list[float]) -> None:
        values = known + ([view.baseline[0]] if view.baseline else [])
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        room = max(GRAIN, (high - low) * 0.15)
        bottom = max(0.0, floor((low - room) / GRAIN) * GRAIN)
        top = min(1.05, ceil((high + 2 * room) / GRAIN) * GRAIN)
        wanted = (max(1, view.steps), bottom, top)
        if wanted != self._range:
            self._range = wanted
            self._plot.setXRange(0, wanted[0], 0.01)
            self._plot.setYRange(bottom, top, 0)


def _beside(below: bool) -> float:
    """The anchor of a name above or below its point, clear of it."""
    return -0.6 if below else 1.6
