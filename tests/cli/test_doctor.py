"""The doctor on a healthy folder, on damaged files and on runs whose process is gone."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.cli import doctor
from app.errors import AppError
from app.store import backups, integrity, trash
from app.store.create import create_dataset
from app.store.library import FILE, DatasetInfo, Library
from app.workers import RunDir, Status, write_atomic
from tests.cli.conftest import Done, Rft
from tests.store.conftest import row
from tests.store.damage import damage, pages_of

RECORDS = 400


@pytest.fixture(autouse=True)
def _without_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window's check starts a program; one test is enough for it."""
    some = {name: p for name, p in doctor.INSTALLATION.items() if name != "window"}
    monkeypatch.setattr(doctor, "INSTALLATION", some)


def by_name(done: Done) -> dict[str, Any]:
    (report,) = done.json
    assert report["healthy"] == (done.code == 0)
    return {check["name"].split(" (")[0]: check for check in report["checks"]}


def dataset(home: Path, name: str = "chats", *, listed: bool = True) -> Path:
    """A dataset file of 400 records of about 1 KB, in the list unless told otherwise."""

    async def make() -> Path:
        library = await Library.open(home)
        file = library.folder(name) / FILE
        file.parent.mkdir()
        rows = (
            row(n, messages=[{"role": "user", "content": f"{n} " * 250}]) for n in range(RECORDS)
        )
        create_dataset(file, rows, {"name": name})
        if listed:
            await library.add(name, name, records=RECORDS, invalid=0)
        await library.close()
        return file

    return asyncio.run(make())


def test_healthy(rft: Rft, home: Path) -> None:
    dataset(home)
    found = by_name(rft("doctor", "--json"))
    assert {check["state"] for check in found.values()} == {"ok"}
    assert found["dataset chats"]["text"] == "The file is whole."
    done = rft("doctor")
    assert done.code == 0
    assert len(done.out.splitlines()) == len(found)


def test_damage_is_named(rft: Rft, home: Path) -> None:
    file = dataset(home)
    damage(file, [pages_of(file, "body")[1]])
    check = by_name(rft("doctor", "--json"))["dataset chats"]
    assert check["state"] == "failed"
    assert str(file) in check["text"]
    assert "doctor --repair" in check["text"]
    file.write_bytes(b"")
    assert "empty" in by_name(rft("doctor", "--json"))["dataset chats"]["text"]


def test_damage_is_mended_and_the_damaged_file_is_kept(rft: Rft, home: Path) -> None:
    file = dataset(home)
    damage(file, [pages_of(file, "body")[1]])
    damaged = file.read_bytes()
    done = rft("doctor", "--repair", "--json")
    (repaired,) = done.json[0]["repairs"]
    assert done.code == 0
    assert "records were saved" in repaired["text"]
    (kept,) = file.parent.glob("dataset.aside-*.sqlite")
    assert kept.name in repaired["text"]
    assert kept.read_bytes() == damaged
    (saved,) = rft("stats", "--json").json[0]
    assert 0 < saved["records"] < RECORDS
    assert rft("stats", "chats", "--json").json[0]["records"] == saved["records"]


@pytest.mark.parametrize("trouble", ["lost rows", "damaged head", "empty", "missing"])
def test_a_backup_is_used_where_it_has_more(rft: Rft, home: Path, trouble: str) -> None:
    file = dataset(home)
    made = backups.back_up_daily(file)
    if trouble == "lost rows":
        damage(file, pages_of(file, "body")[:2])
    elif trouble == "damaged head":
        damage(file, [0])
    elif trouble == "empty":
        file.write_bytes(b"")
    else:
        file.unlink()
    done = rft("doctor", "--repair")
    assert done.code == 0
    assert made.name in done.out
    assert rft("stats", "chats", "--json").json[0]["records"] == RECORDS
    if trouble == "lost rows":
        assert len(list(file.parent.glob("dataset.aside-*.sqlite"))) == 2


