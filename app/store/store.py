"""One dataset's store: the database of a dataset file, with labelled writes that can be undone."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from app.errors import StoreError
from app.jobs import Tell, quiet
from app.store import backups, changes, integrity
from app.store.create import check_file
from app.store.database import Database, Tx
from app.store.events import TimelineChanged
from app.store.migrations import migrate
from app.store.tables import SCHEMA_VERSION

P = ParamSpec("P")
T = TypeVar("T")


class Store(Database):
    """The only writer of a dataset file. `write` is undoable, `transaction` is for history."""

    # After an unclean exit, until `verify` has read a large file whole.
    unverified: bool = False
    _marked: bool = False

    @classmethod
    async def open(cls, path: Path, dataset_id: str) -> "Store":
        """Open a dataset file; raises StoreError when it is missing, damaged, newer or in use.

        After an unclean exit the file is checked first; a large one is only noted as `unverified`.
        """
        store = cls(path, dataset_id)
        store.acquire()
        try:
            store.unverified = await asyncio.to_thread(_make_ready, path)
            store._marked = True
            await store.transaction(migrate)
        except BaseException:
            await store.close()
            raise
        return store

    async def verify(self) -> None:
        """Read the whole file in a thread; raises DamagedError when it is not whole."""
        await asyncio.to_thread(integrity.verify, self.path)
        self.unverified = False

    async def close(self) -> None:
        """Finish what is queued, close every connection, note the clean exit, release the file."""
        await self._disconnect()
        if self._marked and not self.unverified:
            integrity.clear_mark(self.path)
        self._lock.release()

    async def write(
        self,
        label: str,
        work: Callable[Concatenate[Tx, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `work(tx, ...)` as one Change of the user named `label`."""
        return await self.write_as("user", "", label, work, *args, **kwargs)

    async def write_as(
        self,
        actor: str,
        tool: str,
        label: str,
        work: Callable[Concatenate[Tx, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `work(tx, ...)` whole, recorded as one Change by `actor` through `tool`."""

        def recorded(tx: Tx) -> T:
            change = changes.begin(tx, label=label, actor=actor, tool=tool)
            value = work(tx, *args, **kwargs)
            changes.end(tx, change)
            return value

        return await self.transaction(recorded)

    async def follow_up(
        self,
        since: int,
        tool: str,
        work: Callable[Concatenate[Tx, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T | None:
        """Run `work(tx, ...)` as a part of the newest Change, taken back with it. None, and it did
        not run, where not all Changes from `since` on are of that tool and stand."""

        def recorded(tx: Tx) -> T | None:
            if (change := changes.go_on(tx, since, tool)) is None:
                return None
            value = work(tx, *args, **kwargs)
            changes.end(tx, change)
            return value

        return await self.transaction(recorded)

    async def undo(self, change_id: int | None = None, *, tell: Tell = quiet) -> changes.ChangeInfo:
        """Undo one change, or the newest; raises StoreError when there is none or it conflicts.

        `tell` is as in `changes.undo`, and called on the writer's thread.
        """

        def work(tx: Tx) -> changes.ChangeInfo:
            target = change_id
            if target is None:
                newest = changes.next_undo(tx)
                if newest is None:
                    raise StoreError("There is nothing to undo.")
                target = newest.id
            return changes.undo(tx, target, tell=tell)

        return await self.transaction(work)

    async def redo(self, *, tell: Tell = quiet) -> changes.ChangeInfo:
        """Redo what was undone last; raises StoreError when there is nothing to redo."""

        def work(tx: Tx) -> changes.ChangeInfo:
            newest = changes.next_redo(tx)
            if newest is None:
                raise StoreError("There is nothing to redo.")
            return changes.undo(tx, newest.id, tell=tell)

        return await self.transaction(work)

    async def trim_history(self) -> int:
        """Drop the oldest changes over the size limit; returns how many."""

        def work(tx: Tx) -> int:
            dropped = changes.prune(tx, changes.MAX_BYTES)
            if dropped:
                tx.emit(TimelineChanged(tx.dataset_id))
            return dropped

        return await self.transaction(work)


def _make_ready(path: Path) -> bool:
    """Check the file as far as is needed, copy it before a migration, mark it as open.

    Returns whether a check of every page is still owed: it takes long for a large file.
    """
    state, found = integrity.state_of(path, thorough=False)
    if state == "damaged":
        raise integrity.DamagedError(path, found)
    check_file(path)
    unclean = integrity.mark_of(path).exists()
    old = integrity.version_of(path) < SCHEMA_VERSION
    owed = unclean and backups.size_of(path) > backups.LARGE_BYTES and not old
    if unclean and not owed:
        integrity.verify(path)
    if old:
        backups.back_up_before_migration(path, SCHEMA_VERSION)
    integrity.set_mark(path)
    return owed
