"""Words from data never act as Markdown."""

import pytest

from app.agent.words import ago, bold, duration, interval, plain


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Cards", "Cards"),
        ("a*b*_c_", r"a\*b\*\_c\_"),
        ("[x](http://a.b)", r"\[x\](http\://a.b)"),
        ("<b>x</b> &amp;", r"\<b\>x\</b\> \&amp;"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("# head", r"\# head"),
        ("two\n\nlines", "two lines"),
        ("www.x.y a@b.c", r"www\.x.y a\@b.c"),
    ],
)
def test_words_stay_words(text: str, safe: str) -> None:
    assert plain(text) == safe


def test_long_words_are_cut_where_a_sentence_needs_room() -> None:
    assert len(plain("x" * 500)) == 80
    assert bold("   ") == "(no name)"


def test_times_and_figures() -> None:
    assert [ago(0, now=s) for s in (5, 125, 7200, 86_400, 3 * 86_400)] == [
        "just now",
        "2 min ago",
        "2 h ago",
        "1 day ago",
        "3 days ago",
    ]
    assert duration(46.4) == "46 s"
    assert duration(200) == "about 3 min"
    assert interval(0.5, None, None) == "0.50"
    assert interval(0.79, 0.75, 0.83) == "0.79 (0.75 to 0.83)"
