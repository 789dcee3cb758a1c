"""Host functions a sandboxed script may call; pure, bounded in size and time, and documented here.

They replace what the sandbox's Python lacks (difflib, string). Nothing here may touch anything
outside its arguments.
"""

import re
import time
from collections.abc import Callable
from typing import Any

import orjson
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

MAX_CHARS = 20_000  # two such texts take about 5 ms (bit-parallel Levenshtein, measured)
Helper = Callable[..., Any]


def similarity(a: str, b: str) -> float:
    """How alike two texts are, 0 to 1 (normalised insertions and deletions; difflib's ratio is close)."""
    return fuzz.ratio(_text(a), _text(b)) / 100


def levenshtein(a: str, b: str) -> int:
    """The number of single-character edits (insert, delete, replace) from one text to the other."""
    return Levenshtein.distance(_text(a), _text(b))


def json_equal(a: Any, b: Any) -> bool:
    """Whether two JSON values are equal; a text is parsed first, key order does not count, 1 is 1.0.

    A text that is not JSON equals only the very same text.
    """
    return _equal(_json(a), _json(b))


def words(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation."""
    return re.findall(r"\w+", _text(text).lower())


HELPERS: dict[str, Helper] = {f.__name__: f for f in (similarity, levenshtein, json_equal, words)}

# Met by the graders of tests/sandbox/test_hostile.py; the editor shows it beside the helpers.
LACKING = (
    "The sandbox runs a subset of Python. It has re, json, math, random, datetime, collections and "
    "dataclasses; it has no difflib, string, statistics or enum, no class inheritance, no yield, no "
    "del, and re.sub takes no function. There are no files, no network and no waiting."
)


def bounded_helpers(seconds: float) -> dict[str, Helper]:
    """The helpers with one shared time budget; over it each call raises TimeoutError in the script."""
    spent = 0.0

    def bound(helper: Helper) -> Helper:
        def call(*args: Any) -> Any:
            nonlocal spent
            if spent > seconds:
                raise TimeoutError(f"the helper functions took more than {seconds:g} s")
            start = time.perf_counter()
            try:
                return helper(*args)
            finally:
                spent += time.perf_counter() - start

        return call

    return {name: bound(helper) for name, helper in HELPERS.items()}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is needed, not {type(value).__name__}")
    if len(value) > MAX_CHARS:
        raise ValueError(f"a text of at most {MAX_CHARS} characters is needed")
    return value


def _json(value: object) -> Any:
    """A plain JSON value; the round trip refuses what is nested deeper than 254."""
    if not isinstance(value, str):
        return orjson.loads(orjson.dumps(value))
    try:
        return orjson.loads(_text(value))
    except orjson.JSONDecodeError:
        return value


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_equal, a, b))
    # True == 1 in Python, not in JSON.
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)
