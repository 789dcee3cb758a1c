"""The background passes beside the bare work of their libraries, and searches beside their limit.

Run alone: `python build/bench_passes.py 100000`.
"""

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from bench_import import write_chats

from app.importing import count_worker, index_worker
from app.store import records
from app.store.create import create_dataset
from app.store.database import Database
from app.store.records import RecordFilter
from app.store.search import TEXTS, Search, text_of
from app.training.tokenizer import train_tokenizer
from app.workers import RunDir, Task, Worker

LIMIT_SECONDS = 0.1  # for the first page of a search
ROUNDS = 5
PAGE = 100
TAUGHT, VOCABULARY = 3_000, 2_048  # as the starter's tokenizer
Row = tuple[str, float, str, float]


def rows(count: int) -> list[Row]:
    """What, our seconds, beside what, its seconds: CPU of the build, wall time of first pages."""
    with tempfile.TemporaryDirectory(prefix="rft-bench-") as name:
        folder = Path(name)
        write_chats(folder / "chats.jsonl", count)
        create_dataset(folder / "dataset.sqlite", _records(folder / "chats.jsonl"), {})
        theirs = _bare(folder)
        mine = _timed(lambda: _run(index_worker, folder / "index", folder))
        what = f"Full-text index of {count:,} records: read, resumable, on disk (CPU)"
        return [
            (what, mine, "bare FTS5, one `executemany` of texts in memory", theirs),
            _counted(folder, count),
            *asyncio.run(_searches(folder, count)),
        ]


def _counted(folder: Path, count: int) -> Row:
    """The exact token counts; the tokenizer's own time is that of the texts of a batch in memory."""
    texts = [text for _, text in islice(_texts(folder), TAUGHT)]
    tokenizer = train_tokenizer(texts, vocab_size=VOCABULARY)
    file = folder / "tokenizer.json"
    tokenizer.save(str(file))
    bare, source = 0.0, _texts(folder)
    while batch := [text for _, text in islice(source, 2_000)]:
        bare += _timed(lambda batch=batch: tokenizer.encode_batch_fast(batch))
    mine = _timed(
        lambda: _run(count_worker, folder / "count", folder, tokenizer=str(file), key="k")
    )
    what = f"Token counts of {count:,} records: read, resumable, on disk (CPU)"
    return (what, mine, "the tokenizer alone, texts in memory", bare)


def _records(source: Path) -> Iterator[dict[str, Any]]:
    with source.open("rb") as file:
        for line in file:
            yield {"messages": orjson.loads(line)["messages"][:-1]}


def _texts(folder: Path) -> Iterator[tuple[int, str]]:
    source = sqlite3.connect(folder / "dataset.sqlite")
    for row in source.execute(f"SELECT {TEXTS} FROM body"):
        yield row[0], text_of(*row[1:])
    source.close()


def _bare(folder: Path) -> float:
    """Only the time of FTS5 itself: the texts of a batch are read before its clock starts."""
    seconds, texts = 0.0, _texts(folder)
    index = sqlite3.connect(folder / "bare.sqlite")
    index.execute("CREATE VIRTUAL TABLE w USING fts5(b, content='', tokenize='unicode61')")
    while batch := list(islice(texts, 10_000)):
        started = time.process_time()
        index.executemany("INSERT INTO w(rowid, b) VALUES (?, ?)", batch)
        seconds += time.process_time() - started
    seconds += _timed(index.commit)
    index.close()
    return seconds


def _run(task: Task, place: Path, folder: Path, **config: str) -> None:
    run = RunDir(place)
    run.prepare({"database": str(folder / "dataset.sqlite"), **config})
    worker = Worker(run.path)
    task.run(worker)
    worker.finish("completed")


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


async def _searches(folder: Path, count: int) -> list[Row]:
    """Words by how many records have them, as a panel asks: hits and the rows of the first page."""
    words = Counter(
        w for number, text in _texts(folder) if number <= 20_000 for w in set(_split(text))
    )
    (common, _), *_ = words.most_common(1)
    middle = words.most_common(len(words) // 200 + 1)[-1][0]
    rare = words.most_common()[-1][0]
    searches = {
        f"a rare word ({rare})": f'"{rare}"',
        f"a usual word ({middle})": f'"{middle}"',
        f"the most common word ({common})": f'"{common}"',
        f"a phrase ({common} {middle})": f'"{common} {middle}"',
        f"a beginning ({middle[:4]}…)": middle[:4],
    }
    database = Database(folder / "dataset.sqlite")
    found = []
    for what, text in searches.items():
        seconds = min([await _first_page(database, text) for _ in range(ROUNDS)])
        title = f"Search for {what} in {count:,} records: the first {PAGE} rows (wall time)"
        found.append((title, seconds, "the limit for a search", LIMIT_SECONDS))
    await database.close()
    return found


async def _first_page(database: Database, text: str) -> float:
    def work(tx: Any) -> int:
        best = Search(tx, text).first(PAGE)
        ids = best.ids if best.ranked else records.page(tx, RecordFilter(text=text), limit=PAGE)
        return len(records.rows(tx, ids))

    started = time.perf_counter()
    await database.read(work)
    return time.perf_counter() - started


def _split(text: str) -> list[str]:
    return [word for word in text.lower().split() if word.isalpha() and word.isascii()]


if __name__ == "__main__":
    for row in rows(int(sys.argv[1])):
        sys.stdout.write(
            f"{row[0]}: {row[1]:.3f} s; {row[2]}: {row[3]:.3f} s; {row[1] / row[3]:.2f}\n"
        )
