"""Takes a change back: many cells by one statement where it is large, else cell by cell.

Knows nothing of the timeline; what it writes is noted by the change that is being recorded.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import peewee as pw

from app.errors import StoreError
from app.jobs import Tell, quiet
from app.store.database import Tx
from app.store.tables import UNDOABLE, ChangeCell, Table, columns_of, key_of

MANY_CELLS = 1_000  # from which a change is taken back by statements
ONCE = "SELECT c.row_id, c.before, c.after FROM change_cell c WHERE {0}"
# Of values set more than once: what was there before the first time and after the last. Of a group's
# columns SQLite gives those of the row with the minimum (sqlite.org/lang_select.html#bareagg).
ENDS = (
    "SELECT f.row_id, f.before, l.after FROM "
    "(SELECT c.row_id, c.before, MIN(c.id) FROM change_cell c WHERE {0} GROUP BY c.row_id) AS f JOIN "
    "(SELECT c.row_id, c.after, MAX(c.id) FROM change_cell c WHERE {0} GROUP BY c.row_id) AS l "
    "ON l.row_id = f.row_id"
)
STRETCH = 50_000  # cells between two looks at Stop: 0.1 to 0.5 s
BY_NAME: dict[str, type[Table]] = {t._meta.table_name: t for t in UNDOABLE}
# Cells by the row they are of; of a deleted row, whose every value is a cell, the key stands for all.
# Only a query that says INDEXED of its cells uses the index.
INDEXED = "({0}op <> 'D' OR {0}col IN ('id', 'record_id', 'key'))"
ROW_INDEX = (
    f"CREATE INDEX IF NOT EXISTS change_cell_row ON change_cell(row_id) WHERE {INDEXED.format('')}"
)


class _NotAsNoted(Exception):
    """A value is not what the change left, or the cells are not in the order of the triggers."""


def take_back(tx: Tx, change: Any, *, in_order: bool = False, tell: Tell = quiet) -> None:
    """Write what was there before the change. Raises StoreError when later work stands on it.

    `in_order`: all later changes were just taken back, so nothing can build on this one.
    `tell(cells done, cells in all)` is called between stretches and raises to stop.
    """
    if not in_order:
        _refuse_if_built_on(tx, change)
    if change.cells >= MANY_CELLS:
        whole = _Whole.of(tx, change, tell)
        try:
            if whole is not None:
                with tx.db.atomic():
                    whole.run()
                return
        except _NotAsNoted:
            if whole is not None and whole.sets_values_once():
                whole.refuse()
    _cell_by_cell(tx, change)


@dataclass
class _Whole:
    """A change whose rows were each only made, only changed, or only deleted; made ones may have
    been changed too. `cells` are the first and last of its cells: a transaction notes them in a row.

    From the newest cells to the oldest, since a value may have been set more than once.
    """

    tx: Tx
    change: Any
    tell: Tell
    cells: tuple[int, int]
    columns: dict[tuple[str, str], list[str]]  # by table and op

    @classmethod
    def of(cls, tx: Tx, change: Any, tell: Tell) -> "_Whole | None":
        """None for a change of another kind."""
        query = "SELECT id FROM change_cell WHERE change_id = ? ORDER BY id {} LIMIT 1"
        cells = (
            tx.sql(query.format("ASC"), (change.id,))[0][0],
            tx.sql(query.format("DESC"), (change.id,))[0][0],
        )
        query = (
            "SELECT DISTINCT tbl, op, col FROM change_cell WHERE id BETWEEN ? AND ? "
            f"AND +change_id = ? AND {INDEXED.format('+')}"
        )
        columns = defaultdict(list)
        for tbl, op, col in tx.sql(query, (*cells, change.id)):
            columns[tbl, op].append(col)
        for tbl in BY_NAME:
            others = (tbl, "I") in columns or (tbl, "U") in columns
            if (tbl, "D") in columns and others and _deleted_and_more(tx, change, tbl):
                return None
        return cls(tx, change, tell, cells, dict(columns))

    def run(self) -> None:
        """Raises _NotAsNoted with a part of it done."""
        for stretch in self._stretches():
            for (tbl, op), columns in self.columns.items():
                if op == "U":
                    for column in columns:
                        self._set_values(tbl, column, stretch)
                elif op == "D":
                    self._insert_rows(tbl, stretch)
        for stretch in self._stretches() if self._made() else ():
            for tbl in self._made():
                self._delete_rows(tbl, stretch)
        first, last = self.cells
        self.tell(last - first + 1, last - first + 1)

    def _stretches(self) -> Iterator[tuple[int, int, int]]:
        """First and last cell and the change, the newest cells first; told of before each."""
        first, last = self.cells
        for high in range(last, first - 1, -STRETCH):
            self.tell(last - high, last - first + 1)
            yield max(high - STRETCH + 1, first), high, self.change.id

    def sets_values_once(self) -> bool:
        """Whether each value that it set was set once, so that the way back is by columns."""
        query = (
            "SELECT 1 FROM change_cell WHERE change_id = ? AND op = 'U' "
            "GROUP BY tbl, row_id, col HAVING COUNT(*) > 1 LIMIT 1"
        )
        return not self.tx.sql(query, (self.change.id,))

    def refuse(self) -> None:
        """Raise StoreError when values that it set are others now."""
        changed = sum(
            self._changed_since(tbl, column)
            for (tbl, op), columns in self.columns.items()
            for column in columns
            if op == "U"
        )
        if changed:
            raise StoreError(
                f"“{self.change.label}” cannot be undone on its own: {changed:,} of its values were "
                "changed again since. Undo the later change first."
            )

    def _made(self) -> list[str]:
        return [tbl for tbl, op in self.columns if op == "I"]

    def _set(self, tbl: str, column: str) -> str:
        """The condition on the cells `c` that set a column of rows that were there before."""
        chosen = (
            f"c.id BETWEEN ? AND ? AND +c.change_id = ? AND c.tbl = '{tbl}' AND c.op = 'U' "
            f"AND c.col = '{column}'"
        )
        if tbl not in self._made():
            return chosen
        made = (
            f"SELECT 1 FROM change_cell i WHERE i.row_id = c.row_id AND {INDEXED.format('i.')} "
            f"AND +i.change_id = c.change_id AND i.tbl = '{tbl}' AND i.op = 'I'"
        )
        return f"{chosen} AND NOT EXISTS ({made})"

    def _set_values(self, tbl: str, column: str, stretch: tuple[int, int, int]) -> None:
        cells, key = self._set(tbl, column), key_of(BY_NAME[tbl])
        query = f"SELECT COUNT(*), COUNT(DISTINCT c.row_id) FROM change_cell c WHERE {cells}"
        noted, number = self.tx.sql(query, stretch)[0]
        once = noted == number
        update = (
            f"UPDATE {tbl} SET {column} = c.before FROM ({(ONCE if once else ENDS).format(cells)}) AS c "
            f"WHERE {tbl}.{key} = c.row_id AND {tbl}.{column} IS c.after"
        )
        values = stretch if once else stretch * 2
        if number and self.tx.db.execute_sql(update, values).rowcount != number:
            raise _NotAsNoted

    def _changed_since(self, tbl: str, column: str) -> int:
        key = key_of(BY_NAME[tbl])
        query = (
            f"SELECT COUNT(*) FROM change_cell AS c LEFT JOIN {tbl} ON {tbl}.{key} = c.row_id "
            f"WHERE {self._set(tbl, column)} AND ({tbl}.{key} IS NULL OR {tbl}.{column} IS NOT c.after)"
        )
        return int(self.tx.sql(query, (*self.cells, self.change.id))[0][0])

    def _insert_rows(self, tbl: str, stretch: tuple[int, int, int]) -> None:
        """A deleted row's cells stand in the order of its columns, the key first."""
        columns = columns_of(BY_NAME[tbl])
        head = (
            "c0.id BETWEEN ? AND ? AND +c0.change_id = ? "
            f"AND c0.tbl = '{tbl}' AND c0.op = 'D' AND c0.col = '{columns[0]}'"
        )
        (number,) = self.tx.sql(f"SELECT COUNT(*) FROM change_cell c0 WHERE {head}", stretch)[0]
        if not number:
            return
        rest = "".join(
            f" CROSS JOIN change_cell c{n} ON c{n}.id = c0.id + {n} AND c{n}.col = '{column}' "
            f"AND +c{n}.row_id = c0.row_id AND c{n}.tbl = '{tbl}' AND +c{n}.change_id = c0.change_id"
            for n, column in enumerate(columns[1:], 1)
        )
        values = ", ".join(f"c{n}.before" for n in range(len(columns)))
        insert = (
            f"INSERT INTO {tbl}({', '.join(columns)}) SELECT {values} "
            f"FROM change_cell c0{rest} WHERE {head}"
        )
        try:
            done = self.tx.db.execute_sql(insert, stretch).rowcount
        except pw.IntegrityError:
            label = self.change.label
            raise StoreError(
                f"“{label}” cannot be undone: some of what it deleted exists again."
            ) from None
        if done != number:
            raise _NotAsNoted

    def _delete_rows(self, tbl: str, stretch: tuple[int, int, int]) -> None:
        self.tx.sql(
            f"DELETE FROM {tbl} WHERE {key_of(BY_NAME[tbl])} IN (SELECT row_id FROM change_cell "
            f"WHERE id BETWEEN ? AND ? AND +change_id = ? AND tbl = '{tbl}' AND op = 'I')",
            stretch,
        )


