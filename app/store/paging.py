"""Pages of a record list in any order, and about how many records it has: no list is read whole."""

from array import array
from collections.abc import Iterable
from typing import Any

import orjson

from app.store.bulk import condition
from app.store.database import Tx
from app.store.filters import CHOSEN, SCORES, RecordFilter, Sort, where
from app.store.search import SLICE, Search
from app.store.tables import BEGINNING

EVERY = RecordFilter()
SAMPLES, SAMPLE = 40, 500  # stretches of the file and rows of each that are looked at: 5 ms
SAMPLED = """(SELECT value AS start FROM json_each(?))
  CROSS JOIN record ON id BETWEEN start AND start + ?"""
SAFETY = 3  # times the rows wanted that a bound found in the sample shall let through
SIFTED = (200, 400, 800)  # records asked after in an index of words at a time, 50 microseconds each


def page(
    tx: Tx,
    spec: RecordFilter,
    sort: Sort = "id",
    descending: bool = False,
    *,
    offset: int = 0,
    limit: int,
) -> "array[int]":
    """The ids of one stretch of the list, without collecting those of the whole."""
    end = offset + limit
    if spec == EVERY and sort == "id" and (found := _dense(tx, descending, offset, limit)):
        return found
    if spec.text and (found := _sifted(tx, spec, sort, descending, end)) is not None:
        return found[offset:]
    if spec.text and sort == "id" and not descending:
        return _searched(tx, spec, end)[offset:]
    found_by, values = condition(tx, spec, scan=sort != "id")
    if sort == "score":
        return _scored(tx, found_by, values, descending, end)[offset:]
    if sort == "preview":
        return _alphabetical(tx, found_by, values, descending, end)[offset:]
    if sort == "id" or (sort == "topic_id" and spec == EVERY):  # an index is in this order
        return _first(tx, found_by, values, order(sort, descending), end)[offset:]
    return _sorted(tx, found_by, values, sort, descending, end)[offset:]


def about(tx: Tx, spec: RecordFilter) -> int:
    """Roughly how many match, by a sample of the file; the words of a search are not looked at."""
    found_by, values = where(spec.model_copy(update={"text": ""}), scan=True)
    query = f"SELECT COUNT(*), COALESCE(SUM({found_by}), 0) FROM {SAMPLED}"
    starts, size = _sample(tx)
    seen, matching = tx.sql(query, (*values, starts, size - 1))[0]
    return round(matching / seen * extent(tx)[2]) if seen else 0


def extent(tx: Tx) -> tuple[int, int, int]:
    """The first and the last id, and how many records there are; zeros where there are none."""
    parts = ("MIN(id)", "MAX(id)", "COUNT(*)")  # each alone is answered without reading the rows
    query = "SELECT " + ", ".join(f"(SELECT {part} FROM record)" for part in parts)
    first, last, number = tx.cached("extent", lambda: tx.sql(query)[0])
    return first or 0, last or 0, number


def order(sort: Sort, descending: bool) -> str:
    """Ties by id upwards always: downwards, every later row of a tie would displace one that the
    sorter keeps (0.6 s instead of 0.25 s CPU for a column of equal values, at a million records)."""
    way = "DESC" if descending else "ASC"
    if sort == "score":
        return f"ORDER BY mean.score {way} NULLS LAST, id"
    return f"ORDER BY id {way}" if sort == "id" else f"ORDER BY {sort} {way}, id"


def rows_of(sort: Sort) -> str:
    """The table, joined with the mean scores where these give the order."""
    joined = f"record LEFT JOIN ({SCORES}) AS mean ON mean.record_id = id"
    return joined if sort == "score" else "record"


def _first(tx: Tx, found_by: str, values: tuple[Any, ...], ordered: str, end: int) -> "array[int]":
    query = f"SELECT id FROM record WHERE {found_by} {ordered} LIMIT ?"
    return array("q", [row[0] for row in tx.sql(query, (*values, end))])


def _dense(tx: Tx, descending: bool, offset: int, limit: int) -> "array[int] | None":
    """A stretch of the whole list by arithmetic, where no id between the first and last is free."""
    first, last, number = extent(tx)
    if not number or last - first + 1 != number:
        return None
    start, end = min(offset, number), min(offset + limit, number)
    down = range(last - start, last - end, -1)
    return array("q", down if descending else range(first + start, first + end))


def _searched(tx: Tx, spec: RecordFilter, end: int) -> "array[int]":
    """The first hits in file order, taken as they come: most records may have the word."""
    search, rest = Search(tx, spec.text), spec.model_copy(update={"text": ""})
    found_by, values = where(rest)
    query = f"SELECT id FROM record WHERE {found_by} AND {CHOSEN} ORDER BY id"
    found, after, step = array("q"), 0, end
    while len(found) < end and (hits := search.page(after=after, limit=step)):
        after, step = hits[-1], min(2 * step, SLICE)
        found.extend(
            hits if rest == EVERY else [r[0] for r in tx.sql(query, (*values, _json(hits)))]
        )
    return found[:end]


