"""`{{item.x.y}}` and `{{sample.output_json.x}}` in grader fields, as the hosted APIs write them.

Filled in one pass: braces inside a record or an answer are text, never a template.
"""

import re
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, Field

from app.grading.base import Sample

_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_SAMPLE_FIELDS = ("output_text", "output_json", "output_tools")
_MISSING = object()


class MissingInItem(Exception):
    """The record lacks a field that the template names: it cannot be graded."""


class MissingInAnswer(Exception):
    """The answer lacks what the template names: it is a wrong answer, worth 0."""


def check_template(text: str) -> str:
    """The template itself; raises ValueError when a place in it can never be filled."""
    for path in map(_path, _PLACE.findall(text)):
        if path[0] == "item" and len(path) > 1:
            continue
        if path[0] != "sample" or len(path) < 2 or path[1] not in _SAMPLE_FIELDS:
            known = ", ".join(f"sample.{field}" for field in _SAMPLE_FIELDS)
            shown = "{{" + ".".join(path) + "}}"
            raise ValueError(f"{shown} is not known; use item.<field>, {known}")
    return text


Template = Annotated[str, AfterValidator(check_template)]

# The two fields that most graders have, as their form asks for them.
ANSWER: Any = Field(
    default="{{sample.output_text}}",
    title="What is graded",
    description="The whole answer, or a part: {{sample.output_json.team}} is one field of its JSON.",
)
REFERENCE: Any = Field(
    default="{{item.reference}}",
    title="What is right",
    description="A field of the record: {{item.reference.team}} is a part of the reference.",
)


def render(template: str, sample: Sample, item: dict[str, Any]) -> str:
    """The template with its places filled: text as it is, anything else as compact JSON.

    Raises MissingInItem or MissingInAnswer where there is nothing to fill in.
    """
    return _PLACE.sub(lambda place: as_text(_value(place[1], sample, item)), template)


def as_text(value: Any) -> str:
    """Text as it is, any other JSON value compact."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _value(place: str, sample: Sample, item: dict[str, Any]) -> Any:
    root, *path = _path(place)
    value: Any = item
    if root == "sample":
        value = getattr(sample, path[0])
        path = path[1:]
    for part in path:
        value = _step(value, part)
    if value is _MISSING or value is None:
        _raise_missing(root, place)
    return value


def _raise_missing(root: str, place: str) -> None:
    if root == "item":
        raise MissingInItem(f"The record has no «{place}», which the grader needs.")
    if place == "sample.output_json" or place.startswith("sample.output_json."):
        raise MissingInAnswer(f"The answer is not JSON with «{place}».")
    raise MissingInAnswer(f"The answer has no «{place}».")


def _path(place: str) -> list[str]:
    """`item.a[0].b` and `item.a.0.b` are the same."""
    return re.sub(r"\[(\d+)\]", r".\1", place).split(".")


def _step(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part, _MISSING)
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return _MISSING
