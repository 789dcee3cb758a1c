"""Tools on many records at once, named by their ids or by a filter line: topic, tag, split, delete.

Each is one change with one undo, whatever the number. Much is done in stretches with progress; a
Stop takes all of it back.
"""

from collections.abc import Callable
from typing import Any, Literal

from app.domain.records import Split
from app.domain.wording import count
from app.store import records, topics
from app.store.bulk import condition
from app.store.database import Tx
from app.store.records import RecordFilter
from app.tools.base import Card, Context, tool
from app.tools.cards import deletion_card, records_card
from app.tools.listing import chosen, leaf_of
from app.tools.values import Count

MANY = 5_000  # records from which a change is shown as a job: under it is done in 0.2 s
HELD_OUT = ("validation", "test")
Change = Callable[..., int]


async def _delete_card(
    ctx: Context, record_ids: list[int] | None = None, query: str | None = None
) -> Card:
    _, number = await _chosen(ctx, record_ids, query)
    return await deletion_card(ctx, "delete_records", number, "records")


@tool("consequential", card=_delete_card)
async def delete_records(
    ctx: Context, record_ids: list[int] | None = None, query: str | None = None
) -> Count:
    """Delete records, by their ids or by a filter line. Can be undone."""
    return await _change(ctx, "Delete {n}", record_ids, query, records.delete)


async def _topic_card(
    ctx: Context,
    topic: int | str,
    record_ids: list[int] | None = None,
    query: str | None = None,
) -> Card | None:
    leaf = await ctx.open.store.read(leaf_of, topic)
    name = (await ctx.open.store.read(topics.get, leaf)).name if leaf is not None else "none"
    _, number = await _chosen(ctx, record_ids, query)
    title = f"Set the topic of {number:,} records?"
    return await records_card(ctx, "assign_topic", title, number, ("Topic", name))


@tool("guarded", card=_topic_card)
async def assign_topic(
    ctx: Context,
    topic: int | str,
    record_ids: list[int] | None = None,
    query: str | None = None,
) -> Count:
    """Put records, by their ids or by a filter line, on a topic as the user's own decision ("" for
    none); it teaches the rest."""
    leaf = await ctx.open.store.read(leaf_of, topic)
    label = "Set topic of {n}"
    return await _change(ctx, label, record_ids, query, records.set_topic, leaf)


async def _tag_card(
    ctx: Context,
    tag: str,
    how: Literal["add", "remove"] = "add",
    record_ids: list[int] | None = None,
    query: str | None = None,
) -> Card | None:
    _, number = await _chosen(ctx, record_ids, query)
    title = f"Tag {number:,} records?" if how == "add" else f"Take a tag from {number:,} records?"
    return await records_card(ctx, "tag_records", title, number, ("Tag", tag))


@tool("guarded", card=_tag_card)
async def tag_records(
    ctx: Context,
    tag: str,
    how: Literal["add", "remove"] = "add",
    record_ids: list[int] | None = None,
    query: str | None = None,
) -> Count:
    """Give records, by their ids or by a filter line, a tag of one word, or take it away."""
    if how == "add":
        label = f"Tag {{n}} “{_braced(tag)}”"
        return await _change(ctx, label, record_ids, query, records.set_tag, tag)
    label = f"Take tag “{_braced(tag)}” from {{n}}"
    return await _change(ctx, label, record_ids, query, records.clear_tag, tag)


async def _split_card(
    ctx: Context,
    split: Split | Literal[""],
    record_ids: list[int] | None = None,
    query: str | None = None,
) -> Card | None:
    """Asked where held-out prompts would come into training: a test on them shows nothing. A model
    asks for every move of several records."""
    which, number = await _chosen(ctx, record_ids, query)
    held = await ctx.open.store.read(_held_out, which) if split == "train" else 0
    if not held:
        title = f"Move {number:,} records to {split or 'no split'}?"
        asked = number if ctx.by_model else 0
        return await records_card(ctx, "set_split", title, asked, verb=f"Move {number:,}")
    return Card(
        tool="set_split",
        title=f"Train on {held:,} held-out records?",
        rows=[("Records", f"{number:,}"), ("Held out until now", f"{held:,}")],
        verb=f"Move {number:,}",
        note="can be undone",
        warning="They were kept to test the model. A model tested on what it was trained on looks "
        "better than it is.",
    )


@tool("consequential", card=_split_card, ask_user=True)
async def set_split(
    ctx: Context,
    split: Split | Literal[""],
    record_ids: list[int] | None = None,
    query: str | None = None,
) -> Count:
    """Put records, by their ids or by a filter line, in train, validation or test ("" for none)."""
    label = f"Move {{n}} to {split}" if split else "Take {n} out of the splits"
    return await _change(ctx, label, record_ids, query, records.set_split, split or None)


async def _change(
    ctx: Context,
    label: str,
    record_ids: list[int] | None,
    query: str | None,
    work: Change,
    *args: Any,
) -> Count:
    """Run `work` on the records as one undoable change; as a job where there are many."""
    which, number = await _chosen(ctx, record_ids, query)
    label = label.format(n=count(number, "record"))
    write = ctx.write if number < MANY else ctx.write_as_job
    return Count(count=await write(label, work, which, *args))


async def _chosen(
    ctx: Context, record_ids: list[int] | None, query: str | None
) -> tuple[RecordFilter, int]:
    """The records meant, and how many they are."""
    which = await ctx.open.store.read(chosen, record_ids, query)
    return which, await ctx.open.store.read(records.count, which)


def _held_out(tx: Tx, which: RecordFilter) -> int:
    sql, values = condition(tx, which, scan=True)
    held = ", ".join(f"'{split}'" for split in HELD_OUT)
    query = f"SELECT COUNT(*) FROM record WHERE {sql} AND split IN ({held})"
    return int(tx.sql(query, values)[0][0])


def _braced(tag: str) -> str:
    return tag.replace("{", "{{").replace("}", "}}")
