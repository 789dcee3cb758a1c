"""String check: is the answer the reference, or does it contain it?"""

from typing import Any, Literal

from pydantic import Field

from app.grading.base import GraderConfig, Sample, Score
from app.grading.pairwise import pairwise_type
from app.grading.templates import ANSWER, REFERENCE, Template, render


class StringCheck(GraderConfig):
    """`eq` equal, `ne` different, `like` contains, `ilike` contains whatever the case."""

    type: Literal["string_check"] = "string_check"
    input: Template = ANSWER
    reference: Template = REFERENCE
    operation: Literal["eq", "ne", "like", "ilike"] = Field(
        default="eq",
        title="How it is compared",
        description="eq: the same text; ne: another; like: contains it; ilike: so in any case.",
    )


def grade_one(config: StringCheck, sample: Sample, item: dict[str, Any]) -> Score:
    """1 or 0; space at the ends of either text does not count.

    The reference is read first: a record without one is an error, whatever the answer.
    """
    reference = render(config.reference, sample, item).strip()
    text = render(config.input, sample, item).strip()
    if not reference and "like" in config.operation:
        return Score.failed("The reference is empty, and every answer contains an empty text.")
    match config.operation:
        case "eq":
            right = text == reference
        case "ne":
            right = text != reference
        case "like":
            right = reference in text
        case "ilike":
            right = reference.casefold() in text.casefold()
    return Score(
        score=float(right),
        reason="" if right else f"expected {config.operation} {reference[:80]!r}",
    )


pairwise_type("string_check", StringCheck, grade_one, "The answer equals or contains a given text.")
