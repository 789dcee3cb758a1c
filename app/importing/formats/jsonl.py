"""JSON Lines: one object a line, in constant memory; given out in blocks of whole lines, or singly."""

from collections.abc import Iterator
from typing import NamedTuple

from app.domain.validation import issue
from app.importing.formats.source import BOM, BROKEN, Source, skip_line
from app.importing.lines import MAX_LINE_BYTES, Line, line_of, too_long

BLOCK = 1 << 18  # bytes: some milliseconds of work, and small beside what a worker needs anyway


class Block(NamedTuple):
    """Whole lines of a file, the first of them number `first`; or lines that are read already."""

    first: int
    position: int  # bytes of the file (as stored) read so far
    data: bytes = b""
    lines: tuple[Line, ...] = ()


def blocks(source: Source) -> Iterator[Block]:
    """The file's lines in their order; a broken archive ends with a line that says so."""
    stream, number, rest = source.stream, 1, b""
    while True:
        try:
            read = stream.read1(BLOCK)
        except BROKEN as error:
            if rest:
                yield Block(number, source.stored.tell(), rest)
            line = broken(number + bool(rest), source, error)
            yield Block(line.number, line.position, lines=(line,))
            return
        if not read:
            break
        whole, end, begun = read.rpartition(b"\n")
        if end:
            data = rest + whole + end
            yield Block(number, source.stored.tell(), data)
            number, rest = number + data.count(b"\n"), begun
            continue
        rest += begun
        if len(rest) > MAX_LINE_BYTES:
            size, rest = len(rest) + skip_line(stream), b""
            line = too_long(number, size, source.stored.tell())
            yield Block(number, line.position, lines=(line,))
            number += 1
    if rest:
        yield Block(number, source.stored.tell(), rest)


def lines(source: Source) -> Iterator[Line]:
    """Every line of the file, blank ones too."""
    for block in blocks(source):
        yield from block.lines or lines_of(block)


def lines_of(block: Block) -> Iterator[Line]:
    """The lines of a block's bytes."""
    for number, raw in enumerate(split(block.data), block.first):
        yield line_in(raw, number=number, position=block.position)


def split(data: bytes) -> list[bytes]:
    """The lines of a block, each without its end."""
    found = data.split(b"\n")
    if not found[-1]:
        found.pop()
    return found


def line_in(raw: bytes, *, number: int, position: int) -> Line:
    """A line of a block, with the blanks and marks that programs leave around it."""
    text = raw.removeprefix(BOM).strip()  # files joined by `cat` have marks within
    return line_of(text, number=number, size=len(raw) + 1, position=position)


def broken(number: int, source: Source, error: Exception) -> Line:
    """The line at which an archive ends or breaks."""
    found = issue("archive_broken", why=str(error).rstrip("."))
    return Line(number, 0, source.stored.tell(), None, (found,))
