"""Runs Python's cycle collector on the window's thread only.

Otherwise it runs wherever an object is made, also on a thread that reads the store, and a widget that
is part of a cycle would be freed there: Qt aborts.
"""

import gc
from itertools import accumulate, takewhile

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 100
# Objects that one look may go through, 10 to 30 ms. A tree of 10,000 topics is several times that, and
# a look through all of it took 150 ms after each edit.
MOST = 100_000


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
        """Collect the oldest generation that is due by Python's own thresholds and not too much.

        What is too much is left out from all later looks, and with it all else that is there: nearly
        always values that were read, without cycles, which are freed when nobody holds them. A cycle
        among them, as of a dialog closed before, stays until the application ends: that is the price.
        Counting lists each generation that is due once, up to the first that is too much.
        """
        due = zip(gc.get_count(), gc.get_threshold(), strict=True)
        generations = [n for n, (count, limit) in enumerate(due) if count > limit]
        if not generations:
            return
        wanted = generations[-1] + 1
        small = _small(wanted)
        if small:
            gc.collect(small - 1)
        if small < wanted:
            gc.freeze()

    def settle(self) -> None:
        """Leave out what is there now (modules, panels) from all later looks: it stays anyway."""
        gc.freeze()


def _small(generations: int) -> int:
    """How many of so many generations, from the youngest on, are not too much for one look, which goes
    through the younger ones too."""
    sizes = accumulate(len(gc.get_objects(generation=n)) for n in range(generations))
    return sum(1 for _ in takewhile(lambda size: size <= MOST, sizes))
