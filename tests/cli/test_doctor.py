"""The doctor on a healthy folder, on damaged files and on runs whose process is gone."""

from pathlib import Path
from typing import Any

import pytest

from app.cli import doctor
from app.errors import AppError
from app.workers import RunDir, Status, write_atomic
from tests.cli.conftest import Done, Rft


@pytest.fixture(autouse=True)
def _without_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window's check starts a program; one test is enough for it."""
    some = {name: p for name, p in doctor.INSTALLATION.items() if name != "window"}
    monkeypatch.setattr(doctor, "INSTALLATION", some)


def by_name(done: Done) -> dict[str, Any]:
    (report,) = done.json
    assert report["healthy"] == (done.code == 0)
    return {check["name"].split(" (")[0]: check for check in report["checks"]}


def test_healthy(rft: Rft, chats: Path) -> None:
    rft("import", chats)
    found = by_name(rft("doctor", "--json"))
    assert {check["state"] for check in found.values()} == {"ok"}
    assert found["dataset chats"]["text"] == "The file is whole."
    done = rft("doctor")
    assert done.code == 0
    assert len(done.out.splitlines()) == len(found)


def test_damage_is_named(rft: Rft, chats: Path, home: Path) -> None:
    (report,) = rft("import", chats, "--json").json
    file = home / "datasets" / report["dataset"] / "dataset.sqlite"
    data = bytearray(file.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    file.write_bytes(data)
    check = by_name(rft("doctor", "--json"))["dataset chats"]
    assert check["state"] == "failed"
    assert str(file) in check["text"]
    file.write_bytes(b"")
    assert "empty" in by_name(rft("doctor", "--json"))["dataset chats"]["text"]


def test_stale_runs_and_leftovers_are_notes(rft: Rft, chats: Path, home: Path) -> None:
    (report,) = rft("import", chats, "--json").json
    run = RunDir(home / "datasets" / report["dataset"] / "runs" / "train-1")
    run.prepare({})
    gone = Status(state="running", pid=2**22 - 1, created=1.0)
    write_atomic(run.path / "status.json", gone.model_dump_json().encode())
    (home / "datasets" / "cut-off").mkdir()
    done = rft("doctor", "--json")
    found = by_name(done)
    assert done.code == 0
    assert found["runs of chats"]["state"] == found["leftovers"]["state"] == "warning"
    assert "train-1" in found["runs of chats"]["text"]
    assert "cut-off" in found["leftovers"]["text"]


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
