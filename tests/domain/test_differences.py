"""Differences between two states of a record: every text of both is in the pieces, nothing twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.differences import (
    BY_WORD,
    Piece,
    changes_between,
    differs,
    pieces_between,
    shortened,
)
from app.domain.fixes import Turns
from app.domain.records import Message


def turns(*spec: tuple[str, str], reply: str | None = None) -> Turns:
    said = tuple(Message(role=role, content=text) for role, text in spec)
    return Turns(said, Message(role="assistant", content=reply) if reply is not None else None)


def side(pieces: tuple[Piece, ...], other: str) -> str:
    return "".join(piece.text for piece in pieces if piece.kind != other)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab \n,é", max_size=40), st.text(alphabet="ab \n,é", max_size=40))
def test_both_texts_are_in_the_pieces(before: str, after: str) -> None:
    pieces = pieces_between(before, after)
    assert side(pieces, "added") == before
    assert side(pieces, "removed") == after
    assert all(piece.text for piece in pieces)


def test_words_are_compared_and_blanks_between_changes_are_not_torn() -> None:
    assert pieces_between("You route bank tickets.", "You route card shop tickets.") == (
        Piece("same", "You route "),
        Piece("removed", "bank"),
        Piece("added", "card shop"),
        Piece("same", " tickets."),
    )
    assert [p.kind for p in pieces_between("one two three", "four five three")] == [
        "removed", "added", "same",
    ]  # fmt: skip


@pytest.mark.parametrize("words", [BY_WORD, 60_000])
def test_long_texts_are_compared_by_lines_or_not_at_all(words: int) -> None:
    before = "\n".join(["word " * 5] * (words // 5))
    after = f"first\n{before}"
    pieces = pieces_between(before, after)
    assert side(pieces, "added") == before
    assert side(pieces, "removed") == after


def test_turns_that_came_went_and_changed() -> None:
    before = turns(("system", "s"), ("human", "hello"), ("assistant", "bye"), reply="old")
    after = turns(("system", "s"), ("user", "hello"), reply="new")
    found = changes_between(before, after)
    assert [(c.kind, c.role, c.was, c.place) for c in found] == [
        ("same", "system", "", 1),
        ("changed", "user", "human", 2),
        ("removed", "assistant", "", 3),
        ("changed", "assistant", "", 0),
    ]
    assert not differs(changes_between(before, before))
    gone = changes_between(turns(("system", "s"), ("user", "a")), turns(("user", "b")))
    assert [(c.kind, c.role) for c in gone] == [("removed", "system"), ("changed", "user")]
    moved = changes_between(
        turns(("user", "a"), ("assistant", "b")), turns(("user", "a"), reply="b")
    )
    assert [(c.kind, c.place) for c in moved] == [("same", 1), ("removed", 2), ("added", 0)]


def test_a_call_s_arguments_are_compared_too() -> None:
    def calling(arguments: str) -> Turns:
        call = {"id": "1", "function": {"name": "lookup", "arguments": arguments}}
        return Turns((Message(role="assistant", tool_calls=[call]),))

    (change,) = changes_between(calling('{"city": "Rome"}'), calling('{"city": "Oslo"}'))
    assert [p.text for p in change.pieces if p.kind != "same"] == ["Rome", "Oslo"]


def test_long_equal_stretches_are_cut_beside_a_change() -> None:
    long = "word " * 100
    pieces = shortened(pieces_between(f"{long}old{long}", f"{long}new {long}"))
    assert max(len(p.text) for p in pieces) < 250
    assert pieces[0].text.endswith("word")
