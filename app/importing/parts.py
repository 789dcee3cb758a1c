"""How a worker goes through the stored records and sets down what it finds, piece by piece.

A piece is a file of its own, whole or not there: the app brings it in while the worker goes on, and
a stop loses at most the piece being made. The dataset file is only read.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from app.workers import Worker, write_atomic

PATTERN = "part-*.json"
ROWS, CHARACTERS = 2_000, 4_000_000  # of a piece at most: a record may have megabytes
Row = tuple[Any, ...]
Found = tuple[int, str, int]  # record id, hex of its content hash, the number found


class Pass:
    """One pass over the records that `due` selects from `record JOIN body`; `columns` are read."""

    def __init__(self, worker: Worker, *, columns: str, due: str, verb: str) -> None:
        self._worker, self._verb = worker, verb
        rows = "FROM record JOIN body ON record_id = id WHERE"
        self._total = f"SELECT COUNT(*) FROM record WHERE {due}"
        self._query = (
            f"SELECT id, content_hash, {columns} {rows} {due} AND id > ? ORDER BY id LIMIT {ROWS}"
        )
        self._done, self._started = 0, time.monotonic()

    def batches(self) -> Iterator[list[Row]]:
        """The rows, a piece's worth at a time; raises Stopped between two."""
        database = Path(self._worker.config["database"]).absolute()
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)) as file:
            (total,) = file.execute(self._total).fetchone()
            self._say(total)
            last = 0
            while batch := _read(file, self._query, last):
                self._worker.check_stop()
                yield batch
                last = batch[-1][0]
                self._done += len(batch)
                self._say(total)

    def put(self, found: list[Found]) -> None:
        """Set down a piece, with the key of the configuration it was made under."""
        data = orjson.dumps({"key": self._worker.config["key"], "rows": found})
        write_atomic(self._worker.path / PATTERN.replace("*", f"{found[0][0]:012d}"), data)

    def _say(self, total: int) -> None:
        rate = self._done / max(0.001, time.monotonic() - self._started)
        text = f"{self._done:,} of {total:,} records {self._verb}, {rate:,.0f} a second"
        self._worker.progress(self._done, max(1, total), text)


def _read(file: sqlite3.Connection, query: str, last: int) -> list[Row]:
    batch: list[Row] = []
    size = 0
    with closing(file.execute(query, (last,))) as cursor:
        for row in cursor:
            batch.append(row)
            size += sum(map(len, row[2:]))
            if size > CHARACTERS:
                break
    return batch
