"""The list of datasets and their folders. Each dataset is a folder: its file, caches, models, runs."""

import asyncio
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from app.errors import InputError, StoreError
from app.store import backups, copies, integrity, recovery, trash
from app.store.backups import Backup
from app.store.database import Database, Tx, explain
from app.store.events import LibraryChanged
from app.store.recovery import Recovered
from app.store.store import Store
from app.store.tables import LIBRARY_TABLES, Dataset
from app.workers import RunDir, end_worker

FILE = "dataset.sqlite"


class DatasetInfo(BaseModel):
    """A dataset as its card shows it; `steps` has one letter per step: d(one) c(urrent) s(tale) ."""

    id: str
    name: str
    created: float
    opened: float
    records: int = 0
    invalid: int = 0
    steps: str = "......."
    status: str = ""
    tone: str = "muted"
    sample: bool = False


class Library(Database):
    """`library.sqlite` in the user folder; many programs may have it open at once."""

    def __init__(self, home: Path) -> None:
        super().__init__(home / "library.sqlite")
        self.home = home

    @classmethod
    async def open(cls, home: Path) -> "Library":
        """Open or create the library; raises StoreError when the folder cannot be used."""
        try:
            (home / "datasets").mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=home):  # SQLite would only say that it cannot open
                pass
        except OSError as error:
            raise StoreError(explain(error, home)) from error
        library = cls(home)
        try:
            await library.transaction(_create)
            await asyncio.to_thread(trash.expire, home)
        except BaseException:
            await library.close()
            raise
        return library

    def folder(self, dataset_id: str) -> Path:
        return self.home / "datasets" / dataset_id

    def new_folder(self) -> tuple[str, Path]:
        """A fresh dataset id and its folder, not yet in the list."""
        dataset_id = uuid.uuid4().hex[:12]
        folder = self.folder(dataset_id)
        folder.mkdir(parents=True)
        return dataset_id, folder

    async def add(
        self, dataset_id: str, name: str, *, records: int, invalid: int, **more: Any
    ) -> None:
        """List a dataset whose file is complete."""
        summary = {"records": records, "invalid": invalid, **more}
        await self.transaction(_add, dataset_id, name, summary)

    async def datasets(self) -> list[DatasetInfo]:
        """All datasets, last opened first."""
        return await self.read(_all)

    async def get(self, name_or_id: str) -> DatasetInfo:
        """The dataset of that id or name; raises InputError when there is none or more than one."""
        found = [d for d in await self.datasets() if name_or_id in (d.id, d.name)]
        exact = [d for d in found if d.id == name_or_id] or found
        if len(exact) == 1:
            return exact[0]
        if not exact:
            raise InputError(f"There is no dataset named {name_or_id!r}.")
        ids = ", ".join(d.id for d in exact)
        raise InputError(f"There are {len(exact)} datasets named {name_or_id!r}; use an id: {ids}.")

    async def open_store(self, dataset_id: str) -> Store:
        store = await Store.open(self.folder(dataset_id) / FILE, dataset_id)
        await self.transaction(_touch, dataset_id)
        return store

    async def summarise(self, dataset_id: str, **values: Any) -> None:
        """Refresh what the dataset's card shows."""
        await self.transaction(_summarise, dataset_id, values)

    async def rename(self, dataset_id: str, name: str) -> None:
        name = " ".join(name.split())
        if not name:
            raise InputError("A dataset needs a name.")
        await self.transaction(_rename, dataset_id, name)

    async def delete(self, dataset_id: str, *, forever: bool = False) -> None:
        """Move a dataset with its runs, models and caches to the trash, or delete it at once.

        A training or an endpoint of it that still runs is ended first. Raises StoreError while the
        dataset is open.
        """
        info, folder = await self.get(dataset_id), self.folder(dataset_id)
        if await asyncio.to_thread(integrity.is_open, folder / FILE):
            raise StoreError(f"{info.name} is open in RFT Studio. Close it there first.")
        for run in map(RunDir, folder.glob("runs/*")):
            if run.alive():
                await end_worker(run)
        if forever or not folder.exists():
            await self.transaction(_remove, dataset_id)
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        else:
            await asyncio.to_thread(trash.put, folder, self.home, info.model_dump_json())
            await self.transaction(_remove, dataset_id)

    async def deleted(self) -> list["Deleted"]:
        """What lies in the trash, deleted last first."""
        found = await asyncio.to_thread(trash.entries, self.home)
        return [
            Deleted(
                info=DatasetInfo.model_validate_json(entry.note), at=entry.at, until=entry.until
            )
            for entry in found
        ]

    async def undelete(self, dataset_id: str) -> DatasetInfo:
        """Take a dataset out of the trash; raises InputError when it is not there."""
        note = await asyncio.to_thread(trash.take, self.home, dataset_id, self.folder(dataset_id))
        info = DatasetInfo.model_validate_json(note)
        await self.transaction(_put_back, info)
        return info

    async def empty_trash(self) -> int:
        """Delete for good what lies in the trash; returns how many datasets."""
        return await asyncio.to_thread(trash.empty, self.home)

    async def duplicate(self, dataset_id: str, name: str, *, with_runs: bool = False) -> str:
        """A copy of the data under a new id; with its runs, models and exports only if asked."""
        info = await self.get(dataset_id)
        new_id, folder = self.new_folder()
        try:
            await asyncio.to_thread(
                copies.duplicate, self.folder(dataset_id), folder, FILE, with_runs=with_runs
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        kept = {"records", "invalid"} | ({"steps", "status", "tone"} if with_runs else set())
        await self.add(new_id, name, **info.model_dump(include=kept))
        return new_id

    async def backups(self, dataset_id: str) -> list[Backup]:
        """The backups of a dataset, newest first."""
        return await asyncio.to_thread(backups.backups, self.folder(dataset_id) / FILE)

    async def restore_backup(self, dataset_id: str, name: str) -> Path | None:
        """Put a backup in the place of a closed dataset; returns where the present file is kept."""
        file = self.folder(dataset_id) / FILE
        kept = await asyncio.to_thread(integrity.restore_backup, file, name)
        await self.transaction(_summarise, dataset_id, await asyncio.to_thread(copies.counts, file))
        return kept

    async def recover(self, dataset_id: str) -> Recovered:
        """Rebuild a damaged dataset from what can be read; the damaged file is kept aside."""
        file = self.folder(dataset_id) / FILE
        found = await asyncio.to_thread(recovery.recover, file)
        await self.transaction(_summarise, dataset_id, await asyncio.to_thread(copies.counts, file))
        return found


class Deleted(BaseModel):
    """A dataset in the trash: when it was put there, and until when it stays."""

    info: DatasetInfo
    at: float
    until: float


def _create(tx: Tx) -> None:
    for table in LIBRARY_TABLES:
        table._schema.database = tx.db
        table._schema.create_all(safe=True)
        table._schema.database = None


def _add(tx: Tx, dataset_id: str, name: str, summary: dict[str, Any]) -> None:
    text = orjson.dumps(summary).decode()
    row = Dataset.insert(id=dataset_id, name=name, created=tx.now, opened=tx.now, summary=text)
    row.execute(tx.db)
    tx.emit(LibraryChanged(dataset_id))


def _put_back(tx: Tx, info: DatasetInfo) -> None:
    summary = info.model_dump(exclude={"id", "name", "created", "opened"})
    row = Dataset.insert(
        id=info.id,
        name=info.name,
        created=info.created,
        opened=info.opened,
        summary=orjson.dumps(summary).decode(),
    )
    row.on_conflict_ignore().execute(tx.db)
    tx.emit(LibraryChanged(info.id))


def _all(tx: Tx) -> list[DatasetInfo]:
    rows = Dataset.select().order_by(Dataset.opened.desc()).dicts().execute(tx.db)
    return [DatasetInfo(**{**orjson.loads(r.pop("summary")), **r}) for r in rows]


def _touch(tx: Tx, dataset_id: str) -> None:
    Dataset.update(opened=tx.now).where(Dataset.id == dataset_id).execute(tx.db)
    tx.emit(LibraryChanged(dataset_id))


def _rename(tx: Tx, dataset_id: str, name: str) -> None:
    Dataset.update(name=name).where(Dataset.id == dataset_id).execute(tx.db)
    tx.emit(LibraryChanged(dataset_id))


def _summarise(tx: Tx, dataset_id: str, values: dict[str, Any]) -> None:
    row = Dataset.select(Dataset.summary).where(Dataset.id == dataset_id).tuples().first(tx.db)
    if row is None:
        return
    old = orjson.loads(row[0])
    if (new := {**old, **values}) != old:
        text = orjson.dumps(new).decode()
        Dataset.update(summary=text).where(Dataset.id == dataset_id).execute(tx.db)
        tx.emit(LibraryChanged(dataset_id))


def _remove(tx: Tx, dataset_id: str) -> None:
    Dataset.delete().where(Dataset.id == dataset_id).execute(tx.db)
    tx.emit(LibraryChanged(dataset_id))
