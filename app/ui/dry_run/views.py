"""The three looks at a finished dry run: summary, by topic, answers; drawn from values only."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from app.domain.diagnosis import Action
from app.domain.verdict import Verdict
from app.ui import kit
from app.ui.answers import answer_row
from app.ui.dry_run.charts import histogram, learnability_curve
from app.ui.dry_run.snapshot import DryRunSnapshot, Order, PromptAnswers, pick
from app.ui.kit.buttons import Kind
from app.ui.parts import Badge, IntervalRow, VerdictStamp, VerdictTile

ORDERS: tuple[tuple[Order, str], ...] = (
    ("worst", "Worst"),
    ("best", "Best"),
    ("typical", "Typical"),
    ("split", "Most split"),
)
Take = Callable[[Action], object]


def verdict_card(
    snapshot: DryRunSnapshot, verdict: Verdict, *, take: Take, accept: QWidget | None
) -> QFrame:
    """Stamp, headline, reason with numbers, next action and second road."""
    settled = verdict.verdict == "WARNING" and snapshot.accepted
    title = kit.label(verdict.headline, "h1", wrap=True)
    words: list[kit.Item] = [kit.label(verdict.summary, tone="muted", wrap=True, select=True)]
    if settled:
        words.append(kit.row(Badge("you accepted it", "good", "check"), None))
    if verdict.what_would_decide and not settled:
        words.append(kit.label(verdict.what_would_decide, "strong", wrap=True))
    if snapshot.early:
        words.append(kit.label(snapshot.early, "small", "muted", wrap=True))
    first = not snapshot.outdated
    roads = actions(snapshot, verdict)
    buttons = [_road(action, take, first and n == 0) for n, action in enumerate(roads)]
    buttons += [accept] if accept is not None else []
    for button in buttons:
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    stamp = kit.column(VerdictStamp(verdict.verdict), None)
    text = kit.column(title, *words, None, gap=4)
    side = kit.holder(kit.column(*buttons, None, gap=6))
    side.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
    return kit.frame(kit.row(stamp, (text, 1), side, gap=16, margin=14))


def actions(snapshot: DryRunSnapshot, verdict: Verdict) -> list[Action]:
    """The roads from here: the verdict's own, where accepting a WARNING is a button of its own."""
    if snapshot.outdated:
        return [a for a in _others(verdict) if a.step not in ("training", "dry_run")]
    if verdict.verdict == "WARNING" and snapshot.accepted:
        text = "You accepted the warning for exactly these inputs."
        return [Action(text="Set up training", step="training", why=text), *_others(verdict)[:1]]
    return _others(verdict)


def _others(verdict: Verdict) -> list[Action]:
    skipped = verdict.verdict == "WARNING"
    return [a for a in verdict.actions if not (skipped and a.step == "training")][:2]


def _road(action: Action, take: Take, first: bool) -> QWidget:
    kind: Kind = "primary" if first else ""
    return kit.button(action.text, lambda: take(action), kind=kind, tip=action.why)


def summary(verdict: Verdict) -> list[Callable[[], kit.Item]]:
    """What makes tiles, the note on a tile out of its band, what it means, and the charts."""
    makers: list[Callable[[], kit.Item]] = [
        lambda: kit.Tiles([VerdictTile(tile) for tile in verdict.tiles], least=150, most=4)
    ]
    if note := verdict.note:
        makers.append(lambda: kit.banner("warn", note))
    if verdict.diagnosis:
        makers.append(lambda: _diagnosis(verdict))
    makers.append(lambda: _charts(verdict))
    return makers


def _diagnosis(verdict: Verdict) -> QFrame:
    lines = [kit.label(line, wrap=True, select=True) for line in verdict.diagnosis]
    title = kit.label("What it means", "h2")
    return kit.card(title, *lines, gap=6, margin=(16, 10, 16, 14))


def _charts(verdict: Verdict) -> QWidget:
    charts = [histogram(verdict), learnability_curve(verdict)]
    return kit.Reflow([(chart, 1) for chart in charts], least=560)


def by_topic(verdict: Verdict) -> QFrame:
    """A row per topic with enough answers, the hardest first; the others are named."""
    whole = verdict.figures.mean.value
    rows = sorted(verdict.by_topic, key=lambda t: t.mean.value or 0.0)
    if not rows and not verdict.thin_topics:
        words = "The records have no topics, so there is nothing to tell apart."
        return kit.empty("squares-four", words)
    lines = [
        IntervalRow(
            f"{row.topic} ({row.prompts})",
            row.mean.value,
            (row.mean.low, row.mean.high),
            reference=whole,
            name_width=230,
        )
        for row in rows
        if row.mean.value is not None and row.mean.low is not None and row.mean.high is not None
    ]
    top = kit.row(
        kit.label("Mean score by topic", "h2"), None, kit.label("(prompts)", "small", "faint")
    )
    foot = "Mean score, 0 to 1, with 95 % intervals. Dashed: all topics."
    items: list[kit.Item] = [top, *lines, kit.label(foot, "small", "faint", wrap=True)]
    if not lines:
        items[1:] = [kit.label("No topic has enough prompts to be judged alone.", tone="muted")]
    if verdict.thin_topics:
        names = ", ".join(verdict.thin_topics)
        words = f"Too few answers to judge alone: {names}."
        items += [kit.rule(), kit.label(words, "small", "muted", wrap=True)]
    return kit.card(*items, gap=4, margin=(16, 10, 16, 12))


class Answers(QWidget):
    """Ten prompts at a time, in one of four orders, each with all its answers."""

    def __init__(self, snapshot: DryRunSnapshot) -> None:
        super().__init__()
        self._snapshot = snapshot
        self.orders = kit.Segments([words for _, words in ORDERS])
        self.orders.chosen.connect(self._show)
        self.body = kit.Refill()
        count = kit.label(f"{len(snapshot.prompts):,} prompts", "small", "faint")
        self.setLayout(kit.column(kit.row(self.orders, None, count), self.body, gap=12))
        self._show(0)

    def _show(self, index: int) -> None:
        found = pick(self._snapshot.prompts, ORDERS[index][0])
        self.body.show_in_turns(*(partial(prompt_card, prompt) for prompt in found))


def prompt_card(prompt: PromptAnswers) -> QFrame:
    """The prompt, its mean and spread, and every answer with its score or error."""
    mean = "no score" if prompt.mean is None else f"mean {prompt.mean:.2f}"
    meta = f"record {prompt.record_id}, {mean}, spread {prompt.spread:.2f}"
    rows = [
        answer_row(
            a.text, a.score, error=a.error, reason=a.reason, note="cut off" if a.truncated else ""
        )
        for a in prompt.answers
    ]
    words = kit.Prose(prompt.prompt, f"Prompt of record {prompt.record_id}", role="strong")
    facts = kit.label(meta, "small", "faint")
    return kit.card(words, facts, *rows, gap=5, margin=(16, 10, 16, 12))
