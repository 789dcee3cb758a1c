"""Records in a dataset: pages of them, streams of them whole, and the edits on them."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from typing import Any

import orjson
from pydantic import BaseModel

from app.domain.records import Record as RecordValue
from app.domain.validation import codes_of
from app.errors import ToolError
from app.store.bulk import clear_tag as clear_tag
from app.store.bulk import condition
from app.store.bulk import delete as delete
from app.store.bulk import set_split as set_split
from app.store.bulk import set_tag as set_tag
from app.store.bulk import set_topic as set_topic
from app.store.database import Tx
from app.store.filters import CHOSEN, FREE, SCORES, where
from app.store.filters import RecordFilter as RecordFilter
from app.store.filters import Sort as Sort
from app.store.paging import EVERY as EVERY
from app.store.paging import about as about
from app.store.paging import extent as extent
from app.store.paging import order, rows_of
from app.store.paging import page as page
from app.store.rows import (
    BODY_COLUMNS,
    RECORD_COLUMNS,
    TEXTS,
    derived,
    encode,
    plain,
    tags_of,
    value_of,
)
from app.store.search import Search
from app.store.stats import RecordStats as RecordStats
from app.store.stats import bands as bands
from app.store.stats import content_sums as content_sums
from app.store.stats import stats as stats

BATCH = 2000  # whole records held at a time
SLICE = 20_000  # ids taken in one go: a millisecond in which no other thread of Python runs
# The least fit decides on these; what is in a locked topic stays, as in a categorisation.
DECIDED = f"valid AND fit IS NOT NULL AND topic_source IN ('auto', 'proposal') AND {FREE}"
WHOLE = (
    f"SELECT {', '.join((*RECORD_COLUMNS, *TEXTS))} FROM record JOIN body ON body.record_id = id"
)


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
    tokens_exact: bool
    source: str
    valid: bool
    turns: int
    length: int
    has_tools: bool
    weight: float
    tags: tuple[str, ...]
    issues: list[str]  # codes


ROW = ["flags" if name == "issues" else name for name in RecordRow.model_fields]


def count(tx: Tx, spec: RecordFilter) -> int:
    """How many records match; known without a scan where nothing was written since."""
    if spec.text and spec == RecordFilter(text=spec.text):
        return Search(tx, spec.text).count()
    found_by, values = condition(tx, spec)
    query = f"SELECT COUNT(*) FROM record WHERE {found_by}"
    # Answers come in, and the search's index grows, without a change of the records.
    if spec.score is not None or spec.text:
        return int(tx.sql(query, values)[0][0])
    return int(tx.cached(("count", found_by, values), lambda: tx.sql(query, values)[0][0]))


def ids(tx: Tx, spec: RecordFilter, sort: Sort = "id", descending: bool = False) -> "array[int]":
    """The ids of all matching records in the list's order, 8 bytes each; in slices, so that other
    threads go on meanwhile."""
    found_by, values = condition(tx, spec, scan=sort != "id")
    query = f"SELECT id FROM {rows_of(sort)} WHERE {found_by} {order(sort, descending)}"
    cursor = tx.db.execute_sql(query, values)
    found = array("q")
    while rows := cursor.fetchmany(SLICE):
        found.extend([row[0] for row in rows])
    return found


def rows(tx: Tx, record_ids: Iterable[int]) -> list[RecordRow]:
    """The lines of these records, in the order asked for; missing ones are left out."""
    wanted = list(record_ids)
    query = f"SELECT {', '.join(ROW)} FROM record WHERE {CHOSEN}"
    found = {}
    for values in tx.sql(query, (_json(wanted),)):
        row = dict(zip(RecordRow.model_fields, values, strict=True))
        row |= {"issues": codes_of(row["issues"]), "tags": tags_of(row["tags"])}
        found[row["id"]] = RecordRow(**row)
    return [found[i] for i in wanted if i in found]


def scores(tx: Tx, record_ids: Iterable[int]) -> dict[int, float]:
    """Mean score, in the newest dry run, of those of these records that have one."""
    return dict(
        tx.sql(
            f"{SCORES} HAVING record_id IN (SELECT value FROM json_each(?))", (_json(record_ids),)
        )
    )


def get(tx: Tx, record_id: int) -> RecordValue:
    """One whole record; raises ToolError when it does not exist."""
    found = many(tx, [record_id])
    if not found:
        raise ToolError(f"There is no record {record_id} in this dataset.")
    return found[0]


def many(tx: Tx, record_ids: Iterable[int]) -> list[RecordValue]:
    """Whole records in the order asked for; missing ones are left out."""
    wanted = list(record_ids)
    found = {r.id: r for r in _whole(tx, f"WHERE {CHOSEN}", (_json(wanted),))}
    return [found[i] for i in wanted if i in found]


def each(tx: Tx, spec: RecordFilter, *, batch: int = BATCH) -> Iterator[list[RecordValue]]:
    """All matching records, whole, by id, `batch` at a time: never more of them in memory."""
    if spec.text:  # the hits of a search are no condition to ask again for every batch
        chosen = ids(tx, spec)
        yield from (many(tx, chosen[at : at + batch]) for at in range(0, len(chosen), batch))
        return
    found_by, values = where(spec)
    rest = f"WHERE ({found_by}) AND id > ? ORDER BY id LIMIT ?"
    last = 0
    while found := _whole(tx, rest, (*values, last, batch)):
        yield found
        last = found[-1].id


def columns(
    tx: Tx, spec: RecordFilter, names: Sequence[str], *, batch: int = BATCH
) -> Iterator[tuple[Any, ...]]:
    """Only these columns of the matching narrow rows, as they are stored, by id."""
    found_by, values = condition(tx, spec)
    query = f"SELECT {', '.join(names)} FROM record WHERE {found_by} ORDER BY id"
    cursor = tx.db.execute_sql(query, values)
    while found := cursor.fetchmany(batch):
        yield from found


def alternatives(tx: Tx, record_id: int) -> list[tuple[int, float]]:
    """The most probable topics of a record with their probabilities, best first."""
    row = tx.sql("SELECT alternatives FROM record WHERE id = ?", (record_id,))
    return [(t, p) for t, p in orjson.loads(row[0][0])] if row else []


def edit(tx: Tx, record_id: int, **values: Any) -> None:
    """Set columns of one record, of either table; lists, dicts and None of JSON columns are encoded
    here, and what the narrow row says of the texts follows them. Where a model had placed a record
    of other messages, that is the app's to decide again."""
    if not tx.sql("SELECT 1 FROM record WHERE id = ?", (record_id,)):
        raise ToolError(f"There is no record {record_id} in this dataset.")
    stored = derived(values) | plain(values)
    for table, key, known in (
        ("record", "id", RECORD_COLUMNS),
        ("body", "record_id", BODY_COLUMNS),
    ):
        names = [name for name in stored if name in known]
        if names:
            setting = ", ".join(f"{name} = ?" for name in names)
            new = [stored[name] for name in names]
            tx.sql(f"UPDATE {table} SET {setting} WHERE {key} = ?", (*new, record_id))
    if "messages" in values:
        retry = "UPDATE record SET topic_source = 'auto' WHERE topic_source = 'model' AND id = ?"
        tx.sql(retry, (record_id,))


