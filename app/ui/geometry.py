"""Where the window stood last time, kept in `window.ini` of the user folder."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QWidget

KEY = "window/geometry"
FIRST_SIZE = (1440, 900)


def memory(home: Path) -> QSettings:
    """The file that keeps it; it is made at the first write."""
    return QSettings(str(home / "window.ini"), QSettings.Format.IniFormat)


def remember(window: QWidget, kept: QSettings) -> None:
    """Write the window's size and place now."""
    kept.setValue(KEY, window.saveGeometry())
    kept.sync()


def restore(window: QWidget, kept: QSettings) -> None:
    """The size and place of last time; FIRST_SIZE the first time, or what the screen has."""
    geometry = kept.value(KEY)
    if not (isinstance(geometry, QByteArray) and window.restoreGeometry(geometry)):
        room = window.screen().availableGeometry()
        window.resize(min(FIRST_SIZE[0], room.width()), min(FIRST_SIZE[1], room.height()))
