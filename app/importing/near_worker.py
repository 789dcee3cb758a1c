"""The worker task `near-duplicates`: which prompts nearly repeat an earlier one, set down aside.

Reads the dataset file and changes nothing in it; the app merges what was found.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from app.errors import StoreError
from app.importing.duplicates import placements
from app.store.create import VALID_PROMPTS
from app.store.database import explain
from app.workers import Worker

STOP_EVERY = 500


def run(worker: Worker) -> dict[str, Any]:
    """Compare the valid prompts of `database`; the result names the file that holds a placement a line.

    Raises Stopped, and StoreError for trouble with the file.
    """
    database, found = Path(worker.config["database"]), worker.path / "placements.jsonl"
    try:
        connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
        try:
            with found.open("wb") as file:
                for placement in placements(_prompts(worker, connection)):
                    file.write(orjson.dumps(placement) + b"\n")
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise StoreError(explain(error, database)) from error
    return {"file": str(found)}


def _prompts(worker: Worker, connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    (total,) = connection.execute("SELECT COUNT(*) FROM record WHERE valid").fetchone()
    for number, row in enumerate(connection.execute(VALID_PROMPTS)):
        if number % STOP_EVERY == 0:
            worker.check_stop()
            worker.progress(number, total, f"{number:,} of {total:,} prompts compared")
        yield row
