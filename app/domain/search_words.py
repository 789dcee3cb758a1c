"""Words of a search and where they stand in a text, by the rules of SQLite's unicode61 tokenizer.

The index answers for what it holds; this answers for the rest, and says what to highlight. It must
find the same: letters and digits make words, case and diacritics do not count (remove_diacritics 2).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

MAX_WORDS = 64  # of one search; more are left out
# Letters from which the last word is taken as a beginning: two of them meet most of a million
# records, and FTS5 collects all of those first (0.4 to 0.7 s measured, three letters 0.1 to 0.25 s).
MIN_PREFIX = 3
TOKEN = re.compile(r"[^\W_]+")
PART = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"?|(?P<word>\S+))', re.DOTALL)


@dataclass(frozen=True)
class Term:
    """Folded words that stand one after the other; with `prefix` the last is only a beginning."""

    tokens: tuple[str, ...]
    prefix: bool = False

    @property
    def expression(self) -> str:
        """The term for FTS5; the tokens hold letters and digits only, so none needs escaping."""
        return f'"{" ".join(self.tokens)}"' + ("*" if self.prefix else "")


@dataclass(frozen=True)
class Terms:
    """What a search asks for: every one of `wanted`, none of `unwanted`."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    @property
    def expression(self) -> str:
        """The search for FTS5. It knows no "all but": with unwanted terms alone it is those."""
        wanted = " AND ".join(term.expression for term in self.wanted)
        unwanted = " OR ".join(term.expression for term in self.unwanted)
        if wanted and unwanted:
            return f"({wanted}) NOT ({unwanted})"
        return wanted or unwanted

    @property
    def whole(self) -> "Terms":
        """The same without beginnings of words."""
        return Terms(
            tuple(Term(t.tokens) for t in self.wanted), tuple(Term(t.tokens) for t in self.unwanted)
        )

    def match(self, text: str) -> bool:
        """Whether the whole search holds for a text."""
        folded = fold(text)
        return all(_pattern(t).search(folded) for t in self.wanted) and not any(
            _pattern(t).search(folded) for t in self.unwanted
        )

    def ranges(self, text: str) -> list[tuple[int, int]]:
        """Where wanted words stand in `text`, as (start, end) in characters, joined and in order."""
        folded, at = _folded_with_places(text)
        found = [
            (at[m.start()], at[m.end()])
            for term in self.wanted
            for m in _pattern(term).finditer(folded)
        ]
        return _joined(sorted(found))


def terms_of(text: str) -> Terms:
    """Read any text as a search: words, "phrases", -not these. Nothing is an error.

    The last word, when not quoted, is a beginning of a word (as is any that ends with *).
    """
    wanted: list[Term] = []
    unwanted: list[Term] = []
    parts = list(PART.finditer(text))[:MAX_WORDS]
    last = parts[-1] if parts and not text[-1:].isspace() else None
    for part in parts:
        word = part["word"] if part["phrase"] is None else part["phrase"]
        tokens = tuple(TOKEN.findall(fold(word)))
        if not tokens:
            continue
        begins = part["phrase"] is None and (part is last or word.endswith("*"))
        ends_in_word = word.endswith("*") or word[-1].isalnum()
        prefix = begins and ends_in_word and len(tokens[-1]) >= MIN_PREFIX and not part["minus"]
        (unwanted if part["minus"] else wanted).append(Term(tokens, prefix))
    return Terms(tuple(wanted), tuple(unwanted))


class _Folds(dict[int, str]):
    """What a character counts as, worked out when it is met first: one other character, or none.

    After fts5_unicode2.c: a letter is its lower case; its diacritics go where an ASCII letter is
    left (so "é" is "e", but "ё" and "ά" stay); combining marks of DIACRITICS go.
    """

    def __missing__(self, code: int) -> str:
        lower = chr(code).casefold()
        lower = lower if len(lower) == 1 else chr(code).lower()[0]
        base = unicodedata.normalize("NFD", lower)[0]
        self[code] = "" if code in DIACRITICS else base if base.isascii() else lower
        return self[code]


# U+0300 to U+0331, of which the masks in sqlite3Fts5UnicodeIsdiacritic name these.
DIACRITICS = frozenset(0x300 + bit for bit in range(50) if (0x361F8 << 32 | 0x8029FDF) >> bit & 1)
FOLDS = _Folds()


def fold(text: str) -> str:
    """Lower case without diacritics."""
    return text.lower() if text.isascii() else text.translate(FOLDS)


def _folded_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, and of each of its characters (and its end) the place in `text`."""
    if text.isascii():
        return text.lower(), list(range(len(text) + 1))
    pieces = [(piece, place) for place, c in enumerate(text) for piece in fold(c)]
    return "".join(p for p, _ in pieces), [*(place for _, place in pieces), len(text)]


@lru_cache(maxsize=256)
def _pattern(term: Term) -> re.Pattern[str]:
    between = r"[\W_]+"
    end = "" if term.prefix else r"(?![^\W_])"
    body = between.join(map(re.escape, term.tokens))
    return re.compile(rf"(?<![^\W_]){body}" + (r"[^\W_]*" if term.prefix else end))


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if not ranges:
        return []
    merged = [ranges[0]]
    for start, end in ranges[1:]:
        low, high = merged[-1]
        if start <= high:
            merged[-1] = (low, max(high, end))
        else:
            merged.append((start, end))
    return merged
