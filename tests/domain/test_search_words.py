"""Words as the index knows them: the same hits as FTS5, and the places to highlight."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.search_words import Terms, terms_of

# Scripts whose folding people meet; the tokenizer knows Unicode 6.1, Python a newer one.
LETTERS = "aAbBeEéÉüÜñçßœłØ дЖё αΩά 漢字 0129 _-.,'\"*(){}:^+\n\x00"
TEXTS = st.lists(st.sampled_from(LETTERS), max_size=24).map("".join)


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE w USING fts5(b, tokenize='unicode61 remove_diacritics 2')")
    yield db
    db.close()


@settings(max_examples=300, database=None, deadline=None)
@given(text=TEXTS, search=TEXTS)
def test_the_same_is_found_as_by_the_index(
    index: sqlite3.Connection, text: str, search: str
) -> None:
    terms = terms_of(search)
    index.execute("DELETE FROM w")
    index.execute("INSERT INTO w VALUES (?)", (text,))
    if not terms:
        return
    found = index.execute("SELECT COUNT(*) FROM w WHERE w MATCH ?", (terms.expression,))
    ours = terms.match(text) if terms.wanted else not terms.match(text)
    assert bool(found.fetchone()[0]) == ours, (terms, text)


@settings(max_examples=200, database=None, deadline=None)
@given(st.text())
def test_no_text_is_an_error_to_the_index(index: sqlite3.Connection, search: str) -> None:
    if terms := terms_of(search):
        index.execute("SELECT COUNT(*) FROM w WHERE w MATCH ?", (terms.expression,)).fetchall()


def test_words_phrases_and_what_is_left_out() -> None:
    terms = terms_of('Refund "Lost card" -spam -"a b" tick')
    assert [t.tokens for t in terms.wanted] == [("refund",), ("lost", "card"), ("tick",)]
    assert [t.prefix for t in terms.wanted] == [False, False, True]
    assert [t.tokens for t in terms.unwanted] == [("spam",), ("a", "b")]
    assert terms.match("The tickets of a lost, card: REFUND!")
    assert not terms.match("ticket lost card refund spam")
    assert not terms.match("ticket lost my card refund")


def test_only_the_last_word_still_being_typed_is_a_beginning() -> None:
    assert terms_of("ref").wanted[0].prefix
    assert not terms_of("ref ").wanted[0].prefix
    assert not terms_of('"ref"').wanted[0].prefix
    assert not terms_of("re").wanted[0].prefix
    assert terms_of("ref* x ").wanted[0].prefix
    assert terms_of("... !! -") == Terms()


def test_ranges_are_of_the_text_as_it_is_shown() -> None:
    text = "Crème brûlée, CREME. Ecremage"
    assert [text[a:b] for a, b in terms_of('"creme"').ranges(text)] == ["Crème", "CREME"]
    assert [text[a:b] for a, b in terms_of('"creme brulee"').ranges(text)] == ["Crème brûlée"]
    decomposed = "cafe\u0301 latte"
    assert [decomposed[a:b] for a, b in terms_of("café ").ranges(decomposed)] == ["cafe\u0301"]
    assert terms_of('"lost card" "card now"').ranges("a lost card now") == [(2, 15)]
    assert terms_of("-creme").ranges(text) == []
