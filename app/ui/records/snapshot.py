"""What the records panel shows, read from the store; no widget here.

A list is read in steps: its first page at once, the order of all its ids where jumps need it, and
what stands around it (counts, names) last.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from app.domain.query import Query, parse
from app.domain.records import Record
from app.errors import InputError, ToolError
from app.store import imports, meta, records, topics
from app.store.database import Tx
from app.store.records import EVERY, RecordFilter, RecordRow, RecordStats, Sort
from app.store.search import RANKED, Search
from app.tools.listing import filter_of, ranked_ids
from app.ui.topics.choices import TopicChoice, choices

PAGE = 100  # rows fetched at once: about three screens
SMALL = 50_000  # records up to which the order of a list is read with its first page: 40 ms
NEAR = 5_000  # rows from the top that are read without the order
NAMES = 500  # tags and sources offered at most
Order = Sort | Literal["match"]  # best match first; in file order where nothing is searched for


@dataclass(frozen=True)
class View:
    """What the user asked to see: the filter line, the order, the record shown at the right."""

    line: str = ""
    chosen: tuple[int, ...] | None = None  # only these records, as another panel points at them
    sort: Order = "match"
    descending: bool = False
    shown: int | None = None

    @property
    def filtered(self) -> bool:
        return bool(self.line.strip()) or self.chosen is not None

    @property
    def list(self) -> tuple[Any, ...]:
        """What makes it another list, not the same one read again."""
        return self.line.split(), self.chosen, self.sort, self.descending


@dataclass(frozen=True)
class Detail:
    """One whole record and the path of its topic (empty when it has none)."""

    record: Record
    topic: str = ""


@dataclass(frozen=True)
class Page:
    """Some rows of the list, with the mean scores of those that have one."""

    rows: tuple[RecordRow, ...] = ()
    scores: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """A list as far as it is read. `ids` are all its records in order, None until that is known;
    a range where no filter leaves a gap. `total` is exact with them, else about or at least so."""

    view: View
    spec: RecordFilter
    first: Page
    total: int
    said: str  # the total in words
    ids: Sequence[int] | None = None
    ranked: bool = False  # best match first
    share: float = 1.0  # of the records that the search sees
    places: dict[int, int] = field(default_factory=dict)  # rows of the records asked for


@dataclass(frozen=True)
class Around:
    """What stands around the list: the dataset in numbers, and names to choose or type."""

    facts: str = ""
    rejected: int = 0  # lines of its files that could not be read
    stats: RecordStats = field(default_factory=RecordStats)
    topics: tuple[TopicChoice, ...] = ()
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    begun: bool = False


def read_spec(tx: Tx, view: View) -> RecordFilter:
    """The filter of a view; raises QueryError, or ToolError for a topic that is not there."""
    return filter_of(tx, view.line).model_copy(update={"ids": view.chosen})


def read_first(
    tx: Tx, view: View, spec: RecordFilter, wanted: Iterable[int], *, scores: bool = False
) -> Listing:
    """The first page of a list; of a short one, of the whole file and of ranked hits also the order.
    `wanted` are records whose places are asked for."""
    ids, ranked, share = _known_order(tx, view, spec)
    if ids is not None:
        made = _ordered(view, spec, ids, wanted)
        first = read_rows(tx, ids[:PAGE], scores=scores)
        return replace(made, first=first, ranked=ranked, share=share)
    found = records.page(tx, spec, sort_of(view), view.descending, limit=PAGE)
    first = read_rows(tx, found, scores=scores)
    if len(found) < PAGE:
        return replace(_ordered(view, spec, found, wanted), first=first, share=share)
    total, said = _about(tx, spec)
    places = {i: row for row, i in enumerate(found)}
    return Listing(view, spec, first, total, said, share=share, places=places)


def read_order(tx: Tx, listing: Listing, wanted: Iterable[int]) -> Listing:
    """The same list with the order of all its records; at a million some 0.3 to 1.5 s."""
    view = listing.view
    ids = records.ids(tx, listing.spec, sort_of(view), view.descending)
    made = _ordered(view, listing.spec, ids, wanted)
    return replace(made, first=listing.first, share=listing.share)


def read_pages(tx: Tx, listing: Listing, numbers: Iterable[int], *, scores: bool) -> list[Page]:
    return [read_page(tx, listing, number, scores=scores) for number in numbers]


def read_page(tx: Tx, listing: Listing, number: int, *, scores: bool) -> Page:
    """One page; nothing when it lies too deep in a list whose order is not known yet."""
    start = number * PAGE
    if listing.ids is not None:
        return read_rows(tx, listing.ids[start : start + PAGE], scores=scores)
    view = listing.view
    order = (sort_of(view), view.descending)
    return read_rows(
        tx, records.page(tx, listing.spec, *order, offset=start, limit=PAGE), scores=scores
    )


def read_rows(tx: Tx, ids: Iterable[int], *, scores: bool) -> Page:
    chosen = list(ids)
    found = records.scores(tx, chosen) if scores else {}
    return Page(tuple(records.rows(tx, chosen)), found)


def read_around(tx: Tx) -> Around:
    """Counts and names; the first time after a change of the records this reads all their rows."""
    return replace(
        read_names(tx),
        stats=records.stats(tx),
        tags=tx.cached("tags in use", lambda: _tags(tx)),
        sources=tx.cached("sources in use", lambda: _sources(tx)),
        begun=bool(meta.get(tx, "workflow")),
    )


def read_names(tx: Tx) -> Around:
    """Of what stands around the list only what is read at once, with what was counted before."""
    facts = origin_facts(meta.get(tx, "origin", {}), datetime.now())
    rejected = sum(each.rejected_lines for each in imports.with_rejections(tx))
    return Around(facts=facts, rejected=rejected, topics=choices(topics.all_topics(tx)))


def read_detail(tx: Tx, record_id: int) -> Detail:
    """Raises ToolError when the record is gone."""
    record = records.get(tx, record_id)
    if record.topic_id is None:
        return Detail(record)
    paths = {choice.id: choice.words for choice in choices(topics.all_topics(tx))}
    return Detail(record, paths.get(record.topic_id, ""))


def sort_of(view: View) -> Sort:
    """What the store sorts by: hits that cannot be ranked come in file order."""
    return "id" if view.sort == "match" else view.sort


def origin_facts(origin: dict[str, Any], now: datetime) -> str:
    """«bank-support.jsonl, imported today 09:12», and how many lines could not be read."""
    if not origin:
        return ""
    said = Path(str(origin.get("file", ""))).name
    if stamp := origin.get("imported"):
        at = datetime.fromtimestamp(float(stamp))
        day = "today" if at.date() == now.date() else f"{at:%d %B %Y}".lstrip("0")
        said += f", imported {day} {at:%H:%M}"
    if lost := origin.get("rejected_lines"):
        said += f". {lost:,} {'line' if lost == 1 else 'lines'} could not be read"
    return said


def view_of(target: dict[str, Any], known: Sequence[TopicChoice] = ()) -> View:
    """The view another panel points at.

    Keys: `record` (an id), `issues` (True, or a code), `invalid`, `uncategorised`, `review`,
    `topic` (an id), `query` (a filter line), `ids`. Raises ToolError on any other.
    """
    view, query = View(shown=target.get("record")), Query()
    for key, value in target.items():
        match key:
            case "record":
                pass
            case "issues" if value is True:
                query = replace(query, is_=(*query.is_, "flagged"))
            case "issues":
                query = replace(query, issue=(value,))
            case "invalid" | "uncategorised" | "review":
                query = replace(query, is_=(*query.is_, key))
            case "topic":
                query = replace(query, topic=(topic_word(value, known),))
            case "query":
                query = parse(value)
            case "ids":
                view = replace(view, chosen=tuple(value))
            case _:
                raise ToolError(f"The record list cannot be pointed at by “{key}”.")
    return replace(view, line=str(query))


def topic_word(topic_id: int, known: Sequence[TopicChoice]) -> str:
    """How the filter line names a topic: by its name where only one has it, else by its path."""
    choice = next((c for c in known if c.id == topic_id), None)
    if choice is None or choice.name.isdigit():
        return str(topic_id)
    same = [c for c in known if c.name.casefold() == choice.name.casefold()]
    return choice.name if len(same) == 1 else " / ".join(choice.path)


def query_of(line: str) -> Query:
    """The line's query; an empty one where it cannot be read."""
    try:
        return parse(line)
    except InputError:
        return Query()


