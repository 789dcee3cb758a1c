"""Which contents a file had before, kept on the disk: a file of any length takes the same memory."""

import sqlite3
from contextlib import closing
from types import TracebackType

CACHE_KB = 16_000


class Seen:
    """Content hashes with the line that had each first; a temporary file that nobody else sees.

    As a context manager it is deleted at the end.
    """

    def __init__(self) -> None:
        # No name: a temporary file that only SQLite knows.
        self._db = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KB}"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE seen(hash BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def __enter__(self) -> "Seen":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def setdefault(self, digest: bytes, line: int) -> int:
        """The line that had this content first: `line`, when none did."""
        put = "INSERT INTO seen VALUES (?, ?) ON CONFLICT DO UPDATE SET line = line RETURNING line"
        with closing(self._db.execute(put, (digest, line))) as found:
            (first,) = found.fetchone()
        return int(first)
