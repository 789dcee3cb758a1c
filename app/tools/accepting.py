"""The tool that takes generated records into the data: for training only, each with where it is from."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from app.domain.normalise import cluster_key, content_hash
from app.domain.records import Message
from app.domain.splits import cluster_id
from app.domain.validation import issues_of, worst
from app.domain.wording import count, joined, number
from app.errors import ToolError
from app.importing.tokens import TokenEstimate
from app.store import generated, results
from app.store.database import Tx
from app.store.generated import GeneratedItem, State
from app.tools.base import Card, Context, tool
from app.tools.cards import UNDO
from app.tools.coverage import CoverageReport, analysed, measure

ACCEPTABLE: tuple[State, ...] = ("waiting", "rejected")
NONE = "None of these can be accepted: nothing waits, or the topics are full."
PROVENANCE = ("strategy", "model", "prompt_version", "parents")


class Accepted(BaseModel):
    """What entered the data: new records by topic, how many still wait since their topic is full, and
    balance before and after."""

    records: int
    by_topic: dict[str, int] = {}
    left: int = 0
    record_ids: list[int] = []
    balance_before: float | None = None
    balance_after: float | None = None


async def _card(ctx: Context, ids: list[int] | None = None, min_score: float | None = None) -> Card:
    report = await ctx.open.store.read(measure, ctx)
    chosen, left = await ctx.open.store.read(_chosen, report, ids, min_score)
    names = {i: name for name, i in report.topic_ids.items()}
    by_topic = Counter(names[item.topic_id] for item in chosen)
    rows = [("Records", f"{len(chosen):,} for {joined(list(by_topic), 4) or 'no topic'}")]
    if left:
        rows.append(("Left waiting", f"{left:,}: their topics are full"))
    return Card(
        tool="accept_generated",
        step="coverage_generation",
        title=f"Accept {count(len(chosen), 'generated record')}?",
        rows=[*rows, ("Split", "Training only"), UNDO],
        verb="Accept",
        note="can be undone",
        reversible=True,
    )


@tool("guarded", card=_card)
async def accept_generated(
    ctx: Context, ids: list[int] | None = None, min_score: float | None = None
) -> Accepted:
    """Take generated records into the data: these, or all that wait (with at least `min_score`). They
    are for training only, never more than the real ones of their topic; one undo takes them out."""
    session = ctx.open
    fresh = not await session.missing_for("coverage_generation")
    before = await (analysed(ctx) if fresh else session.store.read(measure, ctx))
    chosen, _ = await session.store.read(_chosen, before, ids, min_score)
    if not chosen:
        raise ToolError(NONE)
    label = f"Accept {count(len(chosen), 'generated record')}"
    accepted = await ctx.write(label, _accept, ctx, ids, min_score)
    if fresh:  # each has the topic that the classifier gave it, so the categories are still right
        await session.store.transaction(
            _keep_categories, (await session.expected("categorize")).model_dump_json(), accepted
        )
        after = await analysed(ctx)
    else:
        after = await session.store.read(measure, ctx)
    accepted = accepted.model_copy(
        update={"balance_before": before.coverage.balance, "balance_after": after.coverage.balance}
    )
    await session.store.transaction(_log, [item.run_id for item in chosen], accepted)
    return accepted


def _chosen(
    tx: Tx, report: CoverageReport, ids: list[int] | None, min_score: float | None
) -> tuple[list[GeneratedItem], int]:
    """Those to accept, the surest first where there is not room for all; and how many are left.

    Raises ToolError naming one that is refused or decided already.
    """
    if ids is None:
        found = [i for i in generated.page(tx) if i.score >= (min_score or 0.0)]
    else:
        found = generated.many(tx, ids)
        for item in found:
            if item.state not in ACCEPTABLE:
                raise ToolError(_why_not(item))
    room = {report.topic_ids[t.topic]: t.cap for t in report.plan.topics}
    chosen = []
    for item in sorted(found, key=lambda i: (-i.score, i.id)):
        if room.get(item.topic_id, 0) > 0:
            room[item.topic_id] -= 1
            chosen.append(item)
    return sorted(chosen, key=lambda item: item.id), len(found) - len(chosen)


def _why_not(item: GeneratedItem) -> str:
    if item.state == "refused":
        why = item.reason.replace("_", " ")
        return (
            f"Generated record {item.id} was refused ({why}). Edit it first: it is checked again."
        )
    return f"Generated record {item.id} is {item.state} already."


def _accept(tx: Tx, ctx: Context, ids: list[int] | None, min_score: float | None) -> Accepted:
    report = measure(tx, ctx)
    chosen, left = _chosen(tx, report, ids, min_score)
    if not chosen:  # another call took them meanwhile
        raise ToolError(NONE)
    tokens = TokenEstimate()
    made = generated.add_records(tx, [_row(item, tokens) for item in chosen])
    for item, record_id in zip(chosen, made, strict=True):
        generated.edit(tx, item.id, state="accepted", record_id=record_id)
    names = {i: name for name, i in report.topic_ids.items()}
    by_topic = Counter(names[item.topic_id] for item in chosen)
    return Accepted(records=len(made), by_topic=by_topic, left=left, record_ids=made)


def _row(item: GeneratedItem, tokens: TokenEstimate) -> dict[str, Any]:
    """A generated item as a record: in training, on its topic, with where it comes from among its
    further fields, so that every export tells it."""
    messages = [Message(**m) for m in item.item["messages"]]
    reply = Message(**item.item["reply"]) if item.item.get("reply") else None
    about = {k: item.about[k] for k in PROVENANCE if k in item.about} | {"run": item.run_id}
    if item.about.get("note"):
        about["scenario"] = item.about["note"]
    rest = {
        "tools": item.item.get("tools", []),
        "reference": item.item.get("reference"),
        "extra": {**item.item.get("extra", {}), "provenance": about},
    }
    size = tokens.of("\n".join(message.text for message in messages))
    issues = worst(issues_of(messages, reply=reply, tokens=size))
    checks = item.about.get("checks", {})
    parents = item.about.get("parents") or [None]
    return {
        **rest,
        "messages": messages,
        "reply": reply,
        "source": "generated",
        "parent_id": parents[0],
        "topic_id": item.topic_id,
        "topic_source": "auto",
        "probability": item.score,
        "fit": checks.get("fit"),
        "alternatives": checks.get("alternatives", []),
        "split": "train",
        "valid": not any(issue.severity == "error" for issue in issues),
        "issues": list(issues),
        "content_hash": content_hash(messages, reply=reply, **rest),
        "cluster": cluster_id(cluster_key(messages)),
        "tokens": size,
    }


def _keep_categories(tx: Tx, fingerprint: str, accepted: Accepted) -> None:
    """The categorisation that was right before is right of the data with the new records."""
    old = results.latest(tx, "categorisation", "completed")
    if old is not None:
        more = accepted.records
        data = {**old.data, **{k: old.data[k] + more for k in ("assigned",) if k in old.data}}
        results.add(tx, "categorisation", fingerprint=fingerprint, data=data)


def _log(tx: Tx, run_ids: Sequence[int], accepted: Accepted) -> None:
    """An entry in the log of each run that the records are of."""
    known = {run.id: run for run in results.of_kind(tx, "generation")}
    for run_id, n in Counter(run_ids).items():
        if run_id not in known:  # lost from a damaged file
            continue
        entry = {
            "at": tx.now,
            "accepted": n,
            "balance_before": accepted.balance_before,
            "balance_after": accepted.balance_after,
        }
        rounds = known[run_id].data.get("rounds", [])
        results.update(tx, run_id, data={"rounds": [*rounds, entry]})


def said(accepted: Accepted) -> str:
    """What was accepted and what it did, in a sentence or two."""
    text = (
        f"{count(accepted.records, 'generated record')} accepted. Balance went from "
        f"{number(accepted.balance_before)} to {number(accepted.balance_after)}."
    )
    if accepted.left:
        text += f" {accepted.left:,} still wait: their topics have as many as real ones."
    return text
