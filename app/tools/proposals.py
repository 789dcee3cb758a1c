"""Topic proposals: made from the data or its labels, kept aside until the user accepts one."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.domain.topic_diff import HierarchyDiff, diff_hierarchies
from app.domain.topic_tree import Tree
from app.domain.topics import TopicNode, TopicPath, build_tree, clean, leaves, walk
from app.embedding.proposal import MIN_CUT, load_proposal
from app.embedding.proposal import Proposal as DataProposal
from app.embedding.text import record_text
from app.errors import ToolError
from app.paths import resource
from app.store import records, topics
from app.store.database import Tx
from app.store.events import TopicsChanged
from app.store.records import RecordFilter
from app.tools.answers import each_record, follow_job, write_lines
from app.tools.base import Context
from app.tools.session import Session
from app.workers import run_worker, write_atomic

VALID = RecordFilter(valid=True)
ENCODER = "resources/encoder"
MAX_LABELS = 200
NOT_ENGLISH = (
    "Most records are not English: they are compared by spelling, not meaning. Check them."
)
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
    free = await session.store.read(unlocked)
    number = await session.store.read(records.count, free)
    if number < 2 * MIN_CUT:
        raise ToolError(f"{number} valid records are too few to find topics in.")
    work = session.folder / "runs" / "topics"
    config = {
        "records": str(await session.store.read(write_texts, work / "records.jsonl", free)),
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
    found, nodes = await asyncio.to_thread(_cut, ctx.open, k)
    return await keep(ctx, "auto", nodes, k=k, finest=found.finest, english=found.english)


def _cut(session: Session, k: int) -> tuple[DataProposal, list[TopicNode]]:
    found = _tree(session)
    if not MIN_CUT <= k <= found.finest:
        raise ToolError(f"k is {MIN_CUT} to {found.finest}.")
    return found, found.cut(k)


async def from_labels(ctx: Context, max_depth: int) -> Proposal:
    """Topics from a label field of the records, the first that looks like one."""
    field, values = await ctx.open.store.read(label_field)
    if not values:
        raise ToolError(
            "No field of the records looks like a label: a word or a path that several records "
            "share. Use method auto."
        )
    nodes = await asyncio.to_thread(_tree_of, values, max_depth)
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
    if not english and NOT_ENGLISH not in note:
        note = f"{note} {NOT_ENGLISH}".strip()
    proposal = Proposal(
        method=method,
        hierarchy=nodes,
        leaves=len(leaves(nodes)),
        k=k,
        finest=finest,
        diff=await ctx.open.store.read(compared, nodes),
        english=english,
        note=note,
    )
    await asyncio.to_thread(
        lambda: write_atomic(ctx.open.proposal_file, proposal.model_dump_json().encode())
    )
    await ctx.open.store.transaction(_tell)
    return proposal


def pending(session: Session) -> Proposal | None:
    """The proposal that waits, or None; its diff is of when it was made (see `as_of_now`)."""
    try:
        return Proposal.model_validate_json(session.proposal_file.read_bytes())
    except FileNotFoundError:
        return None


def as_of_now(tx: Tx, proposal: Proposal) -> Proposal:
    """The proposal with its diff against the topics as they are by now, whose entries can be taken."""
    told = [(path, node.id, *node.record_ids) for path, node in walk(proposal.hierarchy)]
    key = ("proposal", hash(tuple(told)))
    diff = tx.cached(key, lambda: compared(tx, proposal.hierarchy), kinds=("records", "topics"))
    return proposal.model_copy(update={"diff": diff})


def compared(tx: Tx, nodes: list[TopicNode]) -> HierarchyDiff:
    """How a hierarchy differs from the topics in use now: the entries that can be taken."""
    return diff_hierarchies(present_tree(tx, nodes), nodes)


def present_tree(tx: Tx, proposed: list[TopicNode]) -> list[TopicNode]:
    """The topics in use, their leaves with those of their records that the proposal places too."""
    tree = build_tree(topics.all_topics(tx))
    wanted = {record for _, node in leaves(proposed) for record in node.record_ids}
    if not tree or not wanted:
        return tree
    nodes = {node.id: node for _, node in leaves(tree)}
    for record_id, topic_id in records.columns(tx, VALID, ("id", "topic_id")):
        if record_id in wanted and topic_id in nodes:
            nodes[topic_id].record_ids.append(record_id)
    return tree


def with_members(nodes: list[TopicNode], proposal: Proposal) -> list[TopicNode]:
    """The hierarchy, its leaves without records given those of the proposal's leaf that they stand for:
    the one named by `was`, else the one of their name. A name that several have stands for none."""
    found = [node for _, node in leaves(proposal.hierarchy)]
    times = Counter(node.name for node in found)
    left = {node.name: node.record_ids for node in found if times[node.name] == 1}

    def filled(node: TopicNode) -> TopicNode:
        if node.children:
            return node.model_copy(update={"children": [filled(child) for child in node.children]})
        if node.record_ids:
            return node
        return node.model_copy(update={"record_ids": left.pop(node.was or node.name, [])})

    return [filled(node) for node in nodes]


async def discard(ctx: Context) -> None:
    """Drop the pending proposal; the merge tree stays for another cut."""
    ctx.open.proposal_file.unlink(missing_ok=True)
    await ctx.open.store.transaction(_tell)


def unlocked(tx: Tx) -> RecordFilter:
    """The valid records that a proposal may place: all but those of locked topics."""
    tree = Tree(topics.all_topics(tx))
    held = set(tree.subtree(topic.id for topic in tree.by_id.values() if topic.locked))
    if not held:
        return VALID
    found = records.columns(tx, VALID, ("id", "topic_id"))
    return RecordFilter(valid=True, ids=tuple(i for i, topic_id in found if topic_id not in held))


def write_texts(tx: Tx, path: Path, spec: RecordFilter = VALID) -> Path:
    """What the embedding workers read, {id, text} of the valid records (or some); returns the path."""
    found = each_record(tx, spec)
    write_lines(path, ({"id": r.id, "text": record_text(r.messages)} for r in found))
    return path


def label_field(tx: Tx) -> tuple[str, dict[int, TopicPath]]:
    """The field of `extra` (or of its `metadata`) that reads as a label, and its path by record.

    The one with the most values still shared by several records each wins. The records are gone
    through twice, so that only the winner's values are ever held.
    """
    counts: dict[str, Counter[TopicPath]] = defaultdict(Counter)
    for _, fields in _extras(tx):
        for name, value in fields.items():
            known = counts[name]
            if len(known) <= MAX_LABELS and (path := _label(value)):
                known[path] += 1
    best, best_count, records_in_all = "", 0, records.count(tx, VALID)
    for name, found in counts.items():
        distinct, number = len(found), found.total()
        enough = number >= records_in_all / 2 and number >= MIN_PER_LABEL * distinct
        if enough and best_count < distinct <= MAX_LABELS and distinct >= 2:
            best, best_count = name, distinct
    paths = ((i, _label(fields.get(best))) for i, fields in _extras(tx)) if best else ()
    return best, {record_id: path for record_id, path in paths if path}


def _extras(tx: Tx) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every valid record's further fields, those of its `metadata` among them."""
    for record in each_record(tx, VALID):
        metadata = record.extra.get("metadata")
        yield record.id, {**record.extra, **(metadata if isinstance(metadata, dict) else {})}


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


def merge_tree(session: Session) -> DataProposal | None:
    """What the last proposal from the data was cut from; None where there is none."""
    return _tree(session) if _tree_file(session).exists() else None


def _tree_file(session: Session) -> Path:
    return session.folder / "proposal-tree.json"


def _tree(session: Session) -> DataProposal:
    if not _tree_file(session).exists():
        raise ToolError("There is no proposal from the data to cut. Generate topics first.")
    return load_proposal(_tree_file(session))


def _tell(tx: Tx) -> None:
    tx.emit(TopicsChanged(tx.dataset_id))
