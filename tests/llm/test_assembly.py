"""Tool calls in the odd forms in which endpoints stream them."""

from typing import Any

import pytest

from app.llm.assembly import Assembly

Piece = tuple[int | None, str | None, str | None, Any]


def told(*pieces: Piece) -> list[tuple[str, str]]:
    assembly = Assembly()
    for piece in pieces:
        assembly.add(*piece)
    calls = assembly.calls()
    assert len({call.id for call in calls}) == len(calls)
    assert all(call.id for call in calls)
    return [(call.name, call.arguments) for call in calls]


ONE, TWO = ("stats", '{"a":1}'), ("rows", '{"b":2}')


@pytest.mark.parametrize(
    ("pieces", "wanted"),
    [
        pytest.param(
            [(0, "x", "stats", ""), *((0, None, None, c) for c in '{"a":1}')], [ONE], id="letters"
        ),
        pytest.param([(0, "x", *ONE), (1, "y", *TWO)], [ONE, TWO], id="two by index"),
        pytest.param([(0, "x", *ONE), (0, "y", *TWO)], [ONE, TWO], id="index 0 for both"),
        pytest.param([(0, "x", *ONE), (0, "x", *TWO)], [ONE, TWO], id="index and id for both"),
        pytest.param([(0, "x", *ONE), (0, "x", *ONE)], [ONE], id="all said twice"),
        pytest.param(
            [(0, "x", *ONE), (0, "x", "stats", "")], [ONE], id="the name again at the end"
        ),
        pytest.param([(0, "x", "stats", {"a": 1})] * 3, [ONE], id="the object in each piece"),
        pytest.param([(0, "x", "stats", "null")], [("stats", "")], id="null for no arguments"),
        pytest.param([(None, "x", *ONE), (None, "y", *TWO)], [ONE, TWO], id="no index"),
        pytest.param([(None, None, *ONE), (None, None, *TWO)], [ONE, TWO], id="nothing but names"),
        pytest.param([(0, None, *ONE), (1, None, *TWO)], [ONE, TWO], id="no ids"),
        pytest.param([(0, "x", *ONE), (1, "x", *TWO)], [ONE, TWO], id="one id for both"),
        pytest.param(
            [(0, "x", "stats", '{"a"'), (0, "x", "stats", ":1}")], [ONE], id="id and name repeated"
        ),
        pytest.param(
            [(0, "x", "sta", None), (0, None, "ts", None), (0, None, None, '{"a":1}')],
            [ONE],
            id="name in pieces",
        ),
        pytest.param([(0, "x", "stats", {"a": 1})], [ONE], id="arguments as an object"),
        pytest.param([(0, "x", "stats", None)], [("stats", "")], id="no arguments"),
        pytest.param(
            [(0, "x", *ONE), (1, "y", "rows", '{"b"'), (0, None, None, ""), (1, None, None, ":2}")],
            [ONE, TWO],
            id="interleaved",
        ),
        pytest.param([(0, "x", None, "{}")], [], id="no name is no call"),
        pytest.param([(0, "x", "stats", "{nonsense")], [("stats", "{nonsense")], id="bad JSON"),
    ],
)
def test_calls_are_put_together(pieces: list[Piece], wanted: list[tuple[str, str]]) -> None:
    assert told(*pieces) == wanted
