"""The grader types as people think of them: a sentence, an example, a config to start from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.grader_advice import GraderSuggestion

SCRIPT = '''import json


def grade(sample, item):
    """A number from 0 to 1 for one answer.

    sample["output_text"] is the answer, item["reference"] what the record holds.
    """
    right = item["reference"]
    answer = sample["output_text"].strip()
    if answer == right:
        return 1.0
    return 0.5 * similarity(answer, right)
'''
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Kind:
    """One type: what the user calls it, an example, its own fields in the order they are asked."""

    type: str
    title: str
    example: str
    fields: tuple[str, ...]
    start: Mapping[str, Any]


KINDS = (
    Kind(
        "string_check",
        "Must be exactly this",
        "“refund” earns 1, “a refund, I think” earns 0.",
        ("operation", "input", "reference"),
        {"operation": "eq", "reference": "{{item.reference}}"},
    ),
    Kind(
        "numeric",
        "The answer is a number",
        "“so it is $42.00” earns 1 where the reference is 42.",
        ("abs_tolerance", "rel_tolerance", "input", "reference"),
        {"reference": "{{item.reference}}"},
    ),
    Kind(
        "json_schema",
        "Must be this JSON",
        'Right fields and values: {"team": "cards"}.',
        ("json_schema", "partial", "input"),
        {"json_schema": SCHEMA, "partial": True},
    ),
    Kind(
        "text_similarity",
        "Close to a text",
        "The nearer the wording to the reference, the more.",
        ("evaluation_metric", "ignore_case", "input", "reference"),
        {"reference": "{{item.reference}}"},
    ),
    Kind(
        "script",
        "A Python script",
        "Your own rule, as a function that gives each answer 0 to 1.",
        ("source",),
        {"source": SCRIPT},
    ),
    Kind(
        "multi",
        "Several together",
        "0.8 × right + 0.2 × well-formed.",
        ("graders", "weights", "calculate_output"),
        {
            "graders": {
                "right": {"type": "string_check", "operation": "ilike"},
                "form": {"type": "json_schema", "json_schema": SCHEMA},
            },
            "weights": {"right": 0.8, "form": 0.2},
        },
    ),
)
BY_TYPE = {kind.type: kind for kind in KINDS}


def start_config(kind: Kind, advice: Sequence[GraderSuggestion] = ()) -> dict[str, Any]:
    """What a new grader of this kind begins with: what fits the data, else the kind's example."""
    fitting = next((a.config for a in advice if a.config["type"] == kind.type), None)
    return dict(fitting or {"type": kind.type, "name": kind.title.lower(), **kind.start})
