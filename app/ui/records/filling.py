"""Lays widgets out in short turns of the event loop, so that a long record never holds the window."""

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

Maker = Callable[[], QWidget]
AT_ONCE = 4  # widgets made before anything is painted
SECONDS = 0.012  # of one turn of the loop; a single widget may take 40 ms


class Filler(QObject):
    """`made` tells each widget after it stands in the layout, `done` that all do."""

    made = Signal(QWidget)
    done = Signal()

    def __init__(self, layout: QVBoxLayout) -> None:
        super().__init__()
        self._layout, self._makers, self._at = layout, list[Maker](), 0
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._go_on)

    @property
    def busy(self) -> bool:
        return bool(self._makers)

    def fill(self, makers: Sequence[Maker], *, at: int = 0) -> None:
        """Insert these from a place in the layout on; what was still to be made is dropped."""
        self._makers, self._at = list(reversed(makers)), at
        for _ in range(min(AT_ONCE, len(makers))):
            self._make()
        if self._makers:
            self._timer.start()
        else:
            self.stop()
            self.done.emit()

    def stop(self) -> None:
        """Make nothing more."""
        self._makers = []
        self._timer.stop()

    def _go_on(self) -> None:
        end = time.monotonic() + SECONDS
        while self._makers and time.monotonic() < end:
            self._make()
        if not self._makers:
            self.stop()
            self.done.emit()

    def _make(self) -> None:
        widget = self._makers.pop()()
        self._layout.insertWidget(self._at, widget)
        self._at += 1
        self.made.emit(widget)
