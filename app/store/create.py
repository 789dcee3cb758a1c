"""Making and checking dataset files: built whole and aside, in a worker or before a store opens."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

import orjson
import peewee as pw

from app.domain.validation import FLAG_BITS, ISSUES
from app.errors import Stopped, StoreError
from app.store.changes import trigger_sql
from app.store.database import explain
from app.store.rows import INSERT_BODY, INSERT_IMPORTED, INSERT_RECORD, INSERT_TEXTS, rows_of
from app.store.tables import (
    APPLICATION_ID,
    DATASET_TABLES,
    DERIVED_TRIGGERS,
    HASH_INDEX,
    PAGE_SIZE,
    RECORD_INDEXES,
    SCANNED_INDEX,
    SCHEMA_VERSION,
    UNDOABLE,
    UNINDEXED_TRIGGERS,
    Table,
)

Rows = Sequence[tuple[Any, ...]]
BATCH = 2000
ROWS_A_STATEMENT = 40  # a third faster than singly, and hundreds are no faster
STOP_EVERY = 500_000  # steps of SQLite's machine between two looks: some 10 ms
ANALYSIS_ROWS = 1000  # looked at per index: enough to choose an index by
BULK = {
    "page_size": PAGE_SIZE,
    "journal_mode": "off",  # the file is aside: one that is not finished is thrown away
    "synchronous": 0,
    "locking_mode": "exclusive",
    "cache_size": -48_000,  # KB, for sorting the indexes; a worker may take 200 MB in all
}


# The hashes that occur twice are found in the index alone; only their rows are looked at.
MARK_DUPLICATES = """
WITH again(hash) AS MATERIALIZED (
  SELECT content_hash FROM record WHERE content_hash <> x'' GROUP BY 1 HAVING COUNT(*) > 1
), first(hash, id) AS MATERIALIZED (
  SELECT hash, MIN(r.id) FROM again JOIN record r ON r.content_hash = hash WHERE r.valid GROUP BY 1
)
UPDATE record SET flags = flags | :flag, issues = json_insert(issues, '$[#]', json_object(
  'code', 'duplicate', 'severity', 'warn', 'text', replace(:text, '{line}',
    (SELECT COALESCE(f.line, f.id) FROM record f WHERE f.id = first.id))))
FROM first WHERE record.content_hash = first.hash AND record.id > first.id
  AND record.valid AND record.flags & :flag = 0
"""


# Generated records are for training only, so no cluster may give them another split.
VALID_PROMPTS = """
SELECT id, line, cluster, content_hash, messages FROM record JOIN body ON record_id = id
WHERE valid AND source <> 'generated' ORDER BY id
"""
PLACE = (
    "UPDATE record SET cluster = ?, split = (SELECT split FROM record WHERE id = ?) WHERE id = ?"
)
WARN_NEAR = """
UPDATE record SET flags = flags | ?, issues = json_insert(issues, '$[#]', json_object(
  'code', 'near_duplicate', 'severity', 'warn', 'text', ?)) WHERE id = ? AND flags & ? = 0
