"""What is better seen than told: from a tool's result to a chart or a tree; it words nothing."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.agent.entries import Chart, Entry, TreeShown
from app.domain.topics import TopicNode, leaves
from app.domain.verdict import Verdict
from app.domain.wording import count
from app.store import results
from app.store.results import ResultValue
from app.tools import runs
from app.tools.coverage import CoverageReport
from app.tools.proposals import Proposal
from app.tools.session import Session

if TYPE_CHECKING:
    from app.agent.turn import Turn

MOST_BARS = 12  # the last stands for all others
MOST_POINTS = 60  # of a line: a chart in the chat is some 300 pixels wide
HELD = 2_000  # records of a proposal up to which the conversation keeps their ids with the tree


async def picture(turn: "Turn", tool: str, result: Any) -> None:
    """Put what belongs beside a tool's result into the conversation, once in a turn."""
    if not turn.has_dataset or turn.is_gone:
        return
    await once(turn, await shown(tool, result, turn.session))


async def once(turn: "Turn", found: Entry | None) -> None:
    """Show an entry unless the same was shown in this turn."""
    if found is None:
        return
    key = found.model_dump_json(exclude={"key"})
    if key not in turn.pictured:
        turn.pictured.add(key)
        await turn.emit(found)


async def shown(tool: str, result: Any, session: Session) -> Entry | None:
    """The entry beside a result of that tool; None where words say it as well."""
    match tool:
        case "analyze_coverage":
            return by_topic(result)
        case "apply_topic_hierarchy":
            stored = await session.store.read(results.latest, "coverage", "completed")
            return by_topic(CoverageReport.model_validate(stored.data)) if stored else None
        case "generate_topics" | "recut_proposal":
            return await asyncio.to_thread(tree, result)
        case "run_dry_run":
            return scores(result.verdict)
        case "check_training_status":
            run = await session.store.read(results.latest, "training")
            return await curves(session, run) if run else None
    return None


def by_topic(report: CoverageReport) -> Chart | None:
    """Records by topic, the biggest first, beside the quota; beyond the twelfth their mean."""
    found = sorted(report.coverage.leaves.topics, key=lambda t: -t.records)
    if len(found) < 2:
        return None
    cut = len(found) if len(found) <= MOST_BARS else MOST_BARS - 1
    labels = [t.topic for t in found[:cut]]
    values = [float(t.records) for t in found[:cut]]
    if rest := found[cut:]:
        labels.append(f"{len(rest)} others, on average")
        values.append(round(sum(t.records for t in rest) / len(rest), 1))
    return Chart(
        title="Records by topic, with the quota",
        form="bars",
        labels=tuple(labels),
        series=(tuple(values),),
        target=float(report.quota),
    )


def scores(verdict: Verdict) -> Chart | None:
    """How the scores of the base model's answers are spread; 0 and 1 are bars of their own."""
    if not verdict.figures.answers:
        return None
    values = tuple(float(n) for n in verdict.histogram)
    last = len(values) - 1
    return Chart(
        title=f"Scores of {count(verdict.figures.answers, 'answer')}",
        form="histogram",
        labels=tuple(f"{n / last:.1f}" for n in range(len(values))) if last else (),
        series=(values,),
    )


def tree(proposal: Proposal) -> TreeShown | None:
    """The proposal as it waits, to be edited and used in the chat."""
    if not proposal.hierarchy:
        return None
    found = leaves(proposal.hierarchy)
    held = sum(len(node.record_ids) for _, node in found) <= HELD
    return TreeShown(
        title=f"Proposal: {count(proposal.leaves, 'topic')}",
        hierarchy=tuple(_node(node, held=held) for node in proposal.hierarchy),
    )


def _node(node: TopicNode, *, held: bool) -> dict[str, Any]:
    """As apply_topic_hierarchy takes it, with how many `records` are in and below it. Where their ids
    are left out, the tool finds them again in the proposal by what the topic `was` called."""
    children = [_node(child, held=held) for child in node.children]
    number = len(node.record_ids) + sum(child["records"] for child in children)
    left_out = {"children", "was"} if held else {"children", "was", "record_ids"}
    plain = node.model_dump(mode="json", exclude=left_out)
    return {**plain, "was": node.name, "children": children, "records": number}


async def curves(session: Session, run: ResultValue) -> Chart | None:
    """Train and validation reward over the steps, with the base model's mean as the line to beat."""
    directory = runs.directory(session, run)
    rows, _ = await asyncio.to_thread(directory.events)
    return lines(rows, run.data.get("baseline"))


def lines(rows: Sequence[dict[str, Any]], baseline: float | None) -> Chart | None:
    """From the events of a run: the train reward as the mean of some steps, validation as last
    measured. None before two steps."""
    steps = [(int(r["step"]), float(r["reward"])) for r in rows if r["kind"] == "metrics"]
    if len(steps) < 2:
        return None
    measured = [(int(r["step"]), float(r["reward"])) for r in rows if r["kind"] == "evaluation"]
    width = -(-len(steps) // MOST_POINTS)
    groups = [steps[at : at + width] for at in range(0, len(steps), width)]
    train = tuple(round(sum(r for _, r in g) / len(g), 4) for g in groups)
    series, names = [train], ["train"]
    if measured:
        series.append(tuple(_last(measured, g[-1][0]) for g in groups))
        names.append("validation")
    return Chart(
        title="Reward by step" + (", with the base model's mean" if baseline is not None else ""),
        form="lines",
        labels=tuple(str(g[-1][0]) for g in groups),
        series=tuple(series),
        names=tuple(names),
        target=baseline,
    )


def _last(measured: list[tuple[int, float]], step: int) -> float:
    """What was measured last at a step, or first where it was not measured yet."""
    before = [reward for at, reward in measured if at <= step]
    return before[-1] if before else measured[0][1]
