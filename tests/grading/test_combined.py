"""Script, multi, its formula, and the hosted JSON."""

from typing import Any

import pytest

from app.errors import InputError
from app.grading.base import Sample, Score, open_grader, parse_grader
from app.grading.formula import Formula
from app.grading.hosted import to_hosted


async def one(fields: dict[str, Any], text: str, **item: Any) -> Score:
    async with open_grader(parse_grader(fields)) as grader:
        (score,) = await grader.grade([(Sample(output_text=text), item)])
    return score


SCRIPT = """
import json
def grade(sample, item):
    if sample["output_json"] == item["reference"]:
        return True
    if sample["output_text"] == "boom":
        raise ValueError("no")
    return similarity(sample["output_text"], json.dumps(item["reference"])) / 2
"""


async def test_script() -> None:
    fields = {"type": "script", "source": SCRIPT}
    assert (await one(fields, '{"a": 1}', reference={"a": 1})).score == 1.0
    assert 0 < ((await one(fields, '{"a": 2}', reference={"a": 1})).score or 0) < 0.5
    assert (await one(fields, "boom", reference={})).error == "Line 7: ValueError: no"
    assert (await one(fields, "x")).error == "Line 4: KeyError: reference"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("return None", "it returned nothing."),
        ("return 2", "it returned 2."),
        ("return float('nan')", "it returned nan."),
        ("return {'score': 1}", "it returned dict {'score': 1}."),
        ("return 10 ** 400", "it returned a huge whole number."),
    ],
)
async def test_script_results_are_checked(body: str, error: str) -> None:
    fields = {"type": "python", "source": f"def grade(sample, item):\n    {body}"}
    assert ((await one(fields, "")).error or "").endswith(error)


async def test_a_script_that_does_not_load_is_refused_when_opened() -> None:
    with pytest.raises(InputError, match="Line 2: SyntaxError"):
        await one({"type": "python", "source": "\ndef grade(sample, item)\n    return 1"}, "")


PARTS: dict[str, Any] = {
    "right": {"type": "string_check", "operation": "ilike"},
    "near": {"type": "text_similarity", "evaluation_metric": "levenshtein"},
}


@pytest.mark.parametrize(
    ("how", "score"),
    [
        ({}, (1 + 0.5) / 2),
        ({"weights": {"right": 3, "near": 1}}, (3 + 0.5) / 4),
        ({"weights": {"near": 0.3}}, 0.5),
        ({"calculate_output": "0.25 * right + 0.75 * near"}, 0.625),
        ({"calculate_output": "min(right, near) ^ 2"}, 0.25),
        ({"calculate_output": "floor(near) + sqrt(near * near)"}, 0.5),
        ({"calculate_output": "0.1 * right + 0.2 * right + 0.7 * right"}, 1.0),
    ],
)
async def test_multi(how: dict[str, Any], score: float) -> None:
    fields = {"type": "multi", "graders": PARTS, **how}
    assert (await one(fields, "abcd", reference="ab")).score == pytest.approx(score)


