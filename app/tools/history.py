"""Tools of the timeline: undo and redo; much is taken back as a job with progress and Stop."""

from typing import Protocol

from app.jobs import Job, Tell, quiet
from app.store import changes
from app.store.changes import ChangeInfo
from app.tools.base import UNCHANGED, Card, Context, tool

MANY_CELLS = 20_000  # from which it is shown as a job: fewer take 0.2 s


class Work(Protocol):
    """Undo or redo; `tell` is called on another thread."""

    async def __call__(self, *, tell: Tell = quiet) -> ChangeInfo: ...


async def _undo_card(ctx: Context, change_id: int | None = None) -> Card | None:
    read = ctx.open.store.read
    found = await (read(changes.find, change_id) if change_id else read(changes.next_undo))
    return _card("undo", found)


async def _redo_card(ctx: Context) -> Card | None:
    return _card("redo", await ctx.open.store.read(changes.next_redo))


def _card(tool: str, found: ChangeInfo | None) -> Card | None:
    """None where there is nothing to undo, which the tool itself says."""
    if found is None:
        return None
    rows = [("Change", found.label), ("By", found.actor), ("Values", f"{found.cells:,}")]
    return Card(tool=tool, title=f"{tool.capitalize()} this?", rows=rows, verb=tool.capitalize())


@tool("guarded", card=_undo_card)
async def undo(ctx: Context, change_id: int | None = None) -> ChangeInfo:
    """Undo one change of the timeline, or the newest."""
    store = ctx.open.store
    if change_id is None:
        found = await store.read(changes.next_undo)
    else:
        found = await store.read(changes.find, change_id)

    async def work(*, tell: Tell = quiet) -> ChangeInfo:
        return await store.undo(change_id, tell=tell)

    return await _run(ctx, found, work, "Undo")


@tool("guarded", card=_redo_card)
async def redo(ctx: Context) -> ChangeInfo:
    """Redo what was undone last."""
    store = ctx.open.store
    return await _run(ctx, await store.read(changes.next_redo), store.redo, "Redo")


async def _run(ctx: Context, change: ChangeInfo | None, work: Work, verb: str) -> ChangeInfo:
    if change is None or change.cells < MANY_CELLS:
        return await work()
    label = f"{verb}: {change.label.removeprefix('Undo: ')}"

    async def run(job: Job) -> ChangeInfo:
        return await job.follow(lambda tell: work(tell=tell), f"{label}: {UNCHANGED}")

    return await ctx.jobs.run(label, run, dataset_id=ctx.open.dataset_id)
