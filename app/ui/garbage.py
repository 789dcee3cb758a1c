"""Runs Python's cycle collector on the window's thread only.

Otherwise it runs wherever an object is made, also on a thread that reads the store, and a widget that
is part of a cycle would be freed there: Qt aborts.
"""

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 100


class CycleCollector(QObject):
    """From now on cycles are collected here; lives as long as `parent`, the application."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        parent.destroyed.connect(gc.enable)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collect the oldest generation that is due by Python's own thresholds."""
        due = zip(gc.get_count(), gc.get_threshold(), strict=True)
        generations = [n for n, (count, limit) in enumerate(due) if count > limit]
        if generations:
            gc.collect(generations[-1])

    def settle(self) -> None:
        """Leave out what is there now (modules, panels) from all later looks: it stays anyway."""
        gc.freeze()
