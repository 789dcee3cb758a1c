"""Cards that several tools share: so many records of so many, and what happens to them."""

from collections.abc import Awaitable, Callable

from app.store import records
from app.tools.base import Card, Context

UNDO = ("Undo", "Ctrl Z, any time")
ONE = 1  # record: a model may edit one without asking


async def records_card(
    ctx: Context,
    tool: str,
    title: str,
    number: int,
    *rows: tuple[str, str],
    verb: str = "Change them",
) -> Card | None:
    """For an edit of `number` records that can be undone; None for one record or none."""
    if number <= ONE:
        return None
    stats = await ctx.open.store.read(records.stats)
    return Card(
        tool=tool,
        title=title,
        rows=[("Records", f"{number:,} of {stats.records:,}"), *rows, UNDO],
        verb=verb,
        note="reversible",
        reversible=True,
    )


async def deletion_card(ctx: Context, tool: str, number: int, what: str) -> Card:
    """How many of all the records go."""
    stats = await ctx.open.store.read(records.stats)
    return Card(
        tool=tool,
        title=f"Delete {number:,} {what}?",
        rows=[("Records", f"{number:,} of {stats.records:,}"), UNDO],
        verb=f"Delete {number:,}",
        note="reversible",
    )


def fixed_card(
    tool: str, title: str, effect: str, *, verb: str, note: str = ""
) -> Callable[..., Awaitable[Card]]:
    """A card maker for a tool that does one thing, whatever its arguments."""

    async def draw(ctx: Context, **arguments: object) -> Card:
        return Card(tool=tool, title=title, rows=[("What happens", effect)], verb=verb, note=note)

    return draw
