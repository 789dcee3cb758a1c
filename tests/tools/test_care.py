"""At its opening a dataset gets its backup of the day; a large one left open is checked, then closed."""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.errors import StoreError
from app.store import backups, integrity
from app.store.integrity import DamagedError
from app.wiring import App
from tests.programs import running
from tests.store.conftest import row
from tests.store.damage import damage, pages_of

OpenApp = Callable[[], AbstractAsyncContextManager[App]]


@pytest.fixture
def program(tmp_path: Path) -> OpenApp:
    """An App with a dataset of 400 records open."""

    return lambda: running(tmp_path / "home", (row(n) for n in range(400)))


async def reopened(app: App) -> None:
    assert app.session is not None
    dataset = app.session.dataset_id
    await app.close_dataset()
    await app.open(dataset)


async def until_idle(app: App) -> None:
    """Until no job of the dataset is at work any more."""
    while app.jobs.active:
        await asyncio.sleep(0.01)


async def busy_with(app: App, name: str) -> asyncio.Event:
    """Start a heavy job; set what is returned to end it."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work(job: Any) -> None:
        begun.set()
        await ended.wait()

    app.jobs.start(app.jobs.run(name, work, heavy=True))
    await begun.wait()
    return ended


def file_of(app: App) -> Path:
    assert app.session is not None
    return app.session.store.path


async def test_the_backup_of_the_day_is_there_when_a_dataset_has_opened(program: OpenApp) -> None:
    async with program() as app:
        (made,) = backups.backups(file_of(app))
        assert made.kind == "daily"
        await app.call("set_goal", goal="another")
        await reopened(app)
        assert backups.backups(file_of(app)) == [made], "one a day"


async def test_a_large_file_is_copied_by_a_job_that_waits_its_turn(
    program: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "LARGE_BYTES", 1000)
    monkeypatch.setattr(backups, "daily_due", lambda path: not backups.backups(path))
    async with program() as app:
        await until_idle(app)
        shutil.rmtree(file_of(app).with_name(backups.FOLDER))
        ended = await busy_with(app, "Training")
        await reopened(app)
        (waiting,) = [job for job in app.jobs.active if job.name == "Backup of the day"]
        while waiting.text != "waits for Training":
            await asyncio.sleep(0.01)
        assert backups.backups(file_of(app)) == []
        ended.set()
        await until_idle(app)
        assert len(backups.backups(file_of(app))) == 1


async def test_a_backup_that_cannot_be_made_is_told_and_stops_nothing(
    program: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with program() as app:
        shutil.rmtree(file_of(app).with_name(backups.FOLDER))
        room = SimpleNamespace(free=10)
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: room)
        told: list[BaseException] = []
        app.jobs.on_error = told.append
        await reopened(app)
        assert app.session is not None
        (error,) = told
        assert isinstance(error, StoreError)
        assert "No backup was made" in str(error)


async def test_closing_a_dataset_ends_its_copy(
    program: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "LARGE_BYTES", 1000)
    monkeypatch.setattr(backups, "daily_due", lambda path: not backups.backups(path))
    async with program() as app:
        await until_idle(app)
        folder = file_of(app).with_name(backups.FOLDER)
        shutil.rmtree(folder)
        ended = await busy_with(app, "Training")
        await reopened(app)
        assert app.session is not None
        app.session.store.idle.clear()  # as if a long write ran
        ended.set()
        while not list(folder.glob("*.part")):
            await asyncio.sleep(0.01)
        await app.close_dataset()
        assert list(folder.iterdir()) == []


async def test_a_large_damaged_file_is_closed_and_told(
    program: OpenApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with program() as app:
        path = file_of(app)
        assert app.session is not None
        dataset = app.session.dataset_id
        told: list[BaseException] = []
        app.jobs.on_error = told.append
        await app.close_dataset()
        integrity.set_mark(path)
        await app.open(dataset)
        await app.close_dataset()
        assert told == []
        integrity.set_mark(path)
        damage(path, [pages_of(path, "body")[0]])
        with pytest.raises(DamagedError):
            await app.open(dataset)
        monkeypatch.setattr(backups, "LARGE_BYTES", 1000)
        session = await app.open(dataset)
        assert session.store.unverified
        while not told:
            await asyncio.sleep(0.01)
        assert app.session is None
        assert [type(error) for error in told] == [DamagedError]
        assert integrity.mark_of(path).exists()
        caplog.clear()  # the card of a damaged file may not be read any more
