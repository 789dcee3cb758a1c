"""The comparison of models on the same test prompts, as the training and deployment panels show it."""

from PySide6.QtWidgets import QFrame

from app.domain.compare import Difference
from app.domain.wording import number
from app.tools.report import Report, ReportRow
from app.ui import kit
from app.ui.parts import Badge, IntervalRow

ORDER = ("tuned", "supervised", "recorded", "base")


def comparison_card(report: Report) -> QFrame:
    """A row per candidate with its interval, base dashed; what was gained as chip and sentence."""
    rows = {row.key: row for row in report.rows}
    base = rows["base"].mean if "base" in rows else None
    lines = [_line(rows[key], base) for key in ORDER if key in rows]
    title = kit.label(f"Same {report.n:,} test prompts", "h2")
    sentence = kit.label(report.sentence, "strong" if report.better else "body", wrap=True)
    times = "1 time" if report.opened == 1 else f"{report.opened} times"
    foot = kit.row(
        (kit.label("Mean score, 0 to 1, 95 % intervals. Dashed: base.", "small", "faint"), 1),
        kit.label(f"Test set opened {times}", "small", "faint"),
    )
    head = kit.row(title, None, gain_badge(report))
    return kit.card(head, sentence, 2, *lines, foot, gap=4, margin=(16, 10, 16, 10))


def gain_badge(report: Report) -> Badge:
    """`Better than base: +0.38`, or that it is not; a gain is only one when its interval is."""
    gain = report.tuned_minus_base
    if report.better:
        return Badge(f"Better than base: {signed(gain.mean)}", "good", "check")
    if gain.worse:
        return Badge(f"Worse than base: {signed(gain.mean)}", "bad", "x")
    return Badge("Not better than base", "warn", "warning")


def signed(value: float | None) -> str:
    """`+0.38`, `−0.02`, `n/a`."""
    shown = number(value)
    return f"+{shown}" if value is not None and value > 0 and shown != "0.00" else shown


def difference_words(difference: Difference | None) -> str:
    """`+0.38 (0.33 to 0.43)`, or n/a where there was nothing to compare."""
    return "n/a" if difference is None else difference.text


def _line(row: ReportRow, base: float | None) -> IntervalRow:
    tuned = row.key == "tuned"
    label = f"{row.label}, {row.errors} errors" if row.errors else row.label
    return IntervalRow(
        label,
        row.mean,
        (row.low, row.high),
        tone="accent" if tuned else "muted",
        reference=base,
        strong=tuned,
        name_width=200,
    )
