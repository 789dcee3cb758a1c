"""One act on many records: chosen by their ids or by a filter, done in stretches that can be stopped."""

from array import array
from collections.abc import Iterable
from typing import Any

from app.domain.records import Split
from app.errors import ToolError
from app.jobs import Tell, quiet
from app.store.database import Tx
from app.store.filters import RecordFilter, by_ids, where
from app.store.rows import tags_text
from app.store.search import Search

Which = RecordFilter | Iterable[int]
STRETCH = 20_000  # ids between two looks at Stop: 0.2 to 0.7 s of noting what undo needs


def condition(tx: Tx, which: Which, *, scan: bool = False) -> tuple[str, tuple[Any, ...]]:
    """The condition on `record` and its values. `scan` is as in `filters.where`."""
    if isinstance(which, RecordFilter):
        hits = Search(tx, which.text).ids() if which.text else None
        return where(which, hits, scan=scan)
    sql, value = by_ids(array("q", which))
    return sql, (value,)


def delete(tx: Tx, which: Which, tell: Tell = quiet) -> int:
    """Delete records with their texts; returns how many there were."""
    sql, values = condition(tx, which, scan=True)
    gone = 0
    for first, last in _stretches(tx, tell):
        found = (*values, first, last)
        here = f"{sql} AND id BETWEEN ? AND ?"
        tx.sql(f"DELETE FROM body WHERE record_id IN (SELECT id FROM record WHERE {here})", found)
        gone += tx.db.execute_sql(f"DELETE FROM record WHERE {here}", found).rowcount
    return gone


def set_topic(tx: Tx, which: Which, topic_id: int | None, tell: Tell = quiet) -> int:
    """Put records on a leaf (None: no topic) as the user's decision: it is certain, so probability
    and fit are dropped. Returns how many there are."""
    setting = (
        "topic_id = ?, topic_source = 'user', probability = NULL, fit = NULL, alternatives = '[]'"
    )
    return _update(tx, which, setting, (topic_id,), tell=tell)


def set_split(tx: Tx, which: Which, split: Split | None, tell: Tell = quiet) -> int:
    """Put records in a split, or in none; returns how many were in another. Generated records stay
    in training: held-out figures are of real ones."""
    unless = "split IS ? OR source = 'generated'"
    return _update(tx, which, "split = ?", (split,), unless=unless, told=(split,), tell=tell)


def set_tag(tx: Tx, which: Which, tag: str, tell: Tell = quiet) -> int:
    """Give records a tag; returns how many did not have it. Raises ToolError for no single word."""
    new = f"{_word(tag)} "
    setting = "tags = CASE tags WHEN '' THEN ' ' || ? ELSE tags || ? END"
    has = "instr(tags, ?)"
    return _update(tx, which, setting, (new, new), unless=has, told=(f" {new}",), tell=tell)


def clear_tag(tx: Tx, which: Which, tag: str, tell: Tell = quiet) -> int:
    """Take a tag from records; returns how many had it."""
    old = tags_text(_word(tag))
    setting = "tags = CASE tags WHEN ? THEN '' ELSE replace(tags, ?, ' ') END"
    lacks = "NOT instr(tags, ?)"
    return _update(tx, which, setting, (old, old), unless=lacks, told=(old,), tell=tell)


def _update(
    tx: Tx,
    which: Which,
    setting: str,
    new: tuple[Any, ...],
    *,
    unless: str = "0",
    told: tuple[Any, ...] = (),
    tell: Tell,
) -> int:
    """One UPDATE in stretches; rows for which `unless` holds need none."""
    sql, values = condition(tx, which, scan=True)
    query = f"UPDATE record SET {setting} WHERE {sql} AND NOT ({unless}) AND id BETWEEN ? AND ?"
    return sum(
        tx.db.execute_sql(query, (*new, *values, *told, *stretch)).rowcount
        for stretch in _stretches(tx, tell)
    )


def _stretches(tx: Tx, tell: Tell) -> Iterable[tuple[int, int]]:
    """All ids in parts (both ends included), `tell` called before each: it raises to stop.

    One part where nobody listens.
    """
    last = tx.sql("SELECT COALESCE(MAX(id), 0) FROM record")[0][0]
    step = max(last, 1) if tell is quiet else STRETCH
    for first in range(0, last + 1, step):
        tell(first, last)
        yield first, first + step - 1
    tell(last, last)


def _word(tag: str) -> str:
    if len(tag.split()) != 1:
        raise ToolError(f"A tag is one word, not “{tag}”.")
    return tag.strip()
