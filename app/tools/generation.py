"""What honestly helps thin topics without writing records: moves, weights, a list of what to write."""

import asyncio
from typing import Literal

import orjson
from pydantic import BaseModel

from app.domain.topics import leaf_paths, shown
from app.errors import ToolError
from app.generation.moves import Assignment, Move, propose_moves
from app.generation.weights import topic_weights
from app.generation.writing_list import as_csv, as_markdown
from app.store import generated, records, topics
from app.store.database import Tx
from app.store.filters import FREE
from app.store.records import RecordFilter
from app.tools.base import Card, Context, tool
from app.tools.cards import records_card
from app.tools.coverage import CoverageReport, measure

EXEMPLARS = 3
StrategyName = Literal[
    "message_variation", "few_shot", "topic_description", "scenario_expansion", "tool_chain"
]
CONNECT = (
    "Writing records needs a connected model: open Connections and add one. Variants from templates "
    "are not offered: measured, they lower accuracy."
)


class ProposedMove(BaseModel):
    """A record that may belong in a thin topic."""

    record_id: int
    preview: str
    source: str | None
    target: str
    target_id: int
    probability: float


class GenerationOffer(BaseModel):
    """What helps without writing records. `possible`: a model is connected that can write some;
    `planned`: how many the plan still gives it."""

    possible: bool = False
    planned: int = 0
    text: str
    moves: list[ProposedMove]
    weights: dict[str, float]
    todo_markdown: str
    todo_csv: str
    needed: dict[str, int]


class Changed(BaseModel):
    records: int


@tool("read", step="coverage_generation")
async def generation_offers(
    ctx: Context, target_topics: list[str] | None = None
) -> GenerationOffer:
    """What helps thin topics: whether a connected model can write records, and without one moving
    misfiled records, weights, and a list of what to write. Changes nothing."""
    return await offers(ctx, target_topics)


async def offers(
    ctx: Context, target_topics: list[str] | None = None, per_topic: int | None = None
) -> GenerationOffer:
    """See `generation_offers`; raises ToolError naming a topic that does not exist."""
    report = await ctx.open.store.read(measure, ctx)
    known_topics(report, target_topics)
    needs = _needs(report, target_topics, per_topic)
    moves = await ctx.open.store.read(_moves, report, needs)
    exemplars = await ctx.open.store.read(_exemplars, report)
    writer = ctx.connections.for_role("generator") if ctx.connections else None
    waiting = await ctx.open.store.read(generated.waiting_by_topic)
    text = CONNECT
    if writer is not None:
        text = f"{writer.name} can write records; nothing enters the data before you accept it."
    return GenerationOffer(
        possible=writer is not None,
        planned=sum(
            max(0, n - waiting.get(report.topic_ids[t], 0)) for t, n in report.plan.add.items()
        ),
        text=text,
        moves=moves,
        weights=_weights(report),
        todo_markdown=await asyncio.to_thread(as_markdown, needs, exemplars),
        todo_csv=await asyncio.to_thread(as_csv, needs, exemplars),
        needed=needs,
    )


def known_topics(report: CoverageReport, wanted: list[str] | None) -> None:
    """Raise ToolError for a name that is no leaf topic."""
    unknown = [t for t in wanted or [] if t not in report.topic_ids]
    if unknown:
        raise ToolError(f"There is no topic {unknown[0]!r}. Known: {', '.join(report.topic_ids)}.")


async def _moves_card(ctx: Context, record_ids: list[int] | None = None) -> Card:
    offer = await _offer(ctx, record_ids)
    return Card(
        tool="accept_generation_moves",
        title=f"Move {len(offer):,} records into thin topics?",
        rows=[
            ("Records", f"{len(offer):,}"),
            ("Topics filled", ", ".join(sorted({m.target for m in offer})[:3]) or "none"),
            ("Cost", "Free, on this computer"),
        ],
        verb="Move them",
        note="can be undone",
    )


