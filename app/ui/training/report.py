"""The report of a run: the comparison, format apart from correctness, topics, examples."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QFrame

from app.domain.thresholds import DEFAULTS
from app.domain.wording import number
from app.tools.report import Example, Report
from app.ui import kit
from app.ui.answers import answer_row
from app.ui.comparison import comparison_card, difference_words, signed
from app.ui.parts import IntervalRow

CUT = 3  # examples of each kind


def report_items(report: Report) -> list[Callable[[], kit.Item]]:
    """What makes the cards: bad news first, then the comparison, its parts, examples to read."""
    makers: list[Callable[[], kit.Item]] = [
        partial(comparison_card, report),
        partial(_parts, report),
    ]
    if report.by_topic:
        makers.append(partial(_topics, report))
    better = partial(_examples, "Better than before", report.improved)
    worse = partial(_examples, "Worse than before", report.worsened)
    return [*makers, lambda: kit.Reflow([(better(), 1), (worse(), 1)], least=760)]


def _parts(report: Report) -> QFrame:
    """Format and correctness, each before, after and with its difference."""
    rows = {row.key: row for row in report.rows}
    base, tuned = rows.get("base"), rows.get("tuned")
    lines = (
        (
            "In the right format",
            _share(base.well_formed if base else None, tuned.well_formed if tuned else None),
            report.format,
        ),
        (
            "Score where both are in format",
            _means(
                base.correct_when_well_formed if base else None,
                tuned.correct_when_well_formed if tuned else None,
            ),
            report.correctness,
        ),
    )
    shown = [
        kit.row(
            kit.label(name, "strong"),
            None,
            kit.label(words, "small", "muted"),
            kit.label(difference_words(difference)),
            gap=16,
        )
        for name, words, difference in lines
    ]
    title = kit.label("Format and correctness", "h2")
    return kit.card(title, *shown, gap=6, margin=(16, 10, 16, 12))


def _share(before: float | None, after: float | None) -> str:
    return f"{number(before, '%')} to {number(after, '%')}"


def _means(before: float | None, after: float | None) -> str:
    return f"{number(before)} to {number(after)}"


def _topics(report: Report) -> QFrame:
    """Tuned minus base by topic, the weakest gain first."""
    ends = [
        (row, d.mean, d.low, d.high)
        for row in report.by_topic
        if (d := row.difference).mean is not None and d.low is not None and d.high is not None
    ]
    widest = max([abs(x) for _, _, low, high in ends for x in (low, high)], default=1.0)
    lines = [
        IntervalRow(
            f"{row.topic} ({row.difference.n})",
            mean,
            (low, high),
            reference=0.0,
            name_width=230,
            scale=(-widest, widest),
        )
        for row, mean, low, high in ends
    ]
    title = kit.label("Gain by topic", "h2")
    told = f"Tuned minus base, 95 % intervals; topics with {DEFAULTS.topic_min_n} test prompts or more."
    foot = kit.label(f"{told} Dashed: no gain.", "small", "faint")
    return kit.card(title, *lines, foot, gap=4, margin=(16, 10, 16, 10))


def _examples(title: str, examples: list[Example]) -> QFrame:
    """The card at once, its examples one in each turn."""
    rows = kit.Refill(gap=10)
    card = kit.card(kit.label(title, "h2"), rows, None, gap=10, margin=(16, 10, 16, 12))
    # Filled only inside its card: what has no parent would open as a window.
    if examples:
        rows.show_in_turns(*(partial(_example, example) for example in examples[:CUT]))
    else:
        rows.show_items(kit.label("None among the test prompts.", tone="muted"))
    return card


def _example(example: Example) -> kit.Item:
    gain = signed(example.tuned_score - example.base_score)
    prompt = kit.Prose(example.prompt, f"Prompt of record {example.record_id}", role="strong")
    base = answer_row(example.base, example.base_score, name="Base answer", note="base")
    tuned = answer_row(example.tuned, example.tuned_score, name="Tuned answer", note="tuned")
    base.setToolTip(f"Difference {gain}")
    return kit.holder(kit.column(prompt, base, tuned, gap=4))
