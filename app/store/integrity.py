"""Whether a dataset file is whole: the mark of an unclean exit, the check, a backup put back.

A damaged file is never deleted or written to; it is set aside under a name with the date.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import orjson
import psutil
from filelock import FileLock, Timeout

from app.errors import StoreError
from app.store import backups
from app.store.backups import Backup
from app.store.create import check_file
from app.store.database import explain
from app.store.tables import APPLICATION_ID, SCHEMA_VERSION
from app.workers import write_atomic

MARK = (
    ".open"  # beside a dataset file while it is open; found at opening: the last exit was unclean
)
FINDINGS = 5  # of SQLite's check are told
DERIVED = ("search.sqlite",)  # made from the records; of other data than the file's they would lie
State = Literal["ok", "missing", "empty", "damaged", "foreign", "newer"]


class DamagedError(StoreError):
    """A dataset file that is not whole; `backups` can be put back, `recover` reads what it can."""

    def __init__(self, path: Path, found: str) -> None:
        self.path, self.backups = path, backups.backups(path)
        super().__init__(
            f"{path} is damaged ({found}). {offer(self.backups)} Nothing is lost by trying: the "
            "damaged file is kept."
        )


def offer(found: list[Backup]) -> str:
    """What can be done for a damaged dataset, in words."""
    salvage = "`rft-studio doctor --repair` saves the records that can be read"
    if not found:
        return f"{salvage}; there is no backup of it."
    when = datetime.fromtimestamp(found[0].at).strftime("%d %B %Y, %H:%M")
    return f"{salvage}, or puts back the backup of {when}."


def state_of(path: Path, *, thorough: bool = True) -> tuple[State, str]:
    """What a dataset file is, and for a damaged one what was found. Blocking, reads only.

    `thorough` reads every page (about 6 s for a gigabyte), else only the head is looked at.
    """
    if not path.exists():
        return "missing", ""
    if path.stat().st_size == 0:
        return "empty", ""
    try:
        with read_only(path) as db:
            (application,) = db.execute("PRAGMA application_id").fetchone()
            (version,) = db.execute("PRAGMA user_version").fetchone()
            db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
            found = [str(row) for (row,) in db.execute(_check())] if thorough else ["ok"]
    except sqlite3.OperationalError as error:
        raise StoreError(explain(error, path)) from error  # locked or not allowed, not damaged
    except sqlite3.DatabaseError as error:
        return "damaged", str(error)
    if application != APPLICATION_ID:
        return "foreign", ""
    if version > SCHEMA_VERSION:
        return "newer", ""
    return ("ok", "") if found == ["ok"] else ("damaged", "; ".join(found))


def version_of(path: Path) -> int:
    """The schema version of a dataset file."""
    with read_only(path) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def verify(path: Path) -> None:
    """Raise DamagedError unless SQLite's check finds the file whole. Blocking."""
    state, found = state_of(path)
    if state == "damaged":
        raise DamagedError(path, found)
    check_file(path)


def set_mark(path: Path) -> None:
    """Note that this process has the file open; hold its lock.

    A mark found with the lock free was left by a program that ended without closing the file.
    """
    me = psutil.Process()
    note = {"pid": me.pid, "created": me.create_time(), "at": time.time()}
    try:
        write_atomic(mark_of(path), orjson.dumps(note))
    except OSError as error:
        raise StoreError(explain(error, path)) from error


def clear_mark(path: Path) -> None:
    """Note a clean exit: every connection is closed."""
    mark_of(path).unlink(missing_ok=True)


def mark_of(path: Path) -> Path:
    return path.with_name(path.name + MARK)


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a dataset file that no program has open; raises StoreError when one has."""
    lock = FileLock(path.with_name(path.name + ".lock"), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StoreError(
            f"{path.parent.name} is open in RFT Studio. Close it there first."
        ) from None
    except OSError as error:
        raise StoreError(explain(error, path)) from error
    try:
        yield
    finally:
        lock.release()


def is_open(path: Path) -> bool:
    """Whether a program has the dataset open now."""
    if not path.parent.is_dir():
        return False
    try:
        with held(path):
            return False
    except StoreError:
        return True


def restore_backup(path: Path, name: str) -> Path | None:
    """Put a backup in the place of a dataset file; returns where the present one is kept now.

    Blocking. Raises StoreError when there is no such backup, when it is itself damaged, when the
    disk has too little room, or while the dataset is open.
    """
    source = backups.backup_path(path, name)
    with held(path):
        backups.check_room(source, path.parent)
        verify(source)
        aside = path.with_name(path.name + ".restored")
        backups.copy_file(source, aside)
        return replace(path, aside)


def replace(path: Path, new: Path) -> Path | None:
    """Give `new`, a whole file, the name `path`; what was there is kept aside. Hold the file.

    Its write-ahead log goes with the old file: read with the new one it would damage that.
    """
    try:
        aside = set_aside(path)
        for name in DERIVED:
            backups.remove(path.with_name(name))
        backups.keep(new, path)
        clear_mark(path)
    except OSError as error:
        raise StoreError(explain(error, path)) from error
    return aside


def set_aside(path: Path) -> Path | None:
    """Rename a dataset file, and its log, to a name with the date; None when there is none."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    aside = path.with_name(f"{path.stem}.aside-{stamp}{path.suffix}")
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    log = path.with_name(path.name + "-wal")
    if log.exists():
        os.replace(log, aside.with_name(aside.name + "-wal"))
    if not path.exists():
        return None
    os.replace(path, aside)
    return aside


@contextlib.contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write; closed at the end."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        yield connection
    finally:
        connection.close()


def _check() -> str:
    return f"PRAGMA quick_check({FINDINGS})"
