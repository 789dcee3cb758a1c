"""The host helpers that scripts may call: what they answer, and that they stay bounded."""

import time
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

import pytest

from app.sandbox.helpers import HELPERS, bounded_helpers, json_equal, similarity, words
from app.sandbox.limits import Limits
from app.sandbox.sandbox import Sandbox

SHORT = replace(Limits(), helper_seconds=0.2, helper_calls=50_000)


async def graded(expression: str, limits: Limits | None = None) -> Any:
    async with Sandbox(limits) as sandbox:
        (outcome,) = await sandbox.run(f"def grade(s, i):\n    return {expression}", [({}, {})])
    return outcome.error or outcome.value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("similarity('abc', 'abc')", 1.0),
        ("similarity('abc', 'xyz')", 0.0),
        ("levenshtein('kitten', 'sitting')", 3),
        ("json_equal('{\"a\": 1, \"b\": [true]}', {'b': [True], 'a': 1.0})", True),
        ("json_equal('{\"a\": 1}', {'a': True})", False),
        ("json_equal('no json', 'no json')", True),
        ("words('Hello, World! It is 42.')", ["hello", "world", "it", "is", "42"]),
    ],
)
async def test_from_a_script(expression: str, value: object) -> None:
    assert await graded(expression) == value


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("similarity('a', 3)", "Line 2: TypeError: a text is needed, not int"),
        ("similarity('a' * 20001, 'b')", "Line 2: ValueError: a text of at most 20000"),
        ("levenshtein('a')", "Line 2: TypeError"),
        ("json_equal({1, 2}, 3)", "Line 2: TypeError"),
    ],
)
async def test_wrong_arguments_are_errors_in_the_script(expression: str, error: str) -> None:
    assert str(await graded(expression)).startswith(error)


async def test_their_time_is_bounded() -> None:
    start = time.perf_counter()
    error = await graded("[levenshtein('a' * 20000, 'b' * 20000) for _ in range(10000)]", SHORT)
    assert "the helper functions took more than 0.2 s" in error
    assert time.perf_counter() - start < 5


async def test_their_number_is_bounded() -> None:
    limits = replace(Limits(), helper_calls=100)
    assert "100" in str(await graded("[words('a') for _ in range(1000)]", limits))


def test_a_script_may_define_a_function_of_the_same_name() -> None:
    assert set(bounded_helpers(1.0)) == set(HELPERS)
    assert all(helper.__doc__ for helper in HELPERS.values())


async def test_its_own_definition_wins() -> None:
    async with Sandbox() as sandbox:
        source = (
            "def similarity(a, b):\n    return 0.5\ndef grade(s, i):\n    return similarity(1, 2)"
        )
        (outcome,) = await sandbox.run(source, [({}, {})])
    assert outcome.value == 0.5


def test_similarity_is_near_difflib() -> None:
    for a, b in [("The answer is 42", "the answer is 41"), ("route to billing", "to billing")]:
        assert similarity(a, b) == pytest.approx(SequenceMatcher(None, a, b).ratio(), abs=0.05)


def test_json_equal_on_plain_values() -> None:
    assert json_equal([1, {"a": None}], '[1.0, {"a": null}]')
    assert not json_equal([1], [1, 2])
    assert not json_equal({"a": 1}, {"b": 1})
    assert words("") == []
