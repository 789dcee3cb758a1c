"""Reads a file of JSON lines one by one in constant memory, and says of each bad line what is wrong.

No bytes make it crash; a file that cannot be read at all is one InputError.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from app.domain.normalise import kind_of
from app.domain.records import Issue
from app.domain.validation import issue
from app.errors import InputError

# Limits of the product: memory (a line), the parser's stack (nesting), archive bombs (gzip).
MAX_LINE_BYTES = 8_000_000
MAX_NESTING = 64
MAX_GZIP_RATIO = 200
MAX_GZIP_BYTES = 1_000_000_000
# A ratio says nothing about a small file; below this an archive bomb does no harm.
GZIP_RATIO_FROM_BYTES = 10_000_000
# A JSON array is read whole.
MAX_ARRAY_BYTES = 64_000_000
MAX_NAMED_KEYS = 5

BOM = b"\xef\xbb\xbf"
GZIP_MAGIC = b"\x1f\x8b"
STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"')  # possessive: linear, and no stack for long texts
OPENING = re.compile(rb"[\[{]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its object, or an error among the issues, or neither when it was blank."""

    number: int
    size: int  # bytes
    position: int  # bytes of the file (as stored) read so far
    value: dict[str, Any] | None = None
    issues: tuple[Issue, ...] = ()

    @property
    def blank(self) -> bool:
        return self.value is None and not self.issues


def read_lines(path: Path, *, confirmed: bool = False) -> Iterator[Line]:
    """Every line of a JSON Lines file (plain or gzip), or every element of a JSON array.

    `confirmed`: the user wants a compressed file that unpacks beyond the limits.
    Raises InputError when the path is missing, a folder, empty, not readable, or not text.
    """
    try:
        with open_file(path) as stored:
            compressed = stored.peek(2)[:2] == GZIP_MAGIC
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=stored)) if compressed else stored
            if not compressed:
                _refuse_binary(path, stored.peek(4096)[:4096])
                if elements := _array(path, stored):
                    yield from elements
                    return
            for line in _lines(stream, stored, compressed):
                if compressed and not confirmed:
                    _refuse_bomb(path, unpacked=stream.tell(), packed=stored.tell())
                yield line
    except OSError as error:
        raise InputError(f"{path} could not be read: {error.strerror or error}.") from error


def open_file(path: Path) -> BufferedReader:
    """The file, opened; raises InputError in words for whatever stands in the way."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder. Choose a JSONL file in it.")
        if path.stat().st_size == 0:
            raise InputError(f"{path} is empty. Choose a file with one record a line.")
        return path.open("rb")
    except FileNotFoundError:
        raise InputError(f"There is no file {path}. Check its name.") from None
    except PermissionError:
        raise InputError(f"{path} may not be read by you. Change its permissions.") from None
    except OSError as error:
        raise InputError(f"{path} could not be opened: {error.strerror or error}.") from error
    except ValueError:  # a NUL in the name
        raise InputError(f"{str(path)!r} is no file name.") from None


def parse(raw: bytes) -> tuple[dict[str, Any] | None, list[Issue]]:
    """A line's object, or None and the reason; duplicate keys are a warning beside the object."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return None, [_why_not(raw, error)]
    if not isinstance(value, dict):
        return None, [issue("not_object", what=kind_of(value))]
    skeleton = STRINGS.sub(b"", raw)
    if _depth(skeleton) > MAX_NESTING:
        return None, [issue("too_deep", limit=MAX_NESTING)]
    if skeleton.count(b":") != _count_keys(value):
        return value, [issue("duplicate_key", key=key) for key in _duplicate_keys(raw)]
    return value, []


def _lines(stream: BinaryIO, stored: BinaryIO, compressed: bool) -> Iterator[Line]:
    number = 0
    while True:
        number += 1
        try:
            raw = stream.readline(MAX_LINE_BYTES + 2)
            size = len(raw)
            if size > MAX_LINE_BYTES and not raw.endswith(b"\n"):
                size += _skip_line(stream)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            found = issue("archive_broken", why=str(error).rstrip("."))
            yield Line(number, 0, stored.tell(), None, (found,))
            return
        if not raw:
            return
        position = stored.tell()
        text = raw.removeprefix(BOM).strip()
        if size > MAX_LINE_BYTES:
            found = issue("line_too_long", limit=MAX_LINE_BYTES // 1_000_000)
            yield Line(number, size, position, None, (found,))
        elif not text:
            yield Line(number, size, position)
        else:
            value, issues = parse(text)
            yield Line(number, size, position, value, tuple(issues))


def _skip_line(stream: BinaryIO) -> int:
    skipped = 0
    while piece := stream.readline(1 << 20):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def _array(path: Path, stored: BufferedReader) -> list[Line]:
    """The elements of a file that is one JSON array of objects; empty when it is not."""
    start = stored.peek(64).removeprefix(BOM).lstrip()
    size = path.stat().st_size
    if not start.startswith(b"[") or size > MAX_ARRAY_BYTES:
        return []
    try:
        values = orjson.loads(stored.read().removeprefix(BOM))
    except orjson.JSONDecodeError:
        values = None
    stored.seek(0)
    if not isinstance(values, list) or not any(isinstance(value, dict) for value in values):
        return []
    lines = []
    for number, value in enumerate(values, 1):
        raw = orjson.dumps(value)
        found, issues = parse(raw)
        position = size * number // len(values)
        lines.append(Line(number, len(raw), position, found, tuple(issues)))
    return lines


def _refuse_binary(path: Path, start: bytes) -> None:
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"{path} is UTF-16 text. Save it as UTF-8 and open it again.")
    if b"\x00" in start:
        raise InputError(f"{path} is a binary file, not text with one JSON record a line.")


def _refuse_bomb(path: Path, *, unpacked: int, packed: int) -> None:
    ratio = unpacked / max(1, packed)
    if unpacked > MAX_GZIP_BYTES or (unpacked > GZIP_RATIO_FROM_BYTES and ratio > MAX_GZIP_RATIO):
        raise InputError(
            f"{path} unpacks to more than {unpacked // 1_000_000} MB ({ratio:.0f} times its size). "
            "If you trust it, unpack it yourself and open the result."
        )


def _why_not(raw: bytes, error: orjson.JSONDecodeError) -> Issue:
    try:
        raw.decode()
    except UnicodeDecodeError as bad:
        return issue("not_utf8", at=bad.start + 1)
    if "depth limit" in error.msg or "recursion" in error.msg.lower():  # orjson stops at 1,024
        return issue("too_deep", limit=MAX_NESTING)
    return issue("not_json", why=f"{error.msg} (column {error.colno})")


def _depth(skeleton: bytes) -> int:
    """The deepest nesting of valid JSON whose strings were taken out."""
    if len(OPENING.findall(skeleton)) <= MAX_NESTING:
        return 0
    depth = deepest = 0
    for byte in skeleton:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _count_keys(value: Any) -> int:
    count, rest = 0, [value]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            count += len(item)
            rest.extend(item.values())
        elif isinstance(item, list):
            rest.extend(item)
    return count


def _duplicate_keys(raw: bytes) -> list[str]:
    """The keys that one object of the line has twice (nesting is bounded here)."""
    found: dict[str, None] = {}

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                found[key] = None
            seen.add(key)
        return dict(pairs)

    json.loads(raw, object_pairs_hook=note)
    return list(found)[:MAX_NAMED_KEYS]
