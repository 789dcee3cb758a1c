"""The facts of an opening as lines: what a model words and may not go beyond; no words of its own."""

from app.agent.words import sentence
from app.domain.outlook import Outlook
from app.domain.steps import STEPS, TITLES
from app.domain.topics import leaves, shown
from app.domain.wording import count, number
from app.store import changes, meta, records
from app.store.database import Tx
from app.tools.proposals import Proposal
from app.tools.session import Session

NAMED = 8  # topics of a proposal told one by one
EXAMPLE = 100  # characters of an example's text
NEXT = {
    "topics_config": "find topics in the records, or define them",
    "categorize": "sort the records into the topics",
    "coverage_generation": "measure balance and coverage",
    "grader_config": "say what makes a good answer, and test the grader",
    "dry_run": "run the dry run, before anything is trained",
    "training": "start or look at the training",
    "deployment": "read the report and deploy the model",
}


async def first_facts(session: Session, proposal: Proposal, outlook: Outlook) -> str:
    """Of a dataset opened for the first time, once its goal is known and topics are proposed."""
    name, goal, stats = await session.store.read(_known)
    lines = [
        f"Dataset: {name}",
        f"Goal: {goal}",
        f"Records: {stats.records:,}, valid {stats.valid:,}, invalid {stats.invalid:,}",
        _turns(stats),
        f"With tools: {_share(stats.with_tools, stats.valid)}",
        f"With a reference answer: {_share(stats.with_reference, stats.valid)}",
        f"With a recorded reply: {_share(stats.with_reply, stats.valid)}",
        f"Near duplicates: {stats.near_duplicates:,}; exact duplicates: {stats.duplicates:,}",
        f"Outlook on this computer: {outlook.word}",
        *(f"- {cell.title}: {cell.text}" for cell in outlook.cells[1:]),
        *_topics(proposal),
        "Not applied yet. The person then chooses: use it, change it, make another, or by hand.",
    ]
    return "\n".join(sentence(line) for line in lines)


async def resume_facts(session: Session) -> str:
    """Of a dataset that was worked on before. Times are left out: they alone change nothing."""
    name, goal, stats = await session.store.read(_known)
    flow = await session.workflow()
    lines = [
        f"Dataset: {name}",
        f"Goal: {goal}",
        f"Records: {stats.records:,}, valid {stats.valid:,}, invalid {stats.invalid:,}",
        f"Done: {', '.join(f'{s.title} ({s.reading})' for s in flow.steps if s.status == 'completed')}",
        f"Last activity: {await session.store.read(_last)}",
    ]
    if flow.current is None:
        lines.append("All 7 of 7 steps are done.")
    else:
        step = flow[flow.current]
        at = STEPS.index(flow.current) + 1
        lines += [
            f"Left at: Step {at} of {len(STEPS)}: {TITLES[flow.current]}, {step.reading}",
            f"Why: {step.reason}" if step.reason else "",
            f"Next action: {NEXT[flow.current]}",
        ]
    return "\n".join(sentence(line) for line in lines if line)


def _known(tx: Tx) -> tuple[str, str, records.RecordStats]:
    return meta.get(tx, "name", "this dataset"), meta.get(tx, "goal", ""), records.stats(tx)


def _turns(stats: records.RecordStats) -> str:
    if not stats.multi_turn:
        return "All records are single-turn."
    return f"Multi-turn: {_share(stats.multi_turn, stats.valid)}"


def _share(n: int, of: int) -> str:
    return f"{n:,} ({number(n / of, '%')})" if of else "0"


def _topics(proposal: Proposal) -> list[str]:
    origin = {
        "auto": "found in the records by meaning; at this number the groups stand apart best",
        "labels": "from a label field of the records",
        "template": "from a template",
    }.get(proposal.method, "by hand")
    found = sorted(leaves(proposal.hierarchy), key=lambda leaf: -len(leaf[1].record_ids))
    lines = [f"Proposed topics: {proposal.leaves}, {origin}"]
    for path, node in found[:NAMED]:
        example = f", such as “{node.exemplars[0][:EXAMPLE]}”" if node.exemplars else ""
        lines.append(f"- {shown(path)}: {count(len(node.record_ids), 'record')}{example}")
    if found[NAMED:]:
        path, node = found[-1]
        lines.append(f"- the smallest: {shown(path)}: {count(len(node.record_ids), 'record')}")
    if proposal.note:
        lines.append(f"Note: {proposal.note}")
    return lines


def _last(tx: Tx) -> str:
    newest = next((c for c in changes.timeline(tx, 20) if not c.undone), None)
    if newest is None:
        return "none"
    who = "the person" if newest.actor == "user" else f"the {newest.actor}"
    return f"{newest.label}, by {who}"
