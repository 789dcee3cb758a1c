"""The one way into a file of records: its format recognised, then its lines, whatever it is."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from app.importing.formats import array, jsonl, parquet, table
from app.importing.formats.jsonl import Block
from app.importing.formats.source import PARQUET_MAGIC, Source, open_file, open_source
from app.importing.lines import Line
from app.importing.mapping import ColumnMapping

TABLE_SUFFIXES = (".csv", ".tsv", ".tab")
PACKED_SUFFIXES = (".gz", ".zst")
HELD = 100  # lines at most that are parsed and given out together


def read(
    path: Path, *, confirmed: bool = False, mapping: ColumnMapping | None = None
) -> Iterator[Line]:
    """Every line, element or row of a file, in constant memory; with a mapping in chat form.

    The format is known by the content and only where that leaves it open by the name: Parquet; JSON
    Lines, a JSON array, CSV and TSV, each also in gzip or zstd.
    `confirmed`: the user wants a compressed file that unpacks beyond the limits.
    Raises InputError when the file cannot be read at all; of a bad line it tells in the line.
    """
    for block in read_blocks(path, confirmed=confirmed, mapping=mapping):
        yield from block.lines or jsonl.lines_of(block)


def read_blocks(
    path: Path, *, confirmed: bool = False, mapping: ColumnMapping | None = None
) -> Iterator[Block]:
    """The same as blocks of lines: those of JSON Lines not parsed yet, all others singly."""
    with open_file(path) as file:
        nested = file.peek(4)[:4] == PARQUET_MAGIC
    if nested:
        yield from _singly(parquet.lines(path), mapping)
        return
    with open_source(path, confirmed=confirmed) as source:
        if is_array(source):
            yield from _singly(array.lines(source), mapping)
        elif is_table(source):
            yield from _singly(table.lines(source), mapping)
        elif mapping:
            yield from _singly(jsonl.lines(source), mapping)
        else:
            yield from jsonl.blocks(source)


def _singly(lines: Iterator[Line], mapping: ColumnMapping | None) -> Iterator[Block]:
    held: list[Line] = []
    size = 0
    for line in mapping.lines(lines) if mapping else lines:
        held.append(line)
        size += line.size
        if size > jsonl.BLOCK or len(held) == HELD:
            yield Block(held[0].number, line.position, lines=tuple(held))
            held, size = [], 0
    if held:
        yield Block(held[0].number, held[-1].position, lines=tuple(held))


def is_array(source: Source) -> bool:
    """Whether the text is one JSON array, not JSON Lines of which the first happens to be a list."""
    start = source.start().lstrip()
    if not start.startswith(b"["):
        return False
    first, end, rest = start.partition(b"\n")
    if not end or not rest.strip():
        return True
    try:
        orjson.loads(first)
    except orjson.JSONDecodeError:
        return True
    return False


def is_table(source: Source) -> bool:
    """Whether the text is CSV or TSV: by its header, or by its name unless it begins as JSON does."""
    start = source.start().lstrip()
    if start.startswith((b"{", b"[")):
        return False
    name = source.path.name.lower()
    for suffix in PACKED_SUFFIXES:
        name = name.removesuffix(suffix)
    return name.endswith(TABLE_SUFFIXES) or table.looks_like_table(start)
