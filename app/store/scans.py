"""What workers found of each record as it is now: exact token counts, kinds of sensitive data.

Both follow from the texts, so they are written beside the history of changes; triggers take them back
when a text changes, undo included.
"""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from app.domain.sensitive import GROUPS, KINDS, mask_of
from app.store import meta
from app.store.database import Tx

# A record that was edited meanwhile has another content, and waits for the next pass.
COUNT = "UPDATE record SET tokens = ?, tokens_exact = 1 WHERE id = ? AND content_hash = ?"
SCAN = (
    "INSERT OR REPLACE INTO scanned(record_id, kinds) SELECT id, ? FROM record "
    "WHERE id = ? AND content_hash = ?"
)
Found = Sequence[tuple[int, str, int]]  # record id, hex of the content looked at, what was found


class Sensitive(BaseModel):
    """What the last scan found. `scanned` records are known as they are now, `waiting` are not;
    `kinds` and `groups` are how many records have each."""

    scanned: int = 0
    waiting: int = 0
    records: int = 0
    groups: dict[str, int] = {}
    kinds: dict[str, int] = {}
    at: float | None = None
    country: str = ""


def place_counts(tx: Tx, found: Found) -> None:
    """Exact counts in place of estimates."""
    _place(tx, COUNT, found)


def place_kinds(tx: Tx, found: Found) -> None:
    """The kinds of sensitive data in these records, as bits."""
    _place(tx, SCAN, found)


def any_estimate(tx: Tx) -> bool:
    """Whether a count is not exact; at worst reads every narrow row."""
    return bool(tx.sql("SELECT 1 FROM record WHERE NOT tokens_exact LIMIT 1"))


def forget_counts(tx: Tx, first: int, last: int) -> None:
    """Counts of these ids are by another tokenizer: they are estimates now."""
    query = "UPDATE record SET tokens_exact = 0 WHERE id BETWEEN ? AND ? AND tokens_exact"
    tx.sql(query, (first, last))


def forget_kinds(tx: Tx, first: int, last: int) -> None:
    """These ids are to be looked through again."""
    tx.sql("DELETE FROM scanned WHERE record_id BETWEEN ? AND ?", (first, last))


def last_id(tx: Tx) -> int:
    return int(tx.sql("SELECT COALESCE(MAX(id), 0) FROM record")[0][0])


def sensitive(tx: Tx) -> Sensitive:
    """What is known of the records now; kept until they change."""
    return tx.cached("sensitive", lambda: _sensitive(tx))


def _sensitive(tx: Tx) -> Sensitive:
    scan = meta.get(tx, "scan")
    if scan is None:
        return Sensitive(waiting=tx.sql("SELECT COUNT(*) FROM record")[0][0])
    (scanned,) = tx.sql("SELECT COUNT(*) FROM scanned")[0]
    (every,) = tx.sql("SELECT COUNT(*) FROM record")[0]
    found = tx.sql("SELECT kinds, COUNT(*) FROM scanned WHERE kinds <> 0 GROUP BY kinds")

    def number(mask: int) -> int:
        return sum(n for kinds, n in found if kinds & mask)

    kinds = {name: n for name in KINDS if (n := number(mask_of([name])))}
    return Sensitive(
        scanned=scanned,
        waiting=max(0, every - scanned),
        records=number(mask_of(["any"])),
        groups={name: number(mask_of([name])) for name in GROUPS},
        kinds=dict(sorted(kinds.items(), key=lambda pair: -pair[1])),
        at=scan["at"],
        country=scan["country"],
    )


def _place(tx: Tx, statement: str, found: Found) -> None:
    values: Iterable[tuple[int, int, bytes]] = (
        (number, record_id, bytes.fromhex(content)) for record_id, content, number in found
    )
    tx.db.connection().executemany(statement, values)
