"""Runs a worker whose pieces (`app.importing.parts`) are brought into the dataset while it works."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from app.importing.parts import PATTERN
from app.jobs import Job
from app.store.database import Tx
from app.store.events import RecordsChanged
from app.store.scans import Found, last_id
from app.tools.session import Session
from app.workers import Status, run_worker

LOOK_SECONDS = 0.5
TELL_SECONDS = 20.0  # between two refreshes of whoever shows the records: at a million that is work
SLICE = 20_000  # ids in a transaction: some 20 ms
Place = Callable[[Tx, Found], None]


async def run_in_parts(
    session: Session, job: Job, task: str, config: dict[str, Any], place: Place
) -> dict[str, Any]:
    """Run the worker `task` to its end and `place` every piece in a small transaction; also those
    that an earlier run left under the same `config["key"]`. However it ends, what was set down is
    kept. Raises what `run_worker` raises."""
    folder = session.folder / "runs" / task
    await _bring_in(session, folder, config["key"], place)

    def show(status: Status) -> None:
        job.progress(status.done, status.total, status.text)

    worker = asyncio.ensure_future(run_worker(task, folder, config, on_status=show))
    told = time.monotonic()
    try:
        while not worker.done():
            await asyncio.wait({worker}, timeout=LOOK_SECONDS)
            some = await _bring_in(session, folder, config["key"], place)
            if some and time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                await session.store.transaction(_tell)
    finally:
        worker.cancel()
        await asyncio.wait({worker})
        failed = None if worker.cancelled() else worker.exception()
        await _bring_in(session, folder, config["key"], place)
        await session.store.transaction(_tell)
        if failed:
            raise failed
    return worker.result()


async def in_slices(session: Session, change: Callable[[Tx, int, int], None]) -> None:
    """Call `change(tx, first id, last id)` for all records, each time in a transaction of its own."""
    last = await session.store.read(last_id)
    for start in range(1, last + 1, SLICE):
        await session.store.transaction(change, start, start + SLICE - 1)


async def _bring_in(session: Session, folder: Path, key: str, place: Place) -> bool:
    """Whether there was a piece. One made under another key is of no use any more."""
    files = sorted(folder.glob(PATTERN))
    for file in files:
        await session.store.transaction(_place, file, key, place)
        file.unlink()
    return bool(files)


def _place(tx: Tx, file: Path, key: str, place: Place) -> None:
    part = orjson.loads(file.read_bytes())
    if part["key"] == key:
        place(tx, part["rows"])


def _tell(tx: Tx) -> None:
    tx.emit(RecordsChanged(tx.dataset_id))
