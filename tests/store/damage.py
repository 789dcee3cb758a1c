"""Ways to damage a dataset file on purpose, at a place of one's choice."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

PAGE = 16384


def damage(path: Path, pages: list[int], seed: int = 0) -> None:
    """Overwrite pages, counted from 0, with noise."""
    noise = random.Random(seed)
    with path.open("rb+") as file:
        for page in pages:
            file.seek(page * PAGE)
            file.write(noise.randbytes(PAGE))


def pages_of(path: Path, table: str) -> list[int]:
    """Leaf pages of a table, counted from 0, in the order of its rows; not the last one."""
    data = path.read_bytes()
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (root,) = db.execute(query, (table,)).fetchone()
    head = data[(root - 1) * PAGE : root * PAGE]
    assert head[0] == 5, "the table must be large enough to have an interior root"
    cells = int.from_bytes(head[3:5], "big")
    at = [int.from_bytes(head[12 + 2 * n : 14 + 2 * n], "big") for n in range(cells)]
    return [int.from_bytes(head[a : a + 4], "big") - 1 for a in at]
