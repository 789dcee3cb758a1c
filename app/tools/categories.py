"""Tools on categories: every record to a leaf topic, with how sure that is."""

import asyncio
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import BaseModel

from app.domain.thresholds import DEFAULTS
from app.domain.topics import leaf_paths
from app.errors import ToolError
from app.paths import resource
from app.store import records, results, topics
from app.store.database import Tx
from app.store.records import RecordFilter
from app.tools.answers import follow_job, written
from app.tools.base import Context, tool
from app.tools.proposals import ENCODER, text_rows
from app.workers import run_worker


class Categorised(BaseModel):
    """What the records look like after categorising; the counts are those stored and shown."""

    written: int
    assigned: int
    uncategorised: int
    high: int
    medium: int
    review: int
    confirmed: int
    threshold: float
    english: bool = True


@tool(step="categorize")
async def categorize_records(
    ctx: Context,
    dataset_id: str = "",
    scope: Literal["unlabeled", "all"] = "unlabeled",
    confidence_threshold: float = DEFAULTS.topic_review,
) -> Categorised:
    """Put records on leaf topics with a calibrated probability; what fits none stays uncategorised,
    what is less sure than `confidence_threshold` is for review. Confirmed records are kept."""
    if not 0 <= confidence_threshold <= 1:
        raise ToolError("confidence_threshold is 0 to 1.")
    return await categorise(ctx, scope=scope, review_below=confidence_threshold)


async def categorise(
    ctx: Context, *, scope: str, review_below: float = DEFAULTS.topic_review
) -> Categorised:
    """Categorise in a worker and store the result as one Change."""
    session = ctx.open
    fingerprint = await session.expected("categorize")
    found = await session.store.read(records.select, RecordFilter(valid=True))
    rows = await session.store.read(topics.all_topics)
    specs = _specs(rows, found)
    work = session.folder / "runs" / "categorize"
    config = {
        "records": str(await written(work / "records.jsonl", lambda: text_rows(found))),
        "cache": str(session.folder / "embeddings.sqlite"),
        "encoder": str(resource(ENCODER)),
        "topics": specs,
    }
    result = await ctx.jobs.run(
        "Categorise",
        lambda job: run_worker("categorize", work, config, on_status=follow_job(job)),
        dataset_id=session.dataset_id,
        heavy=True,
    )
    lines = await asyncio.to_thread(_read_lines, Path(result["assignments"]))
    if scope == "unlabeled":
        free = {r.id for r in found if r.topic_id is None}
        lines = [line for line in lines if line["id"] in free]
    count = await ctx.write(f"Categorise {len(lines):,} records", records.store_assignments, lines)
    counts = await session.store.read(_counts, review_below)
    done = Categorised(
        written=count, threshold=result["threshold"], english=result["english"], **counts
    )
    await session.store.transaction(_keep, fingerprint.model_dump_json(), done.model_dump())
    return done


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def _specs(rows: list[Any], found: list[Any]) -> list[dict[str, Any]]:
    """The leaves as the worker reads them: confirmed records as examples, the rest as members."""
    by_topic: dict[int, dict[str, list[int]]] = {}
    for record in found:
        if record.topic_id is not None:
            kind = "examples" if record.topic_source in ("user", "label") else "members"
            by_topic.setdefault(record.topic_id, {}).setdefault(kind, []).append(record.id)
    descriptions = {row.id: row.description for row in rows}
    return [
        {
            "id": topic_id,
            "path": list(path),
            "description": descriptions[topic_id],
            "examples": by_topic.get(topic_id, {}).get("examples", []),
            "members": by_topic.get(topic_id, {}).get("members", []),
        }
        for topic_id, path in leaf_paths(rows).items()
    ]


def _counts(tx: Tx, review_below: float) -> dict[str, int]:
    """Valid records by how sure their topic is: the numbers the views show too."""
    stats = records.stats(tx)
    high, medium, review = records.bands(tx, high=DEFAULTS.topic_high, review=review_below)
    return {
        "assigned": stats.categorised,
        "uncategorised": stats.valid - stats.categorised,
        "high": high,
        "medium": medium,
        "review": review,
        "confirmed": stats.confirmed,
    }


def _keep(tx: Tx, fingerprint: str, data: dict[str, Any]) -> None:
    results.add(tx, "categorisation", fingerprint=fingerprint, data=data)
    results.add_point(tx, "categorize", f"{data['assigned']:,} records categorised")