def _sifted(
    tx: Tx, spec: RecordFilter, sort: Sort, descending: bool, end: int
) -> "array[int] | None":
    """Of many hits the first in an order: the records in that order are asked for the words.

    None where the hits are few, or so rare in this order that it is better to begin with them.
    """
    rest = spec.model_copy(update={"text": ""})
    if (sort == "id" and not descending and rest == EVERY) or end > SIFTED[-1]:
        return None
    search = Search(tx, spec.text)
    if not search.common:
        return None
    candidates = page(tx, rest, sort, descending, limit=sum(SIFTED))
    found, start = array("q"), 0
    for size in SIFTED:
        found.extend(search.among(candidates[start : start + size]))
        start += size
        if len(found) >= end or start >= len(candidates):
            whole = len(candidates) < sum(SIFTED)
            return found[:end] if len(found) >= end or whole else None
    return None


def _scored(
    tx: Tx, found_by: str, values: tuple[Any, ...], descending: bool, end: int
) -> "array[int]":
    """The few that have a score in its order, then the rest as they stand in the file."""
    query = f"SELECT id FROM ({SCORES}) AS mean JOIN record ON id = mean.record_id WHERE {found_by}"
    scored = array("q", [r[0] for r in tx.sql(f"{query} {order('score', descending)}", values)])
    rest = f"{found_by} AND NOT {CHOSEN}"
    more = _first(tx, rest, (*values, _json(scored)), "ORDER BY id", max(0, end - len(scored)))
    return scored[:end] + more


def _sorted(
    tx: Tx, found_by: str, values: tuple[Any, ...], key: Sort, descending: bool, end: int
) -> "array[int]":
    """The first rows in the order of a column. Sorting costs more than comparing with a bound, so
    only what stands before the bound is sorted; what equals it follows in the order of the file."""
    bound = _bound(tx, found_by, values, f"+{key}", descending, end)
    ordered = order(key, descending).replace("ORDER BY ", "ORDER BY +")  # through no index
    if bound is None:
        return _first(tx, found_by, values, ordered, end)
    before, at = _compared(f"+{key}", bound[0], descending)
    found = _first(tx, f"{found_by} AND {before}", (*values, *bound), ordered, end)
    if len(found) < end:
        at = f"{found_by} AND {at}"
        found += _first(tx, at, (*values, *bound), "ORDER BY id", end - len(found))
    return found if len(found) == end else _first(tx, found_by, values, ordered, end)


def _alphabetical(
    tx: Tx, found_by: str, values: tuple[Any, ...], descending: bool, end: int
) -> "array[int]":
    """By the beginning of the text, which an index holds: only what begins like the page or stands
    before it is read whole."""
    ordered = order("preview", descending)
    bound = _bound(tx, found_by, values, BEGINNING, descending, end)
    if bound is not None:
        near = f"{BEGINNING} {'>=' if descending else '<='} ?"
        chosen = f"id IN (SELECT id FROM record WHERE {found_by} AND {near})"
        found = _first(tx, chosen, (*values, *bound), ordered, end)
        if len(found) == end:
            return found
    chosen = f"id IN (SELECT id FROM record WHERE {found_by})"
    return _first(tx, chosen, values, ordered, end)


def _bound(
    tx: Tx, found_by: str, values: tuple[Any, ...], key: str, descending: bool, end: int
) -> tuple[Any] | None:
    """A value of `key` which a sample says some more than `end` rows reach; None where few match."""
    starts, size = _sample(tx)
    share = min(1.0, SAMPLES * size / max(1, extent(tx)[2]))
    place = SAFETY * round(end * share) + SAFETY
    query = (
        f"SELECT {key} FROM {SAMPLED} WHERE {found_by} ORDER BY 1 {'DESC' if descending else ''}"
    )
    found = tx.sql(f"{query} LIMIT 1 OFFSET ?", (starts, size - 1, *values, place))
    return (found[0][0],) if found else None


def _compared(key: str, bound: Any, descending: bool) -> tuple[str, str]:
    """The conditions of standing before a bound and of being equal to it; NULL is the lowest."""
    if bound is None:
        return (f"{key} IS NOT ?" if descending else f"{key} < ?"), f"{key} IS ?"
    before = f"{key} > ?" if descending else f"({key} < ? OR {key} IS NULL)"
    return before, f"{key} = ?"


def _sample(tx: Tx) -> tuple[str, int]:
    """Where stretches spread over the file begin (JSON), and how many ids each has."""
    first, last, _ = extent(tx)
    step = max(1, -(-(last - first + 1) // SAMPLES))
    return _json(range(first, last + 1, step)), min(step, SAMPLE)


def _json(record_ids: Iterable[int]) -> str:
    return orjson.dumps(list(record_ids)).decode()
