"""Rows of another dataset file into the open one, in one transaction; reads no file of records."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from app.jobs import Tell
from app.store import meta
from app.store.create import check_file, mark_duplicates
from app.store.database import Tx
from app.store.integrity import read_only
from app.store.rows import BODY_COLUMNS, INSERT_BODY, INSERT_RECORD, RECORD_COLUMNS

Duplicates = Literal["skip", "mark"]
BATCH = 1000  # rows between two looks at Stop
HASH, NUMBER = RECORD_COLUMNS.index("content_hash"), RECORD_COLUMNS.index("batch")
SELECT = (
    f"SELECT {', '.join((*RECORD_COLUMNS, *BODY_COLUMNS))} FROM record "
    "JOIN body ON record_id = id ORDER BY id"
)
# A prompt that is here already is of one split with it, wherever that was moved since its import.
FOLLOW = """UPDATE record SET split = known.split
  FROM (SELECT cluster, MIN(split) AS split FROM record
    WHERE id <= :last AND source <> 'generated' AND cluster <> '' GROUP BY +cluster) AS known
  WHERE record.id > :last AND record.source <> 'generated' AND record.cluster = known.cluster
    AND record.split IS NOT known.split"""
Rows = list[tuple[Any, ...]]


class Appended(BaseModel):
    """What an append did. `batch` is the records' place in the dataset's list of imports."""

    added: int
    skipped: int
    batch: int


def append(
    tx: Tx, staged: Path, note: dict[str, Any], *, duplicates: Duplicates, tell: Tell
) -> Appended:
    """Copy all records of the dataset file `staged` behind those that are here.

    With "skip" a record equal to one that is here is left out, with "mark" it is marked as its
    duplicate; equal is an equal content hash. `note` goes into the list of imports. Raises StoreError
    for a file that is no dataset, and what `tell(done, total)` raises; then nothing was added.
    """
    check_file(staged)
    (last,) = tx.sql("SELECT COALESCE(MAX(id), 0) FROM record")[0]
    batches = meta.get(tx, "batches") or [_first(tx)]
    read = added = 0
    with read_only(staged) as source:
        (total,) = source.execute("SELECT COUNT(*) FROM record").fetchone()
        for rows in _batches(source):
            known = _known(tx, rows, last) if duplicates == "skip" else set()
            kept = [row for row in rows if row[HASH] not in known]
            _insert(tx, kept, first=last + added + 1, batch=len(batches))
            read, added = read + len(rows), added + len(kept)
            tell(read, total)
    if added and duplicates == "mark":
        mark_duplicates(tx.db.connection())
    if added:
        tx.db.connection().execute(FOLLOW, {"last": last})
        meta.put(tx, "batches", [*batches, {**note, "records": added, "skipped": read - added}])
        meta.put(tx, "near_duplicates", "pending")
    return Appended(added=added, skipped=read - added, batch=len(batches))


def _batches(source: sqlite3.Connection) -> Iterator[Rows]:
    with closing(source.execute(SELECT)) as cursor:
        while rows := cursor.fetchmany(BATCH):
            yield rows


def _known(tx: Tx, rows: Rows, last: int) -> set[bytes]:
    """The contents among these that a record up to `last` has already."""
    hashes = [row[HASH] for row in rows if row[HASH]]
    marks = ", ".join("?" for _ in hashes)
    query = f"SELECT content_hash FROM record WHERE content_hash IN ({marks}) AND id <= ?"
    return {found for (found,) in tx.sql(query, (*hashes, last))}


def _insert(tx: Tx, rows: Rows, *, first: int, batch: int) -> None:
    """Under ids from `first` on."""
    connection, split = tx.db.connection(), len(RECORD_COLUMNS)
    records = [
        (n, *row[1:NUMBER], batch, *row[NUMBER + 1 : split]) for n, row in enumerate(rows, first)
    ]
    connection.executemany(INSERT_RECORD, records)
    connection.executemany(
        INSERT_BODY, [(n, *row[split + 1 :]) for n, row in enumerate(rows, first)]
    )


def _first(tx: Tx) -> dict[str, Any]:
    """The import that the dataset was made by, as an entry of the list of imports."""
    origin = meta.get(tx, "origin", {})
    (records,) = tx.sql("SELECT COUNT(*) FROM record")[0]
    return {"file": origin.get("file", ""), "imported": origin.get("imported"), "records": records}
