"""The seven steps in the real window, led by a scripted model: words typed, cards and options clicked."""

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.agent.sample import sample
from app.llm.connections import Connection
from app.store import results
from app.ui.chat.cards import ApprovalCard
from app.ui.chat.dock import ChatDock
from app.ui.chat.questions import OptionButton
from app.ui.main_window import MainWindow
from app.wiring import App
from tests.e2e import script
from tests.e2e.hand import PATIENCE_SECONDS, Hand, status, wait_for
from tests.llm.scripted import MODEL, Scripted, Step, scripted

# The worker that trains outlives the handle that started it, by design.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3000),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Writer(Hand):
    """Types messages into the dock and says yes to the cards that are shown there."""

    def __init__(self, window: MainWindow, qtbot: QtBot, dock: ChatDock, server: Scripted) -> None:
        super().__init__(window, qtbot)
        self.dock, self.server = dock, server
        self.cards: list[str] = []

    async def say(self, words: str, answers: tuple[Step, ...]) -> None:
        """Write, press Return, and wait until the model's turn is over."""
        await self.over()
        self.server.script += answers
        before = len(self.server.requests)
        field = self.dock.foot.input
        field.setFocus()
        self.qtbot.keyClicks(field, words)
        self.qtbot.keyClick(field, Qt.Key.Key_Return)
        await self.until(lambda: len(self.server.requests) > before, f"an answer to {words!r}")
        await self.over()
        assert not self.server.script, self.seen()

    async def option(self, words: str, answers: tuple[Step, ...]) -> None:
        """Click an option of the question that is open."""
        self.server.script += answers
        found = [
            b for b in self.window.findChildren(OptionButton) if b.isVisible() and b.words == words
        ]
        self.qtbot.mouseClick(found[-1], Qt.MouseButton.LeftButton)
        await self.until(lambda: self.dock.assistant.busy, f"the answer {words!r}")
        await self.over()
        assert not self.server.script, self.seen()

    async def over(self) -> None:
        """Until nothing is under way; cards are answered by their button."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.dock.assistant.busy:
            for card in self.window.findChildren(ApprovalCard):
                if card.yes.isVisible() and card.yes.isEnabled():
                    self.cards.append(card.card.tool)
                    self.qtbot.mouseClick(card.yes, Qt.MouseButton.LeftButton)
            assert time.monotonic() < end, self.seen()
            await asyncio.sleep(0.05)


async def test_the_model_leads_from_the_sample_to_a_deployed_model(
    themed: QApplication, qtbot: QtBot, user_home: Path
) -> None:
    app = await App.start(user_home)
    app.settings.preset, app.settings.model_openings = "fast", False
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        app.settings.port = free.getsockname()[1]
    async with scripted() as server:
        app.connections.put(
            Connection(id="script", name="Script", base_url=server.url, model=MODEL)
        )
        window = MainWindow(app)
        qtbot.addWidget(window)
        window.resize(1440, 900)
        window.show()
        dock = ChatDock(app)
        window.set_chat(dock)
        try:
            await walk(app, Writer(window, qtbot, dock, server), sample().grader)
        finally:
            if app.session is not None and (endpoint := app.session.endpoint()):
                await endpoint.stop()
            window.closed = True
            window.close()
            await app.close()


async def walk(app: App, hand: Writer, config: dict[str, Any]) -> None:
    await hand.click("Try the sample")
    await hand.until(lambda: hand.window.centre.name == "records", "the sample to open")
    await hand.say("What is in here?", script.LOOK)
    await hand.say("Name the topic. Begin.", script.BEGIN)
    await hand.say("Use them", script.ACCEPT)
    await wait_for(app, "coverage_generation", "completed")
    await hand.say("How even is it?", script.COVERAGE)
    await hand.option("Exactly the label", script.grader(config))
    await hand.say("Train it now", script.TOO_EARLY)
    assert await status(app, "training") == "blocked"
    await hand.say("Try it", script.TRY)
    await hand.step("grader_config")
    await hand.click("The scores look right")
    await hand.say("Yes. Now the dry run", script.DRY_RUN)
    await wait_for(app, "dry_run", "completed")
    await hand.say("Train", script.TRAIN)
    await wait_for(app, "training", "completed")
    await hand.say("Is it done?", script.DONE)
    await hand.say("Deploy it", script.DEPLOY)
    await wait_for(app, "deployment", "completed")
    assert app.session is not None
    assert len(await app.session.store.read(results.of_kind, "training")) == 1
    asked = [tool for tool in hand.cards if tool != "accept_warning"]
    assert asked == [
        "apply_topic_hierarchy", "configure_grader", "run_dry_run", "start_training", "deploy_model"
    ]  # fmt: skip
    steps = script.assert_context(hand.server, app.session.dataset_id)
    assert steps[-1] == "deployment"
