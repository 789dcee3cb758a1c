"""The tool that divides one topic by what its records say; a worker finds the parts."""

import asyncio
from pathlib import Path

from pydantic import TypeAdapter

from app.domain.topic_tree import Tree
from app.domain.topics import Topic, TopicNode
from app.errors import ToolError
from app.jobs import Job
from app.paths import resource
from app.store import records, topic_split, topics
from app.store.database import Tx
from app.store.records import RecordFilter
from app.tools.answers import follow_job
from app.tools.base import Card, Context, tool
from app.tools.cards import UNDO
from app.tools.proposals import ENCODER, write_texts
from app.tools.topic_edits import Split
from app.workers import run_worker

MOST = 200
_PARTS = TypeAdapter(list[TopicNode])


async def _split_card(ctx: Context, topic_id: int, parts: int | None = None) -> Card:
    leaf, number = await ctx.open.store.read(_leaf, topic_id)
    rows = [
        ("Records", f"{number:,}"),
        ("Parts", f"{parts:,}" if parts else "as many as the records show"),
        UNDO,
    ]
    title = f"Split “{leaf.name}”?"
    return Card(tool="split_topic", title=title, rows=rows, verb="Split", reversible=True)


@tool("guarded", card=_split_card)
async def split_topic(ctx: Context, topic_id: int, parts: int | None = None) -> Split:
    """Divide a topic by the meaning of its records into `parts` new topics below it (none given: as
    many as the records show); each of its records goes to exactly one."""
    if parts is not None and not 2 <= parts <= MOST:
        raise ToolError(f"parts is 2 to {MOST}.")
    session = ctx.open
    leaf, number = await session.store.read(_leaf, topic_id)
    found = await ctx.jobs.run(
        f"Split “{leaf.name}”",
        lambda job: _parts_in_worker(ctx, job, topic_id, parts),
        dataset_id=session.dataset_id,
        heavy=True,
    )
    label = f"Split “{leaf.name}” in {len(found)}"
    made = await ctx.write(label, topic_split.split, topic_id, found)
    names = await session.store.read(_names, made)
    return Split(topic_ids=made, names=names, records=number)


async def _parts_in_worker(
    ctx: Context, job: Job, topic_id: int, parts: int | None
) -> list[TopicNode]:
    """Written and read in the job's turn: another split, waiting for its own, has the same folder."""
    session = ctx.open
    work = session.folder / "runs" / "split"
    spec = RecordFilter(topic_ids=(topic_id,))
    config = {
        "records": str(await session.store.read(write_texts, work / "records.jsonl", spec)),
        "cache": str(session.folder / "embeddings.sqlite"),
        "encoder": str(resource(ENCODER)),
        "parts": parts,
    }
    result = await run_worker("split", work, config, on_status=follow_job(job))
    return await asyncio.to_thread(_read, Path(result["parts"]))


def _leaf(tx: Tx, topic_id: int) -> tuple[Topic, int]:
    """The topic and the number of its records; raises ToolError where it has topics below it."""
    tree = Tree(topics.all_topics(tx))
    leaf = tree.get(topic_id)
    if tree.children(topic_id):
        raise ToolError(f"“{leaf.name}” has topics below it. Split one of those.")
    return leaf, records.count(tx, RecordFilter(topic_ids=(topic_id,)))


def _names(tx: Tx, topic_ids: list[int]) -> list[str]:
    return [topics.get(tx, topic_id).name for topic_id in topic_ids]


def _read(path: Path) -> list[TopicNode]:
    return _PARTS.validate_json(path.read_bytes())
