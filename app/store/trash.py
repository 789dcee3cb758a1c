"""Deleted datasets, kept whole for a while; a dataset here is in no list and nothing opens it."""

import shutil
import time
from pathlib import Path

from pydantic import BaseModel, ValidationError

from app.errors import InputError, StoreError
from app.store.backups import sync_folder
from app.store.database import explain
from app.workers import write_atomic

FOLDER = "trash"
NOTE = "deleted.json"  # in the dataset's folder: what the list knew of it
DAYS_KEPT = 30
DAY_SECONDS = 86_400


class Entry(BaseModel):
    """A deleted folder; `note` is what its owner wrote down of it."""

    name: str
    at: float
    note: str

    @property
    def until(self) -> float:
        return self.at + DAYS_KEPT * DAY_SECONDS


def put(folder: Path, home: Path, note: str) -> Path:
    """Move a folder to the trash with a note; returns where it is now. Raises StoreError."""
    entry = Entry(name=folder.name, at=time.time(), note=note)
    place = home / FOLDER / folder.name
    try:
        place.parent.mkdir(exist_ok=True)
        shutil.rmtree(place, ignore_errors=True)  # of an earlier life of the same id
        write_atomic(folder / NOTE, entry.model_dump_json().encode())
        folder.rename(place)
        sync_folder(place.parent)
    except OSError as error:
        raise StoreError(explain(error, folder)) from error
    return place


def entries(home: Path) -> list[Entry]:
    """What lies in the trash, the newest first."""
    found = (_entry(path) for path in (home / FOLDER).glob("*"))
    return sorted((entry for entry in found if entry), key=lambda entry: -entry.at)


def take(home: Path, name: str, place: Path) -> str:
    """Move a folder from the trash to `place`; returns its note. Raises InputError, StoreError."""
    source = home / FOLDER / name
    entry = _entry(source)
    if entry is None:
        raise InputError(
            f"{name} is not in the trash. It holds deleted datasets for {DAYS_KEPT} days."
        )
    try:
        source.rename(place)
        (place / NOTE).unlink()
    except OSError as error:
        raise StoreError(explain(error, source)) from error
    return entry.note


def expire(home: Path, *, now: float | None = None) -> int:
    """Delete for good what was put here more than 30 days ago; returns how many."""
    limit = time.time() if now is None else now
    return _drop(home, [entry for entry in entries(home) if entry.until < limit])


def empty(home: Path) -> int:
    """Delete for good everything here; returns how many."""
    return _drop(home, entries(home))


def _drop(home: Path, dropped: list[Entry]) -> int:
    for entry in dropped:
        shutil.rmtree(home / FOLDER / entry.name, ignore_errors=True)
    return len(dropped)


def _entry(path: Path) -> Entry | None:
    try:
        return Entry.model_validate_json((path / NOTE).read_bytes())
    except (OSError, ValidationError):
        return None  # nothing that was deleted here; left alone
