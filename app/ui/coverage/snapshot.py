"""What the coverage panel shows, as plain values and words; no widget here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.thresholds import DEFAULTS
from app.domain.treemap import Area
from app.domain.wording import count, number
from app.store import topics
from app.store.database import Tx
from app.tools.base import Context
from app.tools.coverage import CoverageReport, Round, measure
from app.tools.generation import GenerationOffer
from app.tools.plan_cost import PlanCost
from app.tools.reviewing import Review
from app.tools.signals import read_signals
from app.ui.coverage.rows import TopicLevel, TopicRow, areas_of, levels_of, short_names
from app.ui.parts import Tone

GRADES: dict[str, Tone] = {"good": "good", "fair": "warn", "poor": "bad", "n/a": "muted"}
BALANCE = (
    "How evenly the topics are filled: 1 where every topic has just its target share, 0 where all "
    "records are in the topic with the smallest one. It is (e^-D - m) / (1 - m), where D is the "
    "Kullback-Leibler divergence of the shares from the targets and m the smallest target. With "
    "equal targets that is (N - 1) / (K - 1): N effective topics of K. Good from "
    f"{DEFAULTS.balance_good:.2f}, fair from {DEFAULTS.balance_fair:.2f}."
)
COVERAGE = (
    "How full the topics are: the mean over topics of records / quota, each at most 1. 1 where every "
    "topic has its quota."
)
UNCATEGORISED = (
    "Valid records that fit no topic well. Over the limit, balance is not called good before they "
    "are looked at."
)
MISSING = (
    "Records to add: what the plan gives to topics below their quota or target share, and what those "
    "lack of their quotas even then."
)


@dataclass(frozen=True)
class TopicView:
    """The topics as shown: all levels, the leaves first, and the tree as areas with a row by id.

    `wished` are the leaves' own target shares by id.
    """

    levels: tuple[TopicLevel, ...] = ()
    areas: tuple[Area, ...] = ()
    by_id: Mapping[int, TopicRow] = field(default_factory=dict)
    wished: Mapping[int, float] = field(default_factory=dict)


def read_view(tx: Tx, ctx: Context) -> tuple[CoverageReport, TopicView]:
    """The report of now, and its topics made ready to be shown: no work is left for the window."""
    report, rows = measure(tx, ctx), topics.all_topics(tx)
    signals = read_signals(tx, ctx.open.thresholds)
    levels = levels_of(report, signals, {t.id: t.color for t in rows})
    by_id = {row.id: row for level in reversed(levels) for row in level.rows if row.id is not None}
    wished = {t.id: t.target for t in rows if t.target is not None}
    areas = areas_of(rows, topics.counts(tx))
    return report, TopicView(levels=levels, areas=areas, by_id=by_id, wished=wished)


@dataclass(frozen=True)
class CoverageSnapshot:
    """`report` is of now; `kept` says whether it is the one of the last analysis, `stale` why not.

    `missing` lists what must be done before; then there is no `offer`.
    """

    report: CoverageReport | None = None
    view: TopicView = TopicView()
    offer: GenerationOffer | None = None
    cost: PlanCost | None = None
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
    def rounds(self) -> Sequence[Round]:
        return self.report.rounds if self.report else ()


@dataclass(frozen=True)
class Stat:
    """One card: a figure, its chip and the line below; `about` defines it."""

    name: str
    value: str
    note: str
    chip: str
    tone: Tone
    about: str


def stats(report: CoverageReport) -> list[Stat]:
    """Balance, coverage, uncategorised, and what is missing."""
    found, plan = report.coverage, report.plan
    full = sum(not topic.below_quota for topic in found.leaves.topics)
    share, limit = found.uncategorised_share, DEFAULTS.uncategorised
    lacking = sum(topic.add + topic.short for topic in plan.topics)
    after = f"{number(plan.balance_after)} after the plan" if plan.total else "nothing planned"
    filled = f"{number(plan.coverage_after)} after the plan" if plan.total else after
    records = f"{count(found.uncategorised, 'record')}, limit {limit * 100:.0f} %"
    by_whom = (
        f"{plan.total:,} planned, {plan.short:,} short" if lacking else "every topic has enough"
    )
    ends = len(found.leaves.topics)
    grade, tone = found.grade, GRADES[found.grade]
    chip = f"{full} of {ends} full"
    full_tone: Tone = "good" if full == ends else "warn"
    fit_tone: Tone = "good" if share <= limit else "warn"
    fits = "fine" if share <= limit else "over limit"
    kind = "to add" if lacking else "full"
    kind_tone: Tone = "info" if lacking else "good"
    value = f"{share * 100:.1f} %"
    return [
        Stat("Balance", number(found.balance), after, grade, tone, balance_words(report)),
        Stat("Coverage", number(found.coverage), filled, chip, full_tone, COVERAGE),
        Stat("Uncategorised", value, records, fits, fit_tone, UNCATEGORISED),
        Stat("Missing", f"{lacking:,}", by_whom, kind, kind_tone, MISSING),
    ]


def balance_words(report: CoverageReport) -> str:
    """The definition, with the effective topics and the normalised entropy of these."""
    level = report.coverage.leaves
    if level.effective is None:
        return BALANCE
    said = f"Here {level.effective:.1f} of {len(level.topics)} topics are effectively used"
    entropy = f", normalised entropy {number(level.entropy)}" if level.entropy is not None else ""
    return f"{BALANCE} {said}{entropy}."


def footnote(report: CoverageReport) -> str:
    """How to read the bars."""
    said = "Ticks: quota and target share"
    if report.targets == "as_imported":
        said = "Tick: quota; no target set"
    if report.plan.total:
        said += "; outline: what the plan adds"
    return f"{said}. Click a bar, or Return, for the records."


def weight_words(weights: dict[str, float]) -> str:
    """«Direct debit 2.1 times, Interest 3.0 times»: the heaviest, at most three."""
    names = short_names(weights)
    heavy = sorted((w, t) for t, w in weights.items() if w > 1.05)[::-1][:3]
    if said := [f"{names[t]} {w:.1f} times" for w, t in heavy]:
        return "Topics below their share count more in training: " + ", ".join(said) + "."
    return ""
