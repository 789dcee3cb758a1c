"""Undo for everything that is data: triggers note each value before and after, per labelled write.

Only Meta, Record, Body, Topic and Generated are undoable. Spending, runs, results and deployments are
history.
"""

from typing import Any

import peewee as pw
from pydantic import BaseModel

from app.errors import StoreError
from app.jobs import Tell, quiet
from app.store import inverse
from app.store.database import Tx
from app.store.events import (
    Event,
    GeneratedChanged,
    RecordsChanged,
    SettingsChanged,
    TimelineChanged,
    TopicsChanged,
)
from app.store.tables import (
    NOT_UNDONE,
    Body,
    Change,
    ChangeCell,
    ChangeCurrent,
    Generated,
    Meta,
    Point,
    Record,
    Table,
    Topic,
    columns_of,
    key_of,
)

MAX_BYTES = 500_000_000  # of undo history kept in a dataset file
EVENT_OF: dict[str, type[Event]] = {
    Meta._meta.table_name: SettingsChanged,
    Record._meta.table_name: RecordsChanged,
    Body._meta.table_name: RecordsChanged,
    Topic._meta.table_name: TopicsChanged,
    Generated._meta.table_name: GeneratedChanged,
}


class ChangeInfo(BaseModel):
    """A line of the timeline."""

    id: int
    label: str
    actor: str
    tool: str
    at: float
    cells: int
    undoes: int | None
    undone: bool


def trigger_sql(table: type[Table]) -> list[str]:
    """Triggers that note every cell a write changes while a change is being recorded.

    After the pattern of sqlite.org/undoredo.html, with values kept in their own type instead of SQL
    text, so that a float comes back bit for bit and conflicts can be seen.
    """
    name, key, columns = table._meta.table_name, key_of(table), columns_of(table)
    into = "INSERT INTO change_cell(change_id, tbl, row_id, op, col, before, after) "
    current = "(SELECT change_id FROM change_current)"
    when = "WHEN EXISTS (SELECT 1 FROM change_current)"
    left_out = NOT_UNDONE.get(name, frozenset())

    def rows(op: str, row: str, before: str, after: str, only_changed: bool) -> str:
        each = []
        for column in columns:
            if only_changed and column in left_out:
                continue
            condition = f" WHERE OLD.{column} IS NOT NEW.{column}" if only_changed else ""
            each.append(
                f"SELECT {current}, '{name}', {row}.{key}, '{op}', '{column}', "
                f"{before.format(c=column)}, {after.format(c=column)}{condition}"
            )
        return into + " UNION ALL ".join(each)

    return [
        f"CREATE TRIGGER undo_{name}_i AFTER INSERT ON {name} {when} BEGIN {into}"
        f"VALUES ({current}, '{name}', NEW.{key}, 'I', '', NULL, NULL); END",
        f"CREATE TRIGGER undo_{name}_u AFTER UPDATE ON {name} {when} BEGIN "
        f"{rows('U', 'OLD', 'OLD.{c}', 'NEW.{c}', True)}; END",
        f"CREATE TRIGGER undo_{name}_d AFTER DELETE ON {name} {when} BEGIN "
        f"{rows('D', 'OLD', 'OLD.{c}', 'NULL', False)}; END",
    ]


def begin(tx: Tx, *, label: str, actor: str, tool: str, undoes: int | None = None) -> int:
    """Open a change; every write until `end` belongs to it."""
    change_id = (
        Change.insert(label=label, actor=actor, tool=tool, at=tx.now, undoes=undoes)
    ).execute(tx.db)
    ChangeCurrent.insert(change_id=change_id).execute(tx.db)
    return int(change_id)


def go_on(tx: Tx, since: int, tool: str) -> int | None:
    """Open the newest change once more, for what follows from it, where all changes from `since` on
    are of that tool and stand; None, and nothing is opened, where something else was done or undone:
    what follows would be taken back out of order."""
    found = tx.sql(
        "SELECT MAX(id) FROM change WHERE id >= ? HAVING MIN(tool) = ? AND MAX(tool) = ? "
        "AND COUNT(undoes) = 0 AND COUNT(undone_by) = 0",
        (since, tool, tool),
    )
    if not found:
        return None
    ChangeCurrent.insert(change_id=found[0][0]).execute(tx.db)
    return int(found[0][0])


