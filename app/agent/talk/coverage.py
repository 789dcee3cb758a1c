"""Step 3: balance and coverage in plain words, and what can honestly be done for thin topics."""

from app.agent.actions import action
from app.agent.entries import Option
from app.agent.turn import Turn
from app.agent.words import bold, bullets, plain
from app.domain.wording import count, joined, number
from app.store import records, results
from app.tools.accepting import Accepted, said
from app.tools.coverage import CoverageReport
from app.tools.generation import GenerationOffer
from app.tools.generation_report import GenerationReport

COVERAGE_PANEL = Option(
    label="Show the Coverage panel", action="show_panel", arguments={"panel": "coverage"}
)
NAMED = 4
SMALLEST_QUOTA = 10  # under that a topic cannot be judged at all
GRADES = {
    "good": "That is good.",
    "fair": "That is fair: from 0.75 it is good.",
    "poor": "Under 0.50 some topics are nearly empty beside others.",
    "n/a": "",
}


@action()
async def offer_coverage(turn: Turn) -> None:
    """Coverage was not measured yet, or is out of date."""
    await turn.act("analyse")


@action()
async def analyse(turn: Turn) -> None:
    await turn.require("coverage_generation")
    await turn.call("analyze_coverage")
    await turn.act("tell_coverage")


@action(quick=True)
async def tell_coverage(turn: Turn) -> None:
    """The stored analysis in words, and what to do about it."""
    result = await turn.read(results.latest, "coverage", "completed")
    if result is None:
        await turn.act("missing", step="coverage_generation")
        return
    report = CoverageReport.model_validate(result.data)
    await turn.say(_words(report))
    await turn.act("coverage_choices", report=report)


def _words(report: CoverageReport) -> str:
    found, level = report.coverage, report.coverage.leaves
    text = f"**Balance {number(level.balance)}**"
    if level.balance is not None and level.effective is not None:
        text += f": as if {level.effective:.1f} of {len(level.topics)} topics were in use"
    text += f". {GRADES[found.grade]}".rstrip(". ") + "."
    text += (
        f" **Coverage {number(level.coverage)}**: how near the topics are to {report.quota:,} "
        "records each."
    )
    if found.note:
        text += f" {plain(found.note, 300)}"
    thin = sorted((t for t in level.topics if t.thin), key=lambda t: t.records)
    if thin:
        names = joined([bold(t.topic) for t in thin], NAMED)
        text += f"\n\n{count(len(thin), 'topic')} thin, the fewest records first: {names}."
    else:
        text += "\n\nNo topic is thin. Nothing needs to be added."
    return text


@action(quick=True)
async def coverage_choices(turn: Turn, report: CoverageReport) -> None:
    """Go on, or do something for the thin topics first."""
    level = report.coverage.leaves
    options = [Option(label="Go on to the grader", action="next_after_coverage")]
    if level.thin:
        options.append(Option(label="What helps the thin topics?", action="generation"))
        if quota := _reachable(report):
            options.append(
                Option(
                    label=f"Set the quota to {quota}, which they reach",
                    action="set_quota",
                    arguments={"quota": quota},
                )
            )
    stats = await turn.read(records.stats)
    if stats.review:
        label = f"Review the {count(stats.review, 'least certain record')}"
        options.append(Option(label=label, action="review"))
    await turn.ask("How shall we go on?", *options)


def _reachable(report: CoverageReport) -> int:
    """A smaller quota that every topic without one of its own reaches without writing records; 0 when
    there is none."""
    following = (t for t in report.coverage.leaves.topics if t.quota == report.quota)
    smallest = min((t.records for t in following), default=0)
    reachable = smallest // 5 * 5
    return reachable if SMALLEST_QUOTA <= reachable < report.quota else 0


@action()
async def set_quota(turn: Turn, quota: int) -> None:
    await turn.call("set_quota", quota=quota)
    await turn.act("analyse")