def _deleted_and_more(tx: Tx, change: Any, tbl: str) -> bool:
    """Whether a row that the change deleted was also made or changed by it."""
    key = key_of(BY_NAME[tbl])
    chosen = "SELECT row_id FROM change_cell WHERE change_id = ? AND tbl = ?"
    query = f"{chosen} AND op = 'D' AND col = '{key}' INTERSECT {chosen} AND op <> 'D' LIMIT 1"
    return bool(tx.sql(query, (change.id, tbl) * 2))


def _refuse_if_built_on(tx: Tx, change: Any) -> None:
    """Raise StoreError when a later change that still holds touched a row that this one made."""
    later = tx.sql(
        "SELECT id, label FROM change WHERE id > ? AND undone_by IS NULL AND undoes IS NULL "
        "AND id NOT IN (SELECT change_id FROM change_current) ORDER BY id",
        (change.id,),
    )
    made = (
        "SELECT 1 FROM change_cell m WHERE m.row_id = x.row_id "
        f"AND {INDEXED.format('m.')} AND +m.change_id = ? AND m.tbl = x.tbl AND m.op = 'I'"
    )
    if not later or not tx.sql(
        "SELECT 1 FROM change_cell WHERE change_id = ? AND op = 'I' LIMIT 1", (change.id,)
    ):
        return
    for number, label in later:
        query = f"SELECT 1 FROM change_cell x WHERE x.change_id = ? AND EXISTS ({made}) LIMIT 1"
        if tx.sql(query, (number, change.id)):
            raise StoreError(
                f"“{change.label}” cannot be undone on its own: “{label}” builds on it. "
                "Undo that first."
            )


