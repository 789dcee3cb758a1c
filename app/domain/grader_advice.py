"""Grader settings that fit the references found in the data, as configs to start from.

They are proposals: nothing is applied before the user tests and saves one.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from app.domain.record_stats import RecordStats
from app.domain.wording import count, joined

_NEAR = 0.8  # similarity from which two wordings usually say the same

FIELD_SCRIPT = '''import json


def grade(sample, item):
    """The share of the reference's fields that the answer has right; 0 when it is not JSON."""
    want = item["reference"]
    if isinstance(want, str):
        want = json.loads(want)
    got = sample["output_json"]
    if not isinstance(got, dict):
        return 0.0
    right = 0
    for key in want:
        if key in got and got[key] == want[key]:
            right += 1
    extra = 0
    for key in got:
        if key not in want:
            extra += 1
    return right / (len(want) + extra) if want else 0.0
'''


class GraderSuggestion(BaseModel):
    """One grader to start from: its config, and in one sentence what it rewards."""

    model_config = ConfigDict(frozen=True)

    title: str
    why: str
    config: dict[str, Any]


class GraderSuggestions(BaseModel):
    """The best first; `note` says what cannot be graded offline."""

    model_config = ConfigDict(frozen=True)

    suggestions: tuple[GraderSuggestion, ...]
    note: str = ""


def advise(stats: RecordStats) -> GraderSuggestions:
    """Graders by the form of the references."""
    found = {
        "json": _json,
        "number": _number,
        "label": _label,
        "short": _short,
        "long": _long,
        "none": _none,
    }[stats.reference_kind](stats)
    notes = []
    missing = stats.valid - stats.references
    if stats.references and missing:
        notes.append(f"{count(missing, 'record')} without a reference cannot be graded this way.")
    if stats.reference_kind in {"long", "none"}:
        notes.append(
            "Tone, helpfulness and truth of free text need a judge, which is a connected model. "
            "Offline, grade what can be counted: form, required words, length."
        )
    if stats.with_tools:
        notes.append("Tool calls can be graded by a script that reads sample['output_tools'].")
    return GraderSuggestions(suggestions=tuple(found), note=" ".join(notes))


def schema_of(stats: RecordStats) -> dict[str, Any]:
    """A JSON schema that every reference of the data satisfies."""
    properties: dict[str, Any] = {}
    for field in stats.fields:
        rule: dict[str, Any] = {
            "type": field.types[0] if len(field.types) == 1 else list(field.types)
        }
        if field.values:
            rule = {"enum": list(field.values)}
        properties[field.name] = rule
    return {
        "type": "object",
        "properties": properties,
        "required": [f.name for f in stats.fields if f.share == 1],
        "additionalProperties": False,
    }


def _json(stats: RecordStats) -> list[GraderSuggestion]:
    names = [f.name for f in stats.fields]
    schema = schema_of(stats)
    script = {
        "type": "script",
        "name": "fields right",
        "source": FIELD_SCRIPT,
        "format_schema": schema,
    }
    form = {"type": "json_schema", "name": "form", "json_schema": schema, "partial": True}
    return [
        GraderSuggestion(
            title="Fields right",
            why=f"Each of {joined(names)} that matches the reference earns its part.",
            config=script,
        ),
        GraderSuggestion(
            title="Right form only",
            why="Rewards well-formed JSON with allowed values, right or wrong.",
            config=form,
        ),
    ]


def _number(stats: RecordStats) -> list[GraderSuggestion]:
    config = {"type": "numeric", "name": "right number"}
    why = "The number in the answer must equal the reference."
    return [GraderSuggestion(title="Right number", why=why, config=config)]


def _string(name: str, operation: str) -> dict[str, Any]:
    return {"type": "string_check", "name": name, "operation": operation}


def _label(stats: RecordStats) -> list[GraderSuggestion]:
    return [
        GraderSuggestion(
            title="Exactly the label",
            why=f"The answer must be the reference, one of {len(stats.labels)} labels.",
            config=_string("exact label", "eq"),
        ),
        GraderSuggestion(
            title="Names the label",
            why="The answer may say more, but must contain the reference.",
            config=_string("names the label", "ilike"),
        ),
    ]


def _similar(why: str) -> GraderSuggestion:
    config = {"type": "text_similarity", "name": "near the reference", "pass_threshold": _NEAR}
    return GraderSuggestion(title="Near the reference", why=why, config=config)


def _short(stats: RecordStats) -> list[GraderSuggestion]:
    contains = GraderSuggestion(
        title="Contains the reference",
        why="The answer may say more, but must contain the reference.",
        config=_string("contains the reference", "ilike"),
    )
    return [contains, _similar("The nearer the wording, the higher the score.")]


def _long(stats: RecordStats) -> list[GraderSuggestion]:
    return [_similar("Rewards the reference's wording, which is not the same as a good answer.")]


def _none(stats: RecordStats) -> list[GraderSuggestion]:
    if not stats.wants_json:
        return []
    form = {
        "type": "json_schema",
        "name": "is a JSON object",
        "json_schema": {"type": "object"},
    }
    why = "The system prompt asks for JSON; add the fields it must have."
    return [GraderSuggestion(title="Is JSON", why=why, config=form)]
