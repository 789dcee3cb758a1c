"""From the line people type to the records it names: topics by name, words by the search."""

from typing import Any, get_args

from pydantic import BaseModel

from app.domain.query import NUMBERS, WHOLE, Query, parse
from app.domain.records import Split
from app.domain.topics import TopicPath
from app.errors import ToolError
from app.store import records, topics
from app.store.database import Tx
from app.store.filters import ANY_ISSUE
from app.store.records import RecordFilter, RecordRow
from app.store.search import RANKED, Matches, Search

NOTHING = RecordFilter(ids=())
NO_ID = 2**63  # and above: SQLite counts no further
FLAGS = {"tools": "has_tools", "reply": "has_reply", "reference": "has_reference"}


class RecordPage(BaseModel):
    total: int
    offset: int
    records: list[RecordRow]
    ranked: bool = False  # best hit first; a word that most records have comes in file order
    indexed_share: float = 1.0  # of the records a search sees; below 1 while the index is made


def filter_of(tx: Tx, line: str) -> RecordFilter:
    """The filter a line asks for; raises QueryError for a line that cannot be understood, ToolError
    for a topic that is not there."""
    query = parse(line)
    states = set(query.is_)
    if {"valid", "invalid"} <= states:
        return NOTHING
    duplicate = ("duplicate",) if "duplicate" in states else ()
    flagged = "flagged" in states and not (query.issue or duplicate)  # those are flagged anyway
    named = [find_topics(tx, name) for name in query.topic]
    return RecordFilter(
        text=query.text,
        topic_ids=tuple(sorted({i for ids in named for i in ids})) if named else None,
        uncategorised="uncategorised" in states,
        review="review" in states,
        by_model="model" in states,
        by_label="label" in states,
        valid=True if "valid" in states else False if "invalid" in states else None,
        multi_turn=True if "multi-turn" in states else None,
        issues=ANY_ISSUE if flagged else tuple(dict.fromkeys((*query.issue, *duplicate))),
        sensitive=query.sensitive,
        split=tuple(split for split in get_args(Split) if split in query.split) or None,
        source=query.source or "",  # an empty line is the empty filter: its pages need no scan
        tag=query.tag or "",
        **_flags(query),
        **_spans(query),
    )


def chosen(tx: Tx, record_ids: list[int] | None, query: str | None) -> RecordFilter:
    """The records a caller means, by their ids or by a filter line; raises ToolError unless it is
    exactly one of both, and what `filter_of` raises."""
    if (record_ids is None) == (query is None):
        raise ToolError("Say which records: either record_ids, or query with a filter line.")
    if record_ids is not None:
        return RecordFilter(ids=tuple(i for i in record_ids if 0 < i < NO_ID))
    return filter_of(tx, query or "")


def read_page(tx: Tx, spec: RecordFilter, offset: int, limit: int) -> RecordPage:
    """One page with its total; with words the best hits come first where they can be ranked."""
    if spec.text and (best := Search(tx, spec.text).first(RANKED)).ranked:
        return _ranked_page(tx, spec, best, offset, limit)
    share = Search(tx, spec.text).coverage.share if spec.text else 1.0
    found = records.page(tx, spec, offset=offset, limit=limit)
    return RecordPage(
        total=records.count(tx, spec),
        offset=offset,
        records=records.rows(tx, found),
        indexed_share=share,
    )


def find_topics(tx: Tx, wanted: int | str) -> tuple[int, ...]:
    """Ids of the leaves at or below a topic given by id, name or path ("Cards / Lost card")."""
    every = topics.all_topics(tx)
    paths = {t.id: path_of(t.id, {x.id: x for x in every}) for t in every}
    if isinstance(wanted, int) or wanted.isdigit():
        found = [t.id for t in every if t.id == int(wanted)]
    else:
        key = wanted.casefold().strip()
        found = [i for i, p in paths.items() if " / ".join(p).casefold() == key]
        found = found or [t.id for t in every if t.name.casefold() == key]
    if len(found) != 1:
        what = "no topic" if not found else f"more than one topic ({len(found)})"
        raise ToolError(f"There is {what} {wanted!r}. Give its id or its whole path.")
    below = {i for i, p in paths.items() if p[: len(paths[found[0]])] == paths[found[0]]}
    parents = {t.parent_id for t in every}
    return tuple(i for i in below if i not in parents)


def leaf_of(tx: Tx, wanted: int | str) -> int | None:
    """The one leaf meant, None for ""; raises ToolError for a topic with others below it."""
    if wanted == "":
        return None
    found = find_topics(tx, wanted)
    if len(found) != 1:
        raise ToolError(f"{wanted!r} has topics below it. Choose one of those.")
    return found[0]


def path_of(topic_id: int, by_id: dict[int, Any]) -> TopicPath:
    topic = by_id[topic_id]
    above = path_of(topic.parent_id, by_id) if topic.parent_id in by_id else ()
    return (*above, topic.name)


def ranked_ids(tx: Tx, spec: RecordFilter, best: Matches) -> list[int]:
    """Those of a search's hits that the rest of the filter lets through, best first."""
    rest = spec.model_copy(update={"text": "", "ids": best.ids})
    if spec.ids is not None:
        rest = rest.model_copy(update={"ids": tuple(set(best.ids) & set(spec.ids))})
    allowed = set(records.ids(tx, rest))
    return [record_id for record_id in best.ids if record_id in allowed]


def _ranked_page(tx: Tx, spec: RecordFilter, best: Matches, offset: int, limit: int) -> RecordPage:
    chosen = ranked_ids(tx, spec, best)
    return RecordPage(
        total=len(chosen),
        offset=offset,
        records=records.rows(tx, chosen[offset : offset + limit]),
        ranked=True,
        indexed_share=best.indexed_share,
    )


def _flags(query: Query) -> dict[str, Any]:
    return {FLAGS[name]: True for name in query.has}


def _spans(query: Query) -> dict[str, Any]:
    """The ranges with both ends included, as the store takes them."""
    spans = {key: getattr(query, key) for key in NUMBERS}
    return {key: span.bounds(whole=key in WHOLE) for key, span in spans.items() if span}
