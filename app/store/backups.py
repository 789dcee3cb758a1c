"""Copies of a dataset file: before each migration and once a day; never half, never in the way."""

import logging
import os
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from app.errors import Stopped, StoreError
from app.store.database import explain

log = logging.getLogger(__name__)
FOLDER = "backups"
DAILY_KEPT = 7
LARGE_BYTES = 300_000_000  # above this a copy takes longer than 4 s (measured), so it is a job
FREE_FACTOR = 2  # of the file's size must be free: the copy, and as much again to go on working
PAGES_A_STEP = 256  # 4 MB at 16 KB a page: between two steps a copy can be stopped and gives way
WAIT_SECONDS = 0.5  # between two looks at the stop while a write runs
SUFFIXES = ("", "-wal")  # a dataset file, and what was committed but not yet moved into it
NAME = re.compile(r"(daily-(\d{4}-\d\d-\d\d)|before-version-(\d+))\.sqlite")

Kind = Literal["daily", "migration"]
Progress = Callable[[int, int], None]  # pages copied, pages in all


class Backup(BaseModel):
    """One copy. `source_changed` is the time stamp of the data it was made from, in nanoseconds."""

    name: str
    kind: Kind
    at: float
    bytes: int
    source_changed: int


def backups(path: Path) -> list[Backup]:
    """The copies of a dataset file, newest first."""
    found = []
    for file in path.with_name(FOLDER).glob("*.sqlite"):
        if match := NAME.fullmatch(file.name):
            stat = file.stat()
            found.append(
                Backup(
                    name=file.name,
                    kind="daily" if match[2] else "migration",
                    at=stat.st_ctime,
                    bytes=stat.st_size,
                    source_changed=stat.st_mtime_ns,
                )
            )
    return sorted(found, key=lambda backup: (backup.source_changed, backup.at), reverse=True)


def backup_path(path: Path, name: str) -> Path:
    """Where a copy lies; raises StoreError when there is none of that name."""
    if name not in {backup.name for backup in backups(path)}:
        known = ", ".join(backup.name for backup in backups(path)) or "none"
        raise StoreError(f"{path}: There is no backup {name!r}. There are: {known}.")
    return path.with_name(FOLDER) / name


def size_of(path: Path) -> int:
    """Bytes of a dataset file with what waits beside it; 0 when it is missing."""
    return sum(file.stat().st_size for file in _parts(path) if file.exists())


def changed_at(path: Path) -> int:
    """When the data was last written, in nanoseconds; opening and reading do not count."""
    return max((file.stat().st_mtime_ns for file in _parts(path) if file.exists()), default=0)


def daily_due(path: Path, today: date | None = None) -> bool:
    """Whether the data changed since the newest copy and today's was not made yet."""
    found = backups(path)
    done = f"daily-{today or date.today()}.sqlite" in {backup.name for backup in found}
    return not done and not any(b.source_changed == changed_at(path) for b in found)


def back_up_daily(
    path: Path,
    *,
    today: date | None = None,
    idle: threading.Event | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress = lambda done, total: None,
) -> Backup:
    """Make today's copy and drop the oldest daily ones. Blocking: run it in a thread.

    Raises StoreError, with the reason, when the disk has too little room or cannot be written;
    Stopped when `stop` says so. While `idle` is not set the copy waits: somebody writes.
    """
    name = f"daily-{today or date.today()}.sqlite"
    copied = _back_up(path, name, idle=idle, stop=stop, progress=progress)
    for old in [b for b in backups(path) if b.kind == "daily"][DAILY_KEPT:]:
        backup_path(path, old.name).unlink()
    return copied


def back_up_before_migration(path: Path, version: int) -> Backup:
    """Copy the file before it is brought to schema `version`. Raises as `back_up_daily` does."""
    return _back_up(path, f"before-version-{version}.sqlite")


def copy_file(
    source: Path,
    target: Path,
    *,
    idle: threading.Event | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress = lambda done, total: None,
) -> None:
    """Copy a dataset file as it is at this moment, even while it is written; all or nothing.

    One read transaction holds for the whole copy: other connections may write on, and the copy
    does not begin anew at each of their commits. Blocking. Raises StoreError and Stopped.
    """
    aside = target.with_name(target.name + ".part")
    try:
        remove(aside)
        _copy_pages(source, aside, _between_steps(idle, stop, progress))
        keep(aside, target)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(explain(error, source)) from error
    finally:
        remove(aside)


def remove(path: Path) -> None:
    """Delete a database file with all that SQLite puts beside it (a left journal would be obeyed)."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def keep(aside: Path, target: Path) -> None:
    """Make a finished file durable and give it its name; raises StoreError."""
    try:
        with aside.open("rb+") as file:
            os.fsync(file.fileno())
        aside.replace(target)
    except OSError as error:
        raise StoreError(explain(error, target)) from error
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable. Windows cannot, and some network drives refuse: there the
    system does it later."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        log.info("%s could not be synced: %s", folder, error)
    finally:
        os.close(handle)


def check_room(path: Path, folder: Path) -> None:
    """Raise StoreError unless `folder` has room for a copy of `path` and as much again."""
    needed, free = FREE_FACTOR * size_of(path), shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(
            f"{path}: No backup was made: {free / 1e9:.2f} GB are free and {needed / 1e9:.2f} GB "
            "are needed, twice the size of the file. Free some space on this disk."
        )


def _back_up(
    path: Path,
    name: str,
    *,
    idle: threading.Event | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress = lambda done, total: None,
) -> Backup:
    folder, changed = path.with_name(FOLDER), changed_at(path)
    try:
        folder.mkdir(exist_ok=True)
        check_room(path, folder)
        copy_file(path, folder / name, idle=idle, stop=stop, progress=progress)
        os.utime(folder / name, ns=(time.time_ns(), changed))  # by it `daily_due` knows the data
    except OSError as error:
        raise StoreError(explain(error, folder)) from error
    return next(backup for backup in backups(path) if backup.name == name)


def _copy_pages(source: Path, aside: Path, between: Callable[[int, int, int], None]) -> None:
    old, new = sqlite3.connect(source), sqlite3.connect(aside)
    try:
        old.execute("BEGIN")
        old.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()  # the transaction starts here
        new.execute("PRAGMA journal_mode = OFF")  # a half copy is deleted, never mended
        new.execute("PRAGMA synchronous = OFF")  # `keep` makes the whole file durable at once
        old.backup(new, pages=PAGES_A_STEP, progress=between)
        old.rollback()
    finally:
        old.close()
        new.close()


def _between_steps(
    idle: threading.Event | None, stop: Callable[[], bool], progress: Progress
) -> Callable[[int, int, int], None]:
    def between(_status: int, remaining: int, total: int) -> None:
        progress(total - remaining, total)
        while True:
            if stop():
                raise Stopped("The backup was stopped. The backups made before are kept.")
            if idle is None or idle.wait(WAIT_SECONDS):
                return

    return between


def _parts(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in SUFFIXES]
