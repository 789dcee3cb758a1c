"""Which records a list shows: the conditions as one value, and as SQL over the narrow rows."""

from array import array
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict

from app.domain.records import Split
from app.domain.sensitive import mask_of
from app.domain.thresholds import DEFAULTS
from app.domain.validation import FLAG_BITS, flags_of

Sort = Literal[
    "id", "preview", "tokens", "probability", "fit", "topic_id", "split", "source", "length",
    "turns", "weight", "flags", "tags", "score",
]  # fmt: skip
Span = tuple[float | None, float | None]  # both ends included, None is open
IN_REVIEW = (
    "valid AND topic_id IS NOT NULL AND probability < ? "
    "AND COALESCE(topic_source, '') NOT IN ('user', 'label', 'model')"
)
SCORES = """SELECT record_id, AVG(score) AS score FROM answer
  WHERE result_id = (SELECT MAX(id) FROM result WHERE kind = 'dry_run') AND score IS NOT NULL
  GROUP BY record_id"""
SCORED = f"id IN (SELECT record_id FROM ({SCORES}) WHERE {{condition}})"
MANY = 20_000
# For more than MANY ids: JSON of 700,000 took 2.5 s to be read, a look into a blob for each row 0.2 s.
MARKED = "substr(?, id + 1, 1) = x'01'"
FOUND = "id IN (SELECT record_id FROM scanned WHERE kinds <> 0 AND kinds & ? <> 0)"
CHOSEN = "id IN (SELECT value FROM json_each(?))"
# In no topic that is locked or below a locked one. It names nothing of the row, so that SQLite asks
# once for a statement: 0.03 s with all of 10,000 topics held.
FREE = """(record.topic_id IS NULL OR record.topic_id NOT IN (
  WITH RECURSIVE held(id) AS (SELECT id FROM topic WHERE locked
    UNION SELECT topic.id FROM held JOIN topic ON topic.parent_id = held.id)
  SELECT id FROM held))"""

ANY_ISSUE = tuple(FLAG_BITS)


class RecordFilter(BaseModel):
    """Every condition must hold; several values of one condition mean any of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = ""  # words, "phrases" and -words, as the full-text search takes them
    topic_ids: tuple[int, ...] | None = None
    uncategorised: bool = False
    review: bool = False  # less sure than `topic_review`, and decided by no user, label or model
    by_model: bool = False  # placed by a connected model
    by_label: bool = False  # placed by a label field of their own
    valid: bool | None = None
    issues: tuple[str, ...] = ()  # issue codes
    sensitive: tuple[str, ...] = ()  # kinds a scan found, or groups of them (app.domain.sensitive)
    split: Split | tuple[Split, ...] | None = None
    source: str | tuple[str, ...] = ""
    tag: str | tuple[str, ...] = ""
    ids: tuple[int, ...] | None = None
    has_tools: bool | None = None
    has_reply: bool | None = None
    has_reference: bool | None = None
    multi_turn: bool | None = None
    tokens: Span | None = None
    length: Span | None = None
    probability: Span | None = None
    score: Span | None = None  # mean of the record's answers in the newest dry run
    batch: Span | None = None


class _Where:
    """Collects conditions with their values."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.values: list[Any] = []

    def add(self, sql: str, *values: Any) -> None:
        self.parts.append(f"({sql})")
        self.values.extend(values)

    def any_of(self, column: str, wanted: tuple[Any, ...]) -> None:
        self.add(f"{column} IN ({', '.join('?' for _ in wanted)})", *wanted)

    def within(self, span: Span | None, expression: str, condition: str = "{condition}") -> None:
        low, high = span or (None, None)
        ends = [(low, f"{expression} >= ?"), (high, f"{expression} <= ?")]
        given = [(end, sql) for end, sql in ends if end is not None]
        if given:
            sql = condition.format(condition=" AND ".join(sql for _, sql in given))
            self.add(sql, *(end for end, _ in given))


def where(
    spec: RecordFilter, hits: "array[int] | None" = None, *, scan: bool = False
) -> tuple[str, tuple[Any, ...]]:
    """The condition on `record` and its parameters; "1" for every record.

    `hits` are the records found for `text`, which is a matter of the search and no condition here.
    `scan` keeps a sorted list from going through the index of topics, one random row after the
    other: 90,000 rows of 30 topics took 0.7 s so, a scan of the million 0.3 s.
    """
    found = _Where()
    _add_topic(found, spec, "+topic_id" if scan else "topic_id")
    _add_kind(found, spec)
    for column in ("has_tools", "has_reply", "has_reference"):
        if (wanted := getattr(spec, column)) is not None:
            found.add(column if wanted else f"NOT {column}")
    for column in ("tokens", "length", "probability", "batch"):
        found.within(getattr(spec, column), column)
    found.within(spec.score, "score", SCORED)
    if spec.ids is not None:
        found.add(*by_ids(array("q", spec.ids)))
    if hits is not None:
        found.add(*by_ids(hits))
    return " AND ".join(found.parts) or "1", tuple(found.values)


def _add_topic(found: _Where, spec: RecordFilter, column: str) -> None:
    if spec.topic_ids is not None:
        found.any_of(column, spec.topic_ids)
    if spec.uncategorised:
        found.add("topic_id IS NULL AND valid")
    if spec.by_model:
        found.add("topic_source IS 'model'")
    if spec.by_label:
        found.add("topic_source IS 'label'")
    if spec.review:
        found.add(IN_REVIEW, DEFAULTS.topic_review)


def _add_kind(found: _Where, spec: RecordFilter) -> None:
    if spec.valid is not None:
        found.add("valid" if spec.valid else "NOT valid")
    if spec.issues:
        # Said twice: the partial index serves only what repeats its condition.
        found.add("flags <> 0 AND flags & ? <> 0", flags_of(spec.issues))
    if spec.sensitive:
        found.add(FOUND, mask_of(spec.sensitive))
    if splits := _several(spec.split):
        found.any_of("split", splits)
    if sources := _several(spec.source):
        found.any_of("source", sources)
    if tags := _several(spec.tag):
        # instr, since LIKE would need its wildcards escaped and knows no case.
        found.add(" OR ".join("instr(tags, ?)" for _ in tags), *(f" {tag} " for tag in tags))
    if spec.multi_turn is not None:
        found.add("turns > 1" if spec.multi_turn else "turns <= 1")


def by_ids(ids: "array[int]") -> tuple[str, str | bytes]:
    """The condition on `record.id`, and its value."""
    if len(ids) > MANY:
        return MARKED, marks(ids)
    return CHOSEN, orjson.dumps(ids.tolist()).decode()


def marks(ids: "array[int]") -> bytes:
    """For MARKED: a byte for every id up to the highest, 1 for these."""
    found = bytearray(max(ids, default=0) + 1)
    for i in ids:
        found[i] = 1
    return bytes(found)


def _several(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if not value:
        return ()
    return (value,) if isinstance(value, str) else value
