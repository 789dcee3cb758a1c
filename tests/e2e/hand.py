"""A hand on the real window: it looks for what is visible and clicks it; and what the app then says."""

import asyncio
import time
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.domain.steps import STEPS
from app.ui.main_window import MainWindow
from app.wiring import App

PATIENCE_SECONDS = 900


class Hand:
    """Looks for what is visible and clicks it."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot

    async def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what}\n{self.seen()}"
            await asyncio.sleep(0.05)

    def buttons(self, *words: str, card: bool = False) -> list[QAbstractButton]:
        """Those that can be clicked now; `card` looks in the assistant's dock only."""
        root: QWidget = self.window.chat_slot if card else self.window
        return [
            button
            for button in root.findChildren(QAbstractButton)
            if button.isVisible() and button.isEnabled() and button.text() in words
        ]

    async def click(self, *words: str, card: bool = False) -> None:
        """Click the first button with one of these words, once it is there."""
        await self.until(lambda: self.buttons(*words, card=card), f"the button {words}")
        self.qtbot.mouseClick(self.buttons(*words, card=card)[0], Qt.MouseButton.LeftButton)
        await asyncio.sleep(0.1)

    async def step(self, name: str) -> None:
        """Open a station of the stepper by keyboard."""
        stepper = self.window.stepper
        stepper.select(STEPS.index(name))
        self.qtbot.keyClick(stepper, Qt.Key.Key_Return)
        await self.until(lambda: self.window.centre.name == name, f"the panel {name}")

    def seen(self) -> str:
        """What a person would read now, for the message of a failed wait."""
        labels = [w.text() for w in self.window.findChildren(QLabel) if w.isVisible()]
        buttons = [b.text() for b in self.window.findChildren(QAbstractButton) if b.isVisible()]
        return f"labels: {labels}\nbuttons: {buttons}"


async def status(app: App, step: str) -> str:
    assert app.session is not None
    return (await app.session.workflow())[step].status


async def wait_for(app: App, step: str, wanted: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := await status(app, step)) != wanted:
        assert time.monotonic() < end, f"{step} is {found}"
        await asyncio.sleep(0.1)
