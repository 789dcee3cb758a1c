"""Full-text search in a dataset: the index beside its file, and the few records it does not hold.

The index is derived. A worker writes it; here it is only read, thrown away when it is damaged, and
never the reason of an error: what it cannot answer is looked through directly, or said to be missing.
"""

import contextlib
import logging
import sqlite3
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from app.domain.search_words import terms_of
from app.store.database import Tx
from app.store.filters import MARKED, marks

log = logging.getLogger(__name__)
FILE = "search.sqlite"
VERSION = 1  # an index of another version is made anew
SCHEMA = """
CREATE VIRTUAL TABLE words USING fts5(body, content='', tokenize="unicode61 remove_diacritics 2");
CREATE TABLE done(last_id INTEGER NOT NULL);
INSERT INTO done VALUES (0);
"""
DIRECT = 5000  # records looked through directly at most, some 20 microseconds each
CATCH_UP = 2000  # records outside the index from which it is worth a pass
SLICE = 20_000  # ids taken in one go: a millisecond in which no other thread of Python runs
RANKED = 10_000  # hits sorted by bm25 at most: 3 microseconds each, 2.3 s for 700,000
BUSY_SECONDS = 2.0
# Neither what changed since, nor what a worker added after this search began.
GIVEN = "SELECT value FROM json_each(?)"
FRESH = f"rowid <= ? AND rowid NOT IN ({GIVEN})"
TEXTS = "record_id, messages, reference, reply"


@dataclass(frozen=True)
class Coverage:
    """How far the index reaches: `direct` are records outside it that are looked through."""

    last_id: int  # 0 when there is no index
    direct: tuple[int, ...]
    stale: tuple[int, ...]  # in the index with words they no longer have
    missing: int  # records that no search sees yet
    records: int

    @property
    def share(self) -> float:
        return 1 - self.missing / self.records if self.records else 1.0


@dataclass(frozen=True)
class Matches:
    """The first hits. Best first where `ranked`; a search with more hits is in order of the file."""

    ids: tuple[int, ...]
    total: int
    total_exact: bool  # else there are more than `total`
    ranked: bool
    indexed_share: float  # of the records; below 1 while the index is being made


