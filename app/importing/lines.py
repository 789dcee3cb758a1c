"""One line of a file: parsed strictly, or the reason why not; no bytes make it crash.

Knows nothing of files: the formats beside it cut a file into lines.
"""

import json
import re
from typing import Any, NamedTuple

import orjson

from app.domain.normalise import kind_of
from app.domain.records import Issue
from app.domain.validation import issue

# Limits of the product: memory (a line) and the parser's stack (nesting).
MAX_LINE_BYTES = 8_000_000
MAX_NESTING = 64
MAX_NAMED_KEYS = 5

STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)  # possessive: linear, and no stack
OPENING = re.compile(rb"[\[{]")
CONTAINERS = frozenset({dict, list})


class Line(NamedTuple):
    """One line: its object, or an error among the issues, or neither when it was blank."""

    number: int
    size: int  # bytes
    position: int  # bytes of the file (as stored) read so far
    value: dict[str, Any] | None = None
    issues: tuple[Issue, ...] = ()

    @property
    def blank(self) -> bool:
        return self.value is None and not self.issues


def line_of(raw: bytes, *, number: int, size: int, position: int) -> Line:
    """The line that these bytes make; `raw` is without blanks around it."""
    if size > MAX_LINE_BYTES:
        return too_long(number, size, position)
    if not raw:
        return Line(number, size, position)
    value, issues = parse(raw)
    return Line(number, size, position, value, tuple(issues))


def too_long(number: int, size: int, position: int) -> Line:
    found = issue("line_too_long", limit=MAX_LINE_BYTES // 1_000_000)
    return Line(number, size, position, None, (found,))


def parse(raw: bytes) -> tuple[dict[str, Any] | None, list[Issue]]:
    """A line's object, or None and the reason; duplicate keys are a warning beside the object."""
    value, issues = parse_any(raw)
    if isinstance(value, dict) or (value is None and issues):
        return value, issues
    return None, [issue("not_object", what=kind_of(value))]


def parse_any(raw: bytes) -> tuple[Any, list[Issue]]:
    """The same for a value of any kind."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return None, [_why_not(raw, error)]
    if too_nested(raw):
        return None, [issue("too_deep", limit=MAX_NESTING)]
    if quotes(raw) != 2 * strings_in(value):
        return value, [issue("duplicate_key", key=key) for key in _duplicate_keys(raw)]
    return value, []


def too_nested(raw: bytes) -> bool:
    """Whether valid JSON is nested deeper than the limit."""
    return (
        raw.count(b"{") + raw.count(b"[") > MAX_NESTING
        and _depth(STRINGS.sub(b"", raw)) > MAX_NESTING
    )


def quotes(raw: bytes) -> int:
    """The quotation marks of valid JSON that begin or end a text: two for every key and every text.

    So more than the parsed value has keys and texts to show means that a key was there twice.
    """
    count = raw.count(b'"')
    if b"\\" in raw:
        if b"\\\\" in raw:
            raw = raw.replace(
                b"\\\\", b""
            )  # else the second backslash would seem to escape a quote
        count -= raw.count(b'\\"')
    return count


def strings_in(value: Any) -> int:
    """The keys and texts in a parsed value."""
    if type(value) is str:
        return 1
    count, rest = 0, [value]
    while rest:
        item = rest.pop()
        if type(item) is dict:
            count += len(item)
            item = item.values()
        elif type(item) is not list:
            continue
        for each in item:
            if type(each) is str:
                count += 1
            elif type(each) in CONTAINERS:
                rest.append(each)
    return count


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
