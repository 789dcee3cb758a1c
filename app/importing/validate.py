"""Checks a file line by line and reports every reason; changes and stores nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.domain.records import Issue
from app.importing.formats.reader import read
from app.importing.lines import Line
from app.importing.records import ParsedRecord, RecordReader
from app.importing.seen import Seen

LineStatus = Literal["ok", "warn", "error", "skip"]


class LineReport(BaseModel):
    """What was found on one line; `skip` is a blank one."""

    model_config = ConfigDict(frozen=True)

    line: int
    status: LineStatus
    reasons: tuple[Issue, ...] = ()


def validate_file(path: Path, *, confirmed: bool = False) -> Iterator[LineReport]:
    """A report for every line of the file, exact duplicates of earlier lines included.

    Raises InputError as `app.importing.formats.reader.read` does.
    """
    with Seen() as seen:
        reader = RecordReader(seen=seen)
        for line in read(path, confirmed=confirmed):
            yield report(line, reader)


def report(line: Line, reader: RecordReader) -> LineReport:
    if line.blank:
        return LineReport(line=line.number, status="skip")
    found = reader.read(line)
    reasons = found.issues if isinstance(found, ParsedRecord) else found
    return LineReport(line=line.number, status=status_of(reasons), reasons=reasons)


def status_of(reasons: tuple[Issue, ...]) -> LineStatus:
    if any(reason.severity == "error" for reason in reasons):
        return "error"
    return "warn" if reasons else "ok"
