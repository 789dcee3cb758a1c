"""What happened to one record: each change with its values before and after, and the way back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from PySide6.QtWidgets import QFrame, QWidget

from app.domain.differences import Piece, changes_between
from app.domain.fixes import Turns
from app.domain.records import Message
from app.store import record_history, topics
from app.store.database import Tx
from app.store.record_history import RecordChange, Value
from app.ui import kit
from app.ui.parts import Badge
from app.ui.records.compare import PiecesText, turn_boxes
from app.ui.records.words import pretty
from app.ui.timeline import BY
from app.ui.topics.choices import choices

# Columns a person reads, in words; the others follow from them.
NAMES = {
    "topic_id": "Topic",
    "split": "Split",
    "tags": "Tags",
    "weight": "Weight",
    "source": "Source",
    "reference": "Reference",
    "issues": "Issues",
    "tools": "Tools",
    "extra": "Further fields",
    "probability": "Probability",
}
TURNS = ("messages", "reply")
Undo = Callable[[RecordChange], object]


@dataclass(frozen=True)
class History:
    """`turns` and `lines` of each change are made on a reader thread; nothing is compared later."""

    record_id: int
    changes: tuple[tuple[RecordChange, tuple[Any, ...], tuple[tuple[str, str, str], ...]], ...] = ()


def read_history(tx: Tx, record_id: int) -> History:
    """The record's changes, newest first."""
    names = {choice.id: choice.words for choice in choices(topics.all_topics(tx))}
    found = record_history.of_record(tx, record_id)
    rows = tuple((c, _turns(c.values), tuple(_lines(c.values, names))) for c in found)
    return History(record_id, rows)


def history_items(history: History, undo: Undo) -> list[QWidget]:
    """A card for each change."""
    if not history.changes:
        said = "Nothing happened to this record since it came."
        return [kit.empty("clock-counter-clockwise", said)]
    return [_entry(*each, undo) for each in history.changes]


def _entry(
    change: RecordChange,
    turns: tuple[Any, ...],
    lines: tuple[tuple[str, str, str], ...],
    undo: Undo,
) -> QFrame:
    info = change.info
    at = datetime.fromtimestamp(info.at)
    said = f"{BY.get(info.actor, info.actor)}, {at:%d %b %Y %H:%M}"
    if change.others:
        more = "1,000 or more" if change.others >= record_history.COUNTED else f"{change.others:,}"
        said += f", with {more} other {'record' if change.others == 1 else 'records'}"
    title = kit.label(info.label, "strong", wrap=True, select=True)
    if info.undone:
        end: QWidget = Badge("undone", "muted")
    else:
        end = kit.button("Undo", partial(undo, change), small=True, icon="arrow-counter-clockwise")
        end.setAccessibleName(f"Undo “{info.label}”")
    items: list[kit.Item] = [
        kit.row((title, 1), end, gap=8, top=True),
        kit.label(said, "small", "muted", wrap=True),
    ]
    items += [_line(*line) for line in lines]
    items += turn_boxes(turns, only_changed=True)
    if change.created:
        items.append(kit.label("The record came with this change.", "small", "muted", wrap=True))
    frame = kit.frame(kit.column(*items, gap=6, margin=(12, 10, 12, 12)), "card")
    frame.setAccessibleName(f"{info.label}, {said}")
    return frame


def _line(name: str, before: str, after: str) -> QWidget:
    pieces = [Piece("same", f"{name}: ")]
    pieces += [Piece("removed", before)] if before else []
    pieces += [Piece("same", " → ")] if before and after else []
    pieces += [Piece("added", after)] if after else []
    return PiecesText(pieces, f"{name}: {before or 'nothing'} before, {after or 'nothing'} after")


def _turns(values: list[Value]) -> tuple[Any, ...]:
    """How the turns changed, where they did."""
    known = {v.column: v for v in values if v.column in TURNS}
    if not known:
        return ()
    before, after = (
        Turns(
            tuple(Message(**m) for m in _side(known, "messages", side) or []),
            Message(**reply) if (reply := _side(known, "reply", side)) else None,
        )
        for side in ("before", "after")
    )
    return tuple(changes_between(before, after))


def _side(known: dict[str, Value], column: str, side: str) -> Any:
    return getattr(known[column], side) if column in known else None


def _lines(values: list[Value], topic_names: dict[int, str]) -> list[tuple[str, str, str]]:
    """Name, before, after of every other value that a person reads."""
    found = []
    for value in values:
        if value.column in NAMES:
            before, after = (
                _said(value.column, v, topic_names) for v in (value.before, value.after)
            )
            if before != after:
                found.append((NAMES[value.column], before, after))
    return found


def _said(column: str, value: Any, topic_names: dict[int, str]) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if column == "topic_id":
        return topic_names.get(value, f"topic {value}")
    if column == "issues":
        return " ".join(str(issue.get("text", "")) for issue in value)[:300]
    if column == "tags":
        return " ".join(str(value).split())
    if column == "probability":
        return f"{value:.2f}"
    return (value if isinstance(value, str) else pretty(value))[:300]
