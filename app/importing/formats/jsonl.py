"""JSON Lines: one object a line, in constant memory."""

from collections.abc import Iterator

from app.domain.validation import issue
from app.importing.formats.source import BOM, BROKEN, Source, next_line
from app.importing.lines import Line, line_of

TOLD_EVERY = 64  # lines of an archive between two looks at how far it is


def lines(source: Source) -> Iterator[Line]:
    """Every line of the file, blank ones too; a broken archive ends with a line that says so."""
    number = position = 0
    stream, packed = source.stream, source.packed
    while True:
        number += 1
        try:
            raw, size = next_line(stream)
        except BROKEN as error:
            yield broken(number, source, error)
            return
        if not raw:
            return
        if not packed:
            position += size
        elif number % TOLD_EVERY == 1:
            position = source.stored.tell()
        text = raw.removeprefix(BOM).strip()  # files joined by `cat` have marks within
        yield line_of(text, number=number, size=size, position=position)


def broken(number: int, source: Source, error: Exception) -> Line:
    """The line at which an archive ends or breaks."""
    found = issue("archive_broken", why=str(error).rstrip("."))
    return Line(number, 0, source.stored.tell(), None, (found,))
