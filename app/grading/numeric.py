"""Numeric: is the number the answer ends on the right one, within a tolerance?"""

import math
import re
from typing import Any, Literal

from pydantic import Field

from app.grading.base import GraderConfig, Sample, Score
from app.grading.pairwise import pairwise_type
from app.grading.templates import ANSWER, REFERENCE, Template, render

MAX_CHARS = 50_000
_SIGN = r"(?<![\w.,)\]}/])[-+](?=[$€£¥\d.])"  # after a word or number it is a dash or a range
_NUMBER = re.compile(
    rf"(?P<sign>{_SIGN})?[$€£¥]?\s?"
    r"(?<![\w./])"
    r"(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?P<exponent>[eE][-+]?\d{1,3}(?!\w))?"
    r"(?:\s?/\s?(?P<below>\d+(?:\.\d+)?)(?![\d/]))?"
)
_BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_FINAL = re.compile(r"^####\s*(.+)$", re.MULTILINE)


class Numeric(GraderConfig):
    """Right when |answer - reference| <= max(abs_tolerance, rel_tolerance * |reference|)."""

    type: Literal["numeric"] = "numeric"
    input: Template = ANSWER
    reference: Template = REFERENCE
    abs_tolerance: float = Field(
        default=1e-6,
        ge=0,
        allow_inf_nan=False,
        title="Off by at most",
        description="In the number's own unit: 0.01 lets 41.99 pass for 42.",
    )
    rel_tolerance: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        title="Or off by a share",
        description="Of the right number: 0.01 is 1 %. The larger of the two counts.",
    )


def final_number(text: str) -> float | None:
    """The number a text ends on, units and thousands commas ignored; None when it has none.

    In this order: the last `\\boxed{…}`, the last line `#### …` (GSM8K's worked solutions), the
    last number of the text. Fractions (`3/4`, `\\frac{3}{4}`) are divided.
    """
    text = text.replace("\N{MINUS SIGN}", "-")
    for pattern in (_BOXED, _FINAL):
        if marked := pattern.findall(text):
            return _last_number(marked[-1])
    return _last_number(text)


def _last_number(text: str) -> float | None:
    found = list(_NUMBER.finditer(_FRACTION.sub(r"\1/\2", text).replace("\\$", "$")))
    values = [value for match in found[-1:] if (value := _number(match)) is not None]
    return values[0] if values else None


def _number(match: re.Match[str]) -> float | None:
    value = float(match["value"].replace(",", "") + (match["exponent"] or ""))
    if below := match["below"]:
        value = value / float(below) if float(below) else math.inf
    if not math.isfinite(value):
        return None
    return -value if (match["sign"] or "").startswith("-") else value


def grade_one(config: Numeric, sample: Sample, item: dict[str, Any]) -> Score:
    """1 or 0; an answer without a number is wrong, a reference without one is an error."""
    reference = final_number(render(config.reference, sample, item))
    if reference is None:
        return Score.failed("The record's reference holds no number.")
    text = render(config.input, sample, item)
    if len(text) > MAX_CHARS:
        return Score.failed(f"An answer over {MAX_CHARS} characters is not searched for numbers.")
    answer = final_number(text)
    if answer is None:
        return Score(score=0.0, reason="no number in the answer")
    allowed = max(config.abs_tolerance, config.rel_tolerance * abs(reference))
    right = abs(answer - reference) <= allowed
    return Score(score=float(right), reason=f"{answer:g} against {reference:g}")


pairwise_type(
    "numeric", Numeric, grade_one, "The answer's last number is right, within a tolerance."
)
