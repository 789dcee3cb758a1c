"""A copy of a dataset under another id: its own in everything, pointing to nothing of the original."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import orjson

from app.errors import StoreError
from app.store import backups, integrity
from app.store.database import explain
from app.workers import TERMINAL, RunDir

WITH_RUNS = ("runs", "models", "exports")
OWN_FOLDER = ("training", "deployment")  # results that are nothing without files of the dataset
CUT_OFF = "It was running in the dataset that this one was copied from."


def duplicate(source: Path, target: Path, file: str, *, with_runs: bool) -> None:
    """Copy the dataset in the folder `source` into the fresh folder `target`. Blocking.

    The file appears when it is whole. Raises StoreError.
    """
    backups.check_room(source / file, target)
    aside = target / f"{file}.copy"
    try:
        backups.copy_file(source / file, aside)
        with closing(sqlite3.connect(aside)) as db:
            _make_own(db, source, target, with_runs=with_runs)
            db.commit()
        for name in WITH_RUNS if with_runs else ():
            if (source / name).is_dir():
                shutil.copytree(source / name, target / name, ignore=_of_processes)
        backups.keep(aside, target / file)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(explain(error, source / file)) from error


def counts(path: Path) -> dict[str, int]:
    """The numbers that a dataset's card shows, from the file itself."""
    with integrity.read_only(path) as db:
        records, invalid = db.execute("SELECT COUNT(*), SUM(NOT valid) FROM record").fetchone()
    return {"records": records, "invalid": invalid or 0}


def _make_own(db: sqlite3.Connection, source: Path, target: Path, *, with_runs: bool) -> None:
    """Paths lead into the copy's folder; what needs files that were not copied is left out, and what
    the user allowed for the original."""
    db.execute("DELETE FROM meta WHERE key IN ('hosts', 'always_allowed')")
    if with_runs:
        db.execute(
            "UPDATE result SET data = replace(data, ?, ?)", (_inside(source), _inside(target))
        )
        db.execute(
            "UPDATE result SET state = 'stopped', data = json_set(data, '$.error', ?) "
            "WHERE state IN ('running', 'paused')",
            (CUT_OFF,),
        )
        return
    marks = ", ".join("?" for _ in OWN_FOLDER)
    dropped = f"kind IN ({marks}) OR state IN ('running', 'paused')"
    db.execute(
        f"DELETE FROM answer WHERE result_id IN (SELECT id FROM result WHERE {dropped})", OWN_FOLDER
    )
    db.execute(f"DELETE FROM result WHERE {dropped}", OWN_FOLDER)


def _inside(folder: Path) -> str:
    """A folder's path as it stands within a JSON text."""
    return orjson.dumps(str(folder)).decode()[1:-1]


def _of_processes(folder: str, names: list[str]) -> list[str]:
    """What belongs to a running worker, not to its results: by it the copy would end that worker."""
    ended = RunDir(Path(folder)).status().state in TERMINAL
    theirs = ("lock", "stop", "serve", *(() if ended else ("status.json",)))
    return [name for name in names if name in theirs]
