"""Work every opened dataset is owed in the background: a list of passes, each resumable.

A pass is a worker task that reads the dataset file and writes its results aside. It runs as a job
that gives way to whatever the user starts; stopped, it goes on at the next opening.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.errors import Stopped, StoreError
from app.jobs import Job
from app.store import meta, scans, search
from app.store.create import Placement, place
from app.store.database import Tx
from app.store.events import RecordsChanged, SearchChanged
from app.tools.base import Context
from app.tools.parts import Place, in_slices, run_in_parts
from app.tools.session import Session
from app.workers import Status, run_worker

log = logging.getLogger(__name__)
PLACED_AT_ONCE = 2_000  # records in a transaction: some 20 ms


@dataclass(frozen=True)
class Pass:
    """One kind of pass. `due` prepares it and gives the worker's configuration, None when there is
    nothing to do; `merge` brings the worker's result into the dataset, in small transactions, or
    `place` the pieces it sets down while it works."""

    name: str
    task: str
    due: Callable[[Session], Awaitable[dict[str, Any] | None]]
    merge: Callable[[Session, dict[str, Any]], Awaitable[None]] | None = None
    place: Place | None = None


async def _index_due(session: Session) -> dict[str, Any] | None:
    if await session.store.read(search.plan) == "none":
        return None
    await session.store.transaction(search.prepare)
    return {"database": str(session.store.path)}


async def _index_made(session: Session, result: dict[str, Any]) -> None:
    session.store.announce(SearchChanged(session.dataset_id))


async def _near_due(session: Session) -> dict[str, Any] | None:
    if await session.store.read(meta.get, "near_duplicates", "done") == "done":
        return None
    return {"database": str(session.store.path)}


async def _near_found(session: Session, result: dict[str, Any]) -> None:
    """Bring the clusters in, some at a time: between two the store is free for others."""
    file = Path(result["file"])
    lines = await asyncio.to_thread(lambda: file.read_bytes().splitlines())
    for start in range(0, len(lines), PLACED_AT_ONCE):
        part = [orjson.loads(line) for line in lines[start : start + PLACED_AT_ONCE]]
        await session.store.transaction(_place, part)
    await session.store.transaction(meta.put, "near_duplicates", "done")
    file.unlink()


def _place(tx: Tx, part: list[Placement]) -> None:
    place(tx.db.connection(), part)
    tx.emit(RecordsChanged(tx.dataset_id))


async def _counts_due(session: Session) -> dict[str, Any] | None:
    """Not before there is a base model; with another tokenizer every count is an estimate again."""
    if (file := tokenizer_of(session)) is None:
        return None
    key = await asyncio.to_thread(_digest, file)
    if await session.store.read(meta.get, "token_counts") != key:
        await in_slices(session, scans.forget_counts)
        await session.store.transaction(meta.put, "token_counts", key)
    if not await session.store.read(scans.any_estimate):
        return None
    return {"database": str(session.store.path), "tokenizer": str(file), "key": key}


def tokenizer_of(session: Session) -> Path | None:
    """The tokenizer of the dataset's base model: the starter made last with its preset and seed."""
    settings = session.settings
    folders = f"starter-{settings.preset}-{settings.seed}-*/tokenizer.json"
    made = (session.folder / "models").glob(folders)
    return max(made, key=lambda file: file.stat().st_mtime, default=None)


def _digest(file: Path) -> str:
    return hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()


PASSES = (
    Pass("Find near-duplicates", "near-duplicates", _near_due, _near_found),
    Pass("Index the text", "index", _index_due, _index_made),
)
COUNTS = Pass("Count tokens", "count-tokens", _counts_due, place=scans.place_counts)


def start(ctx: Context) -> "asyncio.Future[None]":
    """Begin what is due, one pass after the other, or hand out what runs already; await it to have
    all of it done. What the user stopped is not begun again before the next opening."""
    session = ctx.open
    if session.passes is None or (session.passes.done() and not session.passes_stopped):
        session.passes = ctx.jobs.start(_run_passes(ctx, session))
    return session.passes


def count_tokens(ctx: Context) -> "asyncio.Future[None]":
    """Begin to count tokens where that is due and does not run; no result waits for the counts."""
    session = ctx.open
    if session.counting is None or (session.counting.done() and not session.passes_stopped):
        session.counting = ctx.jobs.start(_run_due(ctx, session, (COUNTS,)))
    return session.counting


async def _run_passes(ctx: Context, session: Session) -> None:
    await _run_due(ctx, session, PASSES)
    if not (session.passes_stopped or ctx.jobs.closed):
        count_tokens(ctx)


async def _run_due(ctx: Context, session: Session, passes: tuple[Pass, ...]) -> None:
    try:
        for each in passes:
            if (config := await each.due(session)) is not None:
                await _run(ctx, session, each, config)
    except Stopped:
        session.passes_stopped = True
    except StoreError as error:  # most likely the dataset was closed; else the next opening tells
        log.info("the background work on %s ended: %s", session.dataset_id, error)


async def _run(ctx: Context, session: Session, each: Pass, config: dict[str, Any]) -> None:
    folder = session.folder / "runs" / each.task

    async def work(job: Job) -> dict[str, Any]:
        if each.place:
            return await run_in_parts(session, job, each.task, config, each.place)

        def show(status: Status) -> None:
            job.progress(status.done, status.total, status.text)

        return await run_worker(each.task, folder, config, on_status=show)

    result = await ctx.jobs.run(each.name, work, dataset_id=session.dataset_id, background=True)
    if each.merge:
        await each.merge(session, result)
