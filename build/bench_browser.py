"""Many records in the real window, offscreen: the import, the indexing, then each wait of the browser.

Run alone: `python build/bench_browser.py 1000000`.
"""

import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import qasync
from bench_import import write_chats
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from app.store import topics
from app.store.database import Tx
from app.ui.ahead import prepare
from app.ui.app import share_lock
from app.ui.chat.dock import ChatDock
from app.ui.garbage import CycleCollector
from app.ui.main_window import MainWindow
from app.ui.records_panel import RecordsPanel
from app.ui.theme import Theme
from app.ui.theme_switch import use
from app.wiring import App

ROUNDS = 3
BEAT_SECONDS = 0.005
FRAMES = 300
FIRST_ROWS, JUMP, LISTED, SEARCHED = 0.150, 0.050, 0.300, 0.100  # limits in seconds
FRAME, GAP = 0.016, 0.050
TOPICS = 60
IDLE_SECONDS = 20.0  # also for what the window makes ahead
Row = tuple[str, float, str, float]
FILTERS = (
    "is:flagged", "split:test", "tokens>300", "length>1100 is:valid", "is:uncategorised", "tag:rare",
    "the split:test", "the tag:rare",
)  # fmt: skip
SORTS = (
    "tokens",
    "preview",
    "length",
    "topic_id",
    "split",
    "probability",
    "flags",
    "tags",
    "score",
)
WORDS = ("embarrassing", "refund", "card", "the", '"of the"', "ref", "the -card")


class Heartbeat:
    """How long the event loop was away at a time."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._task = asyncio.get_running_loop().create_task(self._beat())

    async def _beat(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            now = time.perf_counter()
            self.gaps.append(now - last - BEAT_SECONDS)
            last = now

    def take(self) -> list[float]:
        """The gaps since the last taking."""
        found, self.gaps = self.gaps, []
        return found


class Paints(QObject):
    """Notes whether a widget was painted while `shows` held."""

    def __init__(self, watched: QObject) -> None:
        super().__init__(watched)
        self.shows: Callable[[], object] = lambda: False
        self.shown = False
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.shown = self.shown or bool(self.shows())
        return False


class Hand:
    """Does in the window what a user does, and waits until it is seen."""

    def __init__(self, app: App, window: MainWindow) -> None:
        self.app, self.window = app, window
        panel = window.centre.panel("records")
        assert isinstance(panel, RecordsPanel)
        self.panel = panel
        self.paints = Paints(panel.list.table.viewport())

    @property
    def rows_there(self) -> bool:
        """Whether every row in view is read."""
        table, model = self.panel.list.table, self.panel.list.model
        first = table.rowAt(0)
        last = table.rowAt(table.viewport().height() - 1)
        last = model.listing.total - 1 if last < 0 else last
        return all(model.row(row) is not None for row in range(max(first, 0), last + 1))

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            await asyncio.sleep(0.001)

    async def timed(self, act: Callable[[], object], condition: Callable[[], object]) -> float:
        """Seconds from the act until its rows are painted."""
        self.paints.shown, self.paints.shows = False, lambda: condition() and self.rows_there
        started = time.perf_counter()
        act()
        await self.until(lambda: condition() and self.rows_there)
        if not self.paints.shown:
            self.panel.list.table.viewport().repaint()
        return time.perf_counter() - started

    async def settled(self) -> None:
        """Until nothing is read any more, so that one measurement does not burden the next."""
        await self.app.jobs.wait()

    async def listed(self, line: str) -> float:
        """From the applied line to its first rows; the order comes later."""
        await self._clear()
        before = self.panel.listing

        def act() -> None:
            self.panel.list.filters.line.setText(line)
            self.panel.list.filters.line.apply()

        seconds = await self.timed(act, lambda: self.panel.listing is not before)
        await self.settled()
        return seconds

    async def sorted(self, sort: Any) -> float:
        await self._clear()
        return await self._sort(sort)

    async def resorted(self, line: str) -> float:
        """What a line finds, in the order of another column."""
        await self.listed(line)
        return await self._sort("tokens")

    async def _sort(self, sort: Any) -> float:
        before = self.panel.listing
        act = lambda: self.panel._sort(sort, True)  # noqa: E731
        seconds = await self.timed(act, lambda: self.panel.listing is not before)
        await self.settled()
        return seconds

    async def jumped(self, row: int) -> float:
        table = self.panel.list.table
        act = lambda: (table.select(row), table.scrollTo(table.currentIndex()))  # noqa: E731
        seconds = await self.timed(act, lambda: table.currentIndex().row() == row)
        await self.settled()
        return seconds

    async def scrolled(self) -> tuple[list[float], list[float]]:
        """Seconds of each frame: by a wheel's steps through rows, and by jumps across the file."""
        bar = self.panel.list.table.verticalScrollBar()
        viewport = self.panel.list.table.viewport()
        near, far = [], []
        for frame in range(FRAMES):
            bar.setValue(
                bar.value() + 120 if frame % 3 else random.Random(frame).randint(0, bar.maximum())
            )
            started = time.perf_counter()
            viewport.repaint()
            (near if frame % 3 else far).append(time.perf_counter() - started)
            await asyncio.sleep(0.002)
        await self.settled()
        return near, far

    async def _clear(self) -> None:
        if self.panel.view.filtered or self.panel.view.sort != "match":
            self.panel._show_all()
            self.panel.list.filters.line.clear()
            await self.settled()


