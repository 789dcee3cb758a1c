"""Tools that edit the topics in use; each is one Change, and records stay with their topic."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel

from app.domain.topic_tree import Tree
from app.domain.topics import COLORS, Topic
from app.domain.wording import count, joined
from app.errors import ToolError
from app.store import meta, records, topics
from app.store.database import Tx
from app.store.records import RecordFilter
from app.tools.base import Card, Context, tool
from app.tools.cards import UNDO

NAMED = 6  # topics that a card names


class TopicId(BaseModel):
    topic_id: int


class TopicsEdited(BaseModel):
    """How many topics an edit was of."""

    topics: int


class Split(BaseModel):
    """The topics that one was divided into, and how many records they hold."""

    topic_ids: list[int]
    names: list[str]
    records: int


class Moved(BaseModel):
    """How many records an edit put elsewhere."""

    records: int


async def _release_card(ctx: Context, tool: str, parent_id: int | None) -> Card | None:
    """Only where the parent holds records itself: as a group it can hold none."""
    if parent_id is None:
        return None
    parent = await ctx.open.store.read(topics.get, parent_id)
    number = await ctx.open.store.read(records.count, RecordFilter(topic_ids=(parent_id,)))
    if not number:
        return None
    rows = [("Becomes a group", parent.name), ("Records uncategorised then", f"{number:,}"), UNDO]
    return Card(tool=tool, title=f"Make “{parent.name}” a group?", rows=rows, verb="Go on")


async def _add_card(
    ctx: Context, name: str, parent_id: int | None = None, description: str = ""
) -> Card | None:
    return await _release_card(ctx, "add_topic", parent_id)


@tool("guarded", card=_add_card)
async def add_topic(
    ctx: Context, name: str, parent_id: int | None = None, description: str = ""
) -> TopicId:
    """Add one topic; the others stay as they are."""
    label = f"Add topic “{name}”"
    return TopicId(topic_id=await ctx.write(label, topics.add, name, parent_id, description))


@tool()
async def rename_topic(ctx: Context, topic_id: int, name: str) -> TopicId:
    """Rename a topic; its records stay with it."""
    old = await ctx.open.store.read(topics.get, topic_id)
    await ctx.write(f"Rename “{old.name}” to “{name}”", topics.rename, topic_id, name)
    return TopicId(topic_id=topic_id)


@tool()
async def describe_topic(ctx: Context, topic_id: int, description: str) -> TopicId:
    """Say what a topic is about, which helps to find its records."""
    topic = await ctx.open.store.read(topics.get, topic_id)
    label = f"Describe “{topic.name}”"
    await ctx.write(label, topics.put, [topic_id], description=description.strip())
    return TopicId(topic_id=topic_id)


Clearable = Literal["target", "quota"]


async def _set_card(
    ctx: Context,
    topic_ids: list[int],
    target: float | None = None,
    quota: int | None = None,
    locked: bool | None = None,
    color: int | None = None,
    clear: tuple[Clearable, ...] = (),
) -> Card | None:
    """Colours and locks are set without asking; what the plan follows, and opening a lock, is not."""
    if target is None and quota is None and locked is not False and not clear:
        return None
    found = await _named(ctx, topic_ids)
    then = [
        ("Target share", f"{target:.1%}" if target is not None else ""),
        ("Quota", f"{quota:,} records" if quota is not None else ""),
        ("Unset", joined(list(clear), 2)),
        ("Lock", "opened: proposals may change them" if locked is False else ""),
    ]
    rows = [("Topics", _names(found)), *(row for row in then if row[1]), UNDO]
    title = f"Change {_title(found)}?"
    return Card(tool="set_topics", title=title, rows=rows, verb="Change", reversible=True)


@tool("guarded", card=_set_card)
async def set_topics(
    ctx: Context,
    topic_ids: list[int],
    target: float | None = None,
    quota: int | None = None,
    locked: bool | None = None,
    color: int | None = None,
    clear: tuple[Clearable, ...] = (),
) -> TopicsEdited:
    """Set the target share (0 to 1), the quota of records, the lock (proposals leave a locked topic
    alone) or the colour (1 to 8, 0 none) of topics; `clear` unsets target or quota."""
    values = _values(target=target, quota=quota, locked=locked, color=color)
    values |= dict.fromkeys(clear)
    if not values:
        raise ToolError("Give a target, quota, locked, color, or what to clear.")
    found = await _named(ctx, topic_ids)
    label = f"Set {joined(list(values), 4)} of {_title(found)}"
    await ctx.write(label, _set, [topic.id for topic in found], values)
    return TopicsEdited(topics=len(found))


def _values(**given: Any) -> dict[str, Any]:
    values = {name: value for name, value in given.items() if value is not None}
    if not 0 <= values.get("target", 0) <= 1:
        raise ToolError("target is a share: 0 to 1.")
    if values.get("quota", 1) < 1:
        raise ToolError("quota is at least 1 record. Clear it to follow the dataset's.")
    if not 0 <= values.get("color", 0) <= COLORS:
        raise ToolError(f"color is 1 to {COLORS}, or 0 for none.")
    return values


def _set(tx: Tx, topic_ids: list[int], values: dict[str, Any]) -> None:
    topics.put(tx, topic_ids, **values)
    if values.get("target") is not None:
        meta.put(tx, "targets", "own")


async def _move_card(
    ctx: Context, topic_ids: list[int], parent_id: int | None = None, position: int = 0
) -> Card | None:
    return await _release_card(ctx, "move_topics", parent_id)


@tool("guarded", card=_move_card)
async def move_topics(
    ctx: Context, topic_ids: list[int], parent_id: int | None = None, position: int = 0
) -> TopicsEdited:
    """Put topics with all below them under another parent (none: the top), at `position` among those
    that stay there."""
    found = await _named(ctx, topic_ids)
    await ctx.write(f"Move {_title(found)}", topics.move, topic_ids, parent_id, position)
    return TopicsEdited(topics=len(found))


async def _merge_card(ctx: Context, topic_ids: list[int], into: int) -> Card:
    target = await ctx.open.store.read(topics.get, into)
    gone = await _named(ctx, [i for i in topic_ids if i != into])
    title = f"Merge {_title(gone)} into “{target.name}”?"
    rows = [("Go", _names(gone)), ("Their records", f"to “{target.name}”"), UNDO]
    return Card(tool="merge_topics", title=title, rows=rows, verb="Merge")


@tool("guarded", card=_merge_card)
async def merge_topics(ctx: Context, topic_ids: list[int], into: int) -> Moved:
    """Move the records of several topics, and of all below them, into one and delete the others.
    Groups merged into a group: their topics go into it, those of the same name together."""
    target = await ctx.open.store.read(topics.get, into)
    gone = await _named(ctx, [i for i in topic_ids if i != into])
    label = f"Merge {_title(gone)} into “{target.name}”"
    return Moved(records=await ctx.write(label, topics.merge, topic_ids, into))


async def _delete_card(ctx: Context, topic_ids: list[int]) -> Card:
    found = await _named(ctx, topic_ids)
    inside = await ctx.open.store.read(_below, topic_ids)
    number = await ctx.open.store.read(records.count, RecordFilter(topic_ids=inside))
    rows = [("Topics", _names(found)), ("Records uncategorised then", f"{number:,}"), UNDO]
    return Card(tool="delete_topics", title=f"Delete {_title(found)}?", rows=rows, verb="Delete")


@tool("guarded", card=_delete_card)
async def delete_topics(ctx: Context, topic_ids: list[int]) -> Moved:
    """Delete topics and all below them; their records become uncategorised."""
    found = await _named(ctx, topic_ids)
    return Moved(records=await ctx.write(f"Delete {_title(found)}", topics.delete, topic_ids))


async def _named(ctx: Context, topic_ids: Sequence[int]) -> list[Topic]:
    """The topics of these ids, each once. Raises ToolError for none, and for one that is not there."""
    if not topic_ids:
        raise ToolError("Give at least one topic.")
    return await ctx.open.store.read(_found, topic_ids)


def _found(tx: Tx, topic_ids: Sequence[int]) -> list[Topic]:
    tree = Tree(topics.all_topics(tx))
    return [tree.get(topic_id) for topic_id in dict.fromkeys(topic_ids)]


def _below(tx: Tx, topic_ids: list[int]) -> tuple[int, ...]:
    return tuple(Tree(topics.all_topics(tx)).subtree(topic_ids))


def _title(found: Sequence[Topic]) -> str:
    return f"“{found[0].name}”" if len(found) == 1 else count(len(found), "topic")


def _names(found: Sequence[Topic]) -> str:
    return joined([topic.name for topic in found], NAMED)
