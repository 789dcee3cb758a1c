"""Records that a model wrote, while they wait for the user; the only way they enter the data is here."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import orjson
from pydantic import BaseModel

from app.errors import ToolError
from app.store.database import Tx
from app.store.events import GeneratedChanged
from app.store.rows import INSERT_BODY, INSERT_RECORD, encode, rows_of
from app.store.rows import JSON_COLUMNS as WIDE

# Refused: by a check. Rejected: by the user. Replaced: another run was asked for better ones.
State = Literal["waiting", "refused", "rejected", "accepted", "replaced"]


class GeneratedItem(BaseModel):
    """One of them. `item` has the texts of a record, `about` its origin and what the checks measured;
    `score` is the probability of its topic."""

    id: int = 0
    run_id: int
    state: State = "waiting"
    reason: str = ""
    topic_id: int
    score: float = 0.0
    record_id: int | None = None
    preview: str = ""
    item: dict[str, Any]
    about: dict[str, Any] = {}


COLUMNS = tuple(GeneratedItem.model_fields)
JSON_COLUMNS = ("item", "about")


def add(tx: Tx, items: Iterable[GeneratedItem]) -> int:
    """Keep what a run brought, beside the data; returns how many."""
    names = COLUMNS[1:]
    marks = ", ".join("?" for _ in names)
    rows = [tuple(_stored(i.model_dump(include=set(names)))[n] for n in names) for i in items]
    statement = f"INSERT INTO generated({', '.join(names)}) VALUES ({marks})"
    tx.db.connection().executemany(statement, rows)
    tx.emit(GeneratedChanged(tx.dataset_id))
    return len(rows)


def page(
    tx: Tx,
    *,
    run_id: int | None = None,
    states: Sequence[State] = ("waiting",),
    topic_id: int | None = None,
    reason: str = "",
    limit: int = -1,
    offset: int = 0,
) -> list[GeneratedItem]:
    """Those in these states (of a run, a topic, refused for a reason), by id."""
    where, values = _where(run_id, states, topic_id, reason)
    query = f"SELECT {', '.join(COLUMNS)} FROM generated WHERE {where} ORDER BY id LIMIT ? OFFSET ?"
    return [_value(row) for row in tx.sql(query, (*values, limit, offset))]


def count(
    tx: Tx,
    *,
    run_id: int | None = None,
    states: Sequence[State] = ("waiting",),
    topic_id: int | None = None,
    reason: str = "",
) -> int:
    """How many `page` would give in all."""
    where, values = _where(run_id, states, topic_id, reason)
    return int(tx.sql(f"SELECT COUNT(*) FROM generated WHERE {where}", values)[0][0])


def many(tx: Tx, ids: Iterable[int]) -> list[GeneratedItem]:
    """Those of these ids, by id; raises ToolError naming one that does not exist."""
    wanted = sorted(set(ids))
    query = (
        f"SELECT {', '.join(COLUMNS)} FROM generated "
        "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    )
    found = [_value(row) for row in tx.sql(query, (orjson.dumps(wanted).decode(),))]
    if missing := set(wanted) - {item.id for item in found}:
        raise ToolError(f"There is no generated record {min(missing)}.")
    return found


def waiting_by_topic(tx: Tx) -> dict[int, int]:
    """How many wait for the user, by topic id."""
    query = "SELECT topic_id, COUNT(*) FROM generated WHERE state = 'waiting' GROUP BY 1"
    return dict(tx.sql(query))


def reasons(tx: Tx, run_id: int | None = None) -> dict[str, int]:
    """How many were refused for which reason, in all or in one run, the most frequent first."""
    where, values = _where(run_id, ("refused", "replaced"), None, "")
    query = (
        f"SELECT reason, COUNT(*) FROM generated WHERE {where} AND reason <> '' "
        "GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    return dict(tx.sql(query, values))


def edit(tx: Tx, item_id: int, **values: Any) -> None:
    """Set columns of one of them."""
    stored = _stored(values)
    setting = ", ".join(f"{name} = ?" for name in stored)
    tx.sql(f"UPDATE generated SET {setting} WHERE id = ?", (*stored.values(), item_id))
    tx.emit(GeneratedChanged(tx.dataset_id))


def add_records(tx: Tx, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Put records (plain values by column) behind those that are here; returns their ids."""
    rows = [{k: encode(v) if k in WIDE else v for k, v in row.items()} for row in rows]
    (last,) = tx.sql("SELECT COALESCE(MAX(id), 0) FROM record")[0]
    made = [rows_of(number, row) for number, row in enumerate(rows, last + 1)]
    connection = tx.db.connection()
    connection.executemany(INSERT_RECORD, [record for record, _ in made])
    connection.executemany(INSERT_BODY, [body for _, body in made])
    return list(range(last + 1, last + 1 + len(made)))


def _where(
    run_id: int | None, states: Sequence[State], topic_id: int | None, reason: str
) -> tuple[str, tuple[Any, ...]]:
    parts = ["state IN (SELECT value FROM json_each(?))"]
    values: list[Any] = [orjson.dumps(states).decode()]
    for name, value in (("run_id", run_id), ("topic_id", topic_id), ("reason", reason or None)):
        if value is not None:
            parts.append(f"{name} = ?")
            values.append(value)
    return " AND ".join(parts), tuple(values)


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    return {k: orjson.dumps(v).decode() if k in JSON_COLUMNS else v for k, v in values.items()}


def _value(row: tuple[Any, ...]) -> GeneratedItem:
    values = dict(zip(COLUMNS, row, strict=True))
    return GeneratedItem(**values | {name: orjson.loads(values[name]) for name in JSON_COLUMNS})
