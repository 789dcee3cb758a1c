"""The window's own check, run in a process of its own: a missing system library ends it, not the app."""

import sys

from PySide6.QtGui import QGuiApplication, QImage, QImageReader
from PySide6.QtWidgets import QApplication, QPushButton

from app.ui.theme import Theme, theme
from app.ui.theme_switch import use

NEEDED_FORMATS = {"png"}  # icons of style sheets, screenshots


def main() -> int:
    """Build the theme and paint one button; prints the platform, returns 0, or 1 with the reason."""
    application = QApplication([sys.argv[0]])
    use(application, Theme())
    formats = {bytes(name.data()).decode() for name in QImageReader.supportedImageFormats()}
    button = QPushButton(theme().icon("check", "text"), "Check")
    button.resize(120, 40)
    image = QImage(button.size(), QImage.Format.Format_ARGB32)
    button.render(image)
    colours = {image.pixel(x, 20) for x in range(image.width())}
    if missing := NEEDED_FORMATS - formats:
        return _say(f"Qt cannot read {', '.join(sorted(missing))} images.", 1)
    if len(colours) < 2:
        return _say("Qt painted an empty button; its fonts or icons are missing.", 1)
    return _say(QGuiApplication.platformName(), 0)


def _say(text: str, code: int) -> int:
    sys.stdout.write(text + "\n")
    return code
