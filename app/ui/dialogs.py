"""The only way to ask: a dialog is opened and its answer awaited, never `exec()`.

A nested event loop inside a coroutine hangs the program for good once another task is alive.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog, QLabel, QWidget
from shiboken6 import isValid

from app.ui import kit
from app.ui.kit.buttons import Kind

FILTERS = "Chat records (*.jsonl *.json *.csv *.tsv *.parquet *.gz *.zst);;All files (*)"


async def ask(dialog: QDialog) -> bool:
    """Open a dialog, wait until it is closed; whether it was accepted. The dialog is deleted."""
    answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def finished(result: int) -> None:
        if not answer.done():
            answer.set_result(result == QDialog.DialogCode.Accepted)

    dialog.finished.connect(finished)
    dialog.open()
    try:
        return await answer
    finally:
        if isValid(dialog):  # its parent may be gone, and it with it
            dialog.close()
            dialog.deleteLater()


class Question(QDialog):
    """A sentence, one below it, and a button per answer; `chosen` is the answer's index or -1."""

    def __init__(
        self, parent: QWidget | None, title: str, text: str, *, answers: Sequence[tuple[str, Kind]]
    ) -> None:
        super().__init__(parent)
        self.chosen = -1
        self.setWindowTitle("RFT Studio")
        self.buttons = [kit.button(words, kind=kind) for words, kind in answers]
        for index, widget in enumerate(self.buttons):
            widget.clicked.connect(lambda _=False, index=index: self._choose(index))
        safe = next((i for i, (_, kind) in enumerate(answers) if kind != "danger"), 0)
        self.buttons[safe].setDefault(True)
        self.buttons[safe].setFocus()
        words = kit.label(text, "body", "muted", wrap=True, select=True)
        words.setMinimumWidth(380)
        actions = kit.row(None, *reversed(self.buttons), margin=(0, 10, 0, 0))
        heading = kit.label(title, "h2", wrap=True)
        self.setLayout(kit.column(heading, words, actions, gap=8, margin=20))

    def _choose(self, index: int) -> None:
        self.chosen = index
        self.accept()


async def choose(
    parent: QWidget | None, title: str, text: str, *, answers: Sequence[tuple[str, Kind]]
) -> int:
    """The index of the answer taken; -1 when the dialog was closed.

    The first answer that is no danger is the default.
    """
    dialog = Question(parent, title, text, answers=answers)
    return dialog.chosen if await ask(dialog) else -1


async def confirm(
    parent: QWidget | None, title: str, text: str, *, yes: str, kind: Kind = "primary"
) -> bool:
    """Yes or Cancel; `yes` is the verb on the button."""
    answers: list[tuple[str, Kind]] = [(yes, kind), ("Cancel", "")]
    return await choose(parent, title, text, answers=answers) == 0


async def tell(parent: QWidget | None, title: str, text: str) -> None:
    """Something to know, with one button; for errors that belong to no panel."""
    await choose(parent, title, text, answers=[("Close", "primary")])


async def ask_text(
    parent: QWidget | None,
    title: str,
    prompt: str,
    *,
    text: str = "",
    lines: bool = False,
    may_be_empty: bool = False,
) -> str | None:
    """A line (or several) of text, stripped; None when cancelled, or empty where it may not be."""
    dialog = QInputDialog(parent)
    dialog.setWindowTitle(title)
    dialog.setLabelText(prompt)
    for label in dialog.findChildren(QLabel):
        label.setTextFormat(Qt.TextFormat.PlainText)  # names stand in it
    dialog.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput, lines)
    dialog.setTextValue(text)
    dialog.resize(440, dialog.sizeHint().height())
    if not await ask(dialog):
        return None
    return dialog.textValue().strip() or ("" if may_be_empty else None)


async def open_file(
    parent: QWidget | None, title: str = "Open a file", *, filters: str = FILTERS
) -> Path | None:
    """An existing file the user picked."""
    dialog = QFileDialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(filters.split(";;"))
    return Path(dialog.selectedFiles()[0]) if await ask(dialog) else None


async def open_files(
    parent: QWidget | None, title: str = "Open files", *, filters: str = FILTERS
) -> list[Path]:
    """The existing files the user picked; none when cancelled."""
    dialog = QFileDialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.setNameFilters(filters.split(";;"))
    return [Path(name) for name in dialog.selectedFiles()] if await ask(dialog) else []


async def save_file(
    parent: QWidget | None, title: str, *, name: str, filters: str = "All files (*)"
) -> Path | None:
    """A path to write to; the dialog itself asks before an existing file is replaced."""
    dialog = QFileDialog(parent, title)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(filters.split(";;"))
    dialog.selectFile(name)
    return Path(dialog.selectedFiles()[0]) if await ask(dialog) else None


async def open_folder(parent: QWidget | None, title: str) -> Path | None:
    """A folder the user picked; a new one can be made in the dialog."""
    dialog = QFileDialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setWindowFlag(Qt.WindowType.Dialog)
    return Path(dialog.selectedFiles()[0]) if await ask(dialog) else None
