"""Where the app's own files and the user's files are; nothing else may build such a path."""

import os
import sys
from pathlib import Path

import platformdirs

APP_NAME = "RFT Studio"


def resource(name: str = "") -> Path:
    """A file shipped with the app, below the project's root: `agents/…` or `resources/…`."""
    root = Path(getattr(sys, "_MEIPASS", Path(__file__).parents[1]))
    return root / name


def home() -> Path:
    """The user folder; `RFT_STUDIO_HOME` moves the whole of it."""
    if chosen := os.environ.get("RFT_STUDIO_HOME"):
        return Path(chosen).expanduser().absolute()
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))
