"""Which numbers a text states, so that words of a model can be held to the facts they were given."""

import re
import unicodedata
from typing import NamedTuple

_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "dozen": 12.0, "hundred": 1e2}
# "one" and "first" are mostly no numbers. Of the others each stands for its figure.
_WORDS = {
    "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "hundred": 100, "thousand": 1000, "million": 1_000_000, "dozen": 12,
    "half": 0.5, "quarter": 0.25, "twice": 2, "both": 2, "double": 2, "triple": 3,
}  # fmt: skip
_HARMLESS = {"both"}  # says that there are two of something named, which a number need not repeat
_SPACE = "\u00a0\u2009\u202f'’"
_FIGURE = re.compile(
    rf"(?P<sign>(?<![\w.)\]])[-−])?"
    rf"(?P<digits>\d{{1,3}}(?:[,{_SPACE}]\d{{3}})+(?!\d)(?:\.\d+)?|\d+(?:[.,]\d+)*)"
    r"(?:\s?(?P<scale>k|m|thousand|million|dozen|hundred)\b)?"
    r"(?P<percent>\s?(?:%|per ?cent\b))?",
    re.IGNORECASE,
)
_MARKER = re.compile(r"^\s*\d{1,2}[.)]\s", re.MULTILINE)  # of a numbered list
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")


class Stated(NamedTuple):
    """A number; `share` when it was written as a percentage, its value then the share."""

    value: float
    share: bool


def invented(answer: str, facts: str) -> list[str]:
    """The numbers in an answer that are not in the facts, as they were written.

    1,000 is 1000, 75 % is 0.75, "seven" is 7. Neither rounding nor arithmetic is allowed: a number
    stands in the facts or it is invented. Numbers of a list's lines are not looked at.
    """
    known = [stated for _, stated in stated_in(facts)]
    plain = _MARKER.sub("", answer)
    return [written for written, stated in stated_in(plain) if not _is_in(stated, known)]


def stated_in(text: str) -> list[tuple[str, Stated]]:
    """Every number of a text, as written and as read."""
    found = [(m.group().strip(), _figure(m)) for m in _FIGURE.finditer(text)]
    rest = _FIGURE.sub(" ", text)
    words = [w for w in re.findall(r"[a-z]+", rest.casefold()) if w in _WORDS]
    found += [(w, Stated(float(_WORDS[w]), share=False)) for w in words if w not in _HARMLESS]
    marks = [m for m in rest if unicodedata.category(m) == "No"]  # ½, ²
    found += [(m, Stated(unicodedata.numeric(m), share=False)) for m in marks]
    return found


def _figure(found: "re.Match[str]") -> Stated:
    """A run of digits as a number: with separators of thousands, a decimal point or comma."""
    digits = re.sub(rf"[{_SPACE}]", "", found["digits"])
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
        digits = digits.replace(",", "")
    elif _THOUSANDS.fullmatch(digits):
        digits = digits.replace(".", "")
    elif digits.count(",") == 1 and "." not in digits:
        digits = digits.replace(",", ".")
    try:
        value = float(digits)
    except ValueError:  # 1.2.3, a version: as one long number that is in no facts
        value = float(re.sub(r"\D", "", digits)) + 0.123456789
    value *= _SCALES.get((found["scale"] or "").casefold(), 1.0)
    value = -value if found["sign"] else value
    return Stated(value / 100, share=True) if found["percent"] else Stated(value, share=False)


def _is_in(stated: Stated, known: list[Stated]) -> bool:
    """Whether it is one of the known. A share under 1 may be written either way; beyond, 100 % is not
    the number 1."""
    return any(
        abs(stated.value - other.value) <= 1e-9 * max(1.0, abs(other.value))
        and (stated.share == other.share or abs(other.value) < 1)
        for other in known
    )
