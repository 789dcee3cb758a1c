"""What the program's start sets up: nothing that fails in a slot or on the loop stays silent."""

import asyncio
import logging
import subprocess
import sys

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.ui.app import Opening, hook_exceptions
from tests.ui.conftest import Until


async def test_failures_in_slots_and_callbacks_are_logged_and_told(
    themed: QApplication,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    hook_exceptions(told.append)

    def slot() -> None:
        raise ZeroDivisionError("in a slot")

    def callback() -> None:
        raise LookupError("in a callback")

    QTimer.singleShot(0, slot)
    asyncio.get_running_loop().call_soon(callback)
    await until(lambda: len(told) == 2)
    assert sorted(told) == ["LookupError: in a callback", "ZeroDivisionError: in a slot"]
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert all(record.exc_info for record in logged)
    caplog.clear()


def test_the_first_picture_needs_nothing_heavy(themed: QApplication) -> None:
    opening = Opening()
    opening.show()
    assert opening.isVisible()
    opening.close()


def test_importing_the_start_brings_no_numbers_library() -> None:
    code = "import sys, app.ui.app; print({'numpy', 'scipy', 'pyqtgraph'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
