"""Starts the window: Qt and asyncio on one loop, first paint before anything heavy is imported."""

import asyncio
import importlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import qasync
from PySide6.QtCore import Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QWidget

from app import paths
from app.errors import AppError
from app.ui import dialogs, kit
from app.ui.garbage import CycleCollector
from app.ui.geometry import memory, restore
from app.ui.theme import Theme, system_mode
from app.ui.theme_switch import apply_appearance, use

if TYPE_CHECKING:  # loaded by name once the first picture stands
    from app.ui.main_window import MainWindow
    from app.wiring import App

log = logging.getLogger(__name__)
SWITCH_SECONDS = 0.0005
QT_LEVELS = {QtMsgType.QtWarningMsg: logging.WARNING, QtMsgType.QtCriticalMsg: logging.ERROR}


def share_lock() -> None:
    """Readers' threads hand Python's lock over sooner: by default the window waits 5 ms for it each
    time, and several times in a turn (measured: turns of 138 ms with 20 ms of work)."""
    sys.setswitchinterval(SWITCH_SECONDS)


def main(argv: list[str]) -> int:
    """Run the window until it is closed; files named in `argv` are opened. Returns 0, or 1."""
    application = QApplication([sys.argv[0]])
    application.setApplicationName(paths.APP_NAME)
    application.setDesktopFileName("rft-studio")
    application.setWindowIcon(QIcon(str(paths.resource("resources/icons/rft-studio.png"))))
    application.setQuitOnLastWindowClosed(False)
    use(application, Theme(system_mode()))
    collector = CycleCollector(application)
    share_lock()
    with qasync.QEventLoop(application) as loop:
        asyncio.set_event_loop(loop)
        return int(loop.run_until_complete(_run(argv, collector)))


async def _run(argv: list[str], collector: CycleCollector) -> int:
    qInstallMessageHandler(lambda kind, where, text: log.log(QT_LEVELS.get(kind, 20), text))
    opening = Opening()
    opening.show()
    try:
        app = await _start()
    except AppError as error:
        log.error("start: %s", error)
        await dialogs.tell(opening, "RFT Studio cannot start", str(error))
        return 1
    window = importlib.import_module("app.ui.main_window").MainWindow(app)
    hook_exceptions(window.tell_bug)
    window.show()
    opening.close()
    ended = asyncio.get_running_loop().create_future()
    window.finished.connect(lambda: ended.set_result(None))
    files = [Path(name) for name in argv if not name.startswith("-")]
    app.jobs.start(_furnish(window, files, collector))
    await ended
    await app.close()
    return 0


async def _start() -> "App":
    """Load what is heavy (numpy, scipy, the tools: 2 s cold) aside, then open the user folder."""
    wiring = await asyncio.to_thread(importlib.import_module, "app.wiring")
    app: App = await wiring.App.start()
    wiring.log_to_file(app.home)
    apply_appearance(app.settings)
    return app


class Opening(QWidget):
    """What is seen for the moment the program loads: the window's place, and its name."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("canvas")
        self.setWindowTitle(paths.APP_NAME)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        name, words = kit.label(paths.APP_NAME, "display"), kit.label("Opening…", tone="muted")
        for label in (name, words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setLayout(kit.column(None, name, words, None))
        restore(self, memory(paths.home()))


async def _furnish(window: "MainWindow", files: list[Path], collector: CycleCollector) -> None:
    """After the first paint: the assistant, the file the program was started with, the panels."""
    ahead = importlib.import_module("app.ui.ahead")
    await ahead.load_chat()
    chat = importlib.import_module("app.ui.chat.dock")
    window.set_chat(chat.ChatDock(window.app))
    if files:
        window.start(window.actions_.import_files(files))
    await ahead.prepare(window.centre)
    await window.app.clients.look_around()
    collector.settle()


def hook_exceptions(tell: Callable[[str], None]) -> None:
    """Whatever no one caught (in a slot, a callback, a thread) is logged and told, never silent."""

    def unexpected(error: BaseException) -> None:
        log.error("not caught", exc_info=error)
        tell(f"{type(error).__name__}: {error}")

    def in_slot(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            unexpected(error)

    def in_loop(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        unexpected(error if error is not None else RuntimeError(context["message"]))

    sys.excepthook = in_slot
    asyncio.get_running_loop().set_exception_handler(in_loop)
