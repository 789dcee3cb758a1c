"""The quick way and the general way give the same rows, or the quick one leaves the line alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from app.importing.fast import FastLane
from app.importing.formats.reader import read
from app.importing.lines import Line, line_of
from app.importing.records import ParsedRecord, RecordReader
from app.importing.rows import record_row, rows_of
from app.importing.tokens import SAMPLE_RECORDS, TokenEstimate
from app.paths import resource
from app.store.rows import BODY_COLUMNS, DEFAULTS, RECORD_COLUMNS

TOKENS = TokenEstimate()
for _ in range(SAMPLE_RECORDS):
    TOKENS.of("the quick way needs an estimate that is calibrated")
LANE = FastLane(TOKENS)
# What real files are full of: blanks of all kinds, escapes, accents, signs that normalise oddly.
TEXTS = st.text(
    st.sampled_from('aB \n\t\r"\\\x00\x1f\x7f\x85\xa0\u2003\u3000é\u0301ßﬁ²İ中🙂:{}[]'), max_size=12
)
ROLES = st.sampled_from(["user", "assistant", "system", "developer", "tool", "", "User"])
TURN = st.fixed_dictionaries({"role": ROLES, "content": TEXTS})
CLEAN = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3)
ODD = st.one_of(
    st.none(), st.integers(-5, 5), TEXTS, st.lists(TURN, max_size=2),
    st.dictionaries(st.sampled_from(["role", "content", "name", "from"]), TEXTS, max_size=3),
)  # fmt: skip
KEYS = st.sampled_from(["id", "answer", "reference", "tools", "tags", "prompt", "messages"])


def agree(line: Line) -> bool:
    """Whether the quick way took the line; its rows are then those of the general way."""
    quick = LANE.rows(7, line)
    if quick is not None:
        found = RecordReader(tokens=TOKENS, seen=None).read(line)
        assert isinstance(found, ParsedRecord)
        assert quick == rows_of(7, found)
    return quick is not None


def line(value: Any, **options: Any) -> Line:
    raw = orjson.dumps(value, **options)
    return line_of(raw, number=1, size=len(raw), position=len(raw))


def test_rows_are_in_the_order_of_the_store() -> None:
    given_ = {
        "line": 2, "split": "test", "content_hash": b"h", "cluster": "c", "tokens": 3, "turns": 4,
        "length": 5, "preview": "p", "has_tools": True, "has_reply": True, "has_reference": True,
        "valid": False, "flags": 6, "issues": "[1]",
    }  # fmt: skip
    row = record_row(1, **given_)  # type: ignore[arg-type]
    named = dict(zip(RECORD_COLUMNS, row, strict=True))
    assert named == {**{c: DEFAULTS[c] for c in RECORD_COLUMNS}, **given_, "id": 1}
    assert BODY_COLUMNS == ("record_id", "messages", "tools", "reference", "reply", "extra")


def test_all_shared_data(shared_data: Callable[[str], Path]) -> None:
    files = [
        *shared_data("data").glob("*.jsonl"),
        resource("resources/samples/support_tickets.jsonl"),
    ]
    taken = {file.stem: [agree(found) for found in read(file)] for file in files}
    assert all(taken["support_tickets"])
    assert all(taken["gsm8k_500"])
    assert not any(taken["sgd_multiturn_tools_small"])


@given(CLEAN, st.booleans(), st.dictionaries(KEYS, TEXTS, max_size=2))
@settings(max_examples=300, deadline=None)
def test_chats_of_odd_texts(
    turns: list[tuple[str, str]], system: bool, more: dict[str, str]
) -> None:
    messages = [{"role": "system", "content": "S"}] if system else []
    for asked, told in turns:
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": told}]
    for count in (len(messages), len(messages) - 1):
        agree(line({**more, "messages": messages[:count]}))


@given(st.lists(st.one_of(TURN, ODD), max_size=4), st.dictionaries(KEYS, ODD, max_size=2))
@settings(max_examples=300, deadline=None)
def test_odd_records(turns: list[Any], more: dict[str, Any]) -> None:
    agree(line({"messages": turns, **more}))
    agree(line({"messages": turns, **more}, option=orjson.OPT_INDENT_2)._replace(plain=False))


def test_what_is_left_to_the_general_way() -> None:
    turns: list[dict[str, Any]] = [{"role": "user", "content": "Q"}]
    assert agree(line({"messages": turns}))
    for odd in (
        [{"content": "Q", "role": "user"}],
        [*turns, *turns],
        [{"role": "user", "content": "Q", "name": "n"}],
        [{"role": "user", "content": [{"type": "text", "text": "Q"}]}],
        [{"role": "user", "content": "\x01"}],
        [{"role": "user", "content": " "}],
        [*turns, {"role": "assistant", "content": " "}],
        [{"role": "user", "content": "x " * 200_000}],
    ):
        assert not agree(line({"messages": odd})), odd
    assert not agree(Line(1, 3, 3, {"messages": "abc"}))
