"""Records in a dataset: pages of them, their numbers, and the edits on them."""

from collections.abc import Iterable
from typing import Any, Literal

import orjson
import peewee as pw
from pydantic import BaseModel, ConfigDict

from app.domain.records import Issue, Message, Split
from app.domain.records import Record as RecordValue
from app.domain.thresholds import DEFAULTS
from app.errors import ToolError
from app.store.database import Tx
from app.store.tables import Record

JSON_COLUMNS = ("messages", "tools", "reference", "reply", "extra", "issues")
IN_REVIEW = "valid AND topic_id IS NOT NULL AND probability < ? AND topic_source IS NOT 'user'"
Sort = Literal["id", "preview", "tokens", "probability", "fit", "topic_id", "split"]


class RecordFilter(BaseModel):
    """Which records a list shows; every condition must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic_ids: tuple[int, ...] | None = None
    uncategorised: bool = False
    review: bool = False  # less sure than the threshold `topic_review`, not confirmed by the user
    query: str = ""  # words in the last user turn, any case
    valid: bool | None = None
    issue: str = ""  # an issue code
    any_issue: bool = False
    split: Split | None = None
    source: str = ""
    ids: tuple[int, ...] | None = None


class RecordRow(BaseModel):
    """One line of a record list."""

    id: int
    preview: str
    topic_id: int | None
    topic_source: str | None
    probability: float | None
    fit: float | None
    split: str | None
    tokens: int
    source: str
    valid: bool
    issues: list[str]  # codes


class RecordStats(BaseModel):
    """The dataset in numbers; all but `records` and `invalid` count valid records."""

    records: int = 0
    valid: int = 0
    invalid: int = 0
    warned: int = 0
    duplicates: int = 0
    near_duplicates: int = 0
    multi_turn: int = 0
    with_tools: int = 0
    with_reply: int = 0
    with_reference: int = 0
    generated: int = 0
    tokens: int = 0
    categorised: int = 0
    confirmed: int = 0
    review: int = 0
    splits: dict[str, int] = {}
    issues: dict[str, int] = {}


def _where(spec: RecordFilter) -> tuple[str, list[Any]]:
    parts: list[str] = ["1"]
    values: list[Any] = []

    def add(sql: str, *items: Any) -> None:
        parts.append(sql)
        values.extend(items)

    if spec.topic_ids is not None:
        add(f"topic_id IN ({', '.join('?' for _ in spec.topic_ids)})", *spec.topic_ids)
    if spec.ids is not None:
        add("id IN (SELECT value FROM json_each(?))", orjson.dumps(spec.ids).decode())
    if spec.uncategorised:
        add("topic_id IS NULL AND valid")
    if spec.review:
        add(IN_REVIEW, DEFAULTS.topic_review)
    for word in spec.query.split():
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        add("preview LIKE ? ESCAPE '\\'", f"%{escaped}%")
    if spec.valid is not None:
        add("valid = ?", spec.valid)
    if spec.issue:
        add("issues LIKE ?", f'%"code":"{spec.issue}"%')
    if spec.any_issue:
        add("issues <> '[]'")
    if spec.split:
        add("split = ?", spec.split)
    if spec.source:
        add("source = ?", spec.source)
    return " AND ".join(f"({p})" for p in parts), values


def count(tx: Tx, spec: RecordFilter) -> int:
    where, values = _where(spec)
    return int(tx.sql(f"SELECT COUNT(*) FROM record WHERE {where}", tuple(values))[0][0])


def ids(tx: Tx, spec: RecordFilter, sort: Sort = "id", descending: bool = False) -> list[int]:
    """The ids of all matching records in the list's order: what a lazy table holds."""
    where, values = _where(spec)
    order = f"{sort} {'DESC' if descending else 'ASC'}, id"
    rows = tx.sql(f"SELECT id FROM record WHERE {where} ORDER BY {order}", tuple(values))
    return [row[0] for row in rows]


def rows(tx: Tx, record_ids: list[int]) -> list[RecordRow]:
    """The lines of these records, in the order asked for; missing ones are left out."""
    columns = list(RecordRow.model_fields)
    query = f"SELECT {', '.join(columns)} FROM record WHERE id IN (SELECT value FROM json_each(?))"
    found = {}
    for values in tx.sql(query, (orjson.dumps(record_ids).decode(),)):
        row = dict(zip(columns, values, strict=True))
        row["issues"] = [issue["code"] for issue in orjson.loads(row["issues"])]
        found[row["id"]] = RecordRow(**row)
    return [found[i] for i in record_ids if i in found]


def get(tx: Tx, record_id: int) -> RecordValue:
    """One whole record; raises ToolError when it does not exist."""
    found = many(tx, [record_id])
    if not found:
        raise ToolError(f"There is no record {record_id} in this dataset.")
    return found[0]


def many(tx: Tx, record_ids: Iterable[int]) -> list[RecordValue]:
    """Whole records in the order asked for."""
    wanted = list(record_ids)
    ids_json = orjson.dumps(wanted).decode()
    query = Record.select().where(Record.id.in_(_each(ids_json))).dicts()
    found = {row["id"]: _value(row) for row in query.execute(tx.db)}
    return [found[i] for i in wanted if i in found]


