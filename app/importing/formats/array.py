"""A JSON array of any size, cut into its elements in constant memory; parses none itself.

Elements are found by brackets and strings alone. What lies between two commas goes through the same
strict parser as a line, so whatever is wrong inside is told by it, and the next element is read.
"""

import re
from collections.abc import Iterator

from app.domain.validation import issue
from app.importing.formats.jsonl import broken
from app.importing.formats.source import BOM, BROKEN, Source
from app.importing.lines import MAX_LINE_BYTES, Line, line_of, too_long

PIECE = 1 << 16
BLANKS = b" \t\r\n"
# Possessive, so linear and without a stack. Both stop at a bracket, at a string whose end is not
# there yet, or at the end; the first at a comma too.
BETWEEN = re.compile(rb'(?:[^"\[\]{},]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
WITHIN = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
STRING_REST = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)


def lines(source: Source) -> Iterator[Line]:
    """A line for each element, numbered from 1; what follows the array is one bad line."""
    cutter = Cutter()
    number = 0
    try:
        while not cutter.closed:
            piece = source.stream.read(max(PIECE, cutter.waiting))
            position = source.stored.tell()
            for raw, size in cutter.cut(piece):
                number += 1
                yield _element(raw, size, number, position)
            if not piece:
                break
        while piece := source.stream.read(PIECE):
            cutter.rest += piece.strip()[:1]
    except BROKEN as error:
        yield broken(number + 1, source, error)
        return
    if wrong := cutter.wrong():
        found = issue("not_json", why=wrong)
        yield Line(number + 1, 0, source.size, None, (found,))


def _element(raw: bytes, size: int, number: int, position: int) -> Line:
    if size > MAX_LINE_BYTES:
        return too_long(number, size, position)
    if not raw:
        found = issue("not_json", why="nothing stands before this comma")
        return Line(number, 0, position, None, (found,))
    return line_of(raw, number=number, size=size, position=position)


class Cutter:
    """Cuts the bytes of one array, given in pieces, into the bytes of its elements.

    It keeps one element at most, and of one over the limit nothing but its size.
    """

    def __init__(self) -> None:
        self.closed = False
        self.rest = b""  # what was seen behind the array
        self._buffer = b""
        self._scanned = 0  # bytes of the buffer that are looked through
        self._depth = 0  # 1: between elements
        self._dropped = 0  # bytes of the current element that are no longer in the buffer
        self._in_string = False  # only of an element over the limit: its string is dropped too
        self._any = False

    @property
    def waiting(self) -> int:
        """Bytes of the element begun; reading as much again keeps the work linear."""
        return len(self._buffer)

    def cut(self, piece: bytes) -> Iterator[tuple[bytes, int]]:
        """The elements that end in this piece, and their sizes; without bytes if over the limit."""
        self._buffer += piece
        if not self._depth and not self._open():
            return
        begun = 0
        while (end := self._next()) is not None:
            raw, size = self._buffer[begun:end].strip(BLANKS), end - begun + self._dropped
            begun = end + 1
            over, self._dropped = bool(self._dropped), 0
            if self.closed and not raw and not over and not self._any:
                break  # an empty array
            self._any = True
            yield (b"" if over else raw), (size if over else len(raw))
            if self.closed:
                break
        if self.closed:
            self.rest = self._buffer[begun:].strip(BLANKS)[:1]
            self._buffer = b""
        else:
            self._buffer = self._buffer[begun:]
            self._scanned -= begun
            self._drop_if_over()

    def wrong(self) -> str:
        """Why the end of the file is not the end of the array; "" when all is well."""
        if not self.closed:
            return "the file ends within the array"
        return "something follows the end of the array" if self.rest.strip(BLANKS) else ""

    def _open(self) -> bool:
        start = self._buffer.removeprefix(BOM).lstrip(BLANKS)
        if not start:
            return False
        self._buffer, self._depth = start[1:], 1
        return True

    def _next(self) -> int | None:
        """Where the current element ends: at its comma or the array's bracket. None: not here yet."""
        buffer, at = self._buffer, self._scanned
        if self._in_string:
            at = self._string_end(at)
        while not self._in_string:
            pattern = BETWEEN if self._depth == 1 else WITHIN
            at = pattern.match(buffer, at).end()  # type: ignore[union-attr]  # it matches nothing too
            sign = buffer[at : at + 1]
            if sign in (b"", b'"'):
                break
            at += 1
            if sign == b",":
                self._scanned = at
                return at - 1
            self._depth += 1 if sign in b"[{" else -1
            if not self._depth:
                self.closed, self._scanned = True, at
                return at - 1
        self._scanned = at
        return None

    def _string_end(self, at: int) -> int:
        """Go on behind the end of the string that was dropped, if it is in the buffer."""
        at = STRING_REST.match(self._buffer, at).end()  # type: ignore[union-attr]
        if self._buffer[at : at + 1] == b'"':
            self._in_string = False
            at += 1
        return at

    def _drop_if_over(self) -> None:
        """Forget an element over the limit but for what is not looked through (an escape, at most)."""
        if len(self._buffer) + self._dropped <= MAX_LINE_BYTES:
            return
        if not self._in_string and self._buffer[self._scanned : self._scanned + 1] == b'"':
            self._in_string = True
            self._scanned = self._string_end(self._scanned + 1)
        self._dropped += self._scanned
        self._buffer, self._scanned = self._buffer[self._scanned :], 0