class Search:
    """One search within one read: its words, and what the index and the records outside it answer."""

    def __init__(self, tx: Tx, text: str) -> None:
        self.terms = terms_of(text)
        self.path = index_path(tx)
        self._tx = tx
        self.coverage = coverage(tx)
        self._fresh = (self.coverage.last_id, orjson.dumps(self.coverage.stale).decode())
        if self._has_prefix() and self._capped(self.terms.whole.expression) > RANKED:
            self.terms = self.terms.whole  # a word this common is taken as it stands
        direct = self.coverage.direct
        key = ("search outside", self.terms, direct)
        self._outside = tx.cached(key, lambda: self._matching(direct))

    def page(self, *, after: int = 0, limit: int) -> "array[int]":
        """The next ids in order: taken from the index as they come, however many there are."""
        found = self._inside(after, limit)
        return array("q", sorted([*found, *(i for i in self._outside if i > after)])[:limit])

    def ids(self) -> "array[int]":
        """All matching ids in order, 8 bytes each."""
        found = self._inside(0, -1)
        return array("q", sorted([*found, *self._outside])) if self._outside else found

    def count(self) -> int:
        """How many records match; 0.1 s for a word that every one of a million records has."""
        if not self.terms.wanted:
            return len(self.ids())
        query = f"SELECT COUNT(*) FROM words WHERE words MATCH ? AND {FRESH}"
        found = self._asked(query, self.terms.expression, *self._fresh)
        return (found[0][0] if found else 0) + len(self._outside)

    def first(self, limit: int, offset: int = 0) -> Matches:
        """The best hits, or the first in the file when there are more than RANKED or no index yet.

        Records outside the index come last.
        """
        if self.common or not self.terms.wanted:
            return self._first_in_order(limit, offset)
        query = f"SELECT rowid FROM words WHERE words MATCH ? AND {FRESH} ORDER BY rank"
        rows = self._asked(query, self.terms.expression, *self._fresh) or []
        every = (*(row[0] for row in rows), *self._outside)
        chosen = every[offset : offset + limit]
        return Matches(chosen, len(every), True, bool(rows), self.coverage.share)

    def _first_in_order(self, limit: int, offset: int) -> Matches:
        found = self.page(limit=max(offset + limit, RANKED) + 1)
        more = len(found) > RANKED
        total = min(len(found), RANKED) if more else len(found)
        ids = tuple(found[offset : offset + limit])
        return Matches(ids, total, not more, False, self.coverage.share)

    @property
    def common(self) -> bool:
        """Whether more records than RANKED have the words, as the index knows them."""
        return len(self._beginning()) > RANKED

    def among(self, ids: Sequence[int]) -> "array[int]":
        """Those of these ids that match, in the order given; 50 microseconds each."""
        query = f"SELECT rowid FROM words WHERE words MATCH ? AND rowid IN ({GIVEN}) AND {FRESH}"
        asked = (self.terms.expression, orjson.dumps(list(ids)).decode(), *self._fresh)
        found = {row[0] for row in self._asked(query, *asked) or ()}.union(self._outside)
        return array("q", [i for i in ids if i in found])

    def _has_prefix(self) -> bool:
        return any(term.prefix for term in self.terms.wanted)

    def _capped(self, expression: str) -> int:
        query = f"SELECT COUNT(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT {RANKED + 1})"
        found = self._asked(query, expression)
        return int(found[0][0]) if found else 0

    def _inside(self, after: int, limit: int) -> "array[int]":
        """Ids from the index over `after`, in order; `limit` -1 is all of them."""
        if not self.terms.wanted:
            return self._all_but(after, limit) if self.terms else array("q")
        if after == 0 and 0 <= limit <= len(begun := self._beginning()):
            return begun[:limit]
        return self._collected(self.terms.expression, after, limit)

    def _beginning(self) -> "array[int]":
        """The first hits in the index, one more than are ranked at most. Kept, since FTS5 collects
        all that match the beginning of a word before it gives the first: 0.1 s for "car"."""
        if not self.terms.wanted:
            return array("q")
        expression = self.terms.expression
        key = ("first hits", expression, RANKED, *self._fresh)
        return self._tx.cached(key, lambda: self._collected(expression, 0, RANKED + 1))

    def _all_but(self, after: int, limit: int) -> "array[int]":
        """Only unwanted words: every record the index holds but those with one of them."""
        without = self._collected(self.terms.expression, 0, -1)
        without.extend(self.coverage.stale)
        query = (
            f"SELECT id FROM record WHERE id > ? AND id <= ? AND NOT {MARKED} ORDER BY id LIMIT ?"
        )
        values = (after, self.coverage.last_id, marks(without), limit)
        return array("q", [row[0] for row in self._tx.sql(query, values)])

    def _matching(self, ids: Iterable[int]) -> tuple[int, ...]:
        """Those of these records whose own text matches; none where no word is asked for."""
        if not self.terms:
            return ()
        query = f"SELECT {TEXTS} FROM body WHERE record_id IN (SELECT value FROM json_each(?))"
        rows = self._tx.db.execute_sql(query, (orjson.dumps(tuple(ids)).decode(),))
        return tuple(sorted(row[0] for row in rows if self.terms.match(text_of(*row[1:]))))

    def _collected(self, expression: str, after: int, limit: int) -> "array[int]":
        """Ids over `after`; in slices, each one JSON text: row by row 700,000 take a second."""
        query = "SELECT rowid FROM words WHERE words MATCH ? AND rowid > ?"
        query = f"SELECT json_group_array(rowid) FROM ({query} AND {FRESH} LIMIT ?)"
        found, wanted = array("q"), limit if limit >= 0 else sys.maxsize
        with _opened(self.path) as index:
            while index and len(found) < wanted:
                size = min(SLICE, wanted - len(found))
                here = (expression, found[-1] if found else after, *self._fresh, size)
                (text,) = index.execute(query, here).fetchone()
                found.extend(part := orjson.loads(text))
                if len(part) < size:
                    break
        return found

    def _asked(self, query: str, *values: Any) -> list[tuple[Any, ...]] | None:
        """The index's answer; None when there is no index (any more)."""
        found: list[tuple[Any, ...]] | None = None
        with _opened(self.path) as index:
            if index:
                found = index.execute(query, values).fetchall()
        return found


