"""What a program that was killed left in the user folder: finished where it is whole, else deleted.

Only imports and replacements: whatever else is found there is for the doctor.
"""

import asyncio
import logging
import shutil
from pathlib import Path

from app.errors import StoreError
from app.store import copies, integrity, meta
from app.store.library import FILE, Library
from app.store.store import Store
from app.workers import RunDir, end_worker

log = logging.getLogger(__name__)
IMPORT = Path("runs", "import")  # in a dataset's folder, from an import's first to its last moment
REPLACES = "replaces"  # a file there: the id of the dataset whose place this one takes


async def settle(library: Library) -> None:
    """Delete half imports, list a whole one, and end replacements; what is at work is left alone."""
    listed = {info.id for info in await library.datasets()}
    cut_off, replacing = await asyncio.to_thread(_found, library, listed)
    for folder in cut_off:
        try:
            await _settle(library, folder)
        except StoreError as error:  # the doctor tells more, and mends it
            log.info("%s, left by an import, stays as it is: %s", folder, error)
    for folder in replacing:
        await finish_replacement(library, folder.name)


def will_replace(folder: Path, dataset_id: str) -> None:
    """Note in a new dataset's folder that it takes the place of another, before it is listed."""
    (folder / REPLACES).write_text(dataset_id)


async def finish_replacement(library: Library, new: str) -> None:
    """Put the dataset that `new` replaces in the trash; one that is open stays until the next start.

    Nothing happens when `new` replaces none, or is not listed.
    """
    note = library.folder(new) / REPLACES
    listed = {info.id for info in await library.datasets()}
    if new not in listed or not await asyncio.to_thread(note.exists):
        return
    old = await asyncio.to_thread(note.read_text)
    if old in listed:
        if await asyncio.to_thread(integrity.is_open, library.folder(old) / FILE):
            return
        await library.delete(old)
    await asyncio.to_thread(note.unlink, missing_ok=True)


async def list_again(library: Library, folder: Path) -> str:
    """List a whole dataset that is in no list; returns its name. Raises StoreError."""
    store = await Store.open(folder / FILE, folder.name)
    name = str((await store.read(meta.get, "name")) or folder.name)
    await store.close()
    counts = await asyncio.to_thread(copies.counts, folder / FILE)
    await library.add(folder.name, name, **counts)
    return name


def _found(library: Library, listed: set[str]) -> tuple[list[Path], list[Path]]:
    """Folders of imports that were cut off, and of datasets that are to replace another."""
    folders = sorted((library.home / "datasets").iterdir())
    cut_off = [
        folder
        for folder in folders
        if folder.name not in listed
        and (folder / IMPORT).is_dir()
        and not integrity.is_open(folder / FILE)
    ]
    return cut_off, [folder for folder in folders if (folder / REPLACES).exists()]


async def _settle(library: Library, folder: Path) -> None:
    run = RunDir(folder / IMPORT)
    if run.alive():  # its program is dead: a living one holds the file
        await end_worker(run)
    if (folder / FILE).exists():
        await list_again(library, folder)
    else:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
