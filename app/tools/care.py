"""What is owed to a dataset at its opening: a check of a large file, and the backup of the day."""

import asyncio
import logging
import threading

from app.errors import StoreError
from app.jobs import Job
from app.store import backups
from app.tools.base import Context
from app.tools.session import Session

log = logging.getLogger(__name__)


async def back_up(ctx: Context) -> None:
    """Make the day's backup when one is due: at once for a small file, for a large one as a job.

    What keeps it from being made is told, and stops nothing.
    """
    session = ctx.open
    if not await asyncio.to_thread(backups.daily_due, session.store.path):
        return
    if backups.size_of(session.store.path) > backups.LARGE_BYTES:
        ctx.jobs.start(_job(ctx, session, heavy=True))
        return
    try:
        await _job(ctx, session, heavy=False)
    except StoreError as error:
        log.info("no backup of %s: %s", session.dataset_id, error)
        ctx.jobs.on_error(error)


async def check(ctx: Context) -> None:
    """Read a large file whole, as a job; raises DamagedError when it is not."""
    session = ctx.open
    await ctx.jobs.run(
        "Check the file after an unclean exit",
        lambda job: session.store.verify(),
        dataset_id=session.dataset_id,
    )


async def _job(ctx: Context, session: Session, *, heavy: bool) -> None:
    await ctx.jobs.run(
        "Backup of the day",
        lambda job: _copy(job, session),
        dataset_id=session.dataset_id,
        heavy=heavy,
    )


async def _copy(job: Job, session: Session) -> None:
    """Copy in a thread; when the job is stopped the thread has ended before this does."""
    loop, stopped = asyncio.get_running_loop(), threading.Event()

    def tell(done: int, total: int) -> None:
        loop.call_soon_threadsafe(job.progress, done, total, "copying")

    copy = asyncio.ensure_future(
        asyncio.to_thread(
            backups.back_up_daily,
            session.store.path,
            idle=session.store.idle,
            stop=stopped.is_set,
            progress=tell,
        )
    )
    try:
        await asyncio.shield(copy)
    except asyncio.CancelledError:
        stopped.set()
        await asyncio.wait([copy])
        copy.exception()  # it says that it was stopped
        raise