def row_after(rows: Sequence[range], total: int) -> int:
    """The row to show when these (in order) are deleted: the next that stays, else the one before."""
    end = rows[-1].stop if rows else 0
    return end if end < total else (rows[0].start - 1 if rows else -1)


def place_in(ids: Sequence[int], record_id: int) -> int:
    """The row of a record in the whole order, -1 when it is not in it."""
    return ids.index(record_id) if record_id in ids else -1


def _known_order(
    tx: Tx, view: View, spec: RecordFilter
) -> tuple[Sequence[int] | None, bool, float]:
    """The order where it costs no more than a page, whether it is by rank, and the share seen."""
    share = 1.0
    if spec.text:
        search = Search(tx, spec.text)
        share = search.coverage.share
        if view.sort == "match" and (best := search.first(RANKED)).ranked:
            return array("q", ranked_ids(tx, spec, best)), True, share
    elif spec == EVERY and sort_of(view) == "id" and (dense := _dense(tx)) is not None:
        return (dense[::-1] if view.descending else dense), False, share
    if tx.sql("SELECT COALESCE(MAX(id), 0) FROM record")[0][0] <= SMALL:
        return records.ids(tx, spec, sort_of(view), view.descending), False, share
    return None, False, share


def _dense(tx: Tx) -> range | None:
    """The whole file as a range, where no id between the first and the last is free."""
    first, last, number = records.extent(tx)
    if not number:
        return range(0)
    return range(first, last + 1) if last - first + 1 == number else None


def _ordered(view: View, spec: RecordFilter, ids: Sequence[int], wanted: Iterable[int]) -> Listing:
    places = _places(ids, frozenset(wanted))
    return Listing(view, spec, Page(), len(ids), f"{len(ids):,}", ids=ids, places=places)


def _places(ids: Sequence[int], wanted: frozenset[int]) -> dict[int, int]:
    if isinstance(ids, range):
        return {i: ids.index(i) for i in wanted if i in ids}
    if not wanted:
        return {}
    return {i: row for row, i in enumerate(ids) if i in wanted}


def _about(tx: Tx, spec: RecordFilter) -> tuple[int, str]:
    if not spec.text:
        total = max(PAGE, records.about(tx, spec))
        return total, f"about {_rounded(total):,}"
    least = RANKED if spec == RecordFilter(text=spec.text) else PAGE
    return least, f"more than {least:,}"


def _rounded(number: int) -> int:
    """To two figures: a sample says no more."""
    step = 10 ** max(0, len(str(number)) - 2)
    return round(number / step) * step


def _tags(tx: Tx) -> tuple[str, ...]:
    rows = tx.sql("SELECT DISTINCT tags FROM record WHERE tags <> ''")
    return tuple(sorted({tag for (tags,) in rows for tag in tags.split()})[:NAMES])


def _sources(tx: Tx) -> tuple[str, ...]:
    return tuple(row[0] for row in tx.sql("SELECT DISTINCT source FROM record ORDER BY 1"))[:NAMES]
