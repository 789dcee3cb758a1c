"""The line people type to filter records: read into a Query, written back; knows no store."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, NamedTuple, get_args

from rapidfuzz import fuzz, process

from app.domain.records import Split
from app.domain.sensitive import WANTED
from app.domain.validation import ISSUES
from app.errors import InputError

Is = Literal[
    "valid", "invalid", "flagged", "review", "uncategorised", "model", "label", "duplicate",
    "multi-turn",
]  # fmt: skip
Has = Literal["tools", "reply", "reference"]
WHOLE = frozenset({"tokens", "length", "batch"})  # counts; the other ranges hold fractions
NUMBERS = ("score", "tokens", "length", "probability", "batch")
LISTS: dict[str, tuple[str, ...]] = {  # filters and what may stand after the colon; () is anything
    "is": get_args(Is),
    "has": get_args(Has),
    "topic": (),
    "split": get_args(Split),
    "source": (),
    "issue": tuple(ISSUES),
    "sensitive": WANTED,
    "tag": (),
}
KEYS = (*LISTS, *NUMBERS)
NEAR = (
    60  # rapidfuzz ratio from which a known name is offered: "topc" is near "topic", "http" is not
)

# One item: an optional minus, then text in quotes, or a name with its sign and value, or a word.
QUOTED = r'"(?P<{name}>(?:[^"\\]|\\.)*)(?P<{name}_end>"?)'
ITEM = re.compile(
    r"(?P<minus>-?)(?:"
    + QUOTED.format(name="phrase")
    + r"|(?P<key>[A-Za-z_]+)(?P<sign><=|>=|:|<|>|=)(?:"
    + QUOTED.format(name="quoted")
    + r"|(?P<plain>\S*))|(?P<word>\S+))",
    re.DOTALL,
)
RANGE = re.compile(r"(?P<low>[^.\s]*(?:\.[^.\s]+)?)\.\.(?P<high>\S*)")
NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)


MOST = 4_000  # characters of a line: reading words takes the square of their number, 10 s at 80,000


class QueryError(InputError):
    """A part of the line that cannot be understood: why, which, where (characters), and the nearest."""

    def __init__(self, text: str, *, word: str, position: int, nearest: str = "") -> None:
        self.text, self.word, self.position, self.nearest = text, word, position, nearest
        hint = f" Did you mean “{nearest}”?" if nearest else ""
        super().__init__(f"“{word}” (character {position + 1}): {text}{hint}")


@dataclass(frozen=True)
class Word:
    """Text to search for. `exact` was quoted: its words stand together, none is only a beginning."""

    text: str
    exact: bool = False

    def __str__(self) -> str:
        return _quote(self.text) if self.exact else self.text


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`; None is open; a bound is left out where `_open` says so."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False

    def bounds(self, *, whole: bool) -> tuple[float | None, float | None]:
        """The same range with both ends included: over 3 is from 4, or from the next float."""
        low, high = self.low, self.high
        if low is not None and self.low_open:
            low = math.floor(low) + 1 if whole else math.nextafter(low, math.inf)
        if high is not None and self.high_open:
            high = math.ceil(high) - 1 if whole else math.nextafter(high, -math.inf)
        return low, high

    def written(self, key: str) -> str:
        low, high = _number(self.low), _number(self.high)
        if self.low is not None and self.low == self.high:
            return f"{key}:{low}"
        if self.low is not None and self.high is not None and not (self.low_open or self.high_open):
            return f"{key}:{low}..{high}"
        over = f"{key}{'>' if self.low_open else '>='}{low}" if low else ""
        under = f"{key}{'<' if self.high_open else '<='}{high}" if high else ""
        return f"{over} {under}".strip()


@dataclass(frozen=True)
class Query:
    """What the line asks for. Every filter must hold; several topics (sources ...) mean any of them."""

    words: tuple[Word, ...] = ()
    not_words: tuple[Word, ...] = ()
    is_: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    issue: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    score: Range | None = None
    tokens: Range | None = None
    length: Range | None = None
    probability: Range | None = None
    batch: Range | None = None

    def __str__(self) -> str:
        """The line in its one form, filters before words; reading it gives an equal Query."""
        parts = [f"{key}:{_value(value)}" for key in LISTS for value in getattr(self, _field(key))]
        parts += [span.written(key) for key in NUMBERS if (span := getattr(self, key))]
        return " ".join([*parts, *map(str, self.words), *(f"-{word}" for word in self.not_words)])

    @property
    def text(self) -> str:
        """Only the words, as the full-text search takes them."""
        return str(Query(words=self.words, not_words=self.not_words))

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


class Completion(NamedTuple):
    """`text` may stand in place of the characters from `start` to `end`."""

    text: str
    start: int
    end: int


def parse(line: str) -> Query:
    """Read a filter line; raises QueryError naming the first part that cannot be understood."""
    if len(line) > MOST:
        problem = f"the line has {len(line):,} characters, at most {MOST:,} are read."
        raise QueryError(problem, word=line[:20], position=0)
    query = Query()
    for item in _items(line):
        read = _filtered if item["key"] and not _is_word(item) else _worded
        query = read(query, item)
    return query


def complete(
    line: str, position: int, names: dict[str, tuple[str, ...]] | None = None
) -> list[Completion]:
    """What could stand at the cursor, best first: filter names, or the values of the filter there.

    `names` has what only the dataset knows: topics, sources, tags. Never raises.
    """
    item = next((i for i in _items(line[:position]) if i.end() == position), None)
    start = item.start() if item else position
    end = next((i.end() for i in _items(line) if i.start() == start), position)
    if item and (item["minus"] or item["phrase"] is not None):
        return []
    if item is None or not item["key"]:
        typed = item["word"] if item else ""
        found = _matching(typed, [*(f"{key}:" for key in LISTS), *NUMBERS])
        return [Completion(text, start, end) for text in found]
    key = item["key"].lower()
    known = LISTS.get(key) or (names or {}).get(key, ())
    typed = _unquote(item["quoted"]) if item["quoted"] is not None else item["plain"]
    found = _matching(typed, known) if item["sign"] in ":=" else []
    return [Completion(f"{key}:{_value(value)}", start, end) for value in found]


def _items(line: str) -> Iterator[re.Match[str]]:
    at = 0
    while match := re.compile(r"\s*").match(line, at):
        found = ITEM.match(line, match.end())
        if found is None:
            return
        yield found
        at = found.end()


def _is_word(item: re.Match[str]) -> bool:
    """A link is text to search for, not a filter named http."""
    return item["sign"] == ":" and (item["plain"] or "").startswith("//")


def _worded(query: Query, item: re.Match[str]) -> Query:
    if item["phrase"] is not None:
        _closed(item, "phrase")
        word = Word(_unquote(item["phrase"]), exact=True)
    else:
        word = Word(item[0][len(item["minus"]) :])
    if not word.text.strip():
        raise _error(item, 'There is no word to search for. Write a word or "some words".')
    if item["minus"]:
        return replace(query, not_words=(*query.not_words, word))
    return replace(query, words=(*query.words, word))


def _filtered(query: Query, item: re.Match[str]) -> Query:
    key = item["key"].lower()
    if key not in KEYS:
        known = f"Filters are {', '.join(KEYS)}. To search for this text, put it in quotes."
        raise _error(item, f"There is no filter “{key}”. {known}", nearest=_nearest(key, KEYS))
    if item["minus"]:
        raise _error(item, "A minus leaves out words, not filters. Take the minus away.")
    if key in NUMBERS:
        narrowed: Any = {key: _ranged(getattr(query, key), item, key)}
        return replace(query, **narrowed)
    if item["sign"] not in ":=":
        raise _error(item, f"“{key}” is not a number. Write {key}:value.")
    field, value = _field(key), _chosen(item, key)
    values = getattr(query, field)
    more: Any = {} if value in values else {field: (*values, value)}
    return replace(query, **more)


def _chosen(item: re.Match[str], key: str) -> str:
    """The value after the colon; from a closed list it may be written in any case."""
    if item["quoted"] is not None:
        _closed(item, "quoted")
    value = _unquote(item["quoted"]) if item["quoted"] is not None else item["plain"]
    known = LISTS[key]
    if not value.strip():
        choice = " or ".join(known) if len(known) < 7 else "a name"
        raise _error(item, f"Nothing follows “{key}:”. Write {choice} after it.")
    if not known:
        return value
    if value.lower() in known:
        return value.lower()
    listed = "It is an issue's code." if key == "issue" else f"It is one of {', '.join(known)}."
    nearest = _nearest(value.lower(), known)
    raise _error(item, f"“{value}” is no {key} of records. {listed}", nearest=nearest)


def _ranged(old: Range | None, item: re.Match[str], key: str) -> Range:
    """The range an item asks for; a second item of the same name narrows the first."""
    text = item["plain"] if item["plain"] is not None else _unquote(item["quoted"])
    sign = item["sign"]
    if span := RANGE.fullmatch(text):
        if sign not in ":=":
            raise _error(item, f"A range follows a colon. Write {key}:{text}.")
        low = _read(span["low"], item, key) if span["low"] else None
        high = _read(span["high"], item, key) if span["high"] else None
        new = Range(low, high)
    else:
        value = _read(text, item, key)
        new = {
            "<": Range(high=value, high_open=True),
            "<=": Range(high=value),
            ">": Range(low=value, low_open=True),
            ">=": Range(low=value),
        }.get(sign, Range(value, value))
    if new == Range():
        raise _error(item, f"The range is empty. Write {key}:1..2, {key}>1 or {key}<2.")
    new = _narrowed(old, new) if old else new
    low, high = new.bounds(whole=key in WHOLE)
    if low is not None and high is not None and low > high:
        raise _error(item, f"No number can hold this: from {_number(low)} to {_number(high)}.")
    return new


def _narrowed(old: Range, new: Range) -> Range:
    """Of two bounds the stricter; at the same number the one that leaves it out."""
    lows = [(r.low, r.low_open) for r in (old, new) if r.low is not None]
    highs = [(r.high, not r.high_open) for r in (old, new) if r.high is not None]
    low, low_open = max(lows, default=(None, False))
    high, high_closed = min(highs, default=(None, True))
    return Range(low, high, low_open, not high_closed)


def _read(text: str, item: re.Match[str], key: str) -> float:
    value = float(text) if NUMBER.fullmatch(text) else math.inf
    if math.isinf(value):
        example = "100" if key in WHOLE else "0.5"
        shown = f"“{text}” is no number." if text else "A number is missing."
        raise _error(item, f"{shown} Write {key}<{example}, {key}>{example} or {key}:1..2.")
    return value


def _closed(item: re.Match[str], name: str) -> None:
    if not item[f"{name}_end"]:
        raise _error(item, "The quotes are not closed. Put a quote at the end of the text.")


def _error(item: re.Match[str], text: str, *, nearest: str = "") -> QueryError:
    return QueryError(text, word=item[0], position=item.start(), nearest=nearest)


def _nearest(word: str, known: tuple[str, ...]) -> str:
    found = process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=NEAR)
    return found[0] if found else ""


def _matching(typed: str, known: Any) -> list[str]:
    """Names that begin with what was typed, then those that hold it."""
    key = typed.casefold()
    begin = [name for name in known if name.casefold().startswith(key)]
    return begin + [name for name in known if key in name.casefold() and name not in begin]


def _field(key: str) -> str:
    return "is_" if key == "is" else key


def _value(value: str) -> str:
    plain = re.fullmatch(r'(?!//)[^\s"]\S*', value) is not None
    return value if plain else _quote(value)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _number(value: float | None) -> str:
    """The shortest form that reads back as the same number; "" for none."""
    if value is None:
        return ""
    return str(int(value)) if value % 1 == 0 and abs(value) < 1e15 else repr(value)
