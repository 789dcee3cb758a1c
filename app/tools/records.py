"""Tools on records: look at them, count them, check them, edit them."""

from typing import Any

from pydantic import BaseModel

from app.domain.normalise import read_messages
from app.domain.records import Message, Record
from app.errors import ToolError
from app.store import meta, records, topics
from app.store.database import Tx
from app.store.records import RecordFilter, RecordStats
from app.tools import editing, passes
from app.tools.base import Context, tool
from app.tools.listing import RecordPage, filter_of, find_topics, leaf_of, read_page
from app.tools.values import Count

PAGE_LIMIT = 1000
MOST_OF_GOAL = 2_000  # characters: it stands in the side bar, in cards and before a model's eyes
TEXTS = frozenset({"reply", "reference"})  # null says something here: take it away


class ValidationReport(BaseModel):
    records: int
    valid: int
    invalid: int
    warned: int
    reasons: dict[str, int]
    rejected_lines: int
    splits: dict[str, int]


class RecordUpdates(BaseModel):
    """What update_record may change: the topic (a leaf's id, name or path; "" for none), the turns,
    the recorded reply and the reference (null takes either away)."""

    topic: int | str | None = None
    messages: list[Message] | None = None
    reply: Message | None = None
    reference: Any = None


class Updated(BaseModel):
    record_id: int
    topic_id: int | None
    valid: bool
    issues: list[str]


@tool("read")
async def get_dataset_records(
    ctx: Context,
    dataset_id: str = "",
    limit: int = 100,
    offset: int = 0,
    topic_filter: int | str | None = None,
    query: str = "",
) -> RecordPage:
    """List records: id, the last user turn as preview, topic, split, issues. `topic_filter` is a
    topic's id, name or path ("uncategorised" for none); `query` is a line of words and filters:
    topic:billing score<0.5 tokens:100..200 is:invalid has:tools issue:duplicate split:test
    source:generated tag:vip sensitive:email "some words" -word."""
    if not 1 <= limit <= PAGE_LIMIT or offset < 0:
        raise ToolError(f"limit is 1 to {PAGE_LIMIT} and offset 0 or more.")
    store = ctx.open.store
    spec = await store.read(filter_of, query)
    if topic_filter in ("uncategorised", "none"):
        spec = spec.model_copy(update={"uncategorised": True})
    elif topic_filter not in (None, ""):
        found = set(await store.read(find_topics, topic_filter))
        both = found if spec.topic_ids is None else found & set(spec.topic_ids)
        spec = spec.model_copy(update={"topic_ids": tuple(sorted(both))})
    page = await store.read(read_page, spec, offset, limit)
    if page.indexed_share < 1:  # the index was lost meanwhile, or is being made already
        passes.start(ctx)
    return page


@tool("read")
async def get_dataset_stats(ctx: Context, dataset_id: str = "") -> RecordStats:
    """The dataset in numbers: records, valid, duplicates, turns, tools, replies, references, splits."""
    return await ctx.open.store.read(records.stats)


@tool()
async def validate_records(ctx: Context, dataset_id: str = "") -> ValidationReport:
    """Check every record again and say how many are valid and why the others are not."""
    store = ctx.open.store
    await ctx.write("Validate records", _validate_all)
    stats = await store.read(records.stats)
    origin = await store.read(meta.get, "origin", {})
    return ValidationReport(
        records=stats.records,
        valid=stats.valid,
        invalid=stats.invalid,
        warned=stats.warned,
        reasons=stats.issues,
        rejected_lines=origin.get("rejected_lines", 0),
        splits=stats.splits,
    )


@tool()
async def update_record(ctx: Context, record_id: int, updates: RecordUpdates) -> Updated:
    """Change one record's topic (which must exist), messages, recorded reply or reference; it is
    validated again."""
    given = updates.topic is not None or updates.messages is not None
    if not given and not {"reply", "reference"} & updates.model_fields_set:
        raise ToolError("updates: give a topic, messages, reply or reference to change.")
    await ctx.write(f"Edit record {record_id}", _update, record_id, updates)
    record = await ctx.open.store.read(records.get, record_id)
    return Updated(
        record_id=record_id,
        topic_id=record.topic_id,
        valid=record.valid,
        issues=[issue.text for issue in record.issues],
    )


@tool()
async def set_goal(ctx: Context, goal: str) -> BaseModel:
    """Set the training goal: what the model should do well, in one line."""
    await ctx.write("Set the goal", put_goal, goal)
    return Count(count=1)


def put_goal(tx: Tx, goal: str) -> None:
    """Store a goal and keep the earlier ones."""
    goal = " ".join(goal.split())
    if len(goal) > MOST_OF_GOAL:
        raise ToolError(f"The goal has {len(goal):,} characters; say it in {MOST_OF_GOAL:,}.")
    if not goal:
        raise ToolError("The goal is empty. Say in one line what the model should do well.")
    if (old := meta.get(tx, "goal", "")) and old != goal:
        meta.put(tx, "goal_history", [*meta.get(tx, "goal_history", []), old])
    meta.put(tx, "goal", goal)


def _update(tx: Tx, record_id: int, updates: RecordUpdates) -> None:
    record = records.get(tx, record_id)
    if updates.topic is not None:
        topics.assign(tx, [record_id], leaf_of(tx, updates.topic), source="user")
    texts: dict[str, Any] = {n: getattr(updates, n) for n in TEXTS & updates.model_fields_set}
    if updates.messages is not None:
        texts["messages"], _ = read_messages([_plain(m) for m in updates.messages])
    if updates.reply is not None:
        texts["reply"] = read_messages([_plain(updates.reply)])[0][0]
    after = editing.edited(record, **texts)
    if editing.put(tx, record, after, by_hand=True).content_hash != record.content_hash:
        editing.settle_duplicates(tx, [record.content_hash])


def _plain(message: Message) -> dict[str, Any]:
    return message.model_dump(exclude_none=True)


def _checked(record: Record) -> dict[str, Any]:
    """Findings of the record as it is now; what only the import could see stays."""
    issues = editing.findings(record)
    return {"issues": issues, "valid": not any(i.severity == "error" for i in issues)}


def _validate_all(tx: Tx) -> None:
    """Only records whose findings changed are written."""
    for found in records.each(tx, RecordFilter()):
        for record in found:
            checked = _checked(record)
            if {i.code for i in checked["issues"]} != {i.code for i in record.issues}:
                records.edit(tx, record.id, **checked)
