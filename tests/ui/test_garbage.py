"""A cycle is freed on the window's thread, whichever thread makes objects meanwhile."""

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject

from app.ui.garbage import CycleCollector
from tests.ui.conftest import Until


@pytest.fixture
def collector(qapp: QObject) -> Iterator[CycleCollector]:
    owner = QObject()
    yield CycleCollector(owner)
    gc.unfreeze()
    gc.disable()  # as the package's own collector wants it


class Cycle:
    def __init__(self) -> None:
        self.me = self


def allocate() -> None:
    """More than every threshold of the collector."""
    kept = [[] for _ in range(100_000)]  # type: ignore[var-annotated]
    del kept


async def test_a_cycle_is_freed_on_this_thread(collector: CycleCollector, until: Until) -> None:
    freed: list[int] = []
    weakref.finalize(Cycle(), lambda: freed.append(threading.get_ident()))
    other = threading.Thread(target=allocate)
    other.start()
    other.join()
    assert not freed
    await until(lambda: gc.get_count()[0] < gc.get_threshold()[0])
    collector.settle()
    gc.unfreeze()
    gc.collect()
    assert freed == [threading.get_ident()]


async def test_what_is_due_is_collected_unasked(collector: CycleCollector, until: Until) -> None:
    freed: list[int] = []
    for _ in range(2 * gc.get_threshold()[0]):
        weakref.finalize(Cycle(), lambda: freed.append(threading.get_ident()))
    await until(lambda: freed)
    assert set(freed) == {threading.get_ident()}
