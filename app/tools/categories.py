"""Tools on categories: every record to a leaf topic, with how sure that is."""

import asyncio
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import BaseModel

from app.domain.reliability import Reliability
from app.domain.thresholds import DEFAULTS
from app.domain.topics import leaf_paths
from app.errors import ToolError
from app.jobs import Job
from app.paths import resource
from app.store import meta, records, results, topics, uncertain
from app.store.database import Tx
from app.store.dealing import deal_by_topic
from app.store.records import RecordFilter
from app.tools import passes
from app.tools.answers import follow_job
from app.tools.base import Context, tool
from app.tools.coverage import analysed
from app.tools.proposals import ENCODER, VALID, write_texts
from app.tools.session import Session
from app.workers import run_worker

# Of probability and fit. One decision or one renamed topic moves all of them a little: of 5,000
# records 4,992 would be written, 100 to 300 of which anyone could see a difference.
WITHIN = 0.01


class Categorised(BaseModel):
    """What the records look like after categorising; the counts are those stored and shown.

    `threshold` is the least fit in force, `calibrated` the one found; `estimated`: too few records
    were confirmed to measure the probabilities by, which `reliability` tells of.
    """

    written: int
    assigned: int
    uncategorised: int
    high: int
    medium: int
    review: int
    confirmed: int
    threshold: float
    calibrated: float = 0.0
    estimated: bool = True
    english: bool = True
    reliability: Reliability = Reliability()

    @property
    def reading(self) -> str:
        return f"{self.assigned:,} records categorised"


@tool(step="categorize")
async def categorize_records(
    ctx: Context,
    dataset_id: str = "",
    scope: Literal["unlabeled", "all"] = "unlabeled",
    confidence_threshold: float = DEFAULTS.topic_review,
) -> Categorised:
    """Put records on leaf topics with a calibrated probability; what fits none stays uncategorised,
    what is less sure than `confidence_threshold` is for review. Confirmed records are kept, and those
    a label or a model placed; with scope all, what a model found to fit none is tried again."""
    if not 0 <= confidence_threshold <= 1:
        raise ToolError("confidence_threshold is 0 to 1.")
    done = await categorise(ctx, scope=scope, review_below=confidence_threshold)
    await measure_again(ctx)
    return done


async def categorise(
    ctx: Context,
    *,
    scope: str,
    review_below: float = DEFAULTS.topic_review,
    since: int | None = None,
) -> Categorised:
    """Categorise in a worker and store the result as one Change; with the id of a Change of this call
    as a part of that, where nothing else was done meanwhile.

    With scope "all" that a model found records to fit none no longer counts: their topics may be there
    by now, and it may be asked again.
    """
    session = ctx.open
    fingerprint = await session.expected("categorize")
    result = await place_in_worker(ctx, "Categorise", session.folder / "runs" / "categorize")
    if await session.store.read(meta.get, "near_duplicates", "done") == "pending":
        await passes.start(ctx)  # they say which records must be in one split
    asked = RecordFilter(valid=True, uncategorised=scope == "unlabeled")
    number = await session.store.read(records.count, asked)
    label = f"Categorise {number:,} records"
    count = None
    if since is not None:
        count = await session.store.follow_up(since, ctx.tool, _store, result, asked, scope)
    if count is None:
        count = await ctx.write(label, _store, result, asked, scope)
    done = await keep_result(session, result, count, fingerprint.model_dump_json(), review_below)
    await session.store.transaction(results.add_point, "categorize", done.reading)
    return done


async def place_in_worker(
    ctx: Context, name: str, work: Path, *, background: bool = False
) -> dict[str, Any]:
    """Categorise all valid records in a worker, shown as the job `name`; returns what the worker
    returns and the `leaves` it knew (path by id), and stores nothing."""
    session = ctx.open

    async def run(job: Job) -> dict[str, Any]:
        config = await session.store.read(_configuration, work / "records.jsonl")
        config |= {
            "cache": str(session.folder / "embeddings.sqlite"),
            "encoder": str(resource(ENCODER)),
        }
        leaves = {topic["id"]: tuple(topic["path"]) for topic in config["topics"]}
        found = await run_worker("categorize", work, config, on_status=follow_job(job))
        return found | {"leaves": leaves}

    return await ctx.jobs.run(
        name, run, dataset_id=session.dataset_id, heavy=not background, background=background
    )


def _configuration(tx: Tx, texts: Path) -> dict[str, Any]:
    return {
        "records": str(write_texts(tx, texts)),
        "topics": topic_specs(tx),
        "threshold": meta.get(tx, "categorise_threshold"),
    }


def store_placed(tx: Tx, result: dict[str, Any], asked: RecordFilter) -> int:
    """Write the worker's assignments of the records asked for; returns how many that changed. Raises
    ToolError where the topics are others by now: an id may stand for another topic, or for none."""
    if leaf_paths(topics.all_topics(tx)) != result["leaves"]:
        raise ToolError(
            "The topics were changed while the records were categorised, so nothing was written. "
            "Categorise again."
        )
    free = set(records.ids(tx, asked))
    with Path(result["assignments"]).open("rb") as file:
        lines = (line for text in file if (line := orjson.loads(text))["id"] in free)
        least = result["threshold"]
        return records.store_assignments(tx, lines, within=WITHIN, least=least)


def _store(tx: Tx, result: dict[str, Any], asked: RecordFilter, scope: str) -> int:
    """As `store_placed`; with scope "all" without regard to what a model found to fit none. The first
    categorisation of all deals the splits by topic: a later one, or a decision, never does."""
    if scope == "all":
        uncertain.ask_again(tx)
    first = not tx.sql("SELECT 1 FROM record WHERE topic_source = 'auto' LIMIT 1")
    written = store_placed(tx, result, asked)
    if first:
        deal_by_topic(tx)
    return written


async def measure_again(ctx: Context) -> None:
    """Coverage of the records as they are placed now, where it was measured before: it is free. After
    single decisions it waits for the user, or the trend would be one of clicks."""
    if await ctx.open.store.read(results.latest, "coverage") is not None:
        await analysed(ctx)


async def keep_result(
    session: Session, result: dict[str, Any], count: int, fingerprint: str, review_below: float
) -> Categorised:
    """Store what a categorisation found beside the assignments; one of the same inputs gives way."""
    counts = await session.store.read(_counts, review_below)
    names = ("threshold", "calibrated", "estimated", "english", "reliability")
    done = Categorised(written=count, **{name: result[name] for name in names}, **counts)
    await asyncio.to_thread(Path(result["similar"]).replace, session.similar_file)
    await session.store.transaction(_keep, fingerprint, done.model_dump())
    return done


def topic_specs(tx: Tx) -> list[dict[str, Any]]:
    """The leaves as the worker reads them: confirmed records as examples, as members those that the
    proposal put there. What the classifier placed itself is neither: taken for members, its own
    errors made the calibration error grow with every run (SLURP .09, .20, .22, .24)."""
    by_topic: dict[int, dict[str, list[int]]] = {}
    names = ("id", "topic_id", "topic_source")
    kinds = {"user": "examples", "label": "examples", "proposal": "members"}
    for record_id, topic_id, source in records.columns(tx, VALID, names):
        if topic_id is not None and (kind := kinds.get(source)):
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
    known = results.latest(tx, "categorisation", "completed")
    if known is not None and known.fingerprint == fingerprint:
        results.update(tx, known.id, data=data)
    else:
        results.add(tx, "categorisation", fingerprint=fingerprint, data=data)
