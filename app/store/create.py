"""Making, checking and migrating dataset files. Runs in a worker or on a store's writer thread."""

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
import peewee as pw

from app.errors import StoreError
from app.store.changes import trigger_sql
from app.store.database import Tx, explain
from app.store.tables import (
    APPLICATION_ID,
    DATASET_TABLES,
    SCHEMA_VERSION,
    UNDOABLE,
    Record,
)

log = logging.getLogger(__name__)
Migration = Callable[[Tx], None]
MIGRATIONS: dict[int, Migration] = {}  # schema version -> the step that leads to it
RECORD_COLUMNS = (
    "line", "messages", "tools", "reference", "reply", "extra", "source", "split", "issues", "valid",
    "content_hash", "cluster", "tokens", "preview", "topic_source",
)  # fmt: skip
BATCH = 2000


def create_dataset(path: Path, rows: Iterable[dict[str, Any]], meta: dict[str, Any]) -> int:
    """Write a new dataset file in one transaction and return its number of records.

    `rows` hold plain values by the names of RECORD_COLUMNS (lists and dicts become JSON here); `meta`
    is written as it is. It is on the disk when this returns: the caller gives a path aside and then
    makes it the dataset by `put_in_place`.
    """
    db = pw.SqliteDatabase(str(path), pragmas={"journal_mode": "off", "synchronous": 0})
    try:
        with db.connection_context():
            db.execute_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
            with db.atomic():
                create_schema(db)
                count = insert_records(db, rows)
                for key, value in meta.items():
                    db.execute_sql(
                        "INSERT INTO meta(key, value) VALUES (?, ?)",
                        (key, orjson.dumps(value).decode()),
                    )
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        return count
    except (pw.PeeweeException, sqlite3.Error, OSError) as error:
        raise StoreError(explain(error, path)) from error


def put_in_place(aside: Path, path: Path) -> None:
    """Rename a whole dataset file and have the disk know it by its new name; raises StoreError."""
    try:
        aside.replace(path)
    except OSError as error:
        raise StoreError(explain(error, path)) from error
    for folder in (path.parent, path.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """Windows cannot sync a folder and some network drives refuse; there the system does it later."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        log.info("%s could not be synced: %s", folder, error)
    finally:
        os.close(descriptor)


def create_schema(db: pw.SqliteDatabase) -> None:
    for table in DATASET_TABLES:
        table._schema.database = db
        table._schema.create_all(safe=False)
        table._schema.database = None
    for table in UNDOABLE:
        for statement in trigger_sql(table):
            db.execute_sql(statement)


def insert_records(db: pw.SqliteDatabase, rows: Iterable[dict[str, Any]]) -> int:
    """Bulk insert (peewee's insert_many costs five times as much)."""
    names, marks = ", ".join(RECORD_COLUMNS), ", ".join("?" for _ in RECORD_COLUMNS)
    defaults = {f.column_name: f.default for f in Record._meta.sorted_fields}
    statement = f"INSERT INTO record({names}, alternatives, weight) VALUES ({marks}, '[]', 1.0)"
    count, batch = 0, []
    connection = db.connection()
    for row in rows:
        batch.append(tuple(_plain(row.get(c, defaults[c])) for c in RECORD_COLUMNS))
        if len(batch) == BATCH:
            connection.executemany(statement, batch)
            count += len(batch)
            batch.clear()
    connection.executemany(statement, batch)
    return count + len(batch)


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list | tuple):
        return orjson.dumps(value).decode()
    return value


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


def migrate(tx: Tx) -> None:
    """Bring an older file to this version, step by step."""
    (version,) = tx.sql("PRAGMA user_version")[0]
    for target in range(version + 1, SCHEMA_VERSION + 1):
        MIGRATIONS[target](tx)
        tx.db.execute_sql(f"PRAGMA user_version = {target}")
