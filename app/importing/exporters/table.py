"""CSV: a row for each record; texts as texts, turns, tools and further fields as JSON."""

import csv
import io
from collections.abc import Iterable
from typing import BinaryIO

from app.importing.exporters.base import (
    FORMATS,
    Exported,
    RecordFormat,
    last_user_turn,
    text_of,
    text_of_turn,
)

COLUMNS = (
    "id", "user", "reply", "reference", "messages", "tools", "valid", "issues", "tokens", "topic",
    "split", "tags", "extra",
)  # fmt: skip


def write(file: BinaryIO, records: Iterable[Exported]) -> int:
    """UTF-8 with a byte order mark, by which spreadsheets know it."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    written = 0
    for record in records:
        writer.writerow(cells(record))
        written += 1
    text.detach()
    return written


def cells(record: Exported) -> tuple[str | int, ...]:
    """In the order of COLUMNS."""
    labels = record.labels
    return (
        record.id,
        last_user_turn(record),
        text_of_turn(record.reply),
        text_of(record.reference),
        text_of(record.conversation),
        text_of(record.tools or None),
        "yes" if record.valid else "no",
        " ".join(record.issues),
        record.tokens,
        " / ".join(labels.get("topic") or ()),
        labels.get("split") or "",
        " ".join(labels.get("tags") or ()),
        text_of(record.extra or None),
    )


FORMATS.add(
    "csv",
    RecordFormat(
        title="CSV table",
        suffix=".csv",
        text="A row for each record, for a spreadsheet. Turns, tools and further fields are JSON.",
        write=write,
        labelled=True,
    ),
)
