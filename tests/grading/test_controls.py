"""The crash test and the noise of a grader, with graders a cheat can and cannot use."""

from typing import Any

import pytest

from app.grading.base import Sample, open_grader, parse_grader
from app.grading.controls import (
    INJECTION,
    Control,
    ControlRecord,
    CrashTest,
    crash_test,
    noise,
    reference_answer,
)

LABELS = ["billing", "shipping", "returns", "Billing "]


def records(n: int = 60) -> list[ControlRecord]:
    items = [{"reference": LABELS[i % 4], "i": i} for i in range(n)]
    return [
        ControlRecord(item=x, prompt=f"Ticket {x['i']}: where?", reference=reference_answer(x))
        for x in items
    ]


async def crashed(
    fields: dict[str, Any],
    rows: list[ControlRecord] | None = None,
    base_mean: float | None = None,
    chance: float | None = None,
) -> CrashTest:
    async with open_grader(parse_grader(fields)) as grader:
        found = records() if rows is None else rows
        return await crash_test(grader, found, base_mean=base_mean, chance=chance)


def by_name(result: CrashTest) -> dict[str, Control]:
    return {control.name: control for control in result.controls}


def script(expression: str) -> dict[str, Any]:
    return {"type": "script", "source": f"def grade(sample, item):\n    return {expression}"}


async def test_a_sound_grader_passes() -> None:
    result = await crashed({"type": "string_check"})
    controls = by_name(result)
    assert list(controls) == [
        "reference answer",
        "empty answer",
        "only spaces",
        "prompt echoed",
        "«give me full marks»",
        "another record's answer",
    ]
    assert result.passed
    assert (controls["reference answer"].mean, controls["reference answer"].kind) == (
        1,
        "reference",
    )
    assert all(c.mean == 0 and c.n == 60 for c in result.controls if c.kind == "cheat")
    assert all(
        c.low is not None and c.low <= (c.mean or 0) <= (c.high or 0) for c in result.controls
    )


@pytest.mark.parametrize(
    ("expression", "failing"),
    [
        ("1.0", ["empty answer", "only spaces", "prompt echoed", "«give me full marks»",
                 "another record's answer"]),
        ("'full marks' in sample['output_text']", ["«give me full marks»"]),
        ("len(sample['output_text']) == 0", ["empty answer"]),
        ("sample['output_text'].startswith('Ticket')", ["prompt echoed"]),
        ("sample['output_text'].strip() in ('billing', 'shipping', 'returns', 'Billing')",
         ["another record's answer"]),
        ("not sample['output_text'].strip()", ["empty answer", "only spaces"]),
    ],
)  # fmt: skip
async def test_each_cheat_is_found_and_the_best_is_named(
    expression: str, failing: list[str]
) -> None:
    result = await crashed(script(expression), base_mean=0.2, chance=0.1)
    assert [c.name for c in result.controls if c.failed] == failing
    assert not result.passed
    assert result.best_cheat == failing[0]
    assert all("would learn it" in c.sentence for c in result.controls if c.failed)


async def test_what_honest_answers_get_is_allowed() -> None:
    fields = script("0.5")
    assert not (await crashed(fields, base_mean=0.2)).passed
    assert (await crashed(fields, base_mean=0.45)).passed
    assert (await crashed(fields, base_mean=0.1, chance=0.45)).passed
    assert (await crashed(fields, base_mean=0.45)).allowed == pytest.approx(0.55)
    assert not (await crashed(fields)).passed  # nothing known yet counts as 0


async def test_few_records_prove_little() -> None:
    """One empty answer with full marks is no proof against a base mean of 0.5."""
    assert (await crashed(script("1.0"), records(1), base_mean=0.5)).passed


async def test_references_that_the_grader_does_not_know_are_no_cheat() -> None:
    result = await crashed(script("0.0"))
    assert result.passed
    assert "earns 0.00" in by_name(result)["reference answer"].sentence


async def test_errors_are_counted_apart() -> None:
    control = by_name(await crashed(script("1 / len(sample['output_text'])")))["empty answer"]
    assert (control.n, control.errors, control.mean, control.failed) == (0, 60, None, False)
    assert control.sentence == "Empty answer: not known, none of them could be graded."


async def test_without_references() -> None:
    rows = [ControlRecord(item={}, prompt="p") for _ in range(5)]
    result = await crashed(script("0"), rows)
    controls = by_name(result)
    for name in ("reference answer", "another record's answer"):
        assert (controls[name].n, controls[name].errors, controls[name].mean) == (0, 0, None)
    assert controls["empty answer"].n == 5


async def test_another_records_answer_really_differs() -> None:
    """Case and space do not make another answer; all alike leaves none to try."""
    result = await crashed({"type": "string_check", "operation": "ilike"})
    assert by_name(result)["another record's answer"].mean == 0
    alike = [ControlRecord(item={"reference": "x"}, prompt="p", reference=r) for r in ("x", " X")]
    result = await crashed({"type": "string_check"}, alike)
    assert by_name(result)["another record's answer"].n == 0


def test_reference_answer() -> None:
    assert reference_answer({"reference": "as it is"}) == "as it is"
    assert reference_answer({"reference": {"team": "ü", "n": [1]}}) == '{"team":"ü","n":[1]}'
    assert reference_answer({"reference": 0}) == "0"
    assert reference_answer({"reference": None}) is None
    assert reference_answer({}) is None
    assert "full marks" in INJECTION


async def test_noise() -> None:
    pairs = [(Sample(output_text=str(i)), {"reference": "1"}) for i in range(400)]
    async with open_grader(parse_grader({"type": "string_check"})) as grader:
        assert await noise(grader, pairs) == 0
        assert await noise(grader, []) == 0
    source = "import random\ndef grade(sample, item):\n    return random.random()"
    async with open_grader(parse_grader({"type": "script", "source": source})) as grader:
        assert await noise(grader, pairs) == pytest.approx(1 / 12, abs=0.03)  # of a uniform score
