"""What the window's commands do: each a coroutine over the app; nothing here lays out widgets."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from app.ui import dialogs
from app.ui.controller import Controller
from app.ui.timeline import Timeline, read_changes

GOAL_QUESTION = "What should the model do well?"


class Actions:
    """Commands that touch data or ask something; `window` is the parent of their dialogs."""

    def __init__(self, app: Controller, window: QWidget) -> None:
        self._app, self._window = app, window

    async def open_file(self) -> None:
        if path := await dialogs.open_file(self._window, "Open a file of chat records"):
            await self.import_file(path)

    async def import_file(self, path: Path) -> None:
        """Import a file as a new dataset and open it; lines that could not be read are told."""
        report = await self._app.import_file(path)
        await self._app.open(report.dataset)
        if report.rejected_lines:
            self._app.jobs.start(self._tell_rejected(path, report))

    async def _tell_rejected(self, path: Path, report: Any) -> None:
        lines = [
            f"Line {line['line']}: {line['reasons'][0]['text']}" for line in report.rejections[:8]
        ]
        rest = report.rejected_lines - len(lines)
        text = "\n".join([*lines, f"and {rest:,} more" if rest > 0 else ""]).strip()
        title = f"{path.name}: {report.rejected_lines:,} lines could not be read"
        await dialogs.tell(self._window, title, f"The other records were imported.\n\n{text}")

    async def open_sample(self) -> None:
        await self._app.open_sample()

    async def edit_goal(self, goal: str) -> None:
        """Ask for the training goal; it is versioned and can be undone."""
        words = await dialogs.ask_text(self._window, "Goal", GOAL_QUESTION, text=goal, lines=True)
        if words is not None and words != goal:
            await self._app.call("set_goal", goal=words)

    async def undo(self) -> None:
        await self._app.session.store.undo()

    async def redo(self) -> None:
        await self._app.session.store.redo()

    async def show_timeline(self) -> None:
        changes = await read_changes(self._app.session) if self._app.session else []
        await dialogs.ask(Timeline(self._window, self._app, changes))

    async def rename_dataset(self) -> None:
        info = await self._app.library.get(self._app.session.dataset_id)
        name = await dialogs.ask_text(self._window, "Rename", "Name of the dataset", text=info.name)
        if name:
            await self._app.library.rename(info.id, name)

    async def reset_pipeline(self) -> None:
        text = "Topics, grader settings and results are cleared. The records stay."
        if await dialogs.confirm(self._window, "Reset the pipeline?", text, yes="Reset"):
            await self._app.call("reset_pipeline")

    async def run_tool(self, name: str) -> None:
        await self._app.call(name)

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
