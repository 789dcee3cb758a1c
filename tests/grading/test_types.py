"""String check, text similarity, numeric and JSON schema against cases worked out by hand."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.grading.base import Sample, Score, open_grader, parse_grader
from app.grading.numeric import final_number
from app.grading.text_similarity import MEASURES


async def one(fields: dict[str, Any], text: str, reference: Any = None) -> Score:
    async with open_grader(parse_grader(fields)) as grader:
        (score,) = await grader.grade([(Sample(output_text=text), {"reference": reference})])
    return score


@pytest.mark.parametrize(
    ("operation", "text", "reference", "score"),
    [
        ("eq", " Paris\n", "Paris", 1),
        ("eq", "paris", "Paris", 0),
        ("eq", "", "Paris", 0),
        ("eq", "42", 42, 1),
        ("eq", '{"a":1}', {"a": 1}, 1),
        ("eq", "true", True, 1),
        ("ne", "London", "Paris", 1),
        ("ne", "Paris", "Paris", 0),
        ("like", "It is Paris.", "Paris", 1),
        ("like", "It is paris.", "Paris", 0),
        ("ilike", "It is PARIS.", "paris", 1),
        ("ilike", "STRASSE", "straße", 1),
        ("ilike", "Rome", "paris", 0),
    ],
)
async def test_string_check(operation: str, text: str, reference: Any, score: float) -> None:
    fields = {"type": "string_check", "operation": operation}
    assert (await one(fields, text, reference)).score == score


async def test_string_check_that_cannot_be_graded_is_an_error() -> None:
    missing = await one({"type": "string_check"}, "x")
    assert missing.error == "The record has no «item.reference», which the grader needs."
    for operation in ("like", "ilike"):
        empty = await one({"type": "string_check", "operation": operation}, "x", " ")
        assert "reference is empty" in (empty.error or "")


async def test_an_answer_that_lacks_the_field_is_wrong_whatever_the_operation() -> None:
    for operation in ("eq", "ne", "like"):
        fields = {"input": "{{sample.output_json.x}}", "operation": operation}
        score = await one({"type": "string_check", **fields}, "no json", "x")
        assert (score.score, "not JSON" in score.reason) == (0.0, True)


@pytest.mark.parametrize(
    ("metric", "text", "reference", "score"),
    [
        ("fuzzy_match", "kitten", "sitting", 8 / 13),  # 4 common letters of 6 + 7
        ("fuzzy_match", "the whole long sentence", "long", 8 / 27),  # no pay for containing it
        ("levenshtein", "kitten", "sitting", 1 - 3 / 7),
        ("jaro_winkler", "MARTHA", "MARHTA", 0.961111),  # Winkler 1990
        ("rouge_1", "the cat sat", "the cat ate the rat", 2 * 2 / (3 + 5)),
        ("rouge_2", "the cat sat", "the cat ate", 2 * 1 / (2 + 2)),
        ("rouge_3", "the cat sat", "the cat ate", 0),
        ("rouge_5", "a b", "a b", 0),  # too short for a 5-gram
        ("rouge_l", "police killed the gunman", "police kill the gunman", 2 * 3 / 8),  # Lin 2004
        ("rouge_l", "the gunman kill police", "police kill the gunman", 2 * 2 / 8),
    ],
)
async def test_text_similarity(metric: str, text: str, reference: str, score: float) -> None:
    fields = {"type": "text_similarity", "evaluation_metric": metric}
    assert (await one(fields, text, reference)).score == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize("metric", sorted(MEASURES))
async def test_every_measure_knows_the_same_and_nothing(metric: str) -> None:
    fields = {"type": "text_similarity", "evaluation_metric": metric}
    same = "one two three four five six"
    assert (await one(fields, same.upper(), same)).score == 1
    assert (await one(fields, "", same)).score == 0
    assert "over 50000" in ((await one(fields, "x" * 50_001, same)).error or "")


NUMBERS: list[tuple[str, float | None]] = [
    ("42", 42),
    ("The answer is 42.", 42),
    ("First 7, then 1,234.50 dollars", 1234.5),
    ("costs -$5", -5),
    ("costs $-5", -5),
    ("is \N{MINUS SIGN}7 °C", -7),
    ("between 3-4", 4),
    ("- 5 apples", 5),
    ("x=-3", -3),
    ("5km", 5),
    ("50%", 50),
    ("about 1.5e3 m", 1500),
    (".5", 0.5),
    ("3/4 of it", 0.75),
    ("1,2", 2),
    ("H2O", None),
    ("", None),
    ("none at all", None),
    ("1/0", None),
    ("9" * 5000, None),
    (r"so \boxed{12} (not 13)", 12),
    (r"\boxed{\frac{3}{4}}", 0.75),
    (r"\boxed{1} then \boxed{2,000\text{ cm}}", 2000),
    (r"\boxed{A} and 5", None),
    ("2+2 = <<2+2=4>>4\n#### 4", 4),
    ("#### 18\nthat was of 3 steps", 18),
]


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_final_number(text: str, number: float | None) -> None:
    assert final_number(text) == (pytest.approx(number) if number is not None else None)


def test_reading_numbers_takes_linear_time() -> None:
    start = time.perf_counter()
    for piece in ("9", "1,", "1/", "-", r"\boxed{", "#### ", r"\frac{1}", "1,234", "{", "$ "):
        final_number(piece * (50_000 // len(piece)))
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("fields", "text", "reference", "score"),
    [
        ({}, "It is 42 km", "42", 1),
        ({}, "It is 42 km", 42, 1),
        ({}, "41", 42, 0),
        ({}, "I do not know", 42, 0),
        ({}, "42.01", 42, 0),
        ({"abs_tolerance": 0.01}, "42.01", 42, 1),
        ({"abs_tolerance": 0.01}, "42.02", 42, 0),
        ({"rel_tolerance": 0.1}, "1100", 1000, 1),
        ({"rel_tolerance": 0.1}, "1101", 1000, 0),
        ({"rel_tolerance": 0.1}, "-1050", -1000, 1),
        ({"input": "{{sample.output_json.total}}"}, '{"total": 7}', 7, 1),
        ({"input": "{{sample.output_json.total}}"}, "7", 7, 0),
    ],
)
async def test_numeric(fields: dict[str, Any], text: str, reference: Any, score: float) -> None:
    assert (await one({"type": "numeric", **fields}, text, reference)).score == score


async def test_numeric_without_a_reference_number_is_an_error() -> None:
    assert (await one({"type": "numeric"}, "1", "many")).error
    assert (await one({"type": "numeric"}, "1")).error


async def test_numeric_on_real_worked_solutions(shared_data: Callable[[str], Path]) -> None:
    """GSM8K: 500 worked solutions as references; the right answer, and one off by one."""
    lines = shared_data("data/gsm8k_500.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    config = parse_grader({"type": "numeric", "reference": "{{item.solution}}"})
    wrong = [str(float(row["reference_answer"].replace(",", "")) + 1) for row in rows]
    async with open_grader(config) as grader:

        async def mean(texts: list[str]) -> float:
            pairs = [(Sample(output_text=t), row) for t, row in zip(texts, rows, strict=True)]
            return sum(s.score or 0 for s in await grader.grade(pairs)) / len(rows)

        assert await mean([f"So it is {row['reference_answer']} in all." for row in rows]) == 1
        assert await mean([rf"\boxed{{{row['reference_answer']}}}, of 7" for row in rows]) == 1
        assert await mean(wrong) == 0
        assert await mean([""] * len(rows)) == 0


PERSON = {
    "type": "object",
    "required": ["name", "age"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "age": {"$ref": "#/$defs/age"},
        "mail": {"type": "string"},
    },
    "additionalProperties": False,
    "$defs": {"age": {"type": "integer", "minimum": 0}},
}


@pytest.mark.parametrize(
    ("text", "whole", "partial"),
    [
        ('{"name": "Ada", "age": 36}', 1, 1),
        ('{"name": "Ada", "age": 36, "mail": "a@b"}', 1, 1),
        ('{"name": "Ada", "age": -1}', 0, 1 / 2),
        ('{"name": "Ada"}', 0, 1 / 2),
        ('{"name": "", "age": "x"}', 0, 0),
        ('{"name": "Ada", "age": 36, "extra": 1}', 0, 2 / 3),
        ('{"name": "Ada", "age": 36, "mail": 1}', 0, 2 / 3),
        ("[]", 0, 0),
        ("{}", 0, 0),
        ("not json", 0, 0),
        ('{"name": "Ada", "age": NaN}', 0, 0),
        ("[" * 5000, 0, 0),
    ],
)
async def test_json_schema(text: str, whole: float, partial: float) -> None:
    fields = {"type": "json_schema", "json_schema": PERSON}
    assert (await one(fields, text)).score == whole
    assert (await one({**fields, "partial": True}, text)).score == pytest.approx(partial)


async def test_json_schema_of_something_else_than_an_object() -> None:
    fields = {"type": "json_schema", "json_schema": {"type": "array", "items": {"type": "number"}}}
    assert (await one(fields, "[1, 2]")).score == 1
    assert (await one({**fields, "partial": True}, '[1, "a"]')).score == 0


async def test_a_schema_that_nests_into_itself() -> None:
    schema = {"type": "array", "items": {"$ref": "#"}}
    fields = {"type": "json_schema", "json_schema": schema}
    assert (await one(fields, "[[], [[]]]")).score == 1
    deep = await one(fields, "[" * 900 + "]" * 900)
    assert deep.score in (0, 1)  # too deep for the validator is a fault, never a crash
