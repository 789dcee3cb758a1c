"""The worker task `scan`: which kinds of personal data and secrets each record holds.

Looks at every text of a record: turns, tool calls, tools, reply, reference and further fields. Sets
down kinds, never what was found. Changes nothing in the dataset file.
"""

import sqlite3
from pathlib import Path
from typing import Any

import orjson

from app.errors import StoreError
from app.importing.parts import Pass
from app.importing.sensitive import Scanner
from app.store.database import explain
from app.workers import Worker

STOP_EVERY = 100  # records, some 20 ms
NEW = "NOT EXISTS (SELECT 1 FROM scanned WHERE scanned.record_id = record.id)"


def run(worker: Worker) -> dict[str, Any]:
    """Scan the records that were not scanned as they are now, in order of the file.

    Raises Stopped, InputError for an unknown country, StoreError for trouble with the file.
    """
    scanner = Scanner(worker.config["country"])
    columns = "messages, tools, reply, reference, extra"
    records = Pass(worker, columns=columns, due=NEW, verb="looked through")
    number = 0
    try:
        for batch in records.batches():
            found = []
            for at, (record_id, content, *texts) in enumerate(batch):
                if at % STOP_EVERY == 0:
                    worker.check_stop()
                found.append((record_id, content.hex(), scanner.kinds(every_text(texts))))
            records.put(found)
            number += len(batch)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(explain(error, Path(worker.config["database"]))) from error
    return {"records": number}


def every_text(values: list[str]) -> str:
    """Every text and number in these JSON values, a line each; the names of fields are left out."""
    lines: list[str] = []
    waiting = [orjson.loads(value) for value in values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str | int) and not isinstance(value, bool):
            lines.append(str(value))
    return "\n".join(lines)
