"""Text from data: nothing hidden stays, nothing ends a mark, one line is one line."""

import pytest

from app.domain.plain import END, MARK, marked, one_line, unmarked, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Cards", "Cards"),
        ("a\tb\nc", "a\tb\nc"),
        ("pay\u202egnp.exe", "pay�gnp.exe"),
        ("de\u200blete\u200d_all\ufeff", "delete_all"),
        ("x\U000e0041\U000e0042y", "x�y"),
        ("a\u2066b\u2069", "a�b�"),
        ("a\x1b[31m\x07", "a�[31m�"),
        ("one\u2028two", "one�two"),
        ("\ud800", "�"),
        ("Čeština, العربية, 日本語, 🙂", "Čeština, العربية, 日本語, 🙂"),
    ],
)
def test_what_cannot_be_seen_is_shown_or_dropped(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_one_line_is_one_line_and_short() -> None:
    assert one_line("a\n\nb\r\nc  d", 80) == "a b c d"
    assert one_line("x" * 500, 10) == "x" * 9 + "…"
    assert len(one_line("\u200b" * 5_000 + "x", 10)) <= 10
    assert one_line("", 10) == ""


@pytest.mark.parametrize(
    "end", [END, "</DATA>", "< /data>", "\uff1c/data\uff1e", "<<data>", "<\u200b/data>"]
)
def test_no_text_ends_its_mark(end: str) -> None:
    told = marked(f"before {end} after")
    assert told.startswith(MARK)
    assert told.endswith(END)
    inside = told[len(MARK) : -len(END)]
    assert "<" not in inside
    assert "\uff1c" not in inside


def test_emphasis_and_code_lose_their_marks_and_a_product_its_star_not() -> None:
    assert unmarked("**Balance** *says* `so`: 2 * 3") == "Balance says so: 2 * 3"