def test_what_cannot_be_mended_stays_named(rft: Rft, home: Path) -> None:
    file = dataset(home)
    file.unlink()
    done = rft("doctor", "--repair")
    assert done.code == 1
    assert "import the data again" in done.out
    with closing(sqlite3.connect(dataset(home, "newer"))) as db:
        db.execute("PRAGMA user_version = 99")
    found = by_name(rft("doctor", "--repair", "--json"))
    assert "Update the app" in found["dataset newer"]["text"]


def test_stale_runs_are_settled(rft: Rft, home: Path) -> None:
    run = RunDir(dataset(home).parent / "runs" / "train-1")
    run.prepare({})
    gone = Status(state="running", pid=2**22 - 1, created=1.0)
    write_atomic(run.path / "status.json", gone.model_dump_json().encode())
    done = rft("doctor", "--json")
    found = by_name(done)
    assert done.code == 0
    assert found["runs of chats"]["state"] == "warning"
    assert "train-1" in found["runs of chats"]["text"]
    assert run.status().state == "running", "it only looks"
    rft("doctor", "--repair")
    assert run.status().state == "failed"
    assert by_name(rft("doctor", "--json"))["runs of chats"]["state"] == "ok"


def test_a_mark_without_its_program_and_half_files_are_cleared(rft: Rft, home: Path) -> None:
    file = dataset(home)
    integrity.set_mark(file)
    half = file.with_name(f"{file.name}.recovered-journal")
    half.touch()
    found = by_name(rft("doctor", "--json"))
    assert found["dataset chats"]["state"] == found["half files of chats"]["state"] == "warning"
    done = rft("doctor", "--repair", "--json")
    assert {check["state"] for check in by_name(done).values()} == {"ok"}
    assert len(done.json[0]["repairs"]) == 2
    assert not half.exists()


def test_leftovers_a_half_import_a_whole_dataset_and_a_half_deletion(rft: Rft, home: Path) -> None:
    whole = dataset(home, "whole", listed=False)
    deleted = dataset(home, "gone", listed=False)
    info = DatasetInfo(id="gone", name="gone", created=1.0, opened=1.0)
    entry = trash.Entry(name="gone", at=time.time(), note=info.model_dump_json())
    write_atomic(deleted.parent / trash.NOTE, entry.model_dump_json().encode())
    half = home / "datasets" / "half"
    half.mkdir(parents=True)
    (half / "dataset.sqlite.part").write_bytes(b"half")
    found = by_name(rft("doctor", "--json"))["leftovers"]
    assert found["state"] == "warning"
    assert "half" in found["text"]
    with integrity.held(half / FILE):  # as an import does that is at work
        text = rft("doctor", "--repair").out
        assert half.exists()
    assert "in the list again as “whole”" in text
    assert "half was half an import" in rft("doctor", "--repair").out
    assert by_name(rft("doctor", "--json"))["leftovers"]["state"] == "ok"
    assert [d["name"] for d in rft("stats", "--json").json[0]] == ["whole"]
    assert whole.exists()
    assert not half.exists()
    assert [e.name for e in trash.entries(home)] == ["gone"]


def test_an_open_dataset_is_examined_and_left_alone(rft: Rft, home: Path) -> None:
    file = dataset(home)
    integrity.set_mark(file)
    with integrity.held(file):
        found = by_name(rft("doctor", "--repair", "--json"))
    assert "open in RFT Studio now" in found["dataset chats"]["text"]
    assert integrity.mark_of(file).exists()


def test_settings_that_cannot_be_read(rft: Rft, home: Path) -> None:
    home.mkdir()
    (home / "settings.json").write_text("{")
    done = rft("doctor", "--json")
    assert done.code == 1
    assert by_name(done)["settings"]["state"] == "failed"


async def test_the_window_is_checked_in_a_program_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert "window" in await doctor.checks.window()
    monkeypatch.setenv("DISPLAY", ":no-such-screen")
    with pytest.raises(AppError, match="cannot open"):
        await doctor.checks.window()
