"""An import that is killed, runs out of room or loses its file leaves nothing half and nothing lost.

The real command line with its real worker on real files; both are killed at moments drawn from a
seeded generator, each recognised by what the import has done by then.
"""

import asyncio
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil
import pytest

from app.cli import repair
from app.errors import AppError, StoreError
from app.store import integrity
from app.store.library import FILE, DatasetInfo, Library
from app.wiring import App
from app.workers import RunDir

ROOT = Path(__file__).parents[2]
LINES = 4000
WAIT_SECONDS = 300  # a machine at work for others may be slow
Moment = Callable[[Path], bool]


def write_chats(path: Path, lines: int, seed: int = 0) -> Path:
    """Chat records of about 400 bytes, all different."""
    noise = random.Random(seed)
    with path.open("wb") as file:
        for number in range(lines):
            text = f"{number} " + " ".join(str(noise.random()) for _ in range(15))
            record = {"messages": [{"role": "user", "content": text}], "reference": str(number)}
            file.write(orjson.dumps(record) + b"\n")
    return path


@dataclass
class Imports:
    """A user folder, and the program that imports into it."""

    home: Path

    def start(self, file: Path, limit: int | None = None) -> "subprocess.Popen[str]":
        """`rft-studio import FILE` in a group of its own; `limit` is the most bytes of a file."""

        def before() -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.Popen(
            [sys.executable, "-m", "app", "import", str(file), "--name", file.stem],
            cwd=ROOT,
            env={**os.environ, "RFT_STUDIO_HOME": str(self.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=before,  # the child limits itself, before any thread of it exists
        )

    def run(self, file: Path, meanwhile: Moment | None = None) -> str:
        """Import in this process, with a worker; what was said when it failed, else nothing.

        `meanwhile` is called with the import's folder again and again until it says that it is done.
        """

        async def work() -> str:
            try:
                app = await App.start(self.home)
            except AppError as error:
                return str(error)
            known = {path.name for path in (self.home / "datasets").glob("*")}
            task = asyncio.ensure_future(app.import_file(file, file.stem))
            try:
                while meanwhile is not None and not task.done():
                    folder = self.folder_of_import(known)
                    if folder is not None and meanwhile(folder):
                        break
                    await asyncio.sleep(0.001)  # between two looks at the files
                await task
            except AppError as error:
                return str(error)
            finally:
                await app.close()
            return ""

        return asyncio.run(work())

    def datasets(self) -> list[DatasetInfo]:
        async def read() -> list[DatasetInfo]:
            library = await Library.open(self.home)
            try:
                return await library.datasets()
            finally:
                await library.close()

        return asyncio.run(read())

    def repair(self) -> list[str]:
        """Mend everything; raises when something stays wrong."""

        async def work() -> list[str]:
            library = await Library.open(self.home)
            try:
                done = await repair.mend([f async for f in repair.examine_datasets(library)])
                left = [f.check async for f in repair.examine_datasets(library)]
            finally:
                await library.close()
            assert {check.state for check in (*done, *left)} <= {"ok"}
            return [check.text for check in done]

        return asyncio.run(work())

    def check(self, expected: dict[str, int]) -> None:
        """Every listed dataset is whole, with its number of records; no other is listed."""
        assert {info.name: info.records for info in self.datasets()} == expected
        for info in self.datasets():
            file = self.home / "datasets" / info.id / FILE
            assert integrity.state_of(file) == ("ok", "")
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
                for table in ("record", "body"):
                    count = db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
                    assert count == (expected[info.name],)

    def folder_of_import(self, known: set[str]) -> Path | None:
        """The folder of the import at work: the one that was not there before."""
        fresh = [p for p in (self.home / "datasets").glob("*") if p.name not in known]
        return fresh[0] if fresh else None

    def kill_at(self, file: Path, moment: Moment) -> bool:
        """Start an import and kill program and worker at the moment; False when it had ended."""
        known = {p.name for p in (self.home / "datasets").glob("*")}
        program = self.start(file)
        try:
            deadline = time.monotonic() + WAIT_SECONDS
            while program.poll() is None:
                folder = self.folder_of_import(known)
                if folder is not None and moment(folder):
                    break
                assert time.monotonic() < deadline, "the moment never came"
                time.sleep(0.001)  # between two looks at the files
            return program.poll() is None
        finally:
            kill_group(program)


def kill_group(program: "subprocess.Popen[str]") -> None:
    """SIGKILL to the program and its workers, and wait until all of them are gone."""
    try:
        workers = psutil.Process(program.pid).children(recursive=True)
        os.killpg(program.pid, signal.SIGKILL)
    except (psutil.NoSuchProcess, ProcessLookupError):
        workers = []  # it ended by itself meanwhile, after its workers
    program.communicate()
    _, left = psutil.wait_procs(workers, timeout=WAIT_SECONDS)
    assert not left


def written(folder: Path) -> int:
    """Bytes of the dataset file that is being built."""
    total = 0
    for path in folder.glob(f"{FILE}.part*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue  # renamed or deleted between the two looks
    return total


def read_to(task: str, share: float) -> Moment:
    """When that share of the file was read."""

    def read(folder: Path) -> bool:
        status = RunDir(folder / "runs" / task).status()
        return status.total > 0 and status.done >= share * status.total

    return read


def moment_from(noise: random.Random, whole: int) -> Moment:
    """A moment of an import that ends with a file of `whole` bytes."""
    share = noise.random()
    kind = noise.choice(["begun", "read", "read", "written", "written", "renamed"])
    if kind == "begun":
        return lambda folder: (folder / "runs" / "import" / "config.json").exists()
    if kind == "read":
        return read_to("import", share)
    if kind == "written":
        return lambda folder: written(folder) >= max(1.0, share * whole)
    return lambda folder: (folder / FILE).exists()


@pytest.fixture
def imports(tmp_path: Path) -> Imports:
    return Imports(tmp_path / "home")


@pytest.mark.parametrize("kills", [6, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.timeout(1200)
def test_killed_at_any_moment_an_import_is_whole_or_not_there(
    imports: Imports, tmp_path: Path, kills: int
) -> None:
    earlier = write_chats(tmp_path / "earlier.jsonl", 300, seed=1)
    later = write_chats(tmp_path / "later.jsonl", LINES)
    assert imports.run(later) == ""
    (info,) = imports.datasets()
    whole = (imports.home / "datasets" / info.id / FILE).stat().st_size
    shutil.rmtree(imports.home)
    assert imports.run(earlier) == ""
    noise = random.Random(2026)
    killed = came_through = 0
    while killed < kills:
        killed += imports.kill_at(later, moment_from(noise, whole))
        names = [info.name for info in imports.datasets()]
        expected = {"earlier": 300} | ({"later": LINES} if "later" in names else {})
        imports.check(expected)
        imports.repair()
        if "later" in {info.name for info in imports.datasets()}:
            came_through += 1  # it was whole already, listed by itself or by the repair
            imports.check({"earlier": 300, "later": LINES})
            asyncio.run(delete(imports.home, "later"))
        imports.check({"earlier": 300})
        assert len(list((imports.home / "datasets").iterdir())) == 1
    assert came_through < kills
    print(f"{killed} killed, {came_through} of those imports were whole already")
    assert imports.run(later) == ""
    imports.check({"earlier": 300, "later": LINES})


async def delete(home: Path, name: str) -> None:
    library = await Library.open(home)
    await library.delete((await library.get(name)).id, forever=True)
    await library.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB; skipped where this user may not mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if sys.platform != "linux" or not shutil.which("mount"):
        pytest.skip("a small file system can be mounted on Linux only")
    if (done := subprocess.run(mount, capture_output=True, text=True, check=False)).returncode:
        pytest.skip(f"this user may not mount a file system: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_told_and_the_earlier_data_stays(small_disk: Path, tmp_path: Path) -> None:
    imports = Imports(small_disk / "home")
    assert imports.run(write_chats(tmp_path / "earlier.jsonl", 300)) == ""
    said = imports.run(write_chats(tmp_path / "later.jsonl", 7000))
    assert "The disk is full. Free some space" in said
    assert str(small_disk) in said
    imports.check({"earlier": 300})
    assert len(list((imports.home / "datasets").iterdir())) == 1
    assert imports.run(write_chats(tmp_path / "small.jsonl", 300, seed=2)) == ""
    imports.check({"earlier": 300, "small": 300})


def test_a_read_only_disk_is_told_and_the_earlier_data_stays(
    small_disk: Path, tmp_path: Path
) -> None:
    imports = Imports(small_disk / "home")
    assert imports.run(write_chats(tmp_path / "earlier.jsonl", 300)) == ""
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    said = imports.run(write_chats(tmp_path / "later.jsonl", 300))
    assert "read-only" in said.lower()
    assert str(small_disk) in said
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    imports.check({"earlier": 300})


def test_a_limit_on_the_size_of_files_is_told_and_the_earlier_data_stays(
    imports: Imports, tmp_path: Path
) -> None:
    assert imports.run(write_chats(tmp_path / "earlier.jsonl", 300)) == ""
    later = write_chats(tmp_path / "later.jsonl", LINES)
    program = imports.start(later, limit=1_000_000)
    _, said = program.communicate(timeout=WAIT_SECONDS)
    assert program.returncode == 1
    assert str(imports.home) in said
    assert "may not grow" in said or "cannot be read or written" in said
    imports.check({"earlier": 300})
    assert len(list((imports.home / "datasets").iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_told(imports: Imports, tmp_path: Path) -> None:
    imports.home.mkdir()
    (imports.home / "datasets").write_text("a file where the folder must be")
    said = imports.run(write_chats(tmp_path / "some.jsonl", 10))
    assert str(imports.home) in said


def test_a_file_that_vanishes_while_it_is_read_is_read_to_its_end(
    imports: Imports, tmp_path: Path
) -> None:
    file = write_chats(tmp_path / "vanishing.jsonl", LINES)

    def vanish(folder: Path) -> bool:
        status = RunDir(folder / "runs" / "import").status()
        if status.total and status.done < status.total:
            file.unlink()
        return not file.exists()

    assert imports.run(file, vanish) == "", "an open file can be read although its name is gone"
    assert not file.exists()
    imports.check({"vanishing": LINES})


def test_a_file_that_is_not_there_is_told(imports: Imports, tmp_path: Path) -> None:
    said = imports.run(tmp_path / "nowhere.jsonl")
    assert "nowhere.jsonl" in said
    assert imports.datasets() == []
    assert list((imports.home / "datasets").iterdir()) == []


def test_a_file_that_grows_while_it_is_read_gives_whole_records_only(
    imports: Imports, tmp_path: Path
) -> None:
    file = write_chats(tmp_path / "growing.jsonl", LINES)
    more = write_chats(tmp_path / "more.jsonl", 50, seed=3).read_bytes()

    def grow(folder: Path) -> bool:
        if not RunDir(folder / "runs" / "import").status().total:
            return False
        with file.open("ab") as growing:
            growing.write(more)
        return True

    assert imports.run(file, grow) == ""
    (info,) = imports.datasets()
    assert info.records in (LINES, LINES + 50)
    imports.check({"growing": info.records})


def test_a_dataset_that_is_open_is_told_to_the_second_program(
    imports: Imports, tmp_path: Path
) -> None:
    assert imports.run(write_chats(tmp_path / "one.jsonl", 300)) == ""
    (info,) = imports.datasets()
    with (
        integrity.held(imports.home / "datasets" / info.id / FILE),
        pytest.raises(StoreError, match=r"is open in another RFT Studio\. Close it there first"),
    ):
        asyncio.run(open_dataset(imports.home, info.id))
    imports.check({"one": 300})


async def open_dataset(home: Path, dataset: str) -> None:
    library = await Library.open(home)
    try:
        await library.open_store(dataset)
    finally:
        await library.close()
