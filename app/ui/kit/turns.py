"""Work on widgets in small pieces, in short turns of the event loop; nothing is read here.

A turn over 50 ms is felt. Painting and input come between two turns, whoever asked for the work.
"""

import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from shiboken6 import isValid

Work = Callable[[], object]
SECONDS = 0.004  # after which a turn takes no further piece; a single one may take 40 ms
_waiting: deque[tuple[QObject, Work]] = deque()
_asked = False


def in_turn(owner: QObject, *works: Work) -> None:
    """Call each in a later turn, in order, after what already waits; quick ones share a turn.

    What `owner` does not live to see is dropped. One queue serves the whole program: with a timer
    for each owner several long pieces would share a turn.
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
    end = time.monotonic() + SECONDS
    try:
        while _waiting:
            owner, work = _waiting.popleft()
            if isValid(owner):
                work()
            if time.monotonic() >= end:
                return
    finally:
        _ask()
