"""A cycle is freed on the window's thread, whichever thread makes objects meanwhile."""

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject

from app.ui.garbage import MOST, CycleCollector
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


async def test_a_large_tree_is_not_looked_through_again_and_again(
    collector: CycleCollector,
) -> None:
    """It would hold the window for as long as it is large: 150 ms for 10,000 topics."""
    looked: list[int] = []
    collector.collect()
    kept = [[number] for number in range(MOST + 1)]

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            looked.append(sum(len(gc.get_objects(generation=n)) for n in range(3)))

    gc.callbacks.append(note)
    try:
        collector.collect()
        freed: list[int] = []
        for _ in range(2 * gc.get_threshold()[0]):
            weakref.finalize(Cycle(), lambda: freed.append(threading.get_ident()))
        collector.collect()
    finally:
        gc.callbacks.remove(note)
    assert len(kept) > MOST
    assert looked
    assert max(looked) < MOST
    assert freed, "new cycles are still found beside it"


async def test_each_generation_is_listed_once_and_none_beyond_the_first_too_large(
    collector: CycleCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[int] = []
    objects = gc.get_objects

    def noted(generation: int) -> list[object]:
        listed.append(generation)
        return objects(generation=generation)

    gc.collect()
    gc.freeze()
    monkeypatch.setattr(gc, "get_objects", noted)
    monkeypatch.setattr(gc, "get_count", lambda: (10_000, 100, 100))
    collector.collect()
    assert listed == [0, 1, 2]
    listed.clear()
    kept = [[number] for number in range(MOST + 1)]
    collector.collect()
    assert listed == [0]
    assert len(objects(generation=0)) < MOST < len(kept)
