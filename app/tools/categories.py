"""Tools on categories: every record to a leaf topic, with how sure that is."""

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
from app.tools.answers import follow_job
from app.tools.base import Context, tool
from app.tools.proposals import ENCODER, VALID, write_texts
from app.workers import run_worker


class Categorised(BaseModel):
    """What the records look like after categorising; the counts are those stored and shown.

    `estimated`: too few records were confirmed to measure the probabilities by.
    """

    written: int
    assigned: int
    uncategorised: int
    high: int
    medium: int
    review: int
    confirmed: int
    threshold: float
    estimated: bool = True
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
    specs = await session.store.read(topic_specs)
    work = session.folder / "runs" / "categorize"
    config = {
        "records": str(await session.store.read(write_texts, work / "records.jsonl")),
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
    asked = RecordFilter(valid=True, uncategorised=scope == "unlabeled")
    number = await session.store.read(records.count, asked)
    assigned = Path(result["assignments"])
    count = await ctx.write(f"Categorise {number:,} records", _store, assigned, asked)
    counts = await session.store.read(_counts, review_below)
    told = {name: result[name] for name in ("threshold", "estimated", "english")}
    done = Categorised(written=count, **told, **counts)
    await session.store.transaction(_keep, fingerprint.model_dump_json(), done.model_dump())
    return done


def _store(tx: Tx, assigned: Path, asked: RecordFilter) -> int:
    """Write the worker's assignments of the records asked for; returns how many."""
    free = set(records.ids(tx, asked))
    with assigned.open("rb") as file:
        lines = (line for text in file if (line := orjson.loads(text))["id"] in free)
        return records.store_assignments(tx, lines)


def topic_specs(tx: Tx) -> list[dict[str, Any]]:
    """The leaves as the worker reads them: confirmed records as examples, the rest as members."""
    by_topic: dict[int, dict[str, list[int]]] = {}
    names = ("id", "topic_id", "topic_source")
    for record_id, topic_id, source in records.columns(tx, VALID, names):
        if topic_id is not None:
            kind = "examples" if source in ("user", "label") else "members"
            by_topic.setdefault(topic_id, {}).setdefault(kind, []).append(record_id)
    rows = topics.all_topics(tx)
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
