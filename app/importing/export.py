"""Streams records from a dataset file into a file of another format; changes nothing in the dataset."""

import os
import sqlite3
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.domain.validation import codes_of
from app.errors import InputError, StoreError
from app.importing.exporters.base import Exported, formats
from app.store.database import explain
from app.store.integrity import read_only
from app.store.rows import tags_of

BATCH = 500  # records read in one go
COLUMNS = (
    "r.id, r.valid, r.topic_id, r.split, r.tags, r.flags, r.tokens, "
    "b.messages, b.tools, b.reference, b.reply, b.extra"
)
FROM = "FROM record r JOIN body b ON b.record_id = r.id"
CHOSEN = (
    f"SELECT {COLUMNS} FROM json_each(?) chosen JOIN record r ON r.id = chosen.value "
    "JOIN body b ON b.record_id = r.id ORDER BY chosen.key"
)
EVERY = f"SELECT {COLUMNS} {FROM} WHERE r.id > ? ORDER BY r.id LIMIT ?"
Tick = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class Export:
    """What to write where. `ids` are in the order of the list, None is every record.

    `labels` adds topic, split and tags, which the app has given, to what the record brought along.
    """

    database: Path
    out: Path
    format: str = "chat"
    ids: "array[int] | None" = None
    labels: bool = False

    def run(self, tick: Tick) -> dict[str, int]:
        """Write the file and return how many records were `written` and `left_out`.

        It is built aside and appears when it is whole. Raises InputError for an unknown format or a
        place that cannot be written, StoreError, and what `tick(done, total, words)` raises.
        """
        format_ = formats()[self.format]
        aside = self.out.with_name(f".{self.out.name}.{os.getpid()}.part")
        try:
            with read_only(self.database) as db:
                db.execute("BEGIN")  # one state of the data, whatever is written meanwhile
                labels = self.labels or format_.labelled
                records = Records(db, self.ids, labels=labels, tick=tick)
                with _written(self.out, aside) as file:
                    written = format_.write(file, records)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(aside, self.out)
            return {"written": written, "left_out": records.count - written}
        except sqlite3.Error as error:
            raise StoreError(explain(error, self.database)) from error
        except OSError as error:
            raise InputError(_why(self.out, error)) from error
        finally:
            aside.unlink(missing_ok=True)


class Records(Iterator[Exported]):
    """The chosen records, one after the other; tells how far it is with every batch."""

    def __init__(
        self, db: sqlite3.Connection, ids: "array[int] | None", *, labels: bool, tick: Tick
    ) -> None:
        self._db, self._ids, self._labels, self._tick = db, ids, labels, tick
        self._paths = topic_paths(db) if labels else {}
        self._total = len(ids) if ids is not None else _count(db)
        self._started = time.monotonic()
        self._each = self._stream()
        self.count = 0

    def __next__(self) -> Exported:
        found = next(self._each)
        self.count += 1
        return found

    def _stream(self) -> Iterator[Exported]:
        for rows in self._batches():
            rate = self.count / max(0.001, time.monotonic() - self._started)
            words = f"{self.count:,} of {self._total:,} records, {rate:,.0f} a second"
            self._tick(self.count, self._total, words)
            yield from map(self._exported, rows)

    def _batches(self) -> Iterator[list[tuple[Any, ...]]]:
        if self._ids is not None:
            for at in range(0, len(self._ids), BATCH):
                wanted = orjson.dumps(self._ids[at : at + BATCH].tolist()).decode()
                yield self._db.execute(CHOSEN, (wanted,)).fetchall()
            return
        last = 0
        while rows := self._db.execute(EVERY, (last, BATCH)).fetchall():
            last = rows[-1][0]
            yield rows

    def _exported(self, row: tuple[Any, ...]) -> Exported:
        record_id, valid, topic, split, tags, flags, tokens, *texts = row
        messages, tools, reference, reply, extra = map(orjson.loads, texts)
        labels: dict[str, Any] = {}
        if self._labels:
            known = {"topic": self._paths.get(topic), "split": split, "tags": list(tags_of(tags))}
            labels = {name: value for name, value in known.items() if value}
        return Exported(
            id=record_id,
            valid=bool(valid),
            messages=messages,
            tools=tools,
            reference=reference,
            reply=reply,
            extra=extra,
            labels=labels,
            issues=codes_of(flags),
            tokens=tokens,
        )


def topic_paths(db: sqlite3.Connection) -> dict[int, list[str]]:
    """The names from the top to each topic, by its id."""
    rows = {row[0]: row[1:] for row in db.execute("SELECT id, parent_id, name FROM topic")}

    def path(topic: int) -> list[str]:
        parent, name = rows[topic]
        return [*(path(parent) if parent in rows else []), name]

    return {topic: path(topic) for topic in rows}


def _count(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT COUNT(*) FROM record").fetchone()[0])


def _written(out: Path, aside: Path) -> Any:
    if out.is_dir():
        raise InputError(f"{out} is a folder. Give the name of a file in it.")
    return aside.open("wb")


def _why(out: Path, error: OSError) -> str:
    reason = (error.strerror or str(error)).rstrip(".")
    return f"{out}: cannot be written ({reason}). Choose a folder of yours that has room."
