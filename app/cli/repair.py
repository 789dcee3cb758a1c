"""What may be wrong with datasets in the user folder, and how each of it is mended; says all it does."""

import asyncio
import functools
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from app.cli.checks import Check
from app.errors import StoreError
from app.store import backups, copies, integrity, leftovers, trash
from app.store.library import FILE, DatasetInfo, Library
from app.workers import TERMINAL, RunDir

Mend = Callable[[], Awaitable[str]]  # does it, and says what was done
# Files that are something only once they are renamed: a half of one is of no use to anybody.
HALVES = (f"{FILE}.part*", f"{FILE}.recovered*", f"{FILE}.restored*", f"{FILE}.copy*")
HALVES_OF_BACKUPS = f"{backups.FOLDER}/*.part*"
ADVICE = {
    "foreign": "This is not a dataset of RFT Studio. Restore a backup or delete it from the list.",
    "newer": "Made by a newer RFT Studio. Update the app to open it.",
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `mend` where it is not well and can be mended."""

    check: Check
    mend: Mend | None = None


async def examine_datasets(library: Library) -> AsyncIterator[Finding]:
    """Every dataset of the list, then every folder that is in no list. Changes nothing."""
    listed = await library.datasets()
    for info in listed:
        yield await _file(library, info)
        yield _runs(library, info)
        if (finding := await asyncio.to_thread(_halves, library, info)) is not None:
            yield finding
    yield await _leftovers(library, {info.id for info in listed})


async def _file(library: Library, info: DatasetInfo) -> Finding:
    name, file = f"dataset {info.name} ({info.id})", library.folder(info.id) / FILE
    try:
        state, found = await asyncio.to_thread(integrity.state_of, file)
        in_use = await asyncio.to_thread(integrity.is_open, file)
    except StoreError as error:
        return Finding(Check(name=name, state="failed", text=str(error)))
    if state == "ok" and in_use:
        return Finding(Check(name=name, text="The file is whole. It is open in RFT Studio now."))
    if state == "ok" and integrity.mark_of(file).exists():
        text = "The program that had it open ended without closing it. The file is whole."
        return Finding(Check(name=name, state="warning", text=text), _close(file))
    if state == "ok":
        return Finding(Check(name=name, text="The file is whole."))
    if state in ADVICE:
        return Finding(Check(name=name, state="failed", text=f"{file}: {ADVICE[state]}"))
    if state == "missing" and info.id in {e.name for e in trash.entries(library.home)}:
        text = f"{file}: It was deleted, but the list still names it."
        check = Check(name=name, state="failed", text=text)
        return Finding(check, functools.partial(_finish_deletion, library, info))
    offer = integrity.offer(await library.backups(info.id))
    text = f"{file} is {state}{f' ({found})' if found else ''}. {offer}"
    check = Check(name=name, state="failed", text=text)
    return Finding(check, functools.partial(_mend_file, library, info))


def _close(file: Path) -> Mend:
    async def mend() -> str:
        with integrity.held(file):
            integrity.clear_mark(file)
        return "It is noted as closed; nothing else had to be done."

    return mend


async def _finish_deletion(library: Library, info: DatasetInfo) -> str:
    await library.delete(info.id)
    return f"It is in the trash only, for {trash.DAYS_KEPT} days."


async def _mend_file(library: Library, info: DatasetInfo) -> str:
    """Salvage, or put back the newest backup where that has more; the damaged file is kept."""
    try:
        saved = await library.recover(info.id)
    except StoreError as error:
        return await _from_backup(library, info, str(error))
    at_least = saved.lost.get("record", 0)
    lost = f"{at_least:,} or more records could not be read" if saved.lost else "nothing is missing"
    kept = f" The damaged file is kept as {saved.kept.name}." if saved.kept else ""
    text = f"{saved.records:,} records were saved; {lost}.{kept}"
    for backup in (await library.backups(info.id))[:1] if saved.lost else ():
        path = backups.backup_path(library.folder(info.id) / FILE, backup.name)
        held = await asyncio.to_thread(copies.counts, path)
        if held["records"] > saved.records:
            other = await library.restore_backup(info.id, backup.name)
            aside = f" What was saved is kept as {other.name}." if other else ""
            return f"{text} The backup {backup.name} has {held['records']:,}: it is used.{aside}"
    return text


async def _from_backup(library: Library, info: DatasetInfo, reason: str) -> str:
    for backup in await library.backups(info.id):
        kept = await library.restore_backup(info.id, backup.name)
        aside = f" What was there is kept as {kept.name}." if kept else ""
        return f"Nothing could be read, so the backup {backup.name} was put back.{aside}"
    raise StoreError(f"{reason} There is none: import the data again, or delete it from the list.")


def _runs(library: Library, info: DatasetInfo) -> Finding:
    name, folder = f"runs of {info.name} ({info.id})", library.folder(info.id)
    runs = [RunDir(path.parent) for path in sorted(folder.glob("runs/*/status.json"))]
    active = [run for run in runs if run.status().state not in TERMINAL]
    gone = [run for run in active if not run.alive()]
    if not gone:
        at_work = f"{len(active)} of {len(runs)} runs are at work."
        return Finding(Check(name=name, text=at_work if active else "No run is at work."))
    names = ", ".join(run.path.name for run in gone)

    async def mend() -> str:
        for run in gone:
            run.mark_dead()
        return f"{names}: noted as failed. What was finished is kept."

    text = f"{names}: not ended, but the process is gone. Opening the dataset settles it too."
    return Finding(Check(name=name, state="warning", text=text), mend)


def _halves(library: Library, info: DatasetInfo) -> Finding | None:
    """Files that a program left when it was cut off; None when there are none or one may be at work."""
    folder = library.folder(info.id)
    found = [path for pattern in (*HALVES, HALVES_OF_BACKUPS) for path in folder.glob(pattern)]
    if not found or _at_work(folder):
        return None
    names = ", ".join(sorted(path.name for path in found))

    async def mend() -> str:
        for path in found:
            path.unlink(missing_ok=True)
        return f"Deleted: {names}. They were halves; the dataset is what it was."

    check = Check(
        name=f"half files of {info.name} ({info.id})",
        state="warning",
        text=f"{names} in {folder}: left when something was cut off; nothing reads them.",
    )
    return Finding(check, mend)


async def _leftovers(library: Library, listed: set[str]) -> Finding:
    folders = [p for p in sorted((library.home / "datasets").iterdir()) if p.is_dir()]
    strays = [p for p in folders if p.name not in listed]
    busy = [p for p in strays if await asyncio.to_thread(_at_work, p)]
    cut_off = [p for p in strays if p not in busy]
    if not cut_off:
        note = " An import is at work." if busy else ""
        return Finding(
            Check(name="leftovers", text=f"No folder is left over from an import.{note}")
        )
    names = ", ".join(str(path) for path in cut_off)

    async def mend() -> str:
        return " ".join([await _settle(library, path) for path in cut_off])

    text = f"Folders of no dataset, left by an import that was cut off: {names}."
    return Finding(Check(name="leftovers", state="warning", text=text), mend)


def _at_work(folder: Path) -> bool:
    """Whether a program holds the folder (an import does from its first to its last moment)."""
    return integrity.is_open(folder / FILE) or any(
        RunDir(path.parent).alive() for path in folder.glob("runs/*/status.json")
    )


async def _settle(library: Library, folder: Path) -> str:
    """A whole dataset is listed, a deleted one is put in the trash, a half import is deleted."""
    if (folder / trash.NOTE).exists():
        entry = trash.Entry.model_validate_json((folder / trash.NOTE).read_bytes())
        await asyncio.to_thread(trash.put, folder, library.home, entry.note)
        return f"{folder.name} was deleted: it is in the trash for {trash.DAYS_KEPT} days."
    state, _ = await asyncio.to_thread(integrity.state_of, folder / FILE)
    if state == "ok":
        name = await leftovers.list_again(library, folder)
        return f"{folder.name} is whole: it is in the list again as “{name}”."
    if state in ("missing", "empty"):
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return f"{folder.name} was half an import: it is deleted. Import the file again."
    note = DatasetInfo(id=folder.name, name=folder.name, created=time.time(), opened=time.time())
    await asyncio.to_thread(trash.put, folder, library.home, note.model_dump_json())
    return f"{folder.name} is {state}: it is in the trash for {trash.DAYS_KEPT} days."


async def mend(findings: list[Finding]) -> list[Check]:
    """Mend what can be mended; what was done as a check each, failed where it could not be."""
    done = []
    for finding in findings:
        if finding.mend is None:
            continue
        try:
            done.append(Check(name=finding.check.name, text=await finding.mend()))
        except (StoreError, OSError) as error:
            done.append(Check(name=finding.check.name, state="failed", text=str(error)))
    return done
