"""The command that examines this installation and the user folder; it mends only when asked to."""

import argparse
import asyncio
import shutil
import sqlite3
import tempfile
from pathlib import Path

from app import paths, settings
from app.cli import checks, repair
from app.cli.checks import Check, examine
from app.cli.output import emit
from app.cli.repair import Finding
from app.errors import AppError, StoreError
from app.store.integrity import read_only
from app.store.library import Library

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
    """One sentence per check; 0 when nothing failed, else 1. With --repair: after mending."""
    home = paths.home()
    found = []
    for name, probe in {**INSTALLATION, **_of_home(home)}.items():
        found.append(await examine(name, probe))
        _tell(found[-1], silent=arguments.json)
    findings, mended = await _datasets(home, silent=arguments.json, repairing=arguments.repair)
    found += [finding.check for finding in findings]
    healthy = all(check.state != "failed" for check in found)
    if arguments.json:
        report = {"healthy": healthy, "checks": [check.model_dump() for check in found]}
        emit(report | {"repairs": [check.model_dump() for check in mended]})
    elif can := sum(finding.mend is not None for finding in findings):
        print(f"`rft-studio doctor --repair` can mend {can} of these.", flush=True)
    return 0 if healthy else 1


def _tell(check: Check, *, silent: bool, mark: str = "") -> None:
    if not silent:
        mark = mark if mark and check.state != "failed" else MARKS[check.state]
        print(f"{mark}{check.name}: {check.text}", flush=True)


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
        opened = await Library.open(home)
        try:
            count = len(await opened.datasets())
        finally:
            await opened.close()
        await asyncio.to_thread(quick_check, home / "library.sqlite")
        return f"The library is whole; datasets: {count}."

    return {
        "user folder": folder,
        "settings": preferences,
        "disk": disk,
        "library": library,
    }


async def _datasets(
    home: Path, *, silent: bool, repairing: bool
) -> tuple[list[Finding], list[Check]]:
    """How the datasets are, after mending where that is asked for, and what was mended."""
    try:
        library = await Library.open(home)
    except StoreError:
        return [], []  # said by the check of the library
    try:
        findings = [finding async for finding in repair.examine_datasets(library)]
        for finding in findings:
            _tell(finding.check, silent=silent)
        mended = await repair.mend(findings) if repairing else []
        for check in mended:
            _tell(check, silent=silent, mark="mended ")
        if mended:
            findings = [finding async for finding in repair.examine_datasets(library)]
        return findings, mended
    finally:
        await library.close()


def quick_check(path: Path) -> None:
    """SQLite's own check of the library, read only; raises AppError with what it found."""
    try:
        with read_only(path) as db:
            rows = [row for (row,) in db.execute("PRAGMA quick_check(5)")]
    except sqlite3.Error as error:
        rows = [str(error)]
    if rows != ["ok"]:
        raise AppError(
            f"{path} is damaged ({'; '.join(rows)}). Rename it: `rft-studio doctor --repair` then "
            "lists every dataset that is whole again."
        )