"""
Placement = tuple[str, int, str | None, int]  # cluster, id of its first, warning or None, record id
WARNED = "SELECT COUNT(*) FROM record WHERE flags <> 0 AND valid"


class DatasetWriter:
    """Builds a new dataset file in one transaction: `add` rows in file order, then `finish`.

    The caller gives a path aside and renames it when `finish` has returned. As a context manager it
    closes the file whatever happens. Raises StoreError for trouble with the file, and what `stop`
    raises: it is called every few milliseconds while SQLite works.
    """

    def __init__(self, path: Path, *, stop: Callable[[], None] | None = None) -> None:
        self.path, self.count = path, 0
        self.warned = 0  # valid records with a warning; known when finished
        self._stop = stop
        self._stopped: Stopped | None = None
        self._db = pw.SqliteDatabase(str(path), pragmas=BULK)
        with self._told():
            self._connection: sqlite3.Connection = self._db.connection()
            self._connection.set_progress_handler(self._look, STOP_EVERY)
            self._db.execute_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            self._db.execute_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
            self._db.begin()
            create_tables(self._db, DATASET_TABLES)

    def __enter__(self) -> "DatasetWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(self, records: Rows, bodies: Rows) -> None:
        """Rows in the order of RECORD_COLUMNS and BODY_COLUMNS, as SQLite keeps them: JSON as text."""
        with self._told():
            self._connection.executemany(INSERT_RECORD, records)
            self._connection.executemany(INSERT_BODY, bodies)
        self.count += len(records)

    def add_imported(self, records: Rows, bodies: Rows) -> None:
        """The same in the order of IMPORTED_COLUMNS and TEXTS; the records are numbered here."""
        with self._told():
            _insert(self._connection, INSERT_IMPORTED, records)
            _insert(self._connection, INSERT_TEXTS, bodies)
        self.count += len(records)

    def valid_prompts(self) -> Iterator[tuple[int, int, str, bytes, str]]:
        """id, line, cluster, content hash and messages (JSON) of the valid records so far, in order."""
        with self._told():
            yield from self._connection.execute(VALID_PROMPTS)

    def place(self, changes: Iterable[Placement]) -> None:
        """See `place`."""
        with self._told():
            place(self._connection, changes)

    def finish(self, meta: Mapping[str, Any], *, duplicates: bool = True) -> int:
        """Mark exact duplicates, index, write `meta`, and see the file to the disk; the count."""
        with self._told():
            self._db.execute_sql(HASH_INDEX)
            if duplicates:
                mark_duplicates(self._connection)
            for statement in (*RECORD_INDEXES, SCANNED_INDEX, *triggers()):
                self._db.execute_sql(statement)
            (self.warned,) = self._connection.execute(WARNED).fetchone()
            values = [(key, orjson.dumps(value).decode()) for key, value in meta.items()]
            self._connection.executemany("INSERT INTO meta(key, value) VALUES (?, ?)", values)
            self._db.execute_sql(f"PRAGMA analysis_limit = {ANALYSIS_ROWS}")
            self._db.execute_sql("ANALYZE")
            self._db.commit()
            self._db.close()
            with self.path.open("rb+") as file:
                os.fsync(file.fileno())
        return self.count

    def _look(self) -> int:
        """SQLite ends the statement when this is not 0."""
        try:
            if self._stop is not None:
                self._stop()
        except Stopped as stopped:
            self._stopped = stopped
        return int(self._stopped is not None)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (pw.PeeweeException, sqlite3.Error, OSError) as error:
            if self._stopped is not None:
                raise self._stopped from None
            raise StoreError(explain(error, self.path)) from error


def create_dataset(path: Path, rows: Iterable[dict[str, Any]], meta: dict[str, Any]) -> int:
    """Write a small dataset file from rows as dicts (see `rows_of`) and return its number of records.

    Nothing is looked for in the rows: duplicates are marked when the caller marks them.
    """
    numbered = enumerate(rows, 1)
    with DatasetWriter(path) as writer:
        while batch := [rows_of(number, row) for number, row in islice(numbered, BATCH)]:
            writer.add([record for record, _ in batch], [body for _, body in batch])
        return writer.finish(meta, duplicates=False)


def _insert(connection: sqlite3.Connection, statement: str, rows: Rows) -> None:
    """Insert rows, some a statement: SQLite then works long enough without Python's lock that a
    thread that reads the file can work beside it (with one row a statement each would wait for it).
    """
    whole = len(rows) - len(rows) % ROWS_A_STATEMENT
    if whole:
        head, _, marks = statement.partition(" VALUES ")
        many = f"{head} VALUES {', '.join([marks] * ROWS_A_STATEMENT)}"
        for start in range(0, whole, ROWS_A_STATEMENT):
            part = rows[start : start + ROWS_A_STATEMENT]
            connection.execute(many, list(chain.from_iterable(part)))
    connection.executemany(statement, rows[whole:])


def create_tables(db: pw.SqliteDatabase, tables: Iterable[type[Table]]) -> None:
    """Tables with their own indexes; those of the records are made after the rows."""
    for table in tables:
        table._schema.database = db
        table._schema.create_all(safe=False)
        table._schema.database = None


def triggers() -> list[str]:
    """Statements that make every trigger of a dataset file."""
    noting = [sql for table in UNDOABLE for sql in trigger_sql(table)]
    return [*noting, *UNINDEXED_TRIGGERS, *DERIVED_TRIGGERS]


def place(connection: sqlite3.Connection, changes: Iterable[Placement]) -> None:
    """Give records another cluster and the split of its first, as that is stored; a warning becomes an
    issue `near_duplicate`, once."""
    flag = 1 << FLAG_BITS["near_duplicate"]
    for cluster, first, text, record_id in changes:
        connection.execute(PLACE, (cluster, first, record_id))
        if text is not None:
            connection.execute(WARN_NEAR, (flag, text, record_id, flag))


def mark_duplicates(connection: sqlite3.Connection) -> int:
    """Give every valid record that equals an earlier one the issue `duplicate`; returns how many.

    Equal is an equal content hash. The first stays clean. One that is marked already stays so.
    """
    text = ISSUES["duplicate"][1]
    values = {"flag": 1 << FLAG_BITS["duplicate"], "text": text}
    connection.execute(MARK_DUPLICATES, values)  # its rowcount is -1, since it begins with WITH
    return int(connection.execute("SELECT changes()").fetchone()[0])


def check_file(path: Path) -> None:
    """Raise StoreError unless this is a dataset file this version can open."""
    if not path.exists():
        raise StoreError(
            f"{path}: The dataset file is missing. Restore a backup or import it again."
        )
    if path.stat().st_size == 0:
        raise StoreError(f"{path}: The dataset file is empty. Restore a backup or import it again.")
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(explain(error, path)) from error
    if application != APPLICATION_ID:
        raise StoreError(f"{path}: This is not a dataset of RFT Studio.")
    if version > SCHEMA_VERSION:
        raise StoreError(f"{path}: Made by a newer RFT Studio. Update the app to open it.")
