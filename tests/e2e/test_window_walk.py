"""The seven steps in the real window, by mouse alone: the sample becomes a deployed model."""

import socket

import pytest
from PySide6.QtWidgets import QFrame, QLineEdit

from app.ui.chat.dock import ChatDock
from app.ui.main_window import MainWindow
from app.wiring import App
from tests.e2e.hand import Hand, status, wait_for

# The worker that trains outlives the handle that started it, by design.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3000),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


async def test_from_the_sample_to_a_deployed_model(themed, qtbot, user_home):
    app = await App.start(user_home)
    app.settings.preset = "fast"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        app.settings.port = free.getsockname()[1]
    window = MainWindow(app)
    qtbot.addWidget(window)
    window.resize(1440, 900)
    window.show()
    window.set_chat(ChatDock(app))
    hand = Hand(window, qtbot)
    try:
        await walk(app, hand)
    finally:
        if app.session is not None and (endpoint := app.session.endpoint()):
            await endpoint.stop()
        window.closed = True
        window.close()
        await app.close()


async def walk(app: App, hand: Hand) -> None:
    await hand.click("Try the sample")
    await hand.until(lambda: hand.window.centre.name == "records", "the sample to open")
    await hand.step("topics_config")
    await hand.click("Find topics")
    await hand.click("Accept")
    await wait_for(app, "coverage_generation", "completed")

    await hand.step("grader_config")
    await hand.click("Use the supplied grader")
    await hand.click("Save", "Save as v1", "Use v1")
    await hand.click("Test on 5")
    await hand.click("The scores look right")

    await hand.step("dry_run")
    await hand.click("Run the dry run")
    await hand.click("Accept the warning", "Set up training")
    if await status(app, "dry_run") != "completed":
        await hand.click("Accept the warning", card=True)
        await wait_for(app, "dry_run", "completed")

    await hand.step("training")
    await hand.click("Start training")
    await hand.click("Start training", card=True)
    await wait_for(app, "training", "completed")

    await hand.click("Deploy")
    await hand.click("Deploy…")
    await hand.click("Deploy", card=True)
    await wait_for(app, "deployment", "completed")
    await ask_both(hand)


async def ask_both(hand: Hand) -> None:
    """The try-it chat answers with both models."""
    panel = hand.window.centre.panel("deployment")

    def fields() -> list[QLineEdit]:
        found = panel.findChildren(QLineEdit)
        return [f for f in found if f.isVisible() and not f.isReadOnly()]

    await hand.until(fields, "a line to type a prompt into")
    hand.qtbot.keyClicks(fields()[0], "i need to report a lost card")
    await hand.click("Send")
    await hand.until(
        lambda: all(
            any(side.accessibleName().startswith(name) for side in panel.findChildren(QFrame))
            for name in ("Base: ", "Tuned: ")
        ),
        "both models' answers",
    )