def rows(count: int) -> list[Row]:
    """What, its wall seconds (the median of some rounds), the limit's name, the limit."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setQuitOnLastWindowClosed(False)
    use(application, Theme("light", reduced_motion=True))
    collector = CycleCollector(application)  # both as the program does it
    share_lock()
    with (
        tempfile.TemporaryDirectory(prefix="rft-bench-", ignore_cleanup_errors=True) as name,
        qasync.QEventLoop(application) as loop,
    ):
        asyncio.set_event_loop(loop)
        source = Path(name) / "chats.jsonl"
        write_chats(source, count)
        return list(loop.run_until_complete(_measure(source, Path(name) / "home", collector)))


async def _measure(source: Path, home: Path, collector: CycleCollector) -> list[Row]:
    app = await App.start(home)
    window = MainWindow(app)
    window.resize(1440, 900)
    window.set_chat(ChatDock(app))
    window.show()
    window.go("welcome")
    await prepare(window.centre)
    collector.settle()
    heart = Heartbeat()
    try:
        found = await _filled(app, source, heart)
        hand = Hand(app, window)
        window.go("records")
        await hand.until(lambda: hand.panel.listing is not None)
        await hand.settled()
        heart.take()
        return [*found, *await _all(hand, heart)]
    finally:
        window.hide()
        await app.close()


async def _filled(app: App, source: Path, heart: "Heartbeat") -> list[Row]:
    """Import the file and have it indexed, and how long the event loop was away meanwhile."""
    await asyncio.sleep(IDLE_SECONDS)
    heart.take()
    await asyncio.sleep(IDLE_SECONDS)
    found = _away("the window idle", heart)
    report = await app.import_file(source)
    found += _away(f"importing {report.records:,} records", heart)
    session = await app.open(report.dataset)
    assert session.passes is not None
    await session.passes
    found += _away("near-duplicates and full-text index", heart)
    await session.store.transaction(_labelled)
    return found


def _labelled(tx: Tx) -> None:
    """Topics, probabilities and a rare tag, so that the columns have something to sort and find."""
    for topic in range(1, TOPICS + 1):
        topics.add(tx, f"Topic {topic}")
    tx.sql(
        f"UPDATE record SET topic_id = id * 7919 % {TOPICS} + 1, topic_source = 'auto', "
        "probability = (id * 7919 % 1000) / 1000.0, fit = (id * 104729 % 1000) / 1000.0 "
        "WHERE id % 10"
    )
    tx.sql("UPDATE record SET tags = ' rare ' WHERE id % 1000 = 0")


def _away(when: str, heart: "Heartbeat") -> list[Row]:
    gaps = sorted(heart.take())
    what = f"Event loop away, {when}"
    return [
        (f"{what}: 99.9 %", gaps[int(len(gaps) * 0.999)], "two frames", 2 * FRAME),
        (f"{what}: longest", gaps[-1], "limit", GAP),
    ]


async def _all(hand: Hand, heart: Heartbeat) -> list[Row]:
    found: list[Row] = []

    async def add(what: str, one: Callable[[int], Any], limit: float, rounds: int = ROUNDS) -> None:
        seconds = [await one(n) for n in range(rounds)]
        found.append((what, statistics.median(seconds), f"limit (worst {max(seconds):.3f})", limit))

    total = hand.panel.list.model.listing.total
    draw = random.Random(1)
    await add(
        f"Records of {total:,} shown: click to first rows", lambda n: _opened(hand), FIRST_ROWS
    )
    places = [draw.randrange(total) for _ in range(40)]
    await add("Jump to a row of the file", lambda n: hand.jumped(places[n]), JUMP, len(places))
    for line in FILTERS:
        await add(f"Filter {line}: first rows", lambda n, line=line: hand.listed(line), LISTED)
    for sort in SORTS:
        await add(f"Sort by {sort}: first rows", lambda n, s=sort: hand.sorted(s), LISTED)
    await add("Jump to a row of a sorted list", lambda n: hand.jumped(places[n]), JUMP, len(places))
    await add(
        "Sort split:test by tokens: first rows", lambda n: hand.resorted("split:test"), LISTED
    )
    await add("Sort the hits of the by tokens: first rows", lambda n: hand.resorted("the"), LISTED)
    for line in WORDS:
        await add(f"Search {line}: first rows", lambda n, line=line: hand.listed(line), SEARCHED)
    await hand._clear()
    near, far = await hand.scrolled()
    found.append(("Scrolling, median frame", statistics.median([*near, *far]), "a frame", FRAME))
    found.append(("Scrolling, worst frame", max([*near, *far]), "two frames", 2 * FRAME))
    found += _away("browsing", heart)
    return found


async def _opened(hand: Hand) -> float:
    """From the click that brings the panel to the front until its rows are painted."""
    hand.window.go("topics_config")
    await hand.settled()
    hand.panel.list.model._pages.clear()
    hand.panel.list.model.read_again()
    before = hand.panel.listing
    hand.panel._dirty = True
    seconds = await hand.timed(
        lambda: hand.window.go("records"), lambda: hand.panel.listing is not before
    )
    await hand.settled()
    return seconds


if __name__ == "__main__":
    for row in rows(int(sys.argv[1])):
        sys.stdout.write(f"{row[0]}: {row[1] * 1000:.1f} ms; {row[2]}: {row[3] * 1000:.0f} ms\n")
