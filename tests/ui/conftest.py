"""Fixtures of the window's tests: a themed Qt, waiting on conditions, a real app with a dataset."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.ui import kit
from app.ui.garbage import CycleCollector
from app.ui.panel import Panel
from app.ui.theme import Theme
from app.ui.theme_switch import use
from app.wiring import App
from tests.programs import running

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


async def drawn() -> None:
    """Qt has its turns, for what it does a moment later. A test on the loop must not process events
    itself: a task that becomes ready meanwhile cannot be entered, and never goes on."""
    for _ in range(5):
        await asyncio.sleep(0.001)


@pytest.fixture
def until() -> Until:
    """`await until(condition)`: gives the loop its turns until the condition holds."""

    async def wait(condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < end, "the condition never held"
            await asyncio.sleep(0.005)

    return wait


@pytest.fixture
def open_app(themed: QApplication, tmp_path: Path) -> OpenApp:
    """`async with open_app(rows) as app`: a real app; with rows (even none) their dataset is open."""

    return partial(running, tmp_path / "home")


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
