"""The filter line: what is read is written back the same, and every error names place and remedy."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.query import LISTS, NUMBERS, Query, QueryError, Range, Word, complete, parse

CASES = settings(max_examples=150, database=None, deadline=None)
BARE = st.from_regex(r"[^\s\":<>=\-][^\s:<>=]*", fullmatch=True).map(Word)
QUOTED = st.text(min_size=1).filter(str.strip).map(lambda text: Word(text, exact=True))
WORDS = st.lists(BARE | QUOTED, max_size=4).map(tuple)
FREE = st.lists(st.text(min_size=1).filter(str.strip), max_size=3, unique=True).map(tuple)
NUMBER = st.floats(-1e6, 1e6) | st.integers(-100, 10**6).map(float)


def chosen(key: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(LISTS[key]), max_size=3, unique=True).map(tuple)


@st.composite
def ranges(draw: st.DrawFn) -> Range | None:
    low, high = draw(st.none() | NUMBER), draw(st.none() | NUMBER)
    if low is None and high is None:
        return None
    if low is not None and high is not None and high < low + 2:
        high = low + 2
    low_open = low is not None and draw(st.booleans())
    return Range(low, high, low_open, high is not None and draw(st.booleans()))


QUERIES = st.builds(
    Query,
    words=WORDS,
    not_words=WORDS,
    is_=chosen("is"),
    has=chosen("has"),
    issue=chosen("issue"),
    split=chosen("split"),
    topic=FREE,
    source=FREE,
    tag=FREE,
    **{key: ranges() for key in NUMBERS},
)
LINES = st.lists(
    st.sampled_from(
        [*'"\\-:<>=. \t', "..", "topic:", "score<", "0.5", "is:", "valid", "a", "-", "//"]
    )
    | st.text(max_size=3)
).map("".join)


def _read(line: str) -> tuple[Query | None, QueryError | None]:
    try:
        return parse(line), None
    except QueryError as error:
        return None, error


@CASES
@given(QUERIES)
def test_what_is_written_reads_back_equal(query: Query) -> None:
    assert parse(str(query)) == query


@CASES
@given(LINES)
def test_any_text_is_read_or_refused_with_its_place(line: str) -> None:
    complete(line, len(line) // 2)
    query, error = _read(line)
    assert error is None or line[error.position :].startswith(error.word)
    assert query is None or parse(str(query)) == query


def test_every_part_of_the_grammar() -> None:
    query = parse(
        'Topic:"Lost card" topic:fees score<0.5 tokens:100..200 is:INVALID has:tools split:test '
        'source:generated issue:duplicate tag:vip length>=10 "said \\"hi\\"" refund -fee -"a b"'
    )
    assert query.topic == ("Lost card", "fees")
    assert query.score == Range(high=0.5, high_open=True)
    assert query.tokens == Range(100, 200)
    assert query.length == Range(low=10)
    assert (query.is_, query.has, query.split) == (("invalid",), ("tools",), ("test",))
    assert (query.source, query.issue, query.tag) == (("generated",), ("duplicate",), ("vip",))
    assert query.words == (Word('said "hi"', exact=True), Word("refund"))
    assert query.not_words == (Word("fee"), Word("a b", exact=True))
    assert query.text == '"said \\"hi\\"" refund -fee -"a b"'
    assert parse("http://x.org/?a=1").words == (Word("http://x.org/?a=1"),)
    assert not parse("  ")


def test_bounds_are_inclusive_in_whole_numbers_and_in_fractions() -> None:
    query = parse("tokens>100 tokens<=200 score<0.5")
    assert query.tokens is not None
    assert query.tokens.bounds(whole=True) == (101, 200)
    assert query.score is not None
    low, high = query.score.bounds(whole=False)
    assert low is None
    assert high is not None
    assert 0.4999999 < high < 0.5


def test_two_ranges_of_one_name_narrow_it() -> None:
    assert parse("tokens>5 tokens:5..10 tokens<10") == parse("tokens>5 tokens<10")


@pytest.mark.parametrize(
    ("line", "position", "nearest", "says"),
    [
        ("refund topc:x", 7, "topic", "There is no filter “topc”"),
        ("is:invlid", 0, "invalid", "It is one of valid, invalid"),
        ("a issue:dupli_cate", 2, "duplicate", "no issue of records"),
        ("tokens:many", 0, "", "“many” is no number"),
        ("score<", 0, "", "A number is missing"),
        ("tokens:9..3", 0, "", "No number can hold this"),
        ("tokens>5 tokens<6", 9, "", "No number can hold this"),
        ("tokens:..", 0, "", "The range is empty"),
        ('say "hello', 4, "", "quotes are not closed"),
        ('topic:"x', 0, "", "quotes are not closed"),
        ("topic:", 0, "", "Nothing follows"),
        ("topic>3", 0, "", "Write topic:value"),
        ("-is:valid", 0, "", "A minus leaves out words"),
        ("tokens<1..2", 0, "", "A range follows a colon"),
        ('""', 0, "", "There is no word"),
    ],
)
def test_an_error_names_the_place_and_the_remedy(
    line: str, position: int, nearest: str, says: str
) -> None:
    with pytest.raises(QueryError, match=r"character \d+") as caught:
        parse(line)
    assert (caught.value.position, caught.value.nearest) == (position, nearest)
    assert says in str(caught.value)


def test_completions_fit_the_cursor() -> None:
    names = {"topic": ("Lost card", "Fees", "Card fees")}

    def texts(line: str, at: int | None = None) -> list[str]:
        return [c.text for c in complete(line, len(line) if at is None else at, names)]

    assert texts("refund to") == ["topic:", "tokens"]
    assert texts("is:in") == ["is:invalid"]
    assert texts("topic:fe") == ["topic:Fees", 'topic:"Card fees"']
    assert texts('topic:"lost c') == ['topic:"Lost card"']
    assert "issue:near_duplicate" in texts("issue:dup")
    assert len(texts("")) == len(LISTS) + len(NUMBERS)
    assert texts("-to") == []
    line = "is:valid refund"
    found = complete(line, 5, names)[1]
    assert line[: found.start] + found.text + line[found.end :] == "is:invalid refund"


def test_a_completion_is_read_back() -> None:
    (found,) = complete("topic:lost", 10, {"topic": ("Lost card",)})
    assert parse(found.text).topic == ("Lost card",)


def test_sensitive_kinds_are_a_filter_with_completions() -> None:
    query = parse("sensitive:email sensitive:Secret card")
    assert query.sensitive == ("email", "secret")
    assert parse(str(query)) == query
    assert "sensitive:iban" in [c.text for c in complete("sensitive:i", 11)]
    with pytest.raises(QueryError, match="api-key") as caught:
        parse("sensitive:api-keys")
    assert caught.value.nearest == "api-key"


def test_a_line_of_a_book_is_refused_at_once() -> None:
    with pytest.raises(QueryError, match="at most 4,000"):
        parse("a " * 40_000)
