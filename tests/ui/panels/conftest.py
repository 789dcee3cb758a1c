"""A real app with one open dataset, and panels shown over it that hear the store's events."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from app.store.create import create_dataset
from app.store.library import FILE
from app.ui.bridge import Bridge
from app.ui.panel import Panel
from app.wiring import App

OpenApp = Callable[..., AbstractAsyncContextManager[App]]
ShowPanel = Callable[..., Awaitable[Any]]


def record(number: int) -> dict[str, Any]:
    """A row of a dataset: one question, its splits in turn."""
    return {
        "messages": [{"role": "user", "content": f"question {number}"}],
        "preview": f"question {number}",
        "content_hash": f"h{number}",
        "cluster": f"c{number}",
        "split": ("train", "validation", "test")[number % 3],
        "tokens": number,
        "valid": True,
        "issues": [],
    }


@pytest.fixture
def make_rows() -> Callable[[int], list[dict[str, Any]]]:
    """`make_rows(n)`: n valid records."""
    return lambda count: [record(i) for i in range(1, count + 1)]


Shown = list[tuple[Panel, Bridge]]


@pytest.fixture
def shown_panels() -> Iterator[Shown]:
    """What `show_panel` made; taken down before the app closes, as the window does it."""
    made: Shown = []
    yield made
    for panel, bridge in made:
        panel.deleteLater()
        bridge.deleteLater()


@pytest.fixture
def open_app(tmp_path: Path, shown_panels: Shown) -> OpenApp:
    """Opens an app on a dataset of these rows; all is closed at the end of the `async with`."""

    @asynccontextmanager
    async def open_it(rows: Sequence[dict[str, Any]], **meta: Any) -> AsyncIterator[App]:
        app = await App.start(tmp_path / "home")
        try:
            dataset_id, folder = app.library.new_folder()
            folder.mkdir(parents=True, exist_ok=True)
            create_dataset(folder / FILE, rows, {"goal": "answer", **meta})
            await app.library.add(dataset_id, "Test data", records=len(rows), invalid=0)
            await app.open(dataset_id)
            yield app
        finally:
            for panel, bridge in shown_panels:
                bridge.detach()
                panel.hide()
            await app.close()

    return open_it


@pytest.fixture
def show_panel(themed: QApplication, shown_panels: Shown) -> ShowPanel:
    """`await show_panel(app, PanelClass)`: shown, read, and fed with the store's events."""
    themed.setQuitOnLastWindowClosed(False)  # a panel that goes would stop the next test's loop

    async def show(app: App, kind: type[Panel], size: tuple[int, int] = (840, 720)) -> Panel:
        panel, bridge = kind(app), Bridge()
        shown_panels.append((panel, bridge))
        assert app.session is not None
        bridge.attach(app.session.store)
        bridge.changed.connect(panel.on_events)
        panel.resize(*size)
        panel.show()
        await app.jobs.wait()
        return panel

    return show
