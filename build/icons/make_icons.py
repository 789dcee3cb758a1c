"""Renders the icon's SVG to the formats that Linux, Windows and macOS want; for developers."""

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication, QIcon

HERE = Path(__file__).parent
WINDOW = HERE.parents[1] / "resources" / "icons"  # Linux, and the window itself
SIZES = {
    WINDOW / "rft-studio.png": 256,
    HERE / "rft-studio.ico": 128,
    HERE / "rft-studio.icns": 512,
}


def main() -> int:
    application = QGuiApplication(sys.argv[:1])
    icon = QIcon(str(HERE / "rft-studio.svg"))
    for path, size in SIZES.items():
        saved = icon.pixmap(QSize(size, size), 1.0).save(str(path))
        sys.stdout.write(f"{path.name}: {size} px {'written' if saved else 'NOT written'}\n")
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
