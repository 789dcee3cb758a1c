"""The worker task `index`: the words of every record into the search index, on from where it ended.

Reads the dataset file, writes only the index beside it. Killed at any moment it loses at most one
chunk: the words and how far they reach are committed together.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import StoreError
from app.store.database import explain
from app.store.search import FILE, TEXTS, create_index, last_indexed, text_of
from app.workers import Worker

CHUNK = 10_000  # records in a transaction: under a second of work
STOP_EVERY = 500
# FTS5 gathers words in memory and writes a segment when this is full; with its 1 MB it merges
# segments so often that the build takes a quarter longer (5.3 against 4.2 CPU-s for 100,000 records).
HASH_BYTES = 16_000_000
PRAGMAS = (
    "PRAGMA journal_mode = wal",
    "PRAGMA synchronous = normal",
    "PRAGMA secure_delete = 0",
    "PRAGMA cache_size = -16000",
    "PRAGMA wal_autocheckpoint = 4000",
)


@dataclass
class Chunk:
    """The rows of one transaction, one at a time: a record may have megabytes."""

    worker: Worker
    rows: Iterable[tuple[Any, ...]]
    count: int = 0
    last_id: int = 0

    def texts(self) -> Iterator[tuple[int, str]]:
        for row in self.rows:
            if self.count % STOP_EVERY == 0:
                self.worker.check_stop()
            self.count, self.last_id = self.count + 1, row[0]
            yield row[0], text_of(*row[1:])


def run(worker: Worker) -> dict[str, Any]:
    """Index `database` up to its last record. Raises Stopped, and StoreError (a full disk, say)."""
    database = Path(worker.config["database"])
    path = database.with_name(FILE)
    if not last_indexed(path):
        create_index(path)
    try:
        return _index(worker, database, path)
    except sqlite3.Error as error:
        raise StoreError(explain(error, path)) from error


def _index(worker: Worker, database: Path, path: Path) -> dict[str, Any]:
    source = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
    index = sqlite3.connect(path, timeout=10)
    try:
        for pragma in PRAGMAS:
            index.execute(pragma)
        index.execute("INSERT INTO words(words, rank) VALUES ('hashsize', ?)", (HASH_BYTES,))
        index.commit()
        last = _highest(index, "SELECT last_id FROM done")
        end = _highest(source, "SELECT COALESCE(MAX(record_id), 0) FROM body")
        records = _fill(worker, source, index, last, end)
        index.execute("PRAGMA wal_checkpoint(truncate)")
        return {"records": records, "last_id": end}
    finally:
        index.close()
        source.close()


def _fill(
    worker: Worker, source: sqlite3.Connection, index: sqlite3.Connection, last: int, end: int
) -> int:
    """Chunk after chunk; returns how many records were read."""
    records, first, started = 0, last, time.monotonic()
    insert = "INSERT INTO words(rowid, body) VALUES (?, ?)"
    query = f"SELECT {TEXTS} FROM body WHERE record_id > ? AND record_id <= ? ORDER BY 1 LIMIT ?"
    while last < end:
        chunk = Chunk(worker, source.execute(query, (last, end, CHUNK)))
        index.executemany(insert, chunk.texts())
        last = chunk.last_id if chunk.count == CHUNK else end
        index.execute("UPDATE done SET last_id = ?", (last,))
        index.commit()
        records += chunk.count
        rate = (last - first) / max(0.001, time.monotonic() - started)
        text = f"indexing {100 * last // end} %, {rate:,.0f} records a second"
        worker.progress(last, end, text)
    return records


def _highest(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
