"""A file of text as a stream of bytes: opened, unpacked within limits, refused in words; never parsed."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol, cast

from backports import zstd

from app.errors import InputError
from app.importing.lines import MAX_LINE_BYTES

# Limits of the product against archive bombs.
MAX_RATIO = 200
MAX_UNPACKED_BYTES = 1_000_000_000
# A ratio says nothing about a small file; below this an archive bomb does no harm.
RATIO_FROM_BYTES = 10_000_000

BOM = b"\xef\xbb\xbf"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
PARQUET_MAGIC = b"PAR1"
BUFFER = 1 << 18
PEEKED = 1 << 16  # the longest beginning that a format is recognised by
BROKEN = (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError)


class Unpacker(Protocol):
    """What gzip and zstd files have in common."""

    def read1(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Source:
    """An open file. `stream` gives its text, `stored` the bytes as they lie on the disk."""

    path: Path
    size: int  # bytes as stored
    stored: BufferedReader
    stream: BufferedReader

    @property
    def packed(self) -> bool:
        return self.stream is not self.stored

    def start(self) -> bytes:
        """The beginning of the text, not consumed, without its byte order mark."""
        return self.stream.peek(PEEKED)[:PEEKED].removeprefix(BOM)


@contextmanager
def open_source(path: Path, *, confirmed: bool = False) -> Iterator[Source]:
    """The text of a file, plain, gzip or zstd (known by its bytes, not by its name).

    `confirmed`: the user wants a compressed file that unpacks beyond the limits.
    Raises InputError when the path is missing, a folder, empty, not readable, or not text; and, while
    it is read, when it unpacks to too much or the disk fails.
    """
    try:
        with open_file(path) as stored:
            size = path.stat().st_size
            stream = _unpacked(stored, path, confirmed)
            source = Source(path, size, stored, stream or stored)
            _refuse_binary(source)
            yield source
    except BROKEN as error:
        raise InputError(f"{path} is a broken archive: {str(error).rstrip('.')}.") from error
    except OSError as error:
        raise InputError(f"{path} could not be read: {error.strerror or error}.") from error


def open_file(path: Path) -> BufferedReader:
    """The file, opened; raises InputError in words for whatever stands in the way."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder. Choose a file of records in it.")
        if path.stat().st_size == 0:
            raise InputError(f"{path} is empty. Choose a file with one record a line.")
        return BufferedReader(path.open("rb", buffering=0), BUFFER)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}. Check its name.") from None
    except PermissionError:
        raise InputError(f"{path} may not be read by you. Change its permissions.") from None
    except OSError as error:
        raise InputError(f"{path} could not be opened: {error.strerror or error}.") from error
    except ValueError:  # a NUL in the name
        raise InputError(f"{str(path)!r} is no file name.") from None


class Guarded(io.RawIOBase):
    """The unpacked bytes of an archive; raises InputError where they become too many."""

    def __init__(self, unpacker: Unpacker, stored: BufferedReader, refuse: Path | None) -> None:
        super().__init__()
        self._unpacker, self._stored, self._refuse = unpacker, stored, refuse
        self._count = 0
        self._broken: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]", /) -> int:  # type: ignore[override]
        """Fill the buffer, if the archive has so much; what was read before a break is given out."""
        filled = 0
        while filled < len(buffer) and (data := self._read(len(buffer) - filled)):
            buffer[filled : filled + len(data)] = data
            filled += len(data)
        if self._broken and not filled:
            raise self._broken
        self._count += filled
        if self._refuse is not None:
            refuse_bomb(self._refuse, unpacked=self._count, packed=self._stored.tell())
        return filled

    def _read(self, size: int) -> bytes:
        try:
            return b"" if self._broken else self._unpacker.read1(size)
        except BROKEN as error:
            self._broken = error
            return b""


def refuse_bomb(path: Path, *, unpacked: int, packed: int) -> None:
    """Raise InputError when an archive has unpacked to more than the limits allow."""
    ratio = unpacked / max(1, packed)
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > RATIO_FROM_BYTES and ratio > MAX_RATIO):
        raise InputError(
            f"{path} unpacks to more than {unpacked // 1_000_000} MB ({ratio:.0f} times its size). "
            "If you trust it, unpack it yourself and open the result."
        )


def skip_line(stream: BufferedReader) -> int:
    """Pass over the rest of a line that is too long; how many bytes it had."""
    skipped = 0
    while piece := stream.readline(1 << 20):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def next_line(stream: BufferedReader) -> tuple[bytes, int]:
    """The next line with its end, and its size; of one over the limit only the beginning."""
    raw = stream.readline(MAX_LINE_BYTES + 2)
    size = len(raw)
    if size > MAX_LINE_BYTES and not raw.endswith(b"\n"):
        size += skip_line(stream)
    return raw, size


def _unpacked(stored: BufferedReader, path: Path, confirmed: bool) -> BufferedReader | None:
    magic = stored.peek(4)[:4]
    unpacker: Unpacker
    if magic[:2] == GZIP_MAGIC:
        unpacker = gzip.GzipFile(fileobj=stored)
    elif magic == ZSTD_MAGIC:
        unpacker = cast(Unpacker, zstd.ZstdFile(stored))
    else:
        return None
    return BufferedReader(Guarded(unpacker, stored, None if confirmed else path), BUFFER)


def _refuse_binary(source: Source) -> None:
    start = source.stream.peek(4096)[:4096]
    if start.startswith(UTF16):
        raise InputError(f"{source.path} is UTF-16 text. Save it as UTF-8 and open it again.")
    if b"\x00" in start:
        raise InputError(f"{source.path} is a binary file, not text with one JSON record a line.")
