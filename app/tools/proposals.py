"""Topic proposals: made from the data or its labels, kept aside until the user accepts one."""

import asyncio
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.domain.records import Record
from app.domain.topics import (
    HierarchyDiff,
    TopicNode,
    TopicPath,
    build_tree,
    clean,
    diff_hierarchies,
    leaves,
)
from app.embedding.proposal import MIN_CUT, load_proposal
from app.embedding.proposal import Proposal as DataProposal
from app.embedding.text import record_text
from app.errors import ToolError
from app.paths import resource
from app.store import records, topics
from app.store.database import Tx
from app.store.events import TopicsChanged
from app.store.records import RecordFilter
from app.tools.answers import follow_job, written
from app.tools.base import Context
from app.tools.session import Session
from app.workers import run_worker, write_atomic

ENCODER = "resources/encoder"
MAX_LABELS = 200
MIN_PER_LABEL = 2.0  # a field with fewer records a value names records, not topics


class Proposal(BaseModel):
    """A hierarchy that waits for the user's yes. `k` of `finest` topics where it can be cut anew."""

    method: str
    hierarchy: list[TopicNode]
    leaves: int
    k: int | None = None
    finest: int | None = None
    diff: HierarchyDiff
    english: bool = True
    note: str = ""


async def from_data(ctx: Context) -> Proposal:
    """Discover topics in a worker; raises ToolError when there is too little to group."""
    session = ctx.open
    found = await session.store.read(records.select, RecordFilter(valid=True))
    if len(found) < 2 * MIN_CUT:
        raise ToolError(f"{len(found)} valid records are too few to find topics in.")
    work = session.folder / "runs" / "topics"
    config = {
        "records": str(await written(work / "records.jsonl", lambda: text_rows(found))),
        "cache": str(session.folder / "embeddings.sqlite"),
        "encoder": str(resource(ENCODER)),
    }
    result = await ctx.jobs.run(
        "Find topics",
        lambda job: run_worker("topics", work, config, on_status=follow_job(job)),
        dataset_id=session.dataset_id,
        heavy=True,
    )
    tree = Path(result["proposal"])
    tree.replace(_tree_file(session))
    return await recut(ctx, result["n_topics"])


async def recut(ctx: Context, k: int) -> Proposal:
    """The proposal from the data at another granularity."""
    found = _tree(ctx.open)
    if not MIN_CUT <= k <= found.finest:
        raise ToolError(f"k is {MIN_CUT} to {found.finest}.")
    return await keep(ctx, "auto", found.cut(k), k=k, finest=found.finest, english=found.english)


async def from_labels(ctx: Context, max_depth: int) -> Proposal:
    """Topics from a label field of the records, the first that looks like one."""
    found = await ctx.open.store.read(records.select, RecordFilter(valid=True))
    field, values = label_field(found)
    if not values:
        raise ToolError(
            "No field of the records looks like a label: a word or a path that several records "
            "share. Use method auto."
        )
    nodes = _tree_of(values, max_depth)
    return await keep(ctx, "labels", nodes, note=f"From the field “{field}”.")


async def keep(
    ctx: Context,
    method: str,
    nodes: list[TopicNode],
    *,
    k: int | None = None,
    finest: int | None = None,
    english: bool = True,
    note: str = "",
) -> Proposal:
    """Make this the pending proposal and tell the views."""
    present = build_tree(await ctx.open.store.read(topics.all_topics))
    if not english:
        note = "Most records are not English; the encoder reads English only, so check the topics."
    proposal = Proposal(
        method=method,
        hierarchy=nodes,
        leaves=len(leaves(nodes)),
        k=k,
        finest=finest,
        diff=diff_hierarchies(present, nodes),
        english=english,
        note=note,
    )
    await asyncio.to_thread(
        lambda: write_atomic(ctx.open.proposal_file, proposal.model_dump_json().encode())
    )
    await ctx.open.store.transaction(_tell)
    return proposal


def pending(session: Session) -> Proposal | None:
    """The proposal that waits, or None."""
    try:
        return Proposal.model_validate_json(session.proposal_file.read_bytes())
    except FileNotFoundError:
        return None


async def discard(ctx: Context) -> None:
    """Drop the pending proposal; the merge tree stays for another cut."""
    ctx.open.proposal_file.unlink(missing_ok=True)
    await ctx.open.store.transaction(_tell)


def text_rows(found: list[Record]) -> list[dict[str, Any]]:
    """What the embedding workers read: {id, text}."""
    return [{"id": r.id, "text": record_text(r.messages)} for r in found]


def label_field(found: list[Record]) -> tuple[str, dict[int, TopicPath]]:
    """The field of `extra` (or of its `metadata`) that reads as a label, and its path by record.

    The one with the most values still shared by several records each wins.
    """
    candidates: dict[str, dict[int, TopicPath]] = defaultdict(dict)
    for record in found:
        metadata = record.extra.get("metadata")
        fields = {**record.extra, **(metadata if isinstance(metadata, dict) else {})}
        for name, value in fields.items():
            if path := _label(value):
                candidates[name][record.id] = path
    best, best_count = "", 0
    for name, values in candidates.items():
        distinct = len(set(values.values()))
        enough = len(values) >= len(found) / 2 and len(values) >= MIN_PER_LABEL * distinct
        if enough and 2 <= distinct <= MAX_LABELS and distinct > best_count:
            best, best_count = name, distinct
    return best, candidates.get(best, {})


def _label(value: Any) -> TopicPath:
    parts = value if isinstance(value, list) else str(value).split("/")
    if not isinstance(value, str | list) or not all(isinstance(p, str) for p in parts):
        return ()
    path = tuple(clean(p.replace("_", " ")).capitalize() for p in parts)
    return path if all(0 < len(p) <= 60 for p in path) else ()


def _tree_of(values: dict[int, TopicPath], max_depth: int) -> list[TopicNode]:
    counts = Counter(path[:max_depth] for path in values.values())
    inner = {path[:i] for path in counts for i in range(1, len(path))}
    members: dict[TopicPath, list[int]] = defaultdict(list)
    for record_id, path in values.items():
        members[path[:max_depth]].append(record_id)

    def below(prefix: TopicPath) -> list[TopicNode]:
        names = dict.fromkeys(p[len(prefix)] for p in counts if p[: len(prefix)] == prefix != p)
        nodes = []
        for name in names:
            path = (*prefix, name)
            children = below(path) if path in inner else []
            ids = [] if children else members[path]
            nodes.append(TopicNode(name=name, children=children, record_ids=ids))
        return nodes

    return below(())


def _tree_file(session: Session) -> Path:
    return session.folder / "proposal-tree.json"


def _tree(session: Session) -> DataProposal:
    if not _tree_file(session).exists():
        raise ToolError("There is no proposal from the data to cut. Generate topics first.")
    return load_proposal(_tree_file(session))


def _tell(tx: Tx) -> None:
    tx.emit(TopicsChanged(tx.dataset_id))
