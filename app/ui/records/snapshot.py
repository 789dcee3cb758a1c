"""What the records panel shows, read from the store in one transaction; no widget here."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from app.domain.records import Record
from app.errors import ToolError
from app.store import meta, records, topics
from app.store.database import Tx
from app.store.filters import ANY_ISSUE
from app.store.records import RecordFilter, RecordRow, RecordStats, Sort
from app.ui.topics.choices import TopicChoice, choices

PAGE = 100  # rows fetched at once: about three screens


@dataclass(frozen=True)
class View:
    """What the user asked to see: the filter, the order, the record shown at the right."""

    spec: RecordFilter = field(default_factory=RecordFilter)
    sort: Sort = "id"
    descending: bool = False
    shown: int | None = None

    def narrow(self, **values: Any) -> "View":
        """The same view with other filter values."""
        return replace(self, spec=self.spec.model_copy(update=values))

    @property
    def filtered(self) -> bool:
        return self.spec != RecordFilter()


@dataclass(frozen=True)
class Detail:
    """One whole record and the path of its topic (empty when it has none)."""

    record: Record
    topic: str = ""


@dataclass(frozen=True)
class RecordsSnapshot:
    """`ids` are all matching records in order, `rows` the first page of them."""

    view: View
    facts: str
    stats: RecordStats
    topics: tuple[TopicChoice, ...] = ()
    ids: Sequence[int] = ()
    rows: tuple[RecordRow, ...] = ()
    detail: Detail | None = None
    begun: bool = False


def read_snapshot(tx: Tx, view: View) -> RecordsSnapshot:
    """The state of the list; where the record shown is gone, the first of the list is shown."""
    every = choices(topics.all_topics(tx))
    found = records.ids(tx, view.spec, view.sort, view.descending)
    shown = view.shown if view.shown is not None and view.shown in found else None
    if shown is None and found:
        shown = found[0]
    return RecordsSnapshot(
        view=replace(view, shown=shown),
        facts=origin_facts(meta.get(tx, "origin", {}), datetime.now()),
        stats=records.stats(tx),
        topics=every,
        ids=found,
        rows=tuple(records.rows(tx, found[:PAGE])),
        detail=read_detail(tx, shown) if shown is not None else None,
        begun=bool(meta.get(tx, "workflow")),
    )


def read_detail(tx: Tx, record_id: int) -> Detail:
    """Raises ToolError when the record is gone."""
    record = records.get(tx, record_id)
    if record.topic_id is None:
        return Detail(record)
    paths = {choice.id: choice.words for choice in choices(topics.all_topics(tx))}
    return Detail(record, paths.get(record.topic_id, ""))


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


def view_of(target: dict[str, Any], topics_known: tuple[TopicChoice, ...] = ()) -> View:
    """The view another panel points at.

    Keys: `record` (an id), `issues` (True, or a code), `invalid`, `uncategorised`, `review`,
    `topic` (an id), `query`, `ids`. Raises ToolError on any other.
    """
    view = View(shown=target.get("record"))
    for key, value in target.items():
        match key:
            case "record":
                pass
            case "issues":
                view = view.narrow(issues=ANY_ISSUE if value is True else (value,))
            case "invalid":
                view = view.narrow(valid=False)
            case "uncategorised" | "review":
                view = view.narrow(**{key: True})
            case "topic":
                leaves = next((c.leaves for c in topics_known if c.id == value), (value,))
                view = view.narrow(topic_ids=leaves)
            case "query":
                view = view.narrow(text=value)
            case "ids":
                view = view.narrow(ids=tuple(value))
            case _:
                raise ToolError(f"The record list cannot be pointed at by “{key}”.")
    return view
