"""Score validation, configs, parsing, and what every open grader does."""

import json
import math
import random
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.errors import InputError
from app.grading.base import (
    GraderConfig,
    Sample,
    Score,
    graders,
    open_grader,
    parse_grader,
    score_of,
)

TYPES = ["json_schema", "multi", "numeric", "script", "string_check", "text_similarity"]


def test_every_number_in_range_is_a_score_and_nothing_else_is() -> None:
    """A thousand values of every kind a script can return, against the plain definition."""
    rng = random.Random(1)
    makers = [
        lambda: rng.uniform(-0.5, 1.5),
        lambda: rng.choice([0.0, 1.0, -0.0, 5e-324, 1 + 2**-52, -5e-324, math.nextafter(1, 0)]),
        lambda: rng.choice([math.nan, math.inf, -math.inf, 1e308, -1e308]),
        lambda: rng.randint(-3, 3),
        lambda: rng.choice([1, -1]) * 10 ** rng.randint(1, 6000),
        lambda: rng.choice([True, False]),
        lambda: rng.choice([None, "", "1.0", b"1", [], [1.0], {}, {"score": 0.5}, (1,), {1}]),
        lambda: rng.choice([complex(0.5, 0), Decimal("0.5"), Fraction(1, 2), object(), len, int]),
    ]
    for _ in range(1000):
        raw = rng.choice(makers)()
        score = score_of(raw)
        good = isinstance(raw, bool | int | float) and 0 <= raw <= 1  # NaN is not
        assert (score.score is not None) == good, raw
        if good:
            assert score == Score(score=float(raw))
        else:
            assert score.error is not None
            assert score.error.startswith(
                "The grader must return a number from 0 to 1; it returned"
            )
            assert len(score.error) < 300


def test_reasons_name_what_came() -> None:
    assert (score_of(None).error or "").endswith("it returned nothing.")
    assert (score_of("0.5").error or "").endswith("it returned str '0.5'.")
    assert (score_of(1.5).error or "").endswith("it returned 1.5.")
    assert (score_of(7).error or "").endswith("it returned 7.")
    assert (score_of(10**5000).error or "").endswith("it returned a huge whole number.")


