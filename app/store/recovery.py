"""Saves what can be read of a damaged dataset file into a new one; never writes to the damaged file."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from app.errors import StoreError
from app.store import backups, integrity
from app.store.database import explain
from app.store.tables import APPLICATION_ID, SCHEMA_VERSION

# Read again as JSON whenever a record is: a text that is none would fail there, so it is lost here.
JSON_COLUMNS = frozenset(
    ("messages", "tools", "reference", "reply", "extra", "issues", "alternatives", "value", "data")
)
HISTORY = ("change_cell", "change", "change_current", "point")  # of use only when it is complete
ONE_BY_ONE = 100_000  # ids tried singly behind an unreadable place; beyond that in doubling steps
LAST_ID = 2**48
TELL_EVERY = 5_000
Told = Callable[[str, int], None]  # table, rows saved so far


class Recovered(BaseModel):
    """What was saved. `lost` counts by table the rows known to be missing, at least."""

    records: int
    lost: dict[str, int]
    kept: Path | None = None  # where the damaged file is now


def recover(path: Path, *, told: Told = lambda table, rows: None) -> Recovered:
    """Rebuild a dataset file from the rows that can be read; the damaged one is kept aside.

    Blocking, about ten seconds for a gigabyte. Raises StoreError when nothing can be read, while
    the dataset is open, or when the disk has no room; then nothing is changed.
    """
    with integrity.held(path):
        found, aside = salvage(path, told=told)
        return found.model_copy(update={"kept": integrity.replace(path, aside)})


def salvage(path: Path, *, told: Told = lambda table, rows: None) -> tuple[Recovered, Path]:
    """The readable rows of `path` in a new file beside it, which is the caller's to place or delete."""
    aside = path.with_name(path.name + ".recovered")
    backups.remove(aside)
    try:
        with integrity.read_only(path) as old:
            new = sqlite3.connect(aside)
            try:
                found = _Salvage(old, new, told).run()
            finally:
                new.close()
        return found, aside
    except (sqlite3.Error, OSError) as error:
        backups.remove(aside)
        raise StoreError(
            f"{path}: Nothing of it can be read ({explain(error, path)}). Restore a backup of it."
        ) from error
    except BaseException:
        backups.remove(aside)
        raise


@dataclass
class _Salvage:
    old: sqlite3.Connection
    new: sqlite3.Connection
    told: Told
    lost: dict[str, int] = field(default_factory=dict)

    def run(self) -> Recovered:
        self.old.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        self.old.execute("PRAGMA cell_size_check = ON")
        self.new.execute("PRAGMA journal_mode = OFF")
        self.new.execute("PRAGMA synchronous = OFF")
        (pages,) = self.old.execute("PRAGMA page_size").fetchone()
        self.new.execute(f"PRAGMA page_size = {pages}")
        (version,) = self.old.execute("PRAGMA user_version").fetchone()
        self.new.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self.new.execute(f"PRAGMA user_version = {version or SCHEMA_VERSION}")
        objects = self.old.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        tables = [name for kind, name, _ in objects if kind == "table"]
        for kind in ("table", "index", "trigger"):
            for sql in (sql for of_kind, _, sql in objects if of_kind == kind):
                self.new.execute(sql)
            if kind == "table":
                for name in tables:
                    self._copy(name)
                self._mend(tables)
                self.new.commit()
        self.new.execute("ANALYZE")
        self.new.commit()
        (records,) = self.new.execute("SELECT COUNT(*) FROM record").fetchone()
        return Recovered(records=records, lost={t: n for t, n in self.lost.items() if n})

    def _copy(self, table: str) -> None:
        info = self.old.execute(f"PRAGMA table_info({table})").fetchall()
        columns = [column[1] for column in info]
        texts = [at for at, name in enumerate(columns) if name in JSON_COLUMNS]
        marks = ", ".join("?" for _ in columns)
        statement = f"INSERT OR IGNORE INTO {table}({', '.join(columns)}) VALUES ({marks})"
        self.new.executemany(statement, self._sound(table, texts))

    def _sound(self, table: str, texts: list[int]) -> Iterator[tuple[Any, ...]]:
        for count, values in enumerate(self._rows(table)):
            if count % TELL_EVERY == 0:
                self.told(table, count)
            if _whole(values, texts):
                yield values
            else:
                self._lose(table, 1)

    def _rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Every row that can be read, in the order of rowid, without it."""
        last = 0
        while True:
            try:
                for row in self.old.execute(_from(table), (last + 1, -1)):
                    last = row[0]
                    yield row[1:]
                return
            except sqlite3.DatabaseError:
                row = self._next(table, last)
            if row is None:
                self._lose(table, 1)
                return
            self._lose(table, row[0] - last - 1)
            last = row[0]
            yield row[1:]

    def _next(self, table: str, last: int) -> tuple[Any, ...] | None:
        """The first row behind an unreadable place that can be read again; None at the end."""
        wanted, step = last + 1, 1
        while wanted < LAST_ID:
            try:
                row: tuple[Any, ...] | None = self.old.execute(_from(table), (wanted, 1)).fetchone()
                return row
            except sqlite3.DatabaseError:
                step = 1 if wanted - last < ONE_BY_ONE else 2 * step
                wanted += step
        return None

    def _lose(self, table: str, rows: int) -> None:
        self.lost[table] = self.lost.get(table, 0) + rows

    def _mend(self, tables: list[str]) -> None:
        """Drop halves of records and what points to nothing; history only when it is complete."""
        if {"record", "body"} <= set(tables):
            for one, key, other, of_other in (
                ("record", "id", "body", "record_id"),
                ("body", "record_id", "record", "id"),
            ):
                done = self.new.execute(
                    f"DELETE FROM {one} WHERE {key} NOT IN (SELECT {of_other} FROM {other})"
                )
                if one == "record":
                    self._lose(one, done.rowcount)
        self.new.execute(
            "UPDATE record SET topic_id = NULL, topic_source = NULL, probability = NULL, "
            "fit = NULL WHERE topic_id NOT IN (SELECT id FROM topic)"
        )
        self.new.execute("DELETE FROM change_current")
        if any(self.lost.values()):
            for table in HISTORY:
                self.new.execute(f"DELETE FROM {table}")


def _from(table: str) -> str:
    return f"SELECT rowid, * FROM {table} NOT INDEXED WHERE rowid >= ? ORDER BY rowid LIMIT ?"


def _whole(values: tuple[Any, ...], texts: list[int]) -> bool:
    """Whether every text is text, and JSON where the app will read JSON."""
    try:
        for at in texts:
            orjson.loads(values[at])
        for value in values:
            if isinstance(value, str):
                value.encode()
    except (ValueError, TypeError):  # UnicodeEncodeError and JSONDecodeError are ValueErrors
        return False
    return True
