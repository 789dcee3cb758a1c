"""CSV and TSV with a header row: each row becomes an object of texts; cells of JSON are read as JSON.

A row that is not well-formed is one bad line; a quote that is never closed costs its own line only.
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import Any

from app.domain.records import Issue
from app.domain.validation import issue
from app.importing.formats.jsonl import broken
from app.importing.formats.source import BOM, BROKEN, Source, next_line
from app.importing.lines import MAX_LINE_BYTES, Line, parse_any, too_long

DELIMITERS = ",\t;"
# What these columns hold as JSON is meant as such. A prompt or reply may be a list of turns, too.
JSON_COLUMNS = frozenset({"messages", "conversations", "conversation", "tools", "functions"})
TURN_COLUMNS = frozenset({"prompt", "completion", "response", "input", "output"})
# A table without one of them is one only by its name.
KNOWN_COLUMNS = JSON_COLUMNS | {"prompt", "instruction", "question"}
csv.field_size_limit(MAX_LINE_BYTES)


def header_of(first: str) -> tuple[list[str], str]:
    """The names in a header row, and the delimiter that finds the most of them."""
    found: list[tuple[list[str], str]] = []
    for delimiter in DELIMITERS:
        try:
            (names,) = csv.reader([first.rstrip("\r\n")], delimiter=delimiter, strict=True)
        except (csv.Error, ValueError):  # a quote left open; an empty line
            names = []
        found.append(([name.strip() for name in names], delimiter))
    return max(found, key=lambda pair: len(pair[0]))


def looks_like_table(start: bytes) -> bool:
    """Whether the beginning of a file is a header row with a column that a record is known by."""
    names, _ = header_of(start.split(b"\n", 1)[0].decode(errors="replace"))
    return not KNOWN_COLUMNS.isdisjoint(name.lower() for name in names)


def lines(source: Source) -> Iterator[Line]:
    """A line for each row, numbered by the line of the file on which it begins."""
    rows = Rows(source)
    try:
        first = next(rows, None)
        if first is None:
            return
        names, delimiter = header_of(first)
        if wrong := _wrong_header(names):
            yield Line(1, len(first), rows.position, None, (wrong,))
            return
        yield from _rows(rows, names, delimiter)
    except BROKEN as error:
        yield broken(rows.number + 1, source, error)


class Rows(Iterator[str]):
    """The lines of the file as text, for the csv reader; remembers those of the row being read."""

    def __init__(self, source: Source) -> None:
        self.number = self.position = 0
        self.taken: list[str] = []
        self.size = 0  # bytes taken
        self.fault: Issue | None = None  # of a line that was taken
        self._source = source
        self._again: deque[str] = deque()

    def begin(self) -> None:
        """A new row begins with the next line."""
        self.taken, self.size, self.fault = [], 0, None

    def give_back(self) -> None:
        """All but the first line of the row are read again, as rows of their own."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1

    def __next__(self) -> str:
        text = self._again.popleft() if self._again else self._read()
        self.number += 1
        self.taken.append(text)
        return text

    def _read(self) -> str:
        raw, size = next_line(self._source.stream)
        if not raw:
            raise StopIteration
        self.size += size
        source = self._source
        self.position = source.stored.tell() if source.packed else self.position + size
        if size > MAX_LINE_BYTES:
            self.fault = too_long(0, 0, 0).issues[0]
            return "\n"
        try:
            return raw.removeprefix(BOM).decode()
        except UnicodeDecodeError as error:
            self.fault = issue("not_utf8", at=error.start + 1)
            return raw.decode(errors="replace")


def _rows(rows: Rows, names: list[str], delimiter: str) -> Iterator[Line]:
    reader = csv.reader(rows, delimiter=delimiter, strict=True)
    while True:
        rows.begin()
        number = rows.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            found = rows.fault or issue("row_unreadable", why=str(error).rstrip("."))
            rows.give_back()
            reader = csv.reader(rows, delimiter=delimiter, strict=True)
            yield Line(number, rows.size, rows.position, None, (found,))
            continue
        if rows.fault:
            yield Line(number, rows.size, rows.position, None, (rows.fault,))
        elif not any(cells):
            yield Line(number, rows.size, rows.position)
        else:
            yield _line(cells, names, number, rows)


def _line(cells: list[str], names: list[str], number: int, rows: Rows) -> Line:
    size = sum(map(len, cells))
    if len(cells) > len(names):
        why = f"it has {len(cells)} cells, the header {len(names)}"
        return Line(number, size, rows.position, None, (issue("row_unreadable", why=why),))
    issues: list[Issue] = []
    value: dict[str, Any] = {}
    for name, cell in zip(names, cells, strict=False):
        if cell:
            value[name], found = _cell(name.lower(), cell)
            issues += found
    if any(found.severity == "error" for found in issues):
        return Line(number, size, rows.position, None, tuple(issues))
    return Line(number, size, rows.position, value, tuple(issues))


def _cell(column: str, text: str) -> tuple[Any, list[Issue]]:
    """The value of a cell; JSON where the column is meant to hold it and the text is JSON."""
    if text.lstrip()[:1] not in ("[", "{") or column not in JSON_COLUMNS | TURN_COLUMNS:
        return text, []
    value, issues = parse_any(text.strip().encode())
    if column in JSON_COLUMNS:
        unread = any(found.code == "not_json" for found in issues)
        return (text, []) if unread else (value, issues)
    turns = value["messages"] if isinstance(value, dict) and "messages" in value else value
    is_turns = isinstance(turns, list) and turns and all(isinstance(t, dict) for t in turns)
    return (value, issues) if is_turns else (text, [])


def _wrong_header(names: list[str]) -> Issue | None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        return issue("row_unreadable", why=f"the header names “{twice}” more than once")
    return None