def end(tx: Tx, change_id: int) -> None:
    """Close the change; one that touched nothing undoable is not kept."""
    ChangeCurrent.delete().execute(tx.db)
    query = ChangeCell.select(ChangeCell.tbl, pw.fn.COUNT(ChangeCell.id))
    query = query.where(ChangeCell.change_id == change_id).group_by(ChangeCell.tbl)
    touched = dict(query.tuples().execute(tx.db))
    if not touched:
        Change.delete().where(Change.id == change_id).execute(tx.db)
        return
    update = Change.update(cells=sum(touched.values())).where(Change.id == change_id)
    update.execute(tx.db)
    for name in touched:
        tx.emit(EVENT_OF[name](tx.dataset_id))
    tx.emit(TimelineChanged(tx.dataset_id))


def timeline(tx: Tx, limit: int = 200) -> list[ChangeInfo]:
    """The newest changes first."""
    query = Change.select().order_by(Change.id.desc()).limit(limit)
    return [_info(row) for row in query.dicts().execute(tx.db)]


def next_undo(tx: Tx) -> ChangeInfo | None:
    """What Ctrl+Z would undo: the newest change that still holds."""
    return next((c for c in timeline(tx) if c.undoes is None and not c.undone), None)


def next_redo(tx: Tx) -> ChangeInfo | None:
    """What Ctrl+Y would redo: the newest undo after which nothing else was changed."""
    for change in timeline(tx):
        if change.undone:
            continue
        if change.undoes is None:
            return None
        undone = Change.select().where(Change.id == change.undoes).first(tx.db)
        if undone is not None and undone.undoes is None:
            return change
    return None


def find(tx: Tx, change_id: int) -> ChangeInfo:
    """One change; raises StoreError when the history does not hold it."""
    return _info(_get(tx, change_id).__data__)


def undo(tx: Tx, change_id: int, *, actor: str = "user", tell: Tell = quiet) -> ChangeInfo:
    """Apply a change backwards as a change of its own; raises StoreError when later work stands on
    it, and what `tell(cells done, in all)` raises; then nothing was undone."""
    change = _get(tx, change_id)
    if change.undone_by is not None:
        raise StoreError(f"“{change.label}” was already undone.")
    redo = change.undoes is not None
    label = change.label.removeprefix("Undo: ") if redo else f"Undo: {change.label}"
    new = begin(tx, label=label, actor=actor, tool="", undoes=change_id)
    inverse.take_back(tx, change, tell=tell)
    Change.update(undone_by=new).where(Change.id == change_id).execute(tx.db)
    if redo:
        Change.update(undone_by=None).where(Change.id == change.undoes).execute(tx.db)
    end(tx, new)
    return ChangeInfo(
        id=new,
        label=label,
        actor=actor,
        tool="",
        at=tx.now,
        cells=0,
        undoes=change_id,
        undone=False,
    )


def roll_back_to(tx: Tx, change_id: int) -> int:
    """Undo, newest first, every change after `change_id` within the change being recorded.

    Returns how many changes were taken back.
    """
    query = Change.select().where(Change.id > change_id).order_by(Change.id.desc())
    recording = tx.sql("SELECT change_id FROM change_current")[0][0]
    changes = [change for change in query.execute(tx.db) if change.id != recording]
    for change in changes:
        inverse.take_back(tx, change, in_order=True)
    return len(changes)


def latest_id(tx: Tx) -> int:
    return int(tx.sql("SELECT COALESCE(MAX(id), 0) FROM change")[0][0])


def prune(tx: Tx, max_bytes: int) -> int:
    """Drop the oldest changes until the history fits; returns how many were dropped.

    The newest stays whatever its size: the last thing done can always be undone. Points that lie
    before a dropped change go too: going back there would take back only a part.
    """
    file_size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    if tx.sql(file_size)[0][0] <= max_bytes:  # saves summing up: 0.4 s for 320,000 cells
        return 0
    size_of = "COALESCE(SUM(LENGTH(before)), 0) + COALESCE(SUM(LENGTH(after)), 0) + 40 * COUNT(*)"
    sizes = tx.sql(f"SELECT change_id, {size_of} FROM change_cell GROUP BY 1 ORDER BY 1 DESC")
    total = dropped = 0
    for at, (change_id, size) in enumerate(sizes):
        total += size
        if total > max_bytes and at > 0:
            ChangeCell.delete().where(ChangeCell.change_id == change_id).execute(tx.db)
            Change.delete().where(Change.id == change_id).execute(tx.db)
            Point.delete().where(Point.change_id < change_id).execute(tx.db)
            dropped += 1
    return dropped


def _info(row: dict[str, Any]) -> ChangeInfo:
    return ChangeInfo(**{**row, "undone": row["undone_by"] is not None})


def _get(tx: Tx, change_id: int) -> Any:
    row = Change.select().where(Change.id == change_id).first(tx.db)
    if row is None:
        raise StoreError(
            f"There is no change {change_id} in the history. It may have been dropped."
        )
    return row
