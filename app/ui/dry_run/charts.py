"""The two charts of a dry run: how scores are spread, and learnability over the group size."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QFrame

from app.domain.learnability import CurvePoint
from app.domain.thresholds import DEFAULTS
from app.domain.verdict import Verdict
from app.ui import kit
from app.ui.kit.chart import Draw, Plot
from app.ui.theme import theme

HEIGHT = 210


def histogram(verdict: Verdict) -> QFrame:
    """Answers by score, 0 and 1 as bars of their own, with the mean."""
    counts = verdict.histogram
    xs = [i / (len(counts) - 1) for i in range(len(counts))]
    said = ", ".join(f"{n:,} at {x:.1f}" for x, n in zip(xs, counts, strict=True) if n)
    answers = f"{verdict.figures.answers:,} answers"
    return _card(
        "Scores",
        answers,
        lambda: Plot("Histogram of scores", x="score of one answer", y="answers"),
        lambda plot: _draw_histogram(plot, xs, counts, verdict.figures.mean.value),
        f"{verdict.figures.answers:,} scored answers: {said}.",
    )


def learnability_curve(verdict: Verdict) -> QFrame:
    """The share of groups with a signal by group size, with its interval and both thresholds."""
    learn = verdict.figures.learnability
    own = next((p for p in verdict.curve if learn and p.group_size == learn.group_size), None)
    said = ", ".join(f"{p.value:.2f} at {p.group_size}" for p in verdict.curve)
    x = "answers per prompt in training (group size)"
    return _card(
        "Learnability",
        "shaded: 95 % interval",
        lambda: Plot("Learnability", x=x, y="learnability"),
        lambda plot: _draw_curve(plot, verdict.curve, own),
        f"Learnability by group size: {said or 'not measured'}.",
    )


def _card(title: str, note: str, make: Callable[[], Plot], draw: Draw, said: str) -> QFrame:
    """The card at once, at its full height; its plot is made in a turn, drawn in another."""
    inside = kit.column()
    place = kit.holder(inside)
    place.setFixedHeight(theme().px(HEIGHT))

    def add() -> None:
        plot = make()
        plot.describe(said)
        inside.addWidget(plot)
        kit.in_turn(plot, lambda: plot.draw(draw))

    kit.in_turn(place, add)
    top = kit.row(kit.label(title, "h2"), None, kit.label(note, "small", "faint"))
    return kit.card(top, place, gap=4, margin=(14, 10, 14, 8))


def _draw_histogram(
    plot: Plot, xs: Sequence[float], counts: Sequence[float], mean: float | None
) -> None:
    top = max(counts, default=0) * 1.15 or 1
    plot.bars(xs, counts, width=0.075)
    if mean is not None:
        plot.mark(mean, vertical=True, color="text")
        right = mean < 0.7
        plot.words(
            f"mean {mean:.2f}",
            mean + (0.015 if right else -0.015),
            top,
            color="text",
            anchor=(0, 0) if right else (1, 0),
        )
    plot.setXRange(-0.05, 1.05, 0)
    plot.setYRange(0, top, 0)


def _draw_curve(plot: Plot, curve: tuple[CurvePoint, ...], own: CurvePoint | None) -> None:
    go, nogo = DEFAULTS.go_learnability, DEFAULTS.nogo_learnability
    sizes = [float(p.group_size) for p in curve]
    top = max([go, *(p.high for p in curve)]) * 1.2
    if curve:
        plot.band(sizes, [p.low for p in curve], [p.high for p in curve])
        plot.line(sizes, [p.value for p in curve])
    for at, words, tone in (
        (go, f"GO at {go:.2f}", "good"),
        (nogo, f"NO-GO under {nogo:.2f}", "bad"),
    ):
        plot.mark(at, color=tone)
        plot.words(words, 16, at, color=f"{tone}_text", anchor=(1, 1))
    if own is not None:
        plot.ring(own.group_size, own.value)
        words = f"{own.value:.2f} at {own.group_size}"
        plot.words(words, own.group_size, own.high, color="text", anchor=(0.5, 1))
    plot.getAxis("bottom").setTicks([[(n, str(n)) for n in (2, 4, 8, 12, 16)]])
    plot.setXRange(2, 16, 0.03)
    plot.setYRange(0, min(1.18, top), 0)