@tool("consequential", card=_moves_card)
async def accept_generation_moves(ctx: Context, record_ids: list[int] | None = None) -> Changed:
    """Move the proposed records (or those of them given) into the thin topics they may belong to."""
    moves = await _offer(ctx, record_ids)

    def work(tx: Tx) -> None:
        for move in moves:
            topics.assign(tx, [move.record_id], move.target_id, source="user")

    await ctx.write(f"Move {len(moves):,} records into thin topics", work)
    return Changed(records=len(moves))


async def _weights_card(ctx: Context) -> Card | None:
    stats = await ctx.open.store.read(records.stats)
    number, what = stats.categorised, ("What", "each record gets its topic's weight in training")
    return await records_card(ctx, "apply_topic_weights", "Weight the topics?", number, what)


@tool("guarded", card=_weights_card)
async def apply_topic_weights(ctx: Context) -> Changed:
    """Let thin topics count more in training: each record gets its topic's weight."""
    report = await ctx.open.store.read(measure, ctx)
    by_id = {report.topic_ids[name]: weight for name, weight in _weights(report).items()}

    def work(tx: Tx) -> int:
        changed = 0
        for topic_id, weight in by_id.items():
            query = "UPDATE record SET weight = ? WHERE topic_id = ? AND weight <> ?"
            changed += tx.db.execute_sql(query, (weight, topic_id, weight)).rowcount
        return changed

    return Changed(records=await ctx.write("Weight the topics", work))


def _weights(report: CoverageReport) -> dict[str, float]:
    """By the target shares as they were measured; all 1 where no target is set."""
    leaves = report.coverage.leaves.topics
    targets = {t.topic: t.target for t in leaves if t.target is not None}
    return topic_weights({t.topic: t.records for t in leaves}, targets or "as_imported")


def _needs(
    report: CoverageReport, wanted: list[str] | None, per_topic: int | None
) -> dict[str, int]:
    """How many records each thin (or wished for) topic lacks."""
    lacking = {t.topic: max(t.add + t.short, 0) for t in report.plan.topics}
    if wanted:
        return {t: per_topic or lacking[t] for t in wanted}
    return {t: n for t, n in lacking.items() if n}


def _moves(tx: Tx, report: CoverageReport, needs: dict[str, int]) -> list[ProposedMove]:
    names = {i: shown(path) for i, path in leaf_paths(topics.all_topics(tx)).items()}
    query = (
        "SELECT id, topic_id, probability, fit, alternatives FROM record WHERE valid "
        "AND COALESCE(topic_source, '') NOT IN ('user', 'label', 'model') "
        f"AND (topic_id IS NULL OR probability < 0.8) AND {FREE} AND alternatives <> '[]'"
    )
    assignments = (
        Assignment(
            record_id=i,
            topic=names.get(topic),
            probability=probability or 0.0,
            fit=fit or 0.0,
            alternatives={names[t]: p for t, p in orjson.loads(alternatives) if t in names},
        )
        for i, topic, probability, fit, alternatives in tx.db.execute_sql(query)
    )
    found: list[Move] = propose_moves(assignments, needs)
    previews = {row.id: row.preview for row in records.rows(tx, [m.record_id for m in found])}
    return [
        ProposedMove(
            **m.model_dump(), preview=previews[m.record_id], target_id=report.topic_ids[m.target]
        )
        for m in found
    ]


def _exemplars(tx: Tx, report: CoverageReport) -> dict[str, list[str]]:
    """The best-fitting real training records of each topic: what is held out is no model for new ones."""
    found = {}
    for name, topic_id in report.topic_ids.items():
        spec = RecordFilter(
            topic_ids=(topic_id,), valid=True, split="train", source=("imported", "edited")
        )
        ids = records.page(tx, spec, "fit", True, limit=EXEMPLARS)
        found[name] = [row.preview for row in records.rows(tx, ids)]
    return found


async def _offer(ctx: Context, record_ids: list[int] | None) -> list[ProposedMove]:
    report = await ctx.open.store.read(measure, ctx)
    moves = await ctx.open.store.read(_moves, report, _needs(report, None, None))
    chosen = [m for m in moves if record_ids is None or m.record_id in record_ids]
    if not chosen:
        raise ToolError("No record is likely to belong in a thin topic.")
    return chosen
