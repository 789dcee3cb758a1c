"""One dataset's store: the database of a dataset file, with labelled writes that can be undone."""

from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from app.errors import StoreError
from app.store import changes
from app.store.create import check_file, migrate
from app.store.database import Database, Tx
from app.store.events import TimelineChanged

P = ParamSpec("P")
T = TypeVar("T")


class Store(Database):
    """The only writer of a dataset file. `write` is undoable, `transaction` is for history."""

    @classmethod
    async def open(cls, path: Path, dataset_id: str) -> "Store":
        """Open a dataset file; raises StoreError when it is missing, damaged, newer or in use."""
        store = cls(path, dataset_id)
        store.acquire()
        try:
            check_file(path)
            await store.transaction(migrate)
        except BaseException:
            await store.close()
            raise
        return store

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

    async def undo(self, change_id: int | None = None) -> changes.ChangeInfo:
        """Undo one change, or the newest; raises StoreError when there is none or it conflicts."""

        def work(tx: Tx) -> changes.ChangeInfo:
            target = change_id
            if target is None:
                newest = changes.next_undo(tx)
                if newest is None:
                    raise StoreError("There is nothing to undo.")
                target = newest.id
            return changes.undo(tx, target)

        return await self.transaction(work)

    async def redo(self) -> changes.ChangeInfo:
        """Redo what was undone last; raises StoreError when there is nothing to redo."""

        def work(tx: Tx) -> changes.ChangeInfo:
            newest = changes.next_redo(tx)
            if newest is None:
                raise StoreError("There is nothing to redo.")
            return changes.undo(tx, newest.id)

        return await self.transaction(work)

    async def trim_history(self) -> int:
        """Drop the oldest changes over the size limit; returns how many."""

        def work(tx: Tx) -> int:
            dropped = changes.prune(tx, changes.MAX_BYTES)
            if dropped:
                tx.emit(TimelineChanged(tx.dataset_id))
            return dropped

        return await self.transaction(work)