def select(tx: Tx, spec: RecordFilter) -> list[RecordValue]:
    """All matching records, whole. For work on the data, not for lists."""
    return many(tx, ids(tx, spec))


def alternatives(tx: Tx, record_id: int) -> list[tuple[int, float]]:
    """The most probable topics of a record with their probabilities, best first."""
    row = tx.sql("SELECT alternatives FROM record WHERE id = ?", (record_id,))
    return [(t, p) for t, p in orjson.loads(row[0][0])] if row else []


def stats(tx: Tx) -> RecordStats:
    query = f"""SELECT COUNT(*), SUM(valid), SUM(NOT valid), SUM(valid AND issues <> '[]'),
      SUM(issues LIKE '%"code":"duplicate"%'), SUM(issues LIKE '%"code":"near_duplicate"%'),
      SUM(valid AND (LENGTH(messages) - LENGTH(REPLACE(messages, '"role":"user"', ''))) / 13 > 1),
      SUM(valid AND tools <> '[]'), SUM(valid AND reply <> 'null'),
      SUM(valid AND reference <> 'null'), SUM(valid AND source = 'generated'), SUM(valid * tokens),
      SUM(valid AND topic_id IS NOT NULL), SUM(valid AND topic_source IS 'user'),
      SUM({IN_REVIEW}) FROM record"""
    numbers = [n or 0 for n in tx.sql(query, (DEFAULTS.topic_review,))[0]]
    names = [n for n in RecordStats.model_fields if n not in ("splits", "issues")]
    codes = tx.sql(
        "SELECT json_extract(j.value, '$.code'), COUNT(*) FROM record, json_each(record.issues) j "
        "WHERE record.issues <> '[]' GROUP BY 1 ORDER BY 2 DESC"
    )
    splits = tx.sql("SELECT split, COUNT(*) FROM record WHERE valid AND split <> '' GROUP BY 1")
    return RecordStats(
        **dict(zip(names, numbers, strict=True)), splits=dict(splits), issues=dict(codes)
    )


def bands(tx: Tx, *, high: float, review: float) -> tuple[int, int, int]:
    """Categorised valid records as (high, medium, review) by probability; a confirmed one is high.

    What has no probability (put there by a proposal or a label) counts as high too.
    """
    sure = "CASE WHEN topic_source IS 'user' THEN 1 ELSE COALESCE(probability, 1) END"
    found = tx.sql(
        f"SELECT SUM({sure} >= ?), SUM({sure} < ? AND {sure} >= ?), SUM({sure} < ?) "
        "FROM record WHERE valid AND topic_id IS NOT NULL",
        (high, high, review, review),
    )
    first, second, third = (n or 0 for n in found[0])
    return first, second, third


def edit(tx: Tx, record_id: int, **values: Any) -> None:
    """Set columns of one record; lists, dicts and None of JSON columns are encoded here."""
    plain = {k: encode(v) if k in JSON_COLUMNS else v for k, v in values.items()}
    if Record.update(**plain).where(Record.id == record_id).execute(tx.db) == 0:
        raise ToolError(f"There is no record {record_id} in this dataset.")


def delete(tx: Tx, record_ids: list[int]) -> int:
    ids_json = orjson.dumps(record_ids).decode()
    return int(Record.delete().where(Record.id.in_(_each(ids_json))).execute(tx.db))


def store_assignments(tx: Tx, assignments: Iterable[dict[str, Any]]) -> int:
    """Write a categorisation: rows of id, topic_id or None, probability, fit, alternatives.

    Records the user confirmed are left alone. Returns how many were written.
    """
    statement = (
        "UPDATE record SET topic_id = ?, topic_source = 'auto', probability = ?, fit = ?, "
        "alternatives = ? WHERE id = ? AND topic_source IS NOT 'user'"
    )
    values = [
        (a["topic_id"], a["probability"], a["fit"], encode(a["alternatives"]), a["id"])
        for a in assignments
    ]
    return int(tx.db.connection().executemany(statement, values).rowcount)


def content_keys(tx: Tx) -> list[tuple[str, str, int | None, float]]:
    """(content hash, split, topic id, weight) of every valid record: the fingerprint's input."""
    return tx.sql(
        "SELECT content_hash, COALESCE(split, ''), topic_id, weight FROM record WHERE valid"
    )


def encode(value: Any) -> str:
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True)
    if isinstance(value, list | tuple):
        value = [v.model_dump(exclude_none=True) if isinstance(v, BaseModel) else v for v in value]
    return orjson.dumps(value).decode()


def _each(ids_json: str) -> Any:
    return pw.SQL("(SELECT value FROM json_each(?))", (ids_json,))


def _value(row: dict[str, Any]) -> RecordValue:
    decoded = {k: orjson.loads(row[k]) for k in JSON_COLUMNS}
    return RecordValue(
        **{k: row[k] for k in row if k in RecordValue.model_fields and k not in JSON_COLUMNS},
        messages=tuple(Message(**m) for m in decoded["messages"]),
        tools=tuple(decoded["tools"]),
        reference=decoded["reference"],
        reply=Message(**decoded["reply"]) if decoded["reply"] else None,
        extra=decoded["extra"],
        issues=tuple(Issue(**i) for i in decoded["issues"]),
    )