@action(quick=True)
async def review(turn: Turn) -> None:
    await turn.show("categorize")
    await turn.say(
        "The least certain come first: one key each, A takes those like it along. What you confirm "
        "improves the rest."
    )
    await turn.ask(
        "When you have seen enough:", Option(label="Go on", action="next_after_coverage")
    )


@action()
async def next_after_coverage(turn: Turn) -> None:
    """Measured is done; when an edit made it stale, it is measured again on the way."""
    flow = await turn.session.workflow()
    if flow["categorize"].status == "stale":
        await turn.act("categorise")
        return
    if flow["coverage_generation"].status in ("stale", "pending"):
        await turn.call("analyze_coverage")
    await turn.act("next_step")


@action()
async def generation(turn: Turn) -> None:
    """What helps the thin topics, with a model or without; nothing is changed by asking."""
    offer: GenerationOffer = await turn.call("generation_offers")
    needed = sum(offer.needed.values())
    helps = [
        f"**Move** {count(len(offer.moves), 'record')} that may belong in a thin topic.",
        "**Weights**: records of thin topics count more in training.",
        f"**Write** {count(needed, 'record')}: the list is in the Coverage panel, with examples.",
        "**Your own generator**: a Python function that computes prompts with their answers. The "
        "Coverage panel has an example to start from.",
    ]
    options = []
    if offer.possible:
        helps.insert(0, "**Generate**: the model writes, each record is checked, you accept.")
        options.append(Option(label="Generate what the plan lacks", action="generate_records"))
    more = "What helps:" if offer.possible else "What helps without one:"
    await turn.say(f"{plain(offer.text, 400)} {more}\n\n{bullets(helps)}")
    if offer.moves:
        label = f"Move the {count(len(offer.moves), 'record')}"
        options.append(Option(label=label, action="move_records"))
    options.append(Option(label="Let thin topics count more", action="weigh"))
    if not offer.possible:
        options.append(Option(label="Connect a model", action="connect"))
    options += [COVERAGE_PANEL, Option(label="Go on to the grader", action="next_after_coverage")]
    await turn.ask("Which of these?", *options)


@action()
async def generate_records(turn: Turn) -> None:
    """Let the model write what the plan lacks; asked on a card, since it is billed."""
    stats = await turn.read(records.stats)
    several = stats.multi_turn * 2 > stats.valid
    strategy = "message_variation" if several else "few_shot"
    made: GenerationReport = await turn.call("generate_synthetic_data", strategy=strategy)
    await turn.say(plain(made.text, 800))
    waiting = sum(made.waiting.values())
    options = [COVERAGE_PANEL, Option(label="Go on to the grader", action="next_after_coverage")]
    if waiting:
        label = f"Accept {count(waiting, 'record')}"
        options.insert(1, Option(label=label, action="accept_records"))
    await turn.ask("Look at them first: a record in the data is trained on.", *options)


@action()
async def accept_records(turn: Turn) -> None:
    """Take all that waits into the training split."""
    accepted: Accepted = await turn.call("accept_generated")
    await turn.say(f"{said(accepted)} It can be undone.")
    await turn.act("tell_coverage")


@action()
async def move_records(turn: Turn) -> None:
    before = await turn.read(results.latest, "coverage", "completed")
    moved = await turn.call("accept_generation_moves")
    report: CoverageReport = await turn.call("analyze_coverage")
    old = before.data["coverage"]["leaves"]["balance"] if before else None
    await turn.say(
        f"**{count(moved.records, 'record')}** moved. Balance went from {number(old)} to "
        f"**{number(report.coverage.balance)}**."
    )
    await turn.act("coverage_choices", report=report)


@action()
async def weigh(turn: Turn) -> None:
    changed = await turn.call("apply_topic_weights")
    await turn.say(
        f"{count(changed.records, 'record')} got a weight: thin topics count more in training. It "
        "can be undone."
    )
    await turn.act("next_after_coverage")
