"""Numbers that a model states are held to the facts, however they are written."""

import pytest

from app.agent.numbers_in import invented

FACTS = (
    "Records: 2,668, valid 2,600, invalid 68. With tools: 650 (25 %). Balance 0.75. Mean 0.19 "
    "(0.16 to 0.22). Gain −0.04. Step 3 of 7: Coverage. Grader v2. 1 proposal. Share 0.1 %."
)


@pytest.mark.parametrize(
    "answer",
    [
        "There are 2,668 records, 2600 of them valid and 68 not.",
        "2 668 records".replace(" ", "\u202f"),
        "2.668 records",
        "25 % have tools, that is 650.",
        "25% have tools; 25 percent",
        "A share of 0.25 has tools.",
        "Balance is 75 %, or 0.750.",
        "Balance 0,75",
        "A gain of −0.04, that is -0.04.",
        "You are at step three of seven.",
        "One thing first: both halves matter.",
        "1. first this\n2) then that",
        "Between 0.16–0.22, mean .19".replace(" .19", " 0.19"),
        "The grader is v2.",
        "0.1 % are odd.",
        "",
    ],
)
def test_what_is_in_the_facts_may_be_said(answer: str) -> None:
    assert invented(answer, FACTS) == []


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ("About 2,700 records", ["2,700"]),
        ("2.7k records", ["2.7k"]),
        ("A gain of 0.04", ["0.04"]),
        ("76 % balance", ["76 %"]),
        ("0.7 balance", ["0.7"]),
        ("two thirds of seven", []),
        ("Half of them, eleven in all", ["half", "eleven"]),
        ("½ of them", ["½"]),
        ("100 % are valid", ["100 %"]),
        ("68 % are invalid", ["68 %"]),
        ("version 1.2.3", ["1.2.3"]),
        ("some 3 thousand records", ["3 thousand"]),
        ("٥ records", ["٥"]),
        ("In 2026 it was better", ["2026"]),
    ],
)
def test_what_is_not_is_named(answer: str, wrong: list[str]) -> None:
    assert invented(answer, FACTS) == wrong