async def test_multi_is_an_error_when_a_part_is() -> None:
    fields = {"type": "multi", "graders": PARTS}
    assert (await one(fields, "x")).error == (
        "right: The record has no «item.reference», which the grader needs."
    )
    for output in ("right / (near - near)", "log(near - near)", "2 * right", "0 - right"):
        score = await one({**fields, "calculate_output": output}, "ab", reference="ab")
        assert score.error is not None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"graders": {}}, "«graders»"),
        ({"graders": {"a b": PARTS["near"]}}, "'a b' cannot name a grader"),
        ({"graders": {"class": PARTS["near"]}}, "'class' cannot name a grader"),
        ({"graders": {"min": PARTS["near"]}}, "'min' cannot name a grader"),
        ({"graders": {"a": {"type": "multi", "graders": PARTS}}}, "not multi itself"),
        ({"graders": {"a": {"type": "numeric", "x": 1}}}, "in 'a': The numeric grader has no"),
        ({"graders": {"a": 3}}, "'a' must be a grader"),
        ({"weights": {"far": 1}}, "no grader named far"),
        ({"weights": {"near": 0}}, "all 0"),
        ({"weights": {"near": -1}}, "«weights.near»"),
        ({"weights": {"near": 1}, "calculate_output": "near"}, "not both"),
        ({"calculate_output": "near + far"}, "no grader named far"),
        ({"calculate_output": "near +"}, "is not a formula"),
        ({"calculate_output": "().__class__"}, "are allowed"),
    ],
)
def test_multi_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_grader({"type": "multi", "graders": PARTS, **changes})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", 0.5),
        ("-a + 1", 0.5),
        ("(a + b) / 2", 0.375),
        ("a ^ 2", 0.25),
        ("max(a, b, 0.9)", 0.9),
        ("min(a)", 0.5),
        ("abs(b - a)", 0.25),
        ("ceil(a) - floor(a)", 1),
        ("exp(0) * log(1)", 0),
    ],
)
def test_formula(text: str, value: float) -> None:
    assert Formula(text).value({"a": 0.5, "b": 0.25}) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a if b else a",
        "a < b",
        "a and b",
        "a.real",
        "a[0]",
        "'x'",
        "True",
        "1j",
        "[a]",
        "(a := 1)",
        "lambda: a",
        "__import__('os')",
        "open(a)",
        "min(*a)",
        "min(a, key=b)",
        "min()",
        "sqrt(a, b)",
        "a; b",
        "a % b",
        "a // b",
        "f'{a}'",
        "-" * 999 + "1",
        "(" * 40 + "-" * 40 + "a[" + "-" * 200 + "1]" + ")" * 40,
        "(" * 400 + "a" + ")" * 400,
        "a" * 1001,
    ],
)
def test_formula_is_arithmetic_only(text: str) -> None:
    with pytest.raises(ValueError, match=r"formula|allowed"):
        Formula(text)


def test_formula_without_a_value() -> None:
    for text in ("1 / a", "log(a)", "sqrt(a - 1)", "9 ^ 9 ^ 9 ^ 9", "exp(1000)"):
        with pytest.raises((ArithmeticError, ValueError)):
            Formula(text).value({"a": 0.0})


HOSTED: list[dict[str, Any]] = [
    {
        "type": "string_check",
        "name": "exact",
        "input": "{{sample.output_text}}",
        "reference": "{{item.label}}",
        "operation": "ne",
    },
    {
        "type": "text_similarity",
        "name": "near",
        "input": "{{sample.output_json.text}}",
        "reference": "{{item.reference}}",
        "evaluation_metric": "fuzzy_match",
    },
    {
        "type": "python",
        "name": "mine",
        "source": "def grade(sample, item):\n    return 1.0",
        "image_tag": "2025-05-08",
    },
    {
        "type": "multi",
        "name": "both",
        "graders": {
            "exact": {
                "type": "string_check",
                "name": "exact",
                "input": "{{sample.output_text}}",
                "reference": "{{item.label}}",
                "operation": "eq",
            },
            "mine": {"type": "python", "name": "m", "source": "def grade(s, i):\n    return 0.5"},
        },
        "calculate_output": "0.5 * exact + 0.5 * mine",
    },
]


@pytest.mark.parametrize("data", HOSTED, ids=lambda data: data["type"])
def test_hosted_json_comes_back_as_it_was(data: dict[str, Any]) -> None:
    assert to_hosted(parse_grader(data)) == data


async def test_weights_are_written_as_a_formula() -> None:
    fields = {"type": "multi", "graders": PARTS, "weights": {"right": 3.0, "near": 1.0}}
    fields["graders"] = {**PARTS, "near": {"type": "text_similarity"}}
    hosted = to_hosted(parse_grader(fields))
    assert hosted["calculate_output"] == "(3.0 * right + 1.0 * near) / 4.0"
    ours = await one(fields, "abcd", reference="ab")
    assert (await one(hosted, "abcd", reference="ab")).score == ours.score


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "numeric"},
        {"type": "json_schema", "json_schema": {}},
        {"type": "text_similarity", "evaluation_metric": "jaro_winkler"},
    ],
)
def test_what_the_hosted_apis_lack_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="The hosted APIs have no"):
        to_hosted(parse_grader(fields))
