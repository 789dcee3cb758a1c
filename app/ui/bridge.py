"""Store events -> one Qt signal: equal events within 30 ms are told once; nothing is read here."""

from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

MERGE_MS = 30


class EventSource(Protocol):
    def subscribe(self, listener: Callable[[Any], None]) -> Callable[[], None]: ...


class Bridge(QObject):
    """`changed` carries a list of events without repetition, in the order they first came.

    A source may call from any thread: the inner signal brings its event to this object's thread.
    """

    changed = Signal(list)
    _arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._waiting: dict[Any, None] = {}
        self._detach: Callable[[], None] = lambda: None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(MERGE_MS)
        self._timer.timeout.connect(self._tell)
        self._arrived.connect(self._collect)

    def attach(self, source: EventSource) -> None:
        """Listen to this source instead of the one before, whose unsent events are dropped."""
        self.detach()
        self._detach = source.subscribe(self._arrived.emit)

    def detach(self) -> None:
        self._detach()
        self._detach = lambda: None
        self._waiting.clear()

    def _collect(self, event: object) -> None:
        self._waiting.setdefault(event)
        if not self._timer.isActive():
            self._timer.start()

    def _tell(self) -> None:
        events, self._waiting = list(self._waiting), {}
        if events:
            self.changed.emit(events)
