"""One SQLite file behind an async API: a single writer thread, a few readers, events after commit."""

import asyncio
import itertools
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import peewee as pw
from filelock import FileLock, Timeout

from app.errors import StoreError
from app.store.editions import Editions
from app.store.events import Event, Kind

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
Listener = Callable[[Event], None]
READERS = 2
PRAGMAS = {
    "journal_mode": "wal",
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "synchronous": 1,
    "cache_size": -16_000,  # KB per connection; SQLite's 2 MB are 125 pages of a dataset file
}


@dataclass
class Tx:
    """One transaction (or one read): the database to run queries on, and the events it will send."""

    db: pw.SqliteDatabase
    dataset_id: str
    now: float = field(default_factory=time.time)
    events: list[Event] = field(default_factory=list)
    editions: Editions | None = None  # of a read only: a write sees what is not committed yet
    numbers: Mapping[Kind, int] = field(default_factory=dict)  # the editions when the read began

    def cached(
        self, key: Hashable, compute: Callable[[], T], kinds: tuple[Kind, ...] = ("records",)
    ) -> T:
        """`compute()`, kept in a read until data of these `kinds` changes. Treat it as a value."""
        if self.editions is None:
            return compute()
        return self.editions.cached(key, compute, kinds=kinds, numbers=self.numbers)

    def emit(self, event: Event) -> None:
        """Send this once the transaction is committed."""
        self.events.append(event)

    def sql(self, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        return list(self.db.execute_sql(query, parameters).fetchall())


class Database:
    """Runs functions `f(tx, ...)` on its own threads; the event loop never runs SQL."""

    def __init__(self, path: Path, dataset_id: str = "") -> None:
        self.path, self.dataset_id = path, dataset_id
        self._lock = FileLock(path.with_name(path.name + ".lock"), thread_local=False)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"write-{path.stem}")
        self._readers = [
            ThreadPoolExecutor(1, thread_name_prefix=f"read-{path.stem}") for _ in range(READERS)
        ]
        self._next_reader = itertools.cycle(self._readers)
        self._glancer = ThreadPoolExecutor(1, thread_name_prefix=f"glance-{path.stem}")
        self._db = pw.SqliteDatabase(str(path), pragmas=PRAGMAS)
        self._reader_db = pw.SqliteDatabase(str(path), pragmas=PRAGMAS | {"query_only": 1})
        self._listeners: list[Listener] = []
        self.idle = threading.Event()  # cleared while a transaction writes: copies give way to it
        self.idle.set()
        self._editions = Editions()

    def edition(self, kind: Kind) -> int:
        """A number that rises with every commit that changed data of this kind."""
        return self._editions[kind]

    def acquire(self) -> None:
        """Claim the file for this process; raises StoreError when another program holds it."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise StoreError(
                f"{self.path.parent.name} is open in another RFT Studio. Close it there first."
            ) from None
        except OSError as error:
            raise StoreError(explain(error, self.path)) from error

    async def transaction(
        self, work: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(tx, ...)` whole on the writer thread; commit, then send its events."""
        loop = asyncio.get_running_loop()
        future = self._submit(self._writer, self._write, work, args, kwargs)
        future.add_done_callback(lambda done: self._after(done, loop))
        value, _ = await asyncio.shield(asyncio.wrap_future(future))
        return value

    async def read(
        self, work: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(tx, ...)` on a reader thread; all of it sees one committed state."""
        future = self._submit(next(self._next_reader), self._read, work, args, kwargs)
        return await asyncio.wrap_future(future)

    async def glance(
        self, work: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Like `read`, for what takes some milliseconds and is waited for by someone who looks: on a
        thread of its own, so that a page of a list never queues behind a scan."""
        future = self._submit(self._glancer, self._read, work, args, kwargs)
        return await asyncio.wrap_future(future)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(event)` on the event loop after each commit; returns the way to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def announce(self, event: Event) -> None:
        """Tell listeners of news outside the file (a run directory grew); on the event loop only."""
        self._publish([event])

    async def close(self) -> None:
        """Finish what is queued, close every connection on its own thread, release the file."""
        await self._disconnect()
        self._lock.release()

    async def _disconnect(self) -> None:
        loop = asyncio.get_running_loop()
        readers = (*self._readers, self._glancer)
        for pool, db in [(self._writer, self._db), *((r, self._reader_db) for r in readers)]:
            await loop.run_in_executor(pool, db.close)
            pool.shutdown(wait=False)

    def _submit(
        self, pool: ThreadPoolExecutor, run: Callable[..., T], *arguments: Any
    ) -> "Future[T]":
        try:
            return pool.submit(run, *arguments)
        except RuntimeError:  # the pool was shut down by `close`
            raise StoreError("This dataset was closed.") from None

    def _write(
        self, work: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[T, list[Event]]:
        tx = Tx(self._db, self.dataset_id)
        self.idle.clear()
        try:
            with self._db.atomic("IMMEDIATE"):
                value = work(tx, *args, **kwargs)
        except (pw.PeeweeException, sqlite3.Error, OSError) as error:
            raise StoreError(explain(error, self.path)) from error
        finally:
            self.idle.set()
        events = list(dict.fromkeys(tx.events))
        self._editions.committed(events)
        return value, events

    def _read(self, work: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        editions = self._editions
        tx = Tx(self._reader_db, self.dataset_id, editions=editions, numbers=editions.now())
        try:
            with self._reader_db.atomic():
                return work(tx, *args, **kwargs)
        except (pw.PeeweeException, sqlite3.Error, OSError) as error:
            raise StoreError(explain(error, self.path)) from error

    def _after(
        self, done: "Future[tuple[Any, list[Event]]]", loop: asyncio.AbstractEventLoop
    ) -> None:
        if not done.cancelled() and not done.exception() and not loop.is_closed():
            loop.call_soon_threadsafe(self._publish, done.result()[1])

    def _publish(self, events: list[Event]) -> None:
        for event in events:
            for listener in list(self._listeners):
                try:
                    listener(event)
                except Exception:  # boundary: a broken view must not stop the others
                    log.exception("a listener failed on %r", event)


def explain(error: BaseException, path: Path) -> str:
    """Environment trouble in words: which file, what is wrong with it, what to do.

    peewee hides a full disk behind "cannot rollback", so the whole cause chain is read.
    """
    seen: list[str] = []
    cause: BaseException | None = error
    while cause:
        seen.append(str(cause).lower())
        cause = cause.__cause__ or cause.__context__
    text = " | ".join(seen)
    for sign, words in (
        ("disk is full", "The disk is full. Free some space; nothing that was saved is lost."),
        ("no space left", "The disk is full. Free some space; nothing that was saved is lost."),
        ("readonly", "The file cannot be written. Check the permissions of its folder."),
        ("read-only", "The folder is read-only. Choose another with RFT_STUDIO_HOME."),
        ("permission denied", "The folder cannot be written. Choose another with RFT_STUDIO_HOME."),
        (
            "not a directory",
            "A file stands in the way. Choose another folder with RFT_STUDIO_HOME.",
        ),
        ("not a database", "The file is damaged or not a dataset. Restore a backup of it."),
        ("malformed", "The file is damaged. Restore a backup of it."),
        ("unable to open", "The file cannot be opened. Check that its folder exists and is yours."),
        (
            "i/o error",
            "The disk cannot be read or written. Check that it has room and is not failing.",
        ),
        (
            "file too large",
            "The file may not grow further. Free some space or lift the limit on it.",
        ),
        ("locked", "The file is in use by another program. Close that and try again."),
    ):
        if sign in text:
            return f"{path}: {words}"
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return f"{path}: {why.rstrip('.')}."
