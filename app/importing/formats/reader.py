"""The one way into a file of records: its format recognised, then its lines, whatever it is."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from app.importing.formats import array, jsonl, parquet, table
from app.importing.formats.source import PARQUET_MAGIC, Source, open_file, open_source
from app.importing.lines import Line
from app.importing.mapping import ColumnMapping

TABLE_SUFFIXES = (".csv", ".tsv", ".tab")
PACKED_SUFFIXES = (".gz", ".zst")


def read(
    path: Path, *, confirmed: bool = False, mapping: ColumnMapping | None = None
) -> Iterator[Line]:
    """Every line, element or row of a file, in constant memory; with a mapping in chat form.

    The format is known by the content and only where that leaves it open by the name: Parquet; JSON
    Lines, a JSON array, CSV and TSV, each also in gzip or zstd.
    `confirmed`: the user wants a compressed file that unpacks beyond the limits.
    Raises InputError when the file cannot be read at all; of a bad line it tells in the line.
    """
    lines = _lines(path, confirmed=confirmed)
    yield from mapping.lines(lines) if mapping else lines


def _lines(path: Path, *, confirmed: bool) -> Iterator[Line]:
    with open_file(path) as file:
        nested = file.peek(4)[:4] == PARQUET_MAGIC
    if nested:
        yield from parquet.lines(path)
        return
    with open_source(path, confirmed=confirmed) as source:
        if is_array(source):
            yield from array.lines(source)
        elif is_table(source):
            yield from table.lines(source)
        else:
            yield from jsonl.lines(source)


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