# One statement for many: the undo triggers cost four times as much by a statement a record.
ASSIGN = f"""UPDATE record SET topic_id = new.topic_id, probability = new.probability, fit = new.fit,
  topic_source = CASE WHEN topic_source = 'proposal' AND record.topic_id = new.topic_id
    THEN 'proposal' ELSE 'auto' END,
  alternatives = new.alternatives
  FROM (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS topic_id,
    json_extract(value, '$[2]') AS probability, json_extract(value, '$[3]') AS fit,
    json_extract(value, '$[4]') AS alternatives FROM json_each(:rows)) AS new
  WHERE record.id = new.id AND COALESCE(topic_source, '') NOT IN ('user', 'label', 'model')
  AND {FREE} AND (
    topic_source IS NULL OR record.topic_id IS NOT new.topic_id
    OR record.probability IS NULL OR record.fit IS NULL
    OR abs(record.probability - new.probability) > :within OR abs(record.fit - new.fit) > :within
    OR (record.fit < :least) <> (new.fit < :least)
    OR (:within = 0 AND record.alternatives <> new.alternatives))"""


def store_assignments(
    tx: Tx, assignments: Iterable[dict[str, Any]], *, within: float = 0.0, least: float = 0.0
) -> int:
    """Write a categorisation: rows of id, topic_id or None, probability, fit, alternatives.

    Records that the user confirmed, a label named or a model placed are left alone, and those that
    hold these very values already, or the same topic with a probability and a fit that differ by at
    most `within` and a fit on the same side of the threshold `least`: a change carries only what it
    changes.
    Where a proposal had put the record is remembered while it stays there. Returns how many were
    written.
    """
    rows = (
        (a["id"], a["topic_id"], a["probability"], a["fit"], encode(a["alternatives"]))
        for a in assignments
    )
    written = 0
    while part := list(islice(rows, SLICE)):
        values = {"rows": orjson.dumps(part).decode(), "within": within, "least": least}
        written += tx.db.connection().execute(ASSIGN, values).rowcount
    return written


def fits_under(tx: Tx) -> list[int]:
    """How many records that a threshold decides on have a fit under 0.00, 0.01 ... 1.01."""
    query = f"SELECT CAST(ROUND(fit * 10000) AS INT) / 100, COUNT(*) FROM record WHERE {DECIDED}"
    counts = dict(tx.cached("fits", lambda: tx.sql(f"{query} GROUP BY 1"), ("records", "topics")))
    below = accumulate((counts.get(step, 0) for step in range(101)), initial=0)
    return [n + sum(c for step, c in counts.items() if step < 0) for n in below]


def unplaced(tx: Tx) -> int:
    """How many records that a threshold decides on have no topic."""
    query = f"SELECT COUNT(*) FROM record WHERE {DECIDED} AND topic_id IS NULL"
    return int(tx.cached("unplaced", lambda: tx.sql(query)[0][0], ("records", "topics")))


def apply_threshold(tx: Tx, threshold: float) -> int:
    """Take what fits less off its topic, and put what fits and has none on its likeliest; returns how
    many that changes."""
    likeliest = "json_extract(alternatives, '$[0][0]')"
    leaf = "SELECT id FROM topic WHERE id NOT IN (SELECT parent_id FROM topic WHERE parent_id > 0)"
    off = f"UPDATE record SET topic_id = NULL WHERE {DECIDED} AND fit < ? AND topic_id > 0"
    on = (
        f"UPDATE record SET topic_id = {likeliest} WHERE {DECIDED} AND fit >= ? "
        f"AND topic_id IS NULL AND {likeliest} IN ({leaf})"
    )
    return sum(int(tx.db.execute_sql(each, (threshold,)).rowcount) for each in (off, on))


def _whole(tx: Tx, rest: str, values: tuple[Any, ...]) -> list[RecordValue]:
    names = (*RECORD_COLUMNS, *TEXTS)
    return [value_of(dict(zip(names, r, strict=True))) for r in tx.sql(f"{WHOLE} {rest}", values)]


def _json(record_ids: Iterable[int]) -> str:
    return orjson.dumps(list(record_ids)).decode()
