"""Templates: what fills them, what is missing on whose side, and that nothing is filled twice."""

from typing import Any

import pytest

from app.grading.base import Sample
from app.grading.templates import MissingInAnswer, MissingInItem, check_template, render

ITEM: dict[str, Any] = {
    "reference": "yes",
    "n": 3,
    "deep": {"list": [{"x": "found"}], "flag": False},
    "none": None,
    "trap": "{{sample.output_text}} {{item.reference}}",
}
SAMPLE = Sample(
    output_text='{"team": "billing", "n": [1, 2], "no": null}',
    output_tools=[{"function": {"name": "refund"}}],
)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain {text} }}", "plain {text} }}"),
        ("{{item.reference}}", "yes"),
        ("<{{ item.n }}|{{item.deep.flag}}>", "<3|false>"),
        ("{{item.deep.list.0.x}} {{item.deep.list[0].x}}", "found found"),
        ("{{item.deep}}", '{"list":[{"x":"found"}],"flag":false}'),
        ("{{sample.output_text}}", SAMPLE.output_text),
        ("{{sample.output_json.team}} {{sample.output_json.n[1]}}", "billing 2"),
        ("{{sample.output_tools[0].function.name}}", "refund"),
        ("{{item.trap}}", "{{sample.output_text}} {{item.reference}}"),
    ],
)
def test_filled(template: str, text: str) -> None:
    assert render(check_template(template), SAMPLE, ITEM) == text


@pytest.mark.parametrize(
    "template",
    ["{{item.nothing}}", "{{item.none}}", "{{item.deep.list.7}}", "{{item.n.x}}", "{{item.n.-1}}"],
)
def test_missing_in_the_record_is_its_own_error(template: str) -> None:
    with pytest.raises(MissingInItem, match=r"The record has no «item\."):
        render(template, SAMPLE, ITEM)


@pytest.mark.parametrize(
    "template",
    ["{{sample.output_json.x}}", "{{sample.output_json.no}}", "{{sample.output_tools.1}}"],
)
def test_missing_in_the_answer_is_the_answers_fault(template: str) -> None:
    with pytest.raises(MissingInAnswer):
        render(template, SAMPLE, ITEM)


def test_an_answer_that_is_not_json() -> None:
    with pytest.raises(MissingInAnswer, match="not JSON"):
        render("{{sample.output_json}}", Sample(output_text="hello"), ITEM)


@pytest.mark.parametrize(
    "template", ["{{}}", "{{item}}", "{{item.}} {{x}}", "{{sample.__class__}}"]
)
def test_a_place_that_can_never_be_filled_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="is not known"):
        check_template(template)
