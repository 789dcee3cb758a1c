"""An append or a replacement that is killed at any moment has happened whole, or not at all.

The real command line with its real worker; both are killed at moments drawn from a seeded generator,
each recognised by what has been written by then. The next start leaves nothing half behind.
"""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.store import changes, integrity, trash
from app.store.library import FILE, DatasetInfo
from app.tools.datasets import STAGED
from app.wiring import App
from tests.importing.test_survival import ROOT, Imports, Moment, moment_from, read_to, write_chats

EARLIER, LATER = 300, 3000
WAL = f"{FILE}-wal"


@dataclass
class Into(Imports):
    """Files go into the dataset “earlier”."""

    replace: bool = False

    def start(self, file: Path, limit: int | None = None) -> "subprocess.Popen[str]":
        how = ["--replace"] if self.replace else []
        return subprocess.Popen(
            [sys.executable, "-m", "app", "import", str(file), "--into", "earlier", *how],
            cwd=ROOT,
            env={**os.environ, "RFT_STUDIO_HOME": str(self.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def folder_of_import(self, known: set[str]) -> Path | None:
        """Of an append it is the folder of the dataset itself."""
        if self.replace:
            return super().folder_of_import(known)
        return next((self.home / "datasets" / name for name in known), None)

    def found(self) -> dict[str, int]:
        """The records of each listed dataset by its id, each read from a file that is whole."""
        counts = {}
        for info in self.datasets():
            file = self.home / "datasets" / info.id / FILE
            if not file.exists() and info.id in {e.name for e in trash.entries(self.home)}:
                continue  # in the trash, and about to leave the list
            assert integrity.state_of(file) == ("ok", "")
            counts[info.id] = records_of(file)
        return counts

    def start_again(self, *, undo: bool = False) -> list[DatasetInfo]:
        """What the next start makes of it; the dataset is opened, and its newest change undone."""

        async def work() -> list[DatasetInfo]:
            app = await App.start(self.home)
            try:
                (info,) = await app.library.datasets()
                session = await app.open(info.id)
                if undo:
                    await app.call("undo")
                elif not self.replace:
                    assert await session.store.read(changes.next_undo) is None
                await app.close_dataset()
                return await app.library.datasets()
            finally:
                await app.close()

        return asyncio.run(work())


def records_of(file: Path) -> int:
    """The number of records; every one has its texts, and no change is half recorded."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        (records,) = db.execute("SELECT COUNT(*) FROM record").fetchone()
        assert db.execute("SELECT COUNT(*) FROM body").fetchone() == (records,)
        assert db.execute("SELECT COUNT(*) FROM change_current").fetchone() == (0,)
    return int(records)


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def moment_of_append(noise: random.Random, whole: int) -> Moment:
    """A moment of an append whose staged file has `whole` bytes in the end."""
    share = noise.random()
    kind = noise.choice(["begun", "read", "staged", "put in", "put in", "put in"])
    if kind == "begun":
        return lambda folder: (folder / "runs" / "append" / "config.json").exists()
    if kind == "read":
        return read_to("append", share)
    if kind == "staged":
        return lambda folder: (folder / "runs" / "append" / STAGED).exists()
    return lambda folder: size_of(folder / WAL) >= max(1.0, share * whole)


@pytest.mark.parametrize("kills", [2, pytest.param(40, marks=pytest.mark.slow)])
@pytest.mark.timeout(1200)
def test_a_killed_append_came_in_whole_or_not_at_all(tmp_path: Path, kills: int) -> None:
    imports = Into(tmp_path / "home")
    assert imports.run(write_chats(tmp_path / "earlier.jsonl", EARLIER, seed=1)) == ""
    more = write_chats(tmp_path / "more.jsonl", LATER)
    (info,) = imports.datasets()
    folder = imports.home / "datasets" / info.id
    noise = random.Random(2026)
    killed = came_in = 0
    while killed < kills:
        killed += imports.kill_at(more, moment_of_append(noise, more.stat().st_size))
        (records,) = imports.found().values()
        assert records in (EARLIER, EARLIER + LATER)
        came_in += records > EARLIER
        (after,) = imports.start_again(undo=records > EARLIER)
        assert after.records == records_of(folder / FILE) == EARLIER
        assert list((folder / "runs" / "append").glob(f"{STAGED}*")) == []
    print(f"{killed} appends killed, {came_in} of all had come in whole")
    with imports.start(more) as program:
        program.communicate()
    assert program.returncode == 0
    assert imports.found() == {info.id: EARLIER + LATER}


@pytest.mark.parametrize("kills", [2, pytest.param(40, marks=pytest.mark.slow)])
@pytest.mark.timeout(1200)
def test_a_killed_replacement_happened_or_did_not(tmp_path: Path, kills: int) -> None:
    imports = Into(tmp_path / "home", replace=True)
    files = {
        EARLIER: write_chats(tmp_path / "earlier.jsonl", EARLIER, seed=1),
        LATER: write_chats(tmp_path / "later.jsonl", LATER),
    }
    assert imports.run(files[EARLIER]) == ""
    noise = random.Random(2027)
    killed = replaced = 0
    while killed < kills:
        (info,) = imports.datasets()
        other = EARLIER + LATER - info.records
        moment = moment_from(noise, 2 * files[other].stat().st_size)
        if noise.random() < 0.3:
            in_trash = imports.home / trash.FOLDER / info.id
            moment = lambda folder, place=in_trash: place.exists()  # noqa: E731
        killed += imports.kill_at(files[other], moment)
        found = imports.found()
        assert found.get(info.id, info.records) == info.records, "the old one is what it was"
        assert set(found.values()) <= {info.records, other}
        assert found, "there is none at all"
        (after,) = imports.start_again()
        assert imports.found() == {after.id: after.records}
        replaced += after.records == other
        lies = {entry.name for entry in trash.entries(imports.home)}
        assert (info.id in lies) == (after.records == other)
        assert [p.name for p in (imports.home / "datasets").iterdir()] == [after.id]
    print(f"{killed} replacements killed, {replaced} of all had happened")
