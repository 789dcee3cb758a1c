"""The command that examines this installation and the user folder; it repairs nothing."""

import argparse
import shutil
import sqlite3
import tempfile
from pathlib import Path

from app import paths, settings
from app.cli import checks
from app.cli.checks import Check, Doubt, examine
from app.cli.output import emit
from app.errors import AppError, StoreError
from app.store.create import check_file
from app.store.library import FILE, DatasetInfo, Library
from app.workers import TERMINAL, RunDir

NEEDED_BYTES = 1_000_000_000  # a starter, its checkpoints and an export fit several times over
MARKS = {"ok": "ok     ", "warning": "note   ", "failed": "FAILED "}
INSTALLATION = {
    "python": checks.python,
    "packages": checks.packages,
    "encoder": checks.encoder,
    "sandbox": checks.sandbox,
    "window": checks.window,
}


async def doctor(arguments: argparse.Namespace) -> int:
    """One sentence per check; 0 when nothing failed, else 1."""
    home = paths.home()
    found = []
    for name, probe in {**INSTALLATION, **_of_home(home)}.items():
        found.append(await examine(name, probe))
        _tell(found[-1], silent=arguments.json)
    for check in await _datasets(home):
        found.append(check)
        _tell(check, silent=arguments.json)
    healthy = all(check.state != "failed" for check in found)
    if arguments.json:
        emit({"healthy": healthy, "checks": [check.model_dump() for check in found]})
    return 0 if healthy else 1


def _tell(check: Check, *, silent: bool) -> None:
    if not silent:
        print(f"{MARKS[check.state]}{check.name}: {check.text}", flush=True)


def _of_home(home: Path) -> dict[str, checks.Probe]:
    async def folder() -> str:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            return f"The user folder {home} can be written."

    async def preferences() -> str:
        settings.load(home)
        return "The settings can be read."

    async def disk() -> str:
        free = shutil.disk_usage(home).free
        text = f"{free / 1e9:.1f} GB are free beside the user folder"
        if free < NEEDED_BYTES:
            raise AppError(f"Only {text}; training and its export need about 1 GB.")
        return f"{text}."

    async def library() -> str:
        found = await _listed(home)
        quick_check(home / "library.sqlite")
        return f"The library is whole; datasets: {len(found)}."

    async def leftovers() -> str:
        listed = {info.id for info in await _listed(home)}
        strays = [p for p in (home / "datasets").iterdir() if p.is_dir() and p.name not in listed]
        if strays:
            raise Doubt(
                f"Folders of no dataset, left by an import that runs or was cut off: "
                f"{', '.join(str(p) for p in strays)}. Delete them when no import runs."
            )
        return "No folder is left over from an import."

    return {
        "user folder": folder,
        "settings": preferences,
        "disk": disk,
        "library": library,
        "leftovers": leftovers,
    }


async def _datasets(home: Path) -> list[Check]:
    try:
        found = await _listed(home)
    except StoreError:
        return []  # said by the check of the library
    result = []
    for info in found:
        folder = home / "datasets" / info.id

        async def file(folder: Path = folder) -> str:
            check_file(folder / FILE)
            quick_check(folder / FILE)
            return "The file is whole."

        async def runs(folder: Path = folder) -> str:
            return stale_runs(folder)

        result.append(await examine(f"dataset {info.name} ({info.id})", file))
        result.append(await examine(f"runs of {info.name} ({info.id})", runs))
    return result


async def _listed(home: Path) -> list[DatasetInfo]:
    library = await Library.open(home)
    try:
        return await library.datasets()
    finally:
        await library.close()


def quick_check(path: Path) -> None:
    """SQLite's own check of a file, read only; raises AppError with what it found."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        rows = [row for (row,) in connection.execute("PRAGMA quick_check(5)")]
    except sqlite3.Error as error:
        rows = [str(error)]
    finally:
        connection.close()
    if rows != ["ok"]:
        raise AppError(f"{path} is damaged ({'; '.join(rows)}). Restore a backup of it.")


def stale_runs(folder: Path) -> str:
    """Raises Doubt naming runs whose status says that they run while their process is gone."""
    runs = [RunDir(path.parent) for path in sorted(folder.glob("runs/*/status.json"))]
    active = [run for run in runs if run.status().state not in TERMINAL]
    if gone := [run.path.name for run in active if not run.alive()]:
        raise Doubt(
            f"{', '.join(gone)}: not ended, but the process is gone. Open the dataset to settle it."
        )
    return f"{len(active)} of {len(runs)} runs are at work." if active else "No run is at work."
