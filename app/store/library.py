"""The list of datasets and their folders. Each dataset is a folder: its file, caches, models, runs."""

import shutil
import sqlite3
import tempfile
import uuid
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from app.errors import InputError, StoreError
from app.store.database import Database, Tx, explain
from app.store.events import LibraryChanged
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

    async def delete(self, dataset_id: str) -> None:
        """Delete a dataset with its runs, models and caches: delete means delete.

        A training or an endpoint of it that still runs is ended first.
        """
        for run in map(RunDir, self.folder(dataset_id).glob("runs/*")):
            if run.alive():
                await end_worker(run)
        await self.transaction(_remove, dataset_id)
        shutil.rmtree(self.folder(dataset_id), ignore_errors=True)

    async def duplicate(self, dataset_id: str, name: str) -> str:
        """A copy of the data under a new id, without its runs and models."""
        info = await self.get(dataset_id)
        new_id, folder = self.new_folder()
        await self.read(_copy_file, self.folder(dataset_id) / FILE, folder / FILE)
        await self.add(new_id, name, **info.model_dump(include={"records", "invalid", "steps"}))
        return new_id


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


def _copy_file(tx: Tx, source: Path, target: Path) -> None:
    """SQLite's backup API: a whole copy even while the source is being written."""
    old, new = sqlite3.connect(source), sqlite3.connect(target)
    try:
        old.backup(new)
    finally:
        old.close()
        new.close()
