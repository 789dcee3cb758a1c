"""The app without a window: the same tools, the same gates, for terminals and scripts."""

from app.cli.main import main

__all__ = ["main"]
