"""Photographs widgets in light and dark, and names every text that does not fit; for developers.

From another script:  photograph("dry_run", lambda: DryRunPanel(app), settle=app.jobs.wait)
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

import qasync
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from app.ui.theme import Mode, Theme
from app.ui.theme_switch import use

OUT = Path(__file__).parents[1] / "dist" / "screenshots"
MODES: tuple[Mode, ...] = ("light", "dark")
Make = Callable[[], QWidget | Awaitable[QWidget]]
Settle = Callable[[], Awaitable[object]]


def photograph(
    name: str,
    make: Make,
    *,
    size: tuple[int, int] = (1440, 900),
    out: Path = OUT,
    settle: Settle | None = None,
) -> list[Path]:
    """Save `name-light.png` and `name-dark.png`; the dark one by switching the shown widget.

    `make` returns the widget or a coroutine for it, `settle` waits until it has read its data.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setQuitOnLastWindowClosed(False)
    with qasync.QEventLoop(app) as loop:
        asyncio.set_event_loop(loop)
        paths: list[Path] = loop.run_until_complete(_photograph(app, name, make, size, out, settle))
    return paths


async def _photograph(
    app: QApplication,
    name: str,
    make: Make,
    size: tuple[int, int],
    out: Path,
    settle: Settle | None,
) -> list[Path]:
    out.mkdir(parents=True, exist_ok=True)
    use(app, Theme(MODES[0], reduced_motion=True))
    made = make()
    widget = made if isinstance(made, QWidget) else await made
    widget.resize(*size)
    widget.show()
    paths = []
    for mode in MODES:
        use(app, Theme(mode, reduced_motion=True))
        for _ in range(8):
            await asyncio.sleep(0.02)
            if settle is not None:
                await settle()
        path = out / f"{name}-{mode}.png"
        widget.grab().save(str(path))
        paths.append(path)
    for words in clipped(widget):
        sys.stdout.write(f"  does not fit in {name}: {words}\n")
    widget.hide()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    return paths


def clipped(widget: QWidget) -> list[str]:
    """Labels and buttons whose text needs more room than they have."""
    found = []
    for label in widget.findChildren(QLabel):
        if not label.isVisible() or not label.text():
            continue
        if label.wordWrap():
            short = label.heightForWidth(label.width()) > label.height() + 2
        else:
            short = label.sizeHint().width() > label.width() + 1
        if short:
            found.append(label.text()[:60])
    found += [
        button.text()
        for button in widget.findChildren(QPushButton)
        if button.isVisible() and button.text() and button.sizeHint().width() > button.width() + 1
    ]
    return found
