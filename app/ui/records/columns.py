"""The columns of the record list: titles, widths, order, and what each shows of a row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSettings

from app.domain.search_words import Terms
from app.domain.validation import ISSUES
from app.store.records import RecordRow
from app.ui.kit.table import Column
from app.ui.parts import BadgeCell, Cell, NumberCell, PlainCell, Tone, TwoLineCell
from app.ui.records.snapshot import Order

KEY = "records/columns"
ALWAYS = "text"
BEFORE_HIT = 10  # characters kept before the first hit, so that it is seen in a narrow column
SHORT = {"near_duplicate": "near dup.", "duplicate": "duplicate"}
SPLITS = {"validation": "valid.", None: "no split", "": "no split"}


@dataclass(frozen=True)
class RecordColumn:
    """`words` name it in menus, `width` in pixels (0 takes the rest), `sort` is its order."""

    key: str
    title: str
    words: str
    width: int
    sort: Order
    right: bool = False

    @property
    def column(self) -> Column:
        return Column(self.title, self.width, right=self.right)


COLUMNS = (
    RecordColumn("id", "#", "Number", 54, "id", right=True),
    RecordColumn("text", "Last user turn and topic", "Last user turn", 0, "preview"),
    RecordColumn("topic", "Topic", "Topic", 130, "topic_id"),
    RecordColumn("tokens", "Tokens", "Tokens", 76, "tokens", right=True),
    RecordColumn("split", "Split", "Split", 82, "split"),
    RecordColumn("source", "Source", "Source", 88, "source"),
    RecordColumn("score", "Score", "Score", 68, "score", right=True),
    RecordColumn("length", "Length", "Length", 76, "length", right=True),
    RecordColumn("probability", "Sure", "Probability of the topic", 64, "probability", right=True),
    RecordColumn("tags", "Tags", "Tags", 110, "tags"),
    RecordColumn("issues", "Issue", "Issues", 92, "flags"),
)
KEYS = tuple(column.key for column in COLUMNS)
FIRST_SHOWN = ("id", "text", "tokens", "issues")


@dataclass(frozen=True)
class Shown:
    """One row with what its cells need besides: the topic's name, the score, the words searched."""

    row: RecordRow
    topic: str
    score: float | None
    terms: Terms
    columns: frozenset[str]


def cell(key: str, shown: Shown) -> Cell:
    """What a column shows of a row."""
    row = shown.row
    match key:
        case "id":
            return NumberCell(f"{row.id:,}", "faint")
        case "text":
            return text_cell(shown)
        case "topic":
            return PlainCell(shown.topic or "none", "" if shown.topic else "faint")
        case "tokens":
            return NumberCell(tokens_words(row), "" if row.tokens_exact else "muted")
        case "split":
            return PlainCell(row.split or "no split", "" if row.split else "faint")
        case "source":
            return PlainCell(row.source)
        case "score":
            return NumberCell("" if shown.score is None else f"{shown.score:.2f}")
        case "length":
            return NumberCell(f"{row.length:,}")
        case "probability":
            return NumberCell(_sure(row))
        case "tags":
            return PlainCell(", ".join(row.tags))
        case _:
            return BadgeCell(*issue_badge(row))


def text_cell(shown: Shown) -> TwoLineCell:
    """The last user turn with the words searched for marked, from where the first of them is."""
    text = " ".join(shown.row.preview.split())
    if not text:
        return TwoLineCell("(no user turn)", below(shown))
    marks = shown.terms.ranges(text)
    if not shown.terms.wanted or not marks:
        elsewhere = ", found in another turn" if shown.terms.wanted else ""
        return TwoLineCell(text, below(shown) + elsewhere)
    cut = max(0, text.rfind(" ", 0, max(0, marks[0][0] - BEFORE_HIT)) + 1)
    lead = "… " if cut else ""
    shift = cut - len(lead)
    moved = tuple((start - shift, end - shift) for start, end in marks)
    return TwoLineCell(lead + text[cut:], below(shown), moved)


def below(shown: Shown) -> str:
    """The second line: topic, split and source, without what has a column of its own."""
    row, has = shown.row, shown.columns
    if not row.valid:
        return "No topic: record is invalid"
    parts = []
    if "topic" not in has:
        parts.append(shown.topic or "Uncategorised")
    if "split" not in has:
        parts.append(SPLITS.get(row.split) or row.split or "")
    if "source" not in has and row.source != "imported":
        parts.append(row.source)
    return ", ".join(parts)


def said(key: str, shown: Shown) -> str:
    """What a tooltip and a screen reader say."""
    row = shown.row
    if key == "issues":
        return ", ".join(plain_code(code) for code in row.issues) or "no issue"
    if key != "text":
        return cell(key, shown).text
    exact = "" if row.tokens_exact else "about "
    words = [f"Record {row.id}", row.preview, below(shown), f"{exact}{row.tokens:,} tokens"]
    return "\n".join(words)


def tokens_words(row: RecordRow) -> str:
    """An estimate is marked: the exact number is counted in the background."""
    return f"{row.tokens:,}" if row.tokens_exact else f"~{row.tokens:,}"


def plain_code(code: str) -> str:
    """An issue's code as words."""
    return code.replace("_", " ")


def issue_badge(row: RecordRow) -> tuple[str, Tone]:
    """The gravest issue as a chip: invalid, a duplicate, or how many there are."""
    if not row.valid:
        return "invalid", "bad"
    for code, words in SHORT.items():
        if code in row.issues:
            return words, "warn"
    warned = [code for code in row.issues if code in ISSUES]
    return (f"{len(warned)} to see", "warn") if warned else ("", "muted")


def remembered(kept: QSettings, dataset_id: str) -> tuple[str, ...]:
    """The columns chosen for this dataset, else those chosen last anywhere, else the first ones."""
    for place in (f"{KEY}/{dataset_id}", KEY + "/last"):
        names = str(kept.value(place) or "").split()
        if found := in_order(names):
            return found
    return FIRST_SHOWN


def remember(kept: QSettings, dataset_id: str, shown: Sequence[str]) -> None:
    for place in (f"{KEY}/{dataset_id}", KEY + "/last"):
        kept.setValue(place, " ".join(shown))
    kept.sync()


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Known columns in their order; the text is always there where any is."""
    found = set(names) & set(KEYS)
    return tuple(key for key in KEYS if key in found | {ALWAYS}) if found else ()


def _sure(row: RecordRow) -> str:
    if row.topic_source == "user":
        return "you"
    if row.topic_source in ("model", "label"):
        return row.topic_source
    return "" if row.probability is None else f"{row.probability:.2f}"
