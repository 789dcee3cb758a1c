"""The window: what it shows of the app, how it folds, moves the focus, asks and closes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.domain.fingerprints import Fingerprint
from app.jobs import Job
from app.llm.connections import Connection
from app.store import results
from app.store.events import RunChanged
from app.ui import dialogs
from app.ui.datasets.import_dialogs import ResultDialog
from app.ui.main_window import MainWindow
from app.ui.theme import theme
from app.ui.timeline import Timeline
from app.wiring import App
from app.workers import Status
from tests.programs import add_dataset
from tests.ui.conftest import OpenApp, Until, drawn
from tests.ui.test_dialogs import answer, find

ROWS = [
    {
        "messages": [{"role": "user", "content": f"question {i}"}],
        "preview": f"question {i}",
        "content_hash": f"h{i}",
        "split": "train",
        "tokens": 3,
        "valid": i > 0,
        "issues": [] if i else [{"code": "no_user_turn", "severity": "error", "text": "None."}],
    }
    for i in range(6)
]
OpenWindow = Callable[..., AbstractAsyncContextManager[tuple[App, MainWindow]]]


@pytest.fixture
def open_window(open_app: OpenApp) -> OpenWindow:
    @asynccontextmanager
    async def open_it(
        rows: list[dict[str, Any]] | None = None, **meta: Any
    ) -> AsyncIterator[tuple[App, MainWindow]]:
        async with open_app() as app:
            window = MainWindow(app)
            window.resize(1440, 900)
            window.show()
            if rows is not None:
                await app.open(await add_dataset(app, rows, "Tickets", **meta))
            await app.jobs.wait()
            yield app, window
            window.closed = True
            window.close()
            window.deleteLater()

    return open_it


async def test_the_first_start(open_window: OpenWindow) -> None:
    async with open_window() as (_, window):
        assert window.centre.name == "welcome"
        assert window.stepper.selected == -1
        assert not window.menus.actions_by_name["undo"].isEnabled()
        assert not window.sidebar._about.isVisible()


async def test_the_side_says_who_answers_and_what_leaves_the_computer(
    open_window: OpenWindow,
) -> None:
    async with open_window() as (app, window):
        side = window.sidebar
        assert side._model.full_text == "No model connected"
        for url, place in (
            ("http://127.0.0.1:9/v1", "All on this computer"),
            ("https://models.example.org/v1", "Excerpts go to models.example.org"),
        ):
            connection = Connection(id="a", name="Mine", base_url=url, model="m-1")
            await app.clients.change(app.connections.put, connection)
            assert (side._model.full_text, side._place.full_text) == ("m-1, Mine", place)


async def test_an_open_dataset_fills_the_frame(open_window: OpenWindow, until: Until) -> None:
    async with open_window(ROWS, goal="Answer well") as (app, window):
        await until(lambda: window.overview is not None)
        assert window.overview is not None
        assert window.overview.stats.records == 6
        assert [step.name for step in window.stepper.steps][:2] == ["Topics", "Categorise"]
        listed = window.sidebar.list
        assert [info.name for info in window.sidebar.datasets.found] == ["Tickets"]
        await until(
            lambda: listed.height() >= listed.visualRect(listed.model().index(0, 0)).height()
        )
        assert window.sidebar._health._counts[0].text() == "5"
        assert window.sidebar._goal._text.text() == "Answer well"
        await app.call("set_goal", goal="Answer shortly")
        await until(lambda: window.sidebar._goal._text.text() == "Answer shortly")
        undo = window.menus.actions_by_name["undo"]
        assert undo.isEnabled()
        undo.trigger()
        await until(lambda: window.sidebar._goal._text.text() == "Answer well")
        assert window.menus.actions_by_name["redo"].isEnabled()


async def test_the_chat_folds_when_the_window_is_narrow(open_window: OpenWindow) -> None:
    async with open_window() as (_, window):
        assert not window.chat_slot.folded
        window.resize(1200, 800)
        await drawn()
        assert window.chat_slot.folded
        assert window.chat_slot.width() == theme().size["rail"]
        window.toggle_chat()
        assert not window.chat_slot.folded
        window.resize(1300, 800)
        await drawn()
        assert not window.chat_slot.folded
        assert window.centre.width() >= 760


async def test_f6_visits_every_region_that_takes_the_focus(open_window: OpenWindow) -> None:
    async with open_window() as (_, window):
        window.activateWindow()
        visited: list[QWidget] = []
        for _ in range(5):
            window.cycle_focus(1)
            focused = QApplication.focusWidget()
            assert focused is not None
            visited += [r for r in window.regions if r is focused or r.isAncestorOf(focused)]
        assert {window.menus, window.stepper, window.sidebar, window.centre} <= set(visited)


async def test_a_dropped_file_is_imported_and_a_bad_one_told(
    open_window: OpenWindow, until: Until, tmp_path: Any
) -> None:
    async with open_window() as (_, window):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(tmp_path / "missing.jsonl"))])
        drop = QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        window.dropEvent(drop)
        await until(lambda: find(dialogs.Question))
        dialog = find(dialogs.Question)
        assert dialog is not None
        said = " ".join(
            label.text() for label in dialog.findChildren(QWidget) if hasattr(label, "text")
        )
        assert "missing.jsonl" in said
        dialog.reject()


async def test_a_file_with_a_bad_line_is_opened_and_the_line_told(
    open_window: OpenWindow, until: Until, tmp_path: Any
) -> None:
    async with open_window() as (app, window):
        file = tmp_path / "tickets.jsonl"
        good = '{"messages": [{"role": "user", "content": "where is my card"}]}'
        file.write_text(good + "\n{broken\n", encoding="utf-8")
        window.start(window.actions_.import_files([file]))
        await until(lambda: find(ResultDialog))
        assert app.session is not None
        dialog = find(ResultDialog)
        assert dialog is not None
        assert dialog.text().startswith("2\tNot valid JSON")
        dialog.reject()
        await until(lambda: window.centre.name == "records" and not app.jobs.active)


async def test_the_timeline_takes_back_one_change(open_window: OpenWindow, until: Until) -> None:
    async with open_window(ROWS, goal="first") as (app, window):
        await app.call("set_goal", goal="second")
        window.start(window.actions_.show_timeline())
        await until(lambda: find(Timeline))
        timeline = find(Timeline)
        assert timeline is not None
        timeline.table.selectRow(0)
        timeline.undo.click()
        await until(lambda: window.sidebar._goal._text.text() == "first")
        await until(lambda: any("undone" in timeline.table.text(r, 2) for r in range(2)))
        timeline.reject()


async def test_closing_while_training_asks_and_can_be_called_off(
    open_window: OpenWindow, until: Until
) -> None:
    async with open_window() as (app, window):
        ended = asyncio.Event()
        asked_to_stop: list[int] = []

        async def train(job: Job) -> None:
            job.stop_hook = lambda: asked_to_stop.append(1)
            await ended.wait()

        closed: list[int] = []
        window.finished.connect(lambda: closed.append(1))
        app.jobs.start(app.jobs.run("Training run 1", train))
        await until(lambda: app.jobs.active and app.jobs.active[0].stop_hook)
        window.close()
        await answer(until, dialogs.Question, lambda dialog: dialog.buttons[2].click())
        await until(lambda: not window._closing)
        assert window.isVisible()
        window.close()
        await answer(until, dialogs.Question, lambda dialog: dialog.buttons[1].click())
        await until(lambda: closed)
        assert asked_to_stop == [1]
        ended.set()


async def test_the_geometry_is_remembered(open_window: OpenWindow, until: Until) -> None:
    async with open_window() as (app, window):
        before = window.saveGeometry()
        window.close()
        await until(lambda: window.closed)
        kept = QSettings(str(app.home / "window.ini"), QSettings.Format.IniFormat)
        assert kept.value("window/geometry") == before


async def test_a_bug_is_told_once_at_a_time(open_window: OpenWindow, until: Until) -> None:
    async with open_window() as (app, window):
        window.tell_bug("ZeroDivisionError: a bug")
        window.tell_bug("ZeroDivisionError: another")
        await until(lambda: find(dialogs.Question))
        shown = [w for w in QApplication.topLevelWidgets() if isinstance(w, dialogs.Question)]
        assert sum(dialog.isVisible() for dialog in shown) == 1
        await answer(until, dialogs.Question, lambda dialog: dialog.reject())
        await app.jobs.wait()


async def test_switching_the_mode_is_kept(open_window: OpenWindow) -> None:
    async with open_window() as (app, window):
        window.toggle_mode()
        assert theme().mode == "dark"
        assert app.settings.appearance == "dark"
        assert (app.home / "settings.json").exists()


async def test_the_station_of_training_follows_the_run(
    open_window: OpenWindow, until: Until
) -> None:
    async with open_window(ROWS) as (app, window):
        session = app.session
        assert session is not None
        run_id = await session.store.transaction(
            results.add,
            "training",
            fingerprint=Fingerprint().model_dump_json(),
            state="running",
            data={"params": {"steps": 151}},
        )
        await app.jobs.wait()
        folder = session.run_dir(f"train-{run_id}").path
        folder.mkdir(parents=True)
        status = Status(state="running", done=95, total=151)
        (folder / "status.json").write_text(status.model_dump_json())
        session.store.announce(RunChanged(session.dataset_id, run_id))
        await until(lambda: window.stepper.steps[5].reading == "step 95 of 151")
