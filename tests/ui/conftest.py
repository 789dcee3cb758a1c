"""Fixtures of the window's tests: a themed Qt, waiting on conditions, a real app with a dataset."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.store.create import create_dataset
from app.store.library import FILE
from app.ui import kit
from app.ui.garbage import CycleCollector
from app.ui.panel import Panel
from app.ui.theme import Theme
from app.ui.theme_switch import use
from app.wiring import App

Until = Callable[[Callable[[], object]], Awaitable[None]]
OpenApp = Callable[..., AbstractAsyncContextManager[App]]
ShowPanel = Callable[..., Awaitable[Any]]
PATIENCE_SECONDS = 60.0  # a loaded machine is slow; a condition that never holds still fails


@pytest.fixture(scope="package", autouse=True)
def collected_here(qapp: QApplication) -> Iterator[None]:
    """Cycles are freed on this thread, as in the program."""
    owner = QObject()
    CycleCollector(owner)
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def themed(qapp: QApplication) -> QApplication:
    """The application in the light theme without motion."""
    qapp.setQuitOnLastWindowClosed(False)  # as the program does: else a closed window ends the loop
    use(qapp, Theme("light", reduced_motion=True))
    return qapp


@pytest.fixture
def until() -> Until:
    """`await until(condition)`: gives the loop its turns until the condition holds."""

    async def wait(condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < end, "the condition never held"
            await asyncio.sleep(0.005)

    return wait


async def add_dataset(app: App, rows: list[dict[str, Any]], name: str, **meta: Any) -> str:
    """A dataset of these rows in the library; returns its id."""
    dataset_id, folder = app.library.new_folder()
    create_dataset(folder / FILE, rows, {"name": name, **meta})
    invalid = sum(not row.get("valid", True) for row in rows)
    await app.library.add(dataset_id, name, records=len(rows), invalid=invalid)
    return dataset_id


@pytest.fixture
def open_app(themed: QApplication, tmp_path: Path) -> OpenApp:
    """`async with open_app(rows) as app`: a real app; with rows (even none) their dataset is open."""

    @asynccontextmanager
    async def open_it(
        rows: list[dict[str, Any]] | None = None, *, name: str = "Tickets", **meta: Any
    ) -> AsyncIterator[App]:
        app = await App.start(tmp_path / "home")
        try:
            if rows is not None:
                await app.open(await add_dataset(app, rows, name, **meta))
            yield app
        finally:
            await app.close()

    return open_it


@pytest.fixture
def show_panel(qtbot: QtBot) -> ShowPanel:
    """`panel = await show_panel(app, TopicsPanel)`: shown, listening, and done with its reading."""

    async def show(app: App, kind: type[Panel], *, size: tuple[int, int] = (860, 740)) -> Panel:
        panel = kind(app)
        qtbot.addWidget(panel)
        panel.resize(*size)
        if app.session is not None:
            app.session.store.subscribe(lambda event: panel.on_events([event]))
        panel.show()
        await app.jobs.wait()
        while kit.pending():
            await asyncio.sleep(0)
        return panel

    return show
