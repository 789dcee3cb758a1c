"""The assistant's dock over a long conversation: its first paint, and how steady the window stays while
an answer streams in. Run alone: `python build/bench_chat.py`.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import qasync
from bench_browser import Heartbeat, Paints, Row
from PySide6.QtWidgets import QApplication

from app.agent.entries import Entry, Message, Piece, Said, as_data
from app.store import results
from app.store.database import Tx
from app.ui import kit
from app.ui.chat.dock import ChatDock
from app.ui.garbage import CycleCollector
from app.ui.theme import Theme
from app.ui.theme_switch import use
from app.wiring import App

MESSAGES, TOKENS, PER_SECOND = 1_000, 5_000, 200
GAP, FIRST = 0.050, 0.200  # limits in seconds
ROUNDS = 5
SIZE = (352, 760)
ANSWER = """The proposal splits **Card delivery** from *Lost or stolen card*: 63 tickets ask when a card
arrives, none report a loss. See record 12, records 15 and 20, or topic 7.

| topic | records | share |
|---|---:|---:|
| Cards | 1,131 | 42 % |
| Payments | 869 | 32 % |

1. Read the ten `worst` answers.
2. Set the grader
   - with [a guide](https://example.org/guide)

```python
def grade(sample, item):
    return 1.0 if sample["output_text"] == item["reference"] else 0.0
```

"""


def rows() -> list[Row]:
    """What, our seconds, beside what, its seconds."""
    running = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(running, QApplication)
    running.setQuitOnLastWindowClosed(False)
    use(running, Theme("light", reduced_motion=True))
    collector = CycleCollector(running)
    with (
        tempfile.TemporaryDirectory(prefix="rft-bench-", ignore_cleanup_errors=True) as folder,
        qasync.QEventLoop(running) as loop,
    ):
        asyncio.set_event_loop(loop)
        return list(loop.run_until_complete(_measure(Path(folder), collector)))


async def _measure(home: Path, collector: CycleCollector) -> list[Row]:
    app = await App.start(home)
    app.settings.openings = False
    session = await app.open_sample()
    await session.store.transaction(_fill)
    dock = ChatDock(app)
    dock.resize(*SIZE)
    dock.show()
    try:
        await _settled(dock)
        collector.settle()
        seconds = [await _first_paint(dock, session) for _ in range(ROUNDS)]
        what = f"A conversation of {MESSAGES:,} messages: first paint"
        worst = f"limit (worst {max(seconds):.3f})"
        found: list[Row] = [(what, statistics.median(seconds), worst, FIRST)]
        what = f"Event loop away, {TOKENS:,} tokens at {PER_SECOND} a second, {{}}: longest"
        found.append((what.format("newest messages shown"), await _stream(dock), "limit", GAP))
        await _show_all(dock)
        found.append((what.format("all messages shown"), await _stream(dock), "limit", GAP))
        return found
    finally:
        dock.hide()
        await app.close()


def _fill(tx: Tx) -> None:
    for number in range(MESSAGES // 2):
        answer = Message(text=f"Answer {number}. {ANSWER}", reply=f"r{number}")
        said: Entry = Said(text=f"Question {number}: which topics are there, and why?")
        for entry in (said, answer):
            results.add_chat(tx, entry.kind, as_data(entry))


async def _first_paint(dock: ChatDock, session: Any) -> float:
    """From the opening of the dataset until its newest messages fill the dock and are painted."""
    dock.list.clear()
    viewport = dock.list.area.viewport()
    paints = Paints(viewport)
    paints.shows = lambda: dock.list.area.widget().height() > viewport.height()
    started = time.perf_counter()
    dock._enter(session)
    while not paints.shown:
        await asyncio.sleep(0)
    seconds = time.perf_counter() - started
    viewport.removeEventFilter(paints)
    await _settled(dock)
    return seconds


async def _stream(dock: ChatDock) -> float:
    """The longest time that the event loop was away."""
    words = [f"{word} " for word in (ANSWER * (TOKENS // 40)).split(" ")][:TOKENS]
    await _settled(dock)
    dock.list.add(Said(text="Go on."))
    heart = Heartbeat()
    started = time.perf_counter()
    for number, word in enumerate(words, 1):
        dock.list.add(Piece(reply="live", text=word))
        if (early := started + number / PER_SECOND - time.perf_counter()) > 0:
            await asyncio.sleep(early)
    dock.list.add(Message(text="".join(words).strip(), reply="live"))
    await _settled(dock)
    return max(heart.take())


async def _show_all(dock: ChatDock) -> None:
    while dock.list.show_earlier():
        await _settled(dock)
    assert len(dock.list.views) > MESSAGES


async def _settled(dock: ChatDock) -> None:
    await dock.app.jobs.wait()
    while dock.list.filling or kit.pending():
        await asyncio.sleep(0)


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(f"{row[0]}: {row[1] * 1000:.1f} ms; {row[2]}: {row[3] * 1000:.0f} ms\n")
