"""What the coverage panel shows, as plain values and words; no widget here."""

from dataclasses import dataclass

from app.domain.coverage import Level
from app.domain.thresholds import DEFAULTS
from app.domain.wording import number
from app.tools.coverage import CoverageReport
from app.tools.generation import GenerationOffer
from app.tools.reviewing import Review
from app.ui.parts import BadgeCell, BarCell, Cell, NumberCell, Tone

GRADES: dict[str, Tone] = {"good": "good", "fair": "warn", "poor": "bad", "n/a": "muted"}


@dataclass(frozen=True)
class CoverageSnapshot:
    """`report` is of now; `kept` says whether it is the one of the last analysis, `stale` why not.

    `missing` lists what must be done before; then there is no `offer`.
    """

    report: CoverageReport | None = None
    offer: GenerationOffer | None = None
    targets: str = "uniform"
    kept: bool = False
    stale: str = ""
    missing: tuple[str, ...] = ()
    waiting: Review | None = None
    refused: Review | None = None

    @property
    def to_review(self) -> bool:
        """Whether a generation left something to look at: until its last record is decided on."""
        if self.waiting is None or self.refused is None:
            return False
        return bool(self.waiting.total) or bool(self.refused.total and not self.waiting.rounds)

    @property
    def facts(self) -> str:
        """«Round 2, balance 0.55 to 0.68», or what the step is for."""
        if self.report is None:
            return "Whether every topic has enough records"
        rounds = [r.balance for r in self.report.rounds if r.balance is not None]
        if len(rounds) < 2:
            return "Round 1" if rounds else "Not analysed yet"
        before, after = number(rounds[-2]), number(rounds[-1])
        return f"Round {len(rounds)}, balance {before} to {after}"

    @property
    def trend(self) -> list[float]:
        """Balance of each round."""
        rounds = self.report.rounds if self.report else []
        return [r.balance for r in rounds if r.balance is not None]


@dataclass(frozen=True)
class Stat:
    """One card: a figure, its chip and the line below."""

    name: str
    value: str
    note: str
    chip: str
    tone: Tone


def stats(report: CoverageReport) -> list[Stat]:
    """Balance, coverage, uncategorised, and what is missing."""
    found, plan = report.coverage, report.plan
    full = sum(not topic.below_quota for topic in found.leaves.topics)
    share, limit = found.uncategorised_share, DEFAULTS.uncategorised
    lacking = sum(topic.add + topic.short for topic in plan.topics)
    after = f"{number(plan.balance_after)} after this plan" if plan.total else "nothing planned"
    filled = f"{number(plan.coverage_after)} after this plan" if plan.total else after
    records = f"{found.uncategorised:,} records, limit {limit * 100:.0f} %"
    by_hand = "none needed" if not lacking else f"records to write, quota {report.quota:,}"
    ends = len(found.leaves.topics)
    return [
        Stat("Balance", number(found.balance), after, found.grade, GRADES[found.grade]),
        Stat(
            "Coverage",
            number(found.coverage),
            filled,
            f"{full} of {ends} full",
            "good" if full == ends else "warn",
        ),
        Stat(
            "Uncategorised",
            f"{share * 100:.1f} %",
            records,
            "fine" if share <= limit else "over limit",
            "good" if share <= limit else "warn",
        ),
        Stat(
            "Missing",
            f"{lacking:,}",
            by_hand,
            "by hand" if lacking else "full",
            "info" if lacking else "good",
        ),
    ]


def leaf_rows(report: CoverageReport) -> list[tuple[str, list[Cell | str]]]:
    """(topic, its cells) by size: records, of quota, planned, and thin or short."""
    planned = {topic.topic: topic for topic in report.plan.topics}
    rows = []
    for topic in sorted(report.coverage.leaves.topics, key=lambda t: -t.records):
        plan = planned.get(topic.topic)
        add = plan.add if plan else 0
        short = bool(plan and plan.short)
        chip = "short" if short else "thin" if topic.thin else ""
        name = topic.topic.rsplit(" › ", 1)[-1]
        cells = _cells(
            name, topic.records, topic.quota, add=add, thin=topic.thin, chip=chip, short=short
        )
        rows.append((topic.topic, cells))
    return rows


def group_rows(report: CoverageReport) -> list[tuple[str, list[Cell | str]]]:
    """The same for the groups; a group's quota is the sum of its leaves'."""
    level: Level | None = next(reversed(report.coverage.groups), None)
    if level is None:
        return []
    rows = []
    for group in sorted(level.topics, key=lambda t: -t.records):
        below = [t for t in report.plan.topics if _inside(t.topic, group.topic)]
        quota = group.quota
        add = sum(t.add for t in below)
        short = any(t.short for t in below)
        chip = "short" if short else "thin" if group.thin else ""
        cells = _cells(
            group.topic, group.records, quota, add=add, thin=group.thin, chip=chip, short=short
        )
        rows.append((group.topic, cells))
    return rows


def _inside(topic: str, group: str) -> bool:
    return topic == group or topic.startswith(f"{group} › ")


def _cells(
    name: str, records: int, quota: int, *, add: int, thin: bool, chip: str, short: bool
) -> list[Cell | str]:
    """The bar's whole length is twice the quota, so that the tick stands in the middle."""
    whole = 2 * max(1, quota)
    said = f"{records:,} of {quota:,}" + (f", {add:,} planned" if add else "")
    bar = BarCell(records / whole, 0.5, "warn" if thin else "accent", add / whole, words=said)
    plan = NumberCell(f"+{add:,}" if add else "", "accent")
    return [
        name,
        NumberCell(f"{records:,}"),
        bar,
        plan,
        BadgeCell(chip, "warn" if short else "muted"),
    ]


def footnote(report: CoverageReport) -> str:
    """How to read the bars, and what the plan cannot reach."""
    said = "Tick = quota"
    if report.plan.total:
        said += ", outline = what a model may add"
    short = sum(bool(topic.short) for topic in report.plan.topics)
    if short:
        said += f". {short} stay short: never more synthetic than real"
    return said + "."


def weight_words(weights: dict[str, float]) -> str:
    """«Direct debit counts 2.1 times, Interest 3.0 times»: the heaviest, at most three."""
    heavy = sorted((w, t) for t, w in weights.items() if w > 1.05)[::-1][:3]
    said = [f"{t.rsplit(' › ', 1)[-1]} {w:.1f} times" for w, t in heavy]
    return "Thin topics count more in training: " + ", ".join(said) + "." if said else ""
