"""Ahead of need: every panel is made, none is shown, and what they load late is loaded."""

import sys

from pytestqt.qtbot import QtBot

from app.ui.ahead import load_chat, prepare
from app.ui.centre import PANELS, Centre
from tests.ui.conftest import OpenApp


async def test_every_panel_is_made_and_none_is_shown(qtbot: QtBot, open_app: OpenApp) -> None:
    async with open_app() as app:
        centre = Centre(app)
        qtbot.addWidget(centre)
        await load_chat()
        centre.go("welcome")
        await prepare(centre)
        assert centre.count() == len(set(PANELS.values()))
        assert centre.name == "welcome"
        assert {"pyqtgraph", "app.ui.chat.dock", "app.grading.script"} <= sys.modules.keys()