def index_path(tx: Tx) -> Path:
    return index_path_of(Path(tx.db.database))


def index_path_of(database: Path) -> Path:
    return database.with_name(FILE)


def coverage(tx: Tx) -> Coverage:
    """What the index holds of the records as they are now."""
    last = last_indexed(index_path(tx))
    highest = tx.sql("SELECT COALESCE(MAX(id), 0) FROM record")[0][0]
    changed = tuple(row[0] for row in tx.sql("SELECT record_id FROM unindexed ORDER BY 1"))
    stale = tuple(i for i in changed if i <= last)
    outside = {i for i in changed if i <= highest}
    if highest - last <= DIRECT:
        outside |= set(range(last + 1, highest + 1))
    direct = tuple(sorted(outside))[:DIRECT]
    behind = max(0, highest - last) + len([i for i in stale if i <= highest])
    return Coverage(last, direct, stale, max(0, behind - len(direct)), highest)


def last_indexed(path: Path) -> int:
    """The last record the index holds; 0 when there is none. One that cannot be used is removed."""
    last = 0
    with _opened(path) as index:
        if index:
            if index.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                raise sqlite3.DatabaseError("it is of another version")
            last = int(index.execute("SELECT last_id FROM done").fetchone()[0])
    return last


def plan(tx: Tx) -> Literal["none", "continue", "anew"]:
    """Whether a pass over the records is due. What changed since cannot be taken out of the index,
    so many changes ask for a new one."""
    found = coverage(tx)
    if found.records <= DIRECT:
        return "none"
    if found.last_id and len(found.stale) > CATCH_UP:
        return "anew"
    return "continue" if found.records - found.last_id > CATCH_UP else "none"


def prepare(tx: Tx) -> bool:
    """Before a pass, in a write: whether one is due. What it will read needs no looking through.

    A change while it runs notes its record again, whether the pass has read it or not.
    """
    due = plan(tx)
    if due == "none":
        return False
    path = index_path(tx)
    if due == "anew":
        remove_index(path)
    tx.sql("DELETE FROM unindexed WHERE record_id > ?", (last_indexed(path),))
    return True


def text_of(messages: str, reference: str, reply: str) -> str:
    """What is searched of a record: the words of every turn, of the reference and of the reply."""
    turns = orjson.loads(messages)
    if reply != "null":
        turns.append(orjson.loads(reply))
    parts: list[str] = []
    for turn in turns:
        content = turn.get("content")
        parts.append(content) if isinstance(content, str) else _strings(content, parts)
        if calls := turn.get("tool_calls"):
            _strings(calls, parts)
    if reference != "null":
        _strings(orjson.loads(reference), parts)
    return "\n".join(parts)


def create_index(path: Path) -> None:
    """An empty index in place of whatever is there."""
    remove_index(path)
    index = sqlite3.connect(path)
    try:
        index.execute("PRAGMA journal_mode = wal")
        index.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    finally:
        index.close()


def remove_index(path: Path) -> None:
    """Throw the index away; one that another process holds open (Windows) stays until it ends."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            path.with_name(name).unlink()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The index for reading, None when there is none. Trouble with it ends the block, silently:

    a damaged one is removed, so that the next pass makes it anew.
    """
    connection = _connect(path)
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        log.info("the search index %s cannot be used: %s", path, error)
        # Not every trouble is damage: a locked file is whole.
        if not isinstance(error, sqlite3.OperationalError) or "no such table" in str(error):
            remove_index(path)
    finally:
        if connection:
            connection.close()


def _connect(path: Path) -> sqlite3.Connection | None:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS) if path.exists() else None
    except sqlite3.OperationalError:
        return None


def _strings(value: Any, into: list[str]) -> None:
    """Every text in a JSON value, keys left out. The import limits how deep it is nested."""
    if isinstance(value, str):
        into.append(value)
    elif isinstance(value, dict):
        for each in value.values():
            _strings(each, into)
    elif isinstance(value, list):
        for each in value:
            _strings(each, into)
    elif value is not None:
        into.append(str(value))
