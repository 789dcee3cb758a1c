"""The window: puts the regions together and passes what one asks for to the one that can do it."""

import logging
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from app import settings as app_settings
from app.domain.steps import STEPS
from app.errors import AppError, DeclinedError, Stopped
from app.jobs import Job
from app.store.events import RunChanged
from app.ui import dialogs
from app.ui.actions import Actions
from app.ui.again import Again
from app.ui.bridge import Bridge
from app.ui.centre import Centre
from app.ui.commands import commands
from app.ui.controller import Controller
from app.ui.form import FormDialog
from app.ui.frame import FOLD_BELOW, FrameWindow
from app.ui.geometry import memory, remember, restore
from app.ui.jobs_strip import JobsStrip
from app.ui.menus import MenuRow
from app.ui.overview import Overview, no_steps, read_overview, with_run
from app.ui.palette import Entry, Palette
from app.ui.parts.stepper import Stepper
from app.ui.sidebar import Sidebar
from app.ui.theme import Mode, system_mode, theme
from app.ui.theme_switch import apply_appearance
from app.ui.welcome import Welcome

log = logging.getLogger(__name__)
LOG_FILE = "rft-studio.log"
DIALOGS = ("connections", "settings", "audit", "export")  # shown like panels by who asks to `go`


class MainWindow(FrameWindow):
    """One per program. `finished` says that it has closed and the program may end."""

    finished = Signal()

    def __init__(self, app: Controller) -> None:
        super().__init__()
        self.app = app
        self._memory = memory(app.home)
        self.actions_ = Actions(app, self)
        self.overview: Overview | None = None
        self.closed = self._closing = self._telling = self._arriving = False
        self._read = Again(app.jobs, self._read_all)
        self._make_regions()
        self._connect()
        restore(self, self._memory)
        self._show_overview(None)
        self.go("welcome")
        self.welcome.open.setFocus()
        self._read.ask()

    def _make_regions(self) -> None:
        self.menus = MenuRow(self, commands(self))
        self.stepper = Stepper(no_steps())
        self.sidebar, self.centre = Sidebar(), Centre(self.app)
        self.jobs_strip = JobsStrip(self.app.jobs)
        top: list[QWidget] = [self.menus, self.stepper]
        self.place(top=top, left=self.sidebar, centre=self.centre, bottom=self.jobs_strip)

    def _connect(self) -> None:
        self.stepper.activated.connect(self._open_step)
        self.sidebar.open_asked.connect(lambda: self.start(self.actions_.open_file()))
        self.sidebar.asked.connect(self._do_with_dataset)
        self.sidebar.datasets.renamed.connect(
            lambda *names: self.start(self.app.library.rename(*names))
        )
        self.sidebar.issues_asked.connect(self.show_issues)
        self.sidebar.goal_asked.connect(lambda: self.start(self.edit_goal()))
        self.jobs_strip.timeline_asked.connect(lambda: self.start(self.actions_.show_timeline()))
        self.menus.palette_asked.connect(lambda: self.start(self.show_palette()))
        self.centre.shown.connect(lambda name: self.stepper.select(self.centre.step_index()))
        welcome = self.welcome
        welcome.file_asked.connect(lambda: self.start(self.actions_.open_file()))
        welcome.sample_asked.connect(lambda: self.start(self.actions_.open_sample()))
        welcome.dataset_asked.connect(self.open_dataset)
        welcome.connections_asked.connect(lambda: self.go("connections"))
        self.app.clients.on_change.append(self._show_connection)
        self._show_connection()
        self._library, self._dataset = Bridge(), Bridge()
        self._library.attach(self.app.library)
        self._library.changed.connect(self._on_library)
        self._dataset.changed.connect(self._on_dataset)
        self.app.on_session.append(self._on_session)
        self.app.jobs.on_error = self._on_job_error
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    @property
    def welcome(self) -> Welcome:
        page = self.centre.panel("welcome")
        assert isinstance(page, Welcome)
        return page

    def _show_connection(self) -> None:
        self.sidebar.show_connection(self.app.connections.for_role("assistant"))

    def set_chat(self, chat: QWidget) -> None:
        """Put a Chat (see controller.py) in its place; below 1280 px it stays folded."""
        self.chat_slot.set_chat(chat)
        self.fold_chat(self.width() < theme().px(FOLD_BELOW))
        dock: Any = chat
        dock.go.connect(self.go)
        dock.hide_asked.connect(lambda: self.fold_chat(True))
        dock.attention.connect(lambda: self.fold_chat(False))
        self.centre.sees.connect(dock.show_sees)
        dock.show_sees(self.centre.sees_now())

    def go(self, name: str, target: dict[str, Any] | None = None) -> None:
        """Show a panel: a step's name, `records` or `welcome`; or a dialog by its command's name."""
        if name in DIALOGS:
            self.menus.actions_by_name[name].trigger()
        else:
            self.centre.go(name, target)

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Run a command; what fails is told in a dialog."""
        if self.app.jobs.closed:
            work.close()
            return
        self.app.jobs.start(self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except (DeclinedError, Stopped) as quiet:
            log.info("%s", quiet)
        except AppError as error:
            await dialogs.tell(self, "That did not work", str(error))

    def _on_job_error(self, error: BaseException) -> None:
        """What no panel showed: an expected failure is told plainly, a bug as one (it is logged)."""
        if isinstance(error, AppError):
            self.start(_raise(error))
        else:
            self.tell_bug(f"{type(error).__name__}: {error}")

    def tell_bug(self, words: str) -> None:
        """Say that something unexpected failed; one dialog at a time."""
        if self._telling or self.closed:
            return
        self._telling = True
        text = f"{words}\n\nYour data is safe. The details are in {self.app.home / LOG_FILE}."
        self.app.jobs.start(self._tell_bug(text))

    async def _tell_bug(self, text: str) -> None:
        try:
            await dialogs.tell(self, "Something went wrong in RFT Studio", text)
        finally:
            self._telling = False

    def open_dataset(self, dataset_id: str) -> None:
        session = self.app.session
        if session is not None and session.dataset_id == dataset_id:
            self.go("records")
        else:
            self.start(self.app.open(dataset_id))

    def _do_with_dataset(self, verb: str, dataset_id: str) -> None:
        """From the sidebar: what asks first is asked on the start page, above the cards."""
        if verb in ("delete", "reset"):
            self.go("welcome")
        self.welcome.do(verb, dataset_id)

    def rename_dataset(self) -> None:
        """In place, in the sidebar's list."""
        if self.app.session is not None:
            self.sidebar.search.clear()
            self.sidebar.list.start_rename(self.app.session.dataset_id)

    def reset_pipeline(self) -> None:
        if self.app.session is not None:
            self._do_with_dataset("reset", self.app.session.dataset_id)

    def show_issues(self) -> None:
        self.go("records", {"issues": True})

    async def edit_goal(self) -> None:
        if self.overview is not None:
            await self.actions_.edit_goal(self.overview.goal)

    async def edit_settings(self) -> None:
        """The settings dialog, drawn from the model; what changed in looks is shown at once."""
        dialog = FormDialog(self, "Settings", self.app.settings)
        if await dialogs.ask(dialog):
            chosen = dialog.value()
            app_settings.save(self.app.home, chosen)
            for name in type(chosen).model_fields:
                setattr(self.app.settings, name, getattr(chosen, name))
            apply_appearance(chosen)

    async def show_palette(self) -> None:
        infos = await self.app.library.datasets()
        entries = [
            Entry(action.text().replace("&", ""), action.shortcut().toString(), action.trigger)
            for action in self.menus.actions_by_name.values()
            if action.isEnabled()
        ]
        entries += [
            Entry(info.name, "dataset", partial(self.open_dataset, info.id)) for info in infos
        ]
        palette = Palette(self, entries)
        if await dialogs.ask(palette) and palette.chosen is not None:
            palette.chosen.do()

    def shortcut_lines(self) -> list[tuple[str, str]]:
        """(words, keys) of every command that has keys."""
        actions = self.menus.actions_by_name.values()
        lines = [(a.text().replace("&", ""), a.shortcut().toString()) for a in actions]
        return [line for line in lines if line[1]]

    def toggle_chat(self) -> None:
        """Bring the assistant and put the cursor into its line, or fold it away."""
        self.fold_chat(not self.chat_slot.folded)
        chat: Any = self.chat_slot.chat
        if not self.chat_slot.folded and hasattr(chat, "focus_input"):
            chat.focus_input()

    def toggle_mode(self) -> None:
        """Light and dark, kept in the settings."""
        mode: Mode = "light" if theme().mode == "dark" else "dark"
        self.app.settings.appearance = mode
        app_settings.save(self.app.home, self.app.settings)
        apply_appearance(self.app.settings)

    def _follow_system(self) -> None:
        """The desktop went dark or light; the program goes along unless told otherwise."""
        if self.app.settings.appearance == "system" and system_mode() != theme().mode:
            apply_appearance(self.app.settings)

    def retheme(self) -> None:
        """Region sizes grow with the text."""
        self.fold_by_width()

    def _open_step(self, index: int) -> None:
        if self.app.session is not None:
            self.go(STEPS[index])
        else:
            self.stepper.select(self.centre.step_index())

    def _on_session(self, session: Any) -> None:
        """Another dataset is open, or none: everything shown is read anew."""
        self._dataset.detach()
        if session is not None:
            self._dataset.attach(session.store)
        self.centre.reload_all()
        self._arriving = session is not None
        self._read.ask()
        if session is None:
            self.go("welcome")

    def _on_library(self, events: list[Any]) -> None:
        self.centre.on_events(events)
        self._read.ask()

    def _on_dataset(self, events: list[Any]) -> None:
        self.centre.on_events(events)
        runs = [event for event in events if isinstance(event, RunChanged)]
        if len(runs) < len(events):
            self._read.ask()
        elif runs and self.overview and self.app.session:  # many a second: only its station
            status = self.app.session.run_dir(f"train-{runs[-1].run_id}").status()
            self.stepper.show_steps(with_run(self.overview.steps, status))

    async def _read_all(self) -> None:
        """Sidebar, stepper and history; read once for all three."""
        session = self.app.session
        infos = await self.app.library.datasets()
        self.sidebar.show_datasets(infos, session.dataset_id if session else "")
        overview = await read_overview(session) if session else None
        if session is self.app.session:
            self._show_overview(overview)

    def _show_overview(self, overview: Overview | None) -> None:
        self.overview = overview
        self.menus.show_dataset(is_open=overview is not None)
        if overview is None:
            self.menus.show_history("", "")
            self.stepper.show_steps(no_steps())
            self.sidebar.hide_about()
            return
        self.menus.show_history(overview.undo, overview.redo)
        self.stepper.show_steps(overview.steps)
        self.sidebar.show_about(overview.stats, overview.goal)
        if self._arriving:  # where it was left; a new dataset begins with its records
            self._arriving = False
            self.go(overview.current if overview.done else "records")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fold_by_width()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event):
            event.acceptProposedAction()
            self.welcome.set_hot(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.welcome.set_hot(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.welcome.set_hot(False)
        self.start(self.actions_.import_files(_dropped(event), into_open=True))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing waits for an answer while training runs, and for the files to be closed."""
        if self.closed:
            event.accept()
            return
        event.ignore()
        if not self._closing:
            self._closing = True
            self.app.jobs.start(self._close())

    async def _close(self) -> None:
        surviving = [job for job in self.app.jobs.active if job.stop_hook is not None]
        if surviving and not await self._may_close(surviving):
            self._closing = False
            return
        remember(self, self._memory)
        self.closed = True
        self._library.detach()
        self._dataset.detach()
        self.hide()
        self.finished.emit()

    async def _may_close(self, surviving: list[Job]) -> bool:
        names = ", ".join(job.name for job in surviving)
        answer = await dialogs.choose(
            self,
            f"{names} is still running",
            "It can go on without the window, and is found again at the next start.",
            answers=[("Keep it running", "primary"), ("Stop it", "danger"), ("Stay here", "")],
        )
        if answer == 1:
            for job in surviving:
                job.stop()
        return answer in (0, 1)


async def _raise(error: BaseException) -> None:
    raise error


def _dropped(event: QDropEvent) -> list[Path]:
    urls = event.mimeData().urls()
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
