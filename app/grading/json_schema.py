"""JSON schema: does the answer have the shape that was asked for?"""

from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, Field

from app.domain.json_schemas import check_schema, schema_faults
from app.grading.base import GraderConfig, Sample, Score
from app.grading.pairwise import pairwise_type
from app.grading.templates import ANSWER, Template, render


class JsonSchema(GraderConfig):
    """`partial`: the share of required properties that are valid, instead of right or wrong."""

    type: Literal["json_schema"] = "json_schema"
    input: Template = ANSWER
    # pydantic's models have a method «schema» that a field of the same name would hide.
    json_schema: Annotated[dict[str, Any], AfterValidator(check_schema)] = Field(
        title="JSON schema", description="Which fields an answer has, of what type, which values."
    )
    partial: bool = Field(
        default=False,
        title="Part of the score for a part",
        description="The share of required fields that are right, instead of all or nothing.",
    )


def grade_one(config: JsonSchema, sample: Sample, item: dict[str, Any]) -> Score:
    """1 when the schema allows the answer; else 0, or with `partial` the valid share."""
    try:
        value = orjson.loads(render(config.input, sample, item))
    except ValueError:
        return Score(score=0.0, reason="the answer is not JSON")
    faults = schema_faults(config.json_schema, value)
    if not faults:
        return Score(score=1.0)
    reason = "; ".join(fault.message[:120] for fault in faults[:3])
    share = valid_share(config.json_schema, value) if config.partial else 0.0
    return Score(score=share, reason=reason)


def valid_share(schema: dict[str, Any], value: Any) -> float:
    """Required properties (all, where none is required) that are there and valid, over their number.

    Each fault that belongs to no required property counts as one more part that is wrong, so only
    an answer without any fault reaches 1.
    """
    names = schema.get("required") or list(schema.get("properties", {}))
    if not isinstance(value, dict) or not names:
        return 0.0
    bad = {name for name in names if name not in value}
    others = 0
    for fault in schema_faults(schema, value):
        at = fault.absolute_path[0] if fault.absolute_path else None
        if at in names:
            bad.add(at)
        elif at is not None or fault.validator != "required":
            others += 1
    return (len(names) - len(bad)) / (len(names) + others)


pairwise_type("json_schema", JsonSchema, grade_one, "The answer is JSON of a given shape.")
