"""Keeps what was read from the data until the data changes, so that nothing scans it twice."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeVar

from app.store.events import EDITION_OF, Event, Kind

T = TypeVar("T")
KEPT = 200  # values: counts of filters, statistics, sums; each is small


class Editions:
    """A number for each kind of data that rises with every commit that changed it."""

    def __init__(self) -> None:
        self._numbers: Counter[Kind] = Counter()
        self._kept: OrderedDict[Hashable, tuple[tuple[int, ...], object]] = OrderedDict()
        self._lock = threading.Lock()

    def __getitem__(self, kind: Kind) -> int:
        return self._numbers[kind]

    def now(self) -> dict[Kind, int]:
        """All numbers; take them before the read begins, so that no value claims to be newer."""
        return {kind: self._numbers[kind] for kind in EDITION_OF.values()}

    def committed(self, events: Iterable[Event]) -> None:
        """Count a commit; before its events are told."""
        for event in events:
            if kind := EDITION_OF.get(type(event)):
                self._numbers[kind] += 1

    def cached(
        self,
        key: Hashable,
        compute: Callable[[], T],
        *,
        kinds: tuple[Kind, ...],
        numbers: Mapping[Kind, int],
    ) -> T:
        """`compute()`, or its earlier value where the data of these kinds is the same."""
        edition = tuple(numbers[kind] for kind in kinds)
        with self._lock:
            known = self._kept.get(key)
        if known is not None and known[0] == edition:
            value: T = known[1]  # type: ignore[assignment]  # a key names one type of value
            return value
        value = compute()
        with self._lock:
            self._kept[key] = (edition, value)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return value
