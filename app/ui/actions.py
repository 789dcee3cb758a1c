"""What the window's commands do: each a coroutine over the app; nothing here lays out widgets."""

import asyncio
import importlib
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from app.store import records
from app.ui import dialogs
from app.ui.controller import Controller
from app.ui.datasets.export_dialog import export
from app.ui.datasets.importing import Importing
from app.ui.datasets.trash import TrashDialog
from app.ui.timeline import Timeline, read_changes

GOAL_QUESTION = "What should the model do well?"


class Actions:
    """Commands that touch data or ask something; `window` is the parent of their dialogs."""

    def __init__(self, app: Controller, window: QWidget) -> None:
        self._app, self._window = app, window

    async def open_file(self) -> None:
        """Files to import as new datasets."""
        await self.import_files(await dialogs.open_files(self._window, "Open chat records"))

    async def append_files(self) -> None:
        """Files to import, asked whether into the open dataset or in its place."""
        files = await dialogs.open_files(self._window, "Append chat records")
        await self.import_files(files, into_open=True)

    async def import_files(self, files: Sequence[Path], *, into_open: bool = False) -> None:
        """See `Importing.bring`."""
        await Importing(self._app, self._window).bring(files, into_open=into_open)

    async def export_records(self) -> None:
        """Ask for a format and a file, and write all records of the open dataset."""
        info = await self._app.library.get(self._app.session.dataset_id)
        total = await self._app.session.store.read(records.count, records.EVERY)
        await export(self._app, self._window, listed=None, total=total, name=info.name)

    async def show_deleted(self) -> None:
        """The trash: what can be taken out of it."""
        await dialogs.ask(TrashDialog(self._window, self._app, await self._app.library.deleted()))

    async def open_sample(self) -> None:
        await self._app.open_sample()

    async def edit_goal(self, goal: str) -> None:
        """Ask for the training goal; it is versioned and can be undone."""
        words = await dialogs.ask_text(self._window, "Goal", GOAL_QUESTION, text=goal, lines=True)
        if words is not None and words != goal:
            await self._app.call("set_goal", goal=words)

    async def undo(self) -> None:
        await self._app.call("undo")

    async def redo(self) -> None:
        await self._app.call("redo")

    async def show_timeline(self) -> None:
        changes = await read_changes(self._app.session) if self._app.session else []
        await dialogs.ask(Timeline(self._window, self._app, changes))

    async def run_tool(self, name: str) -> None:
        await self._app.call(name)

    async def show_connections(self) -> None:
        """Which models are connected, and for what; its modules are loaded when it is first asked."""
        dialog = await asyncio.to_thread(importlib.import_module, "app.ui.connections.dialog")
        await dialog.show(self._app, self._window)

    async def show_shortcuts(self, lines: list[tuple[str, str]]) -> None:
        """`lines` are (words, keys)."""
        text = "\n".join(f"{keys}: {words}" for words, keys in lines)
        await dialogs.tell(self._window, "Keyboard shortcuts", text)

    async def show_about(self) -> None:
        text = (
            "Reinforcement fine-tuning on your own machine. Apache-2.0. "
            "Qt is used under the LGPL; Inter and JetBrains Mono under the Open Font License."
        )
        await dialogs.tell(self._window, "RFT Studio", text)

    async def open_folder(self) -> None:
        """Show the user folder in the system's file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._app.home)))