@pytest.mark.parametrize(
    "fields",
    [{}, {"score": 1.0, "error": "x"}, {"score": 1.1}, {"score": math.nan}, {"score": -0.1}],
)
def test_a_score_is_a_number_or_an_error(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Score(**fields)


def test_sample_derives_its_json() -> None:
    assert Sample(output_text=' {"a": [1]} ').output_json == {"a": [1]}
    for text in ("", "nothing", '{"a": NaN}', "[" * 100_000, '{"a": 1} and more'):
        assert Sample(output_text=text).output_json is None
    tools = [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]
    assert Sample(output_text="x", output_tools=tools).as_dict() == {
        "output_text": "x",
        "output_json": None,
        "output_tools": tools,
    }


def test_the_family_is_found() -> None:
    assert list(graders()) == TYPES
    assert all(graders()[name].text.endswith(".") for name in TYPES)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, ["no type", "string_check"]),
        ({"type": "llm_judge"}, ["'llm_judge'", *TYPES]),
        ({"type": "score_model"}, ["'score_model'", *TYPES]),
        ({"type": 3}, ["no type"]),
        ({"type": "string_check", "operation": "is"}, ["string_check", "«operation»", "'ilike'"]),
        ({"type": "string_check", "referense": "x"}, ["no field «referense»"]),
        ({"type": "string_check", "input": "{{answer}}"}, ["«input»", "{{answer}}"]),
        ({"type": "string_check", "input": "{{sample.text}}"}, ["«input»", "{{sample.text}}"]),
        ({"type": "text_similarity", "evaluation_metric": "meteor"}, ["'meteor'", "fuzzy_match"]),
        ({"type": "text_similarity", "evaluation_metric": "x"}, ["'x' is not known"]),
        ({"type": "numeric", "abs_tolerance": -1}, ["«abs_tolerance»"]),
        ({"type": "numeric", "pass_threshold": 2}, ["«pass_threshold»"]),
        ({"type": "numeric", "name": ""}, ["«name»"]),
        ({"type": "python"}, ["python", "«source»"]),
        ({"type": "python", "source": "x = '\0'"}, ["«source»", "NUL character in line 1"]),
        ({"type": "python", "source": "#" * 100_001}, ["«source»", "100 kB"]),
        ({"type": "json_schema"}, ["«json_schema»"]),
        ({"type": "json_schema", "json_schema": {"type": "thing"}}, ["«json_schema»", "at type"]),
        (
            {"type": "json_schema", "json_schema": {"items": {"$ref": "http://127.0.0.1:1/x"}}},
            ["'http://127.0.0.1:1/x', which is not inside it"],
        ),
        ({"type": "numeric", "format_schema": {"required": "a"}}, ["«format_schema»"]),
        ("[1]", ["JSON object"]),
        ("{", ["not valid JSON"]),
        ('{"type": NaN}', ["not valid JSON"]),
        ("x" * 1_000_001, ["over 1 MB"]),
        (Path("/nowhere/grader.json"), ["/nowhere/grader.json", "No such file"]),
    ],
)
def test_a_wrong_config_names_the_field(data: Any, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_grader(data)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "string_check", "operation": "ilike", "pass_threshold": 0.5},
        {"type": "text_similarity", "evaluation_metric": "rouge_l", "name": "near"},
        {"type": "numeric", "rel_tolerance": 0.01, "format_schema": {"const": None}},
        {"type": "json_schema", "json_schema": {"type": "object"}, "partial": True},
        {"type": "python", "source": "def grade(sample, item):\n    return 1"},
        {"type": "multi", "graders": {"a": {"type": "numeric"}}, "weights": {"a": 2}},
        {
            "type": "multi",
            "graders": {"a": {"type": "numeric"}, "b": {"type": "string_check"}},
            "calculate_output": "max(a, 0.5 * b)",
        },
    ],
)
def test_a_config_survives_being_stored(fields: dict[str, Any], tmp_path: Path) -> None:
    config = parse_grader(fields)
    stored = config.model_dump(mode="json")
    path = tmp_path / "grader.json"
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert parse_grader(stored) == parse_grader(json.dumps(stored)) == parse_grader(path) == config


async def grade(fields: dict[str, Any] | GraderConfig, *pairs: tuple[str, Any]) -> list[Score]:
    config = fields if isinstance(fields, GraderConfig) else parse_grader(fields)
    async with open_grader(config) as grader:
        samples = [(Sample(output_text=text), {"reference": ref}) for text, ref in pairs]
        return await grader.grade(samples)


async def test_format_is_told_apart_from_correctness() -> None:
    schema = {"type": "object", "required": ["team"], "properties": {"team": {"enum": ["a", "b"]}}}
    fields = {"type": "string_check", "input": "{{sample.output_json.team}}"}
    texts = ['{"team": "a"}', '{"team": "b"}', '{"team": "c"}', "a"]
    scores = await grade({**fields, "format_schema": schema}, *((t, "a") for t in texts))
    assert [(s.score, s.format_ok) for s in scores] == [
        (1.0, True),
        (0.0, True),
        (0.0, False),
        (0.0, False),
    ]
    (without,) = await grade(fields, (texts[0], "a"))
    assert without.format_ok is None


async def test_a_string_schema_describes_the_text_itself() -> None:
    fields = {"type": "numeric", "format_schema": {"type": "string", "pattern": "^[0-9]+$"}}
    scores = await grade(fields, ("42", 42), ("it is 42", 42))
    assert [(s.score, s.format_ok) for s in scores] == [(1.0, True), (1.0, False)]


async def test_the_shipped_sample_grader_grades_its_references() -> None:
    root = Path(__file__).parents[2] / "resources" / "samples"
    config = parse_grader(root / "support_tickets.grader.json")
    lines = (root / "support_tickets.jsonl").read_text(encoding="utf-8").splitlines()
    references = [r for line in lines if (r := json.loads(line)["reference"])]
    scores = await grade(config, *((json.dumps(r), r) for r in references))
    assert {(s.score, s.format_ok) for s in scores} == {(1.0, True)}
    (human,) = await grade(config, ('{"team": "human", "intent": "ask"}', references[0]))
    assert 0 < (human.score or 0) < 1
