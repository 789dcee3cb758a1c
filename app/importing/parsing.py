"""Blocks of lines into rows for the store, and what was wrong with them; knows no file, no process."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.domain.validation import MAX_RECORD_BYTES
from app.importing.fast import FastLane
from app.importing.formats.jsonl import Block, line_in, split
from app.importing.lines import Line
from app.importing.records import ParsedRecord, RecordReader
from app.importing.rows import Row, rows_of
from app.importing.tokens import TokenEstimate
from app.importing.unknown import Unrecognised

REJECTIONS_KEPT = 1000  # of a file


@dataclass(slots=True)
class Parsed:
    """Of a block: the rows in the order of its lines, and what was no record."""

    records: list[Row] = field(default_factory=list)
    bodies: list[Row] = field(default_factory=list)
    invalid: int = 0  # of the records
    rejected: int = 0  # lines
    rejections: list[dict[str, Any]] = field(default_factory=list)  # the first of them

    def put(self, record: Row, body: Row) -> None:
        self.records.append(record)
        self.bodies.append(body)

    def packed(self) -> tuple[Any, ...]:
        """Plain values, for another process: in the order of the fields."""
        return self.records, self.bodies, self.invalid, self.rejected, self.rejections


class BlockParser:
    """Reads blocks of one file, clean lines the quick way."""

    def __init__(
        self, tokens: TokenEstimate | None = None, unrecognised: Unrecognised | None = None
    ) -> None:
        """`unrecognised` is told of the lines that are no record until there is a record."""
        self.tokens = tokens or TokenEstimate()
        self._general = RecordReader(tokens=self.tokens)
        self._fast = FastLane(self.tokens)
        self._unrecognised = unrecognised
        self._found = 0  # records in the blocks before

    def parse(self, block: Block) -> Parsed:
        """Raises UnknownShapeError when the first rows of the file are all of no known form."""
        parsed = Parsed()
        if block.data:
            self._parse_bytes(block, parsed)
        if block.lines:
            self._parse_lines(block.lines, parsed)
        self._found += len(parsed.records)
        return parsed

    def _parse_bytes(self, block: Block, parsed: Parsed) -> None:
        raws = split(block.data)
        numbers = range(block.first, block.first + len(raws))
        made = self._fast.rows(numbers, [_value_of(raw) for raw in raws], raws)
        for number, raw, rows in zip(numbers, raws, made, strict=True):
            if rows is None:
                line = line_in(raw, number=number, position=block.position)
                self._parse_slowly(line, parsed)
            else:
                parsed.put(*rows)

    def _parse_lines(self, lines: Sequence[Line], parsed: Parsed) -> None:
        made = self._fast.rows(
            [line.number for line in lines],
            [
                None if line.issues or line.size >= MAX_RECORD_BYTES else line.value
                for line in lines
            ],
        )
        for line, rows in zip(lines, made, strict=True):
            if rows is None:
                self._parse_slowly(line, parsed)
            else:
                parsed.put(*rows)

    def _parse_slowly(self, line: Line, parsed: Parsed) -> None:
        """The general way, for any line."""
        if line.blank:
            return
        found = self._general.read(line)
        if isinstance(found, ParsedRecord):
            parsed.put(*rows_of(found))
            parsed.invalid += not found.valid
            return
        parsed.rejected += 1
        if len(parsed.rejections) < REJECTIONS_KEPT:
            listed = [reason.model_dump() for reason in found]
            parsed.rejections.append({"line": line.number, "reasons": listed})
        if self._unrecognised:
            self._unrecognised.note(line, records=self._found + len(parsed.records))


def _value_of(raw: bytes) -> Any:
    """What a line holds; None where that is for the general way to see."""
    if len(raw) >= MAX_RECORD_BYTES:
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None  # blank, or with marks around, or faulty