def _cell_by_cell(tx: Tx, change: Any) -> None:
    """From the newest cell to the oldest: of a deleted row the key comes last."""
    cells = ChangeCell.select().where(ChangeCell.change_id == change.id)
    inserts: dict[tuple[str, Any], dict[str, Any]] = {}
    for cell in _each(cells.order_by(ChangeCell.id.desc()).execute(tx.db)):
        key = key_of(BY_NAME[cell.tbl])
        if cell.op == "I":
            tx.sql(f"DELETE FROM {cell.tbl} WHERE {key} = ?", (cell.row_id,))
        elif cell.op == "U":
            _restore(tx, change, cell, key)
        else:
            row = inserts.setdefault((cell.tbl, cell.row_id), {})
            row[cell.col] = cell.before
            if cell.col == key:
                _insert_back(tx, change, cell, inserts.pop((cell.tbl, cell.row_id)))
    if inserts:
        raise StoreError(f"“{change.label}” cannot be undone: the history of it is incomplete.")


def _each(cells: Any) -> Iterator[Any]:
    """Without keeping those that were seen."""
    yield from cells.iterator()


def _restore(tx: Tx, change: Any, cell: Any, key: str) -> None:
    done = tx.db.execute_sql(
        f"UPDATE {cell.tbl} SET {cell.col} = ? WHERE {key} = ? AND {cell.col} IS ?",
        (cell.before, cell.row_id, cell.after),
    )
    if done.rowcount != 1:
        raise StoreError(
            f"“{change.label}” cannot be undone on its own: {cell.tbl} {cell.row_id} was changed "
            "again since. Undo the later change first."
        )


def _insert_back(tx: Tx, change: Any, cell: Any, noted: dict[str, Any]) -> None:
    """A column that the table did not have yet when the row was deleted gets its default."""
    if tx.sql(f"SELECT 1 FROM {cell.tbl} WHERE {key_of(BY_NAME[cell.tbl])} = ?", (cell.row_id,)):
        raise StoreError(
            f"“{change.label}” cannot be undone: {cell.tbl} {cell.row_id} exists again."
        )
    fields = BY_NAME[cell.tbl]._meta.sorted_fields
    row = {f.column_name: f.default for f in fields if f.default is not None} | noted
    marks = ", ".join("?" for _ in row)
    tx.sql(f"INSERT INTO {cell.tbl}({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
