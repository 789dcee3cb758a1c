"""What happened to one record: the changes that touched it, and how it was when it came."""

from typing import Any

import orjson
from pydantic import BaseModel

from app.domain.records import Record
from app.store import records
from app.store.changes import ChangeInfo
from app.store.database import Tx
from app.store.inverse import INDEXED
from app.store.rows import JSON_COLUMNS, RECORD_COLUMNS, TEXTS, value_of
from app.store.tables import Change

MOST = 100  # changes of one record that are read, newest first
COUNTED = 1_000  # other records of a change that are counted
CELLS = (
    "SELECT change_id, op, col, before, after FROM change_cell "
    f"WHERE tbl IN ('record', 'body') AND row_id = ? AND {INDEXED.format('')} ORDER BY id"
)


class Value(BaseModel):
    """A column before and after; JSON texts are opened."""

    column: str
    before: Any
    after: Any


class RecordChange(BaseModel):
    """One change as far as it concerns a record; `others` is how many more records it touched, at
    most COUNTED of them. One that deleted it has no values."""

    info: ChangeInfo
    created: bool = False
    deleted: bool = False
    values: list[Value] = []
    others: int = 0


def of_record(tx: Tx, record_id: int) -> list[RecordChange]:
    """The changes that touched a record, newest first; undone ones and undos too."""
    touched: dict[int, list[tuple[Any, ...]]] = {}
    for change_id, *cell in tx.sql(CELLS, (record_id,)):
        touched.setdefault(change_id, []).append(tuple(cell))
    newest = sorted(touched, reverse=True)[:MOST]
    query = Change.select().where(Change.id << newest).order_by(Change.id.desc())
    return [
        RecordChange(
            info=ChangeInfo(**{**row, "undone": row["undone_by"] is not None}),
            created=any(op == "I" for op, *_ in touched[row["id"]]),
            deleted=any(op == "D" for op, *_ in touched[row["id"]]),
            values=[_value(*cell) for op, *cell in touched[row["id"]] if op == "U"],
            others=_others(tx, row["id"]),
        )
        for row in query.dicts().execute(tx.db)
    ]


def original(tx: Tx, record_id: int) -> Record | None:
    """The record as it was when it came, by its changes; None when it was edited at a time that the
    history no longer holds. Raises ToolError when there is no such record."""
    now = records.get(tx, record_id)
    first: dict[str, Any] = {}
    for _, op, column, before, _after in tx.sql(CELLS, (record_id,)):
        if op == "U":
            first.setdefault(column, before)
    if now.source == "edited" and first.get("source", "edited") == "edited":
        return None
    if not first:
        return now
    names = (*RECORD_COLUMNS, *TEXTS)
    query = f"SELECT {', '.join(names)} FROM record JOIN body ON body.record_id = id WHERE id = ?"
    row = dict(zip(names, tx.sql(query, (record_id,))[0], strict=True))
    return value_of(row | first)


def _value(column: str, before: Any, after: Any) -> Value:
    if column in JSON_COLUMNS:
        before, after = (orjson.loads(v) if isinstance(v, str) else v for v in (before, after))
    elif isinstance(before, bytes) or isinstance(after, bytes):
        before, after = (v.hex() if isinstance(v, bytes) else v for v in (before, after))
    return Value(column=column, before=before, after=after)


def _others(tx: Tx, change_id: int) -> int:
    query = (
        "SELECT COUNT(*) FROM (SELECT DISTINCT row_id FROM change_cell "
        "WHERE change_id = ? AND tbl IN ('record', 'body') LIMIT ?)"
    )
    return max(0, int(tx.sql(query, (change_id, COUNTED + 1))[0][0]) - 1)
