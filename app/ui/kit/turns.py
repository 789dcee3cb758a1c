"""Work on widgets in small pieces, each in a turn of the event loop of its own; nothing is read here.

A turn over 50 ms is felt. Painting and input come between two pieces, whoever asked for them.
"""

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from shiboken6 import isValid

Work = Callable[[], object]
_waiting: deque[tuple[QObject, Work]] = deque()
_asked = False


def in_turn(owner: QObject, *works: Work) -> None:
    """Call each in a turn of its own, in order, after what already waits.

    What `owner` does not live to see is dropped. One queue serves the whole program: with a timer
    for each owner several pieces would share a turn.
    """
    _waiting.extend((owner, work) for work in works)
    _ask()


def forget(owner: QObject) -> None:
    """Drop what still waits for this owner."""
    kept = [each for each in _waiting if each[0] is not owner]
    _waiting.clear()
    _waiting.extend(kept)


def pending() -> int:
    """How many pieces wait; 0 once everything asked for is there."""
    return len(_waiting)


def _ask() -> None:
    global _asked
    if _waiting and not _asked:
        _asked = True
        QTimer.singleShot(0, _take)


def _take() -> None:
    global _asked
    _asked = False
    try:
        while _waiting:
            owner, work = _waiting.popleft()
            if isValid(owner):
                work()
                return
    finally:
        _ask()
