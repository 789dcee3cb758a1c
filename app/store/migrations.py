"""Older dataset files brought to this version, step by step; runs on a store's writer thread."""

from collections.abc import Callable

import orjson

from app.store.create import create_tables, triggers
from app.store.database import Tx
from app.store.inverse import ROW_INDEX
from app.store.rows import INSERT_BODY, INSERT_RECORD, rows_of
from app.store.tables import (
    HASH_INDEX,
    LISTED_INDEX,
    NOT_UNDONE,
    RECORD_INDEXES,
    SCANNED_INDEX,
    SCHEMA_VERSION,
    Body,
    Generated,
    Record,
    Scanned,
    Unindexed,
)

Migration = Callable[[Tx], None]
BATCH = 2000


def migrate(tx: Tx) -> None:
    """Bring an older file to this version, and make the indexes that any version may lack."""
    (version,) = tx.sql("PRAGMA user_version")[0]
    for target in range(version + 1, SCHEMA_VERSION + 1):
        MIGRATIONS[target](tx)
        tx.db.execute_sql(f"PRAGMA user_version = {target}")
    if version < SCHEMA_VERSION:
        _make_triggers(tx)
    for statement in (ROW_INDEX, LISTED_INDEX):
        tx.db.execute_sql(statement)


def to_version_2(tx: Tx) -> None:
    """The one record table becomes a narrow and a wide one.

    The history of changes is dropped: it speaks of columns that are gone. Results stay, though
    their fingerprints are read as stale once, since records are summed up in another way now.
    """
    for name, sql in tx.sql(
        "SELECT name, type FROM sqlite_master WHERE tbl_name IN ('meta', 'record', 'topic') "
        "AND (type = 'trigger' OR type = 'index' AND tbl_name = 'record') AND sql IS NOT NULL"
    ):
        tx.db.execute_sql(f'DROP {sql} "{name}"')
    tx.db.execute_sql("ALTER TABLE record RENAME TO record_1")
    create_tables(tx.db, (Record, Body, Unindexed))
    _copy(tx)
    tx.db.execute_sql("DROP TABLE record_1")
    for table in ("change_cell", "change", "point"):
        tx.db.execute_sql(f"DELETE FROM {table}")
    for statement in (HASH_INDEX, *RECORD_INDEXES):
        tx.db.execute_sql(statement)


def to_version_3(tx: Tx) -> None:
    """A place for what a scan finds. Undo no longer notes counts: those that it noted are dropped from
    the history, since it would stop at one that was made exact.
    """
    create_tables(tx.db, (Scanned,))
    tx.db.execute_sql(SCANNED_INDEX)
    for table, columns in NOT_UNDONE.items():
        marks = ", ".join("?" for _ in columns)
        query = f"DELETE FROM change_cell WHERE tbl = ? AND op = 'U' AND col IN ({marks})"
        tx.db.execute_sql(query, (table, *sorted(columns)))


def to_version_4(tx: Tx) -> None:
    """A place for records that a model wrote and the user has not accepted yet."""
    create_tables(tx.db, (Generated,))


def to_version_5(tx: Tx) -> None:
    """Topics get a colour and a quota of their own. The triggers speak of all columns: they are made
    anew after the last step.

    Records keep topic and source. Which ones a proposal had put on their topics was lost where they
    were categorised since, and is not guessed: such topics are known by their names and by what the
    user confirmed until a proposal is accepted again.
    """
    tx.db.execute_sql("ALTER TABLE topic ADD COLUMN color INTEGER NOT NULL DEFAULT 0")
    tx.db.execute_sql("ALTER TABLE topic ADD COLUMN quota INTEGER")
    _own_targets(tx)


def _own_targets(tx: Tx) -> None:
    """Target shares stood in one value, by topic id and on any scale, and what had none there had
    target 0; now the leaves have them. What stood at a topic before was never read. The history
    forgets both, since an undo would stop at them, and the changes that held nothing else."""
    tx.db.execute_sql("DELETE FROM change_cell WHERE tbl = 'topic' AND op = 'U' AND col = 'target'")
    tx.db.execute_sql("DELETE FROM change_cell WHERE tbl = 'meta' AND row_id = 'targets'")
    tx.db.execute_sql("DELETE FROM change WHERE id NOT IN (SELECT change_id FROM change_cell)")
    tx.db.execute_sql("UPDATE topic SET target = NULL WHERE target IS NOT NULL")
    found = tx.sql("SELECT value FROM meta WHERE key = 'targets' AND json_type(value) = 'object'")
    if not found:
        return
    wished = {int(i): max(0.0, float(share)) for i, share in orjson.loads(found[0][0]).items()}
    leaves = (
        "SELECT id FROM topic WHERE id NOT IN (SELECT parent_id FROM topic WHERE parent_id > 0)"
    )
    shares = {i: wished.get(i, 0.0) for (i,) in tx.sql(leaves)}
    total = sum(shares.values())
    rows = [(share / total, i) for i, share in shares.items()] if total > 0 else []
    tx.db.connection().executemany("UPDATE topic SET target = ? WHERE id = ?", rows)
    kind = '"own"' if rows else '"uniform"'
    tx.db.execute_sql("UPDATE meta SET value = ? WHERE key = 'targets'", (kind,))


def _make_triggers(tx: Tx) -> None:
    """Those of this version in place of what is there: they name every table and column of it."""
    for (name,) in tx.sql("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        tx.db.execute_sql(f'DROP TRIGGER "{name}"')
    for statement in triggers():
        tx.db.execute_sql(statement)


def _copy(tx: Tx) -> None:
    names = [row[1] for row in tx.sql("PRAGMA table_info(record_1)")]
    connection, last = tx.db.connection(), 0
    query = "SELECT * FROM record_1 WHERE id > ? ORDER BY id LIMIT ?"
    while found := [dict(zip(names, row, strict=True)) for row in tx.sql(query, (last, BATCH))]:
        made = [rows_of(row["id"], row) for row in found]
        connection.executemany(INSERT_RECORD, [record for record, _ in made])
        connection.executemany(INSERT_BODY, [body for _, body in made])
        last = found[-1]["id"]


MIGRATIONS: dict[int, Migration] = {  # the version that each step leads to
    2: to_version_2,
    3: to_version_3,
    4: to_version_4,
    5: to_version_5,
}
