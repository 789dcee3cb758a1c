"""What a decision on topics teaches at once: the other records placed anew, the least fit moved."""

from pydantic import BaseModel

from app.domain.reliability import STEPS
from app.domain.thresholds import DEFAULTS
from app.errors import ToolError
from app.store import changes, meta, records, results
from app.store.database import Tx
from app.tools.base import Card, Context, tool
from app.tools.cards import UNDO
from app.tools.categories import keep_result, place_in_worker, store_placed
from app.tools.proposals import VALID

DECISION = "assign_topic"


class Improved(BaseModel):
    """How many records moved; `done`: false where there was nothing to learn from, or something else
    was changed meanwhile."""

    records: int = 0
    done: bool = False


class FitThreshold(BaseModel):
    """The least fit in force, the one that was found, and how many records that moved."""

    threshold: float
    calibrated: float
    records: int


@tool(for_models=False)
async def improve_categories(ctx: Context) -> Improved:
    """After decisions of the user: place the other records anew, taught by them. What that changes
    belongs to the last decision, and is undone with it."""
    session = ctx.open
    last = await session.store.read(changes.next_undo)
    if last is None or last.tool != DECISION or not await session.store.read(_categorised):
        return Improved()
    fingerprint = (await session.expected("categorize")).model_dump_json()
    work = session.folder / "runs" / "improve"
    result = await place_in_worker(ctx, "Improve the rest", work, background=True)
    count = await session.store.follow_up(last.id, DECISION, store_placed, result, VALID)
    if count is None:
        return Improved()
    await keep_result(session, result, count, fingerprint, DEFAULTS.topic_review)
    return Improved(records=count, done=True)


async def _threshold_card(ctx: Context, threshold: float | None = None) -> Card:
    least, _ = await _chosen(ctx, threshold)
    lost = await ctx.open.store.read(uncategorised_at)
    stats = await ctx.open.store.read(records.stats)
    now = stats.valid - stats.categorised
    rows = [("Without a topic now", f"{now:,}"), ("Then", f"{lost[_step(least)]:,}"), UNDO]
    return Card(
        tool="set_fit_threshold",
        title=f"Ask for a fit of at least {least:.2f}?",
        rows=rows,
        verb="Change it",
        note="can be undone",
        reversible=True,
    )


@tool("guarded", card=_threshold_card)
async def set_fit_threshold(ctx: Context, threshold: float | None = None) -> FitThreshold:
    """Set how well a record must fit a topic to be put on one (0 to 1, in hundredths; without one: as
    calibrated). Takes effect at once; confirmed records stay."""
    least, calibrated = await _chosen(ctx, threshold)
    label = f"Ask for a fit of at least {least:.2f}"
    count = await ctx.write(label, _set, least, None if threshold is None else least)
    return FitThreshold(threshold=least, calibrated=calibrated, records=count)


async def _chosen(ctx: Context, threshold: float | None) -> tuple[float, float]:
    """The threshold asked for, and the calibrated one."""
    data = await ctx.open.store.read(_categorised)
    if not data:
        raise ToolError("Nothing is categorised yet. Categorise first, then set the least fit.")
    calibrated = float(data.get("calibrated") or data["threshold"])
    if threshold is None:
        return calibrated, calibrated
    if not 0 <= threshold <= 1:
        raise ToolError("threshold is 0 to 1.")
    return _step(threshold) / STEPS, calibrated


def _step(threshold: float) -> int:
    return round(threshold * STEPS)


def uncategorised_at(tx: Tx) -> list[int]:
    """How many valid records would have no topic with a least fit of 0.00, 0.01 ... 1.00."""
    stats = records.stats(tx)
    under = records.fits_under(tx)
    decided = records.unplaced(tx)
    return [stats.valid - stats.categorised - decided + number for number in under[: STEPS + 1]]


def _categorised(tx: Tx) -> dict[str, float] | None:
    found = results.latest(tx, "categorisation", "completed")
    return found.data if found else None


def _set(tx: Tx, least: float, own: float | None) -> int:
    meta.put(tx, "categorise_threshold", own)
    return records.apply_threshold(tx, least)
