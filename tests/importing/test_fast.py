"""The quick way and the general way give the same rows, or the quick one leaves the line alone."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.importing.fast import FastLane
from app.importing.lines import Line, line_of
from app.importing.records import ParsedRecord, RecordReader
from app.importing.rows import Row, record_row, rows_of
from app.importing.tokens import TokenEstimate
from app.paths import resource
from app.store import rows as stored

TOKENS = TokenEstimate((4000, 1000))
LANE = FastLane(TOKENS)
# What real files are full of: blanks of all kinds, escapes, accents, signs that normalise oddly.
TEXTS = st.text(
    st.sampled_from('aB \n\t\r"\\\x00\x1f\x7f\x85\xa0\u2003\u3000é\u0301ßﬁ²İ¨ﷺ中🙂:{}[]'),
    max_size=12,
)
ROLES = st.sampled_from(["user", "assistant", "system", "developer", "tool", "", "User"])
TURN = st.fixed_dictionaries({"role": ROLES, "content": TEXTS})
CLEAN = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3)
ODD = st.one_of(
    st.none(), st.integers(-5, 5), TEXTS, st.lists(TURN, max_size=2),
    st.dictionaries(st.sampled_from(["role", "content", "name", "from"]), TEXTS, max_size=3),
)  # fmt: skip
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
WORDS = st.sampled_from(["what is it", "Ünd  das?\n", "x", ""])
CALLS = st.fixed_dictionaries(
    {"id": st.sampled_from(["c", "d", "", None, 3]),
     "function": st.fixed_dictionaries({
         "name": st.sampled_from(["f", None]),
         "arguments": st.sampled_from(['{"a":1}', "{}", "", "[1]", '"{}"', "x", {"a": None}, None]),
     })},
    optional={"index": st.none() | st.integers(0, 2)},
)  # fmt: skip
CALLED = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "tool"]), "content": WORDS | st.none()},
        optional={
            "name": st.sampled_from(["n", None, 1]), "refusal": st.none() | WORDS,
            "tool_call_id": st.sampled_from(["c", "d", None]), "function_call": st.none(),
            "tool_calls": st.none() | st.lists(st.just(CALL) | CALLS, max_size=2),
        },
    ),
    max_size=5,
)  # fmt: skip
TOOL = st.one_of(
    st.just({"type": "function", "function": {"name": "f", "parameters": {"x": None}}}),
    st.just({"name": "f"}), ODD,
)  # fmt: skip
SPOKEN = st.lists(
    st.fixed_dictionaries(
        {"from": st.sampled_from(["human", "gpt", "GPT", "system", "tool", "x"]), "value": WORDS},
        optional={"role": st.just("user")},
    ),
    max_size=4,
)
FIELDS = st.sampled_from(
    ["prompt", "completion", "response", "instruction", "input", "output", "question", "answer",
     "system", "tools", "id"]
)  # fmt: skip
KEYS = st.sampled_from(["id", "answer", "reference", "tools", "tags", "prompt", "messages"])


def agree(raw: bytes) -> bool:
    """Whether the quick way took the line; its rows are then those of the general way."""
    value = orjson.loads(raw)
    found = line_of(raw, number=7, size=len(raw), position=len(raw))
    quick = LANE.rows([7], [value], [raw])[0]
    if quick is not None:
        assert quick == general(found)
    unread = LANE.rows([7], [value])[0]
    if unread is not None:
        assert unread == general(Line(7, len(raw), len(raw), value))
    return quick is not None


def general(line: Line) -> tuple[Row, Row]:
    record = RecordReader(tokens=TOKENS).read(line)
    assert isinstance(record, ParsedRecord)
    return rows_of(record)


def written(value: Any) -> list[bytes]:
    """The line as several programs write it."""
    ascii_ = json.dumps(value).encode()
    return [orjson.dumps(value), ascii_, json.dumps(value, separators=(" , ", " : ")).encode()]


def agree_on(value: Any) -> bool:
    return {agree(raw) for raw in written(value)} == {True}


def test_rows_are_in_the_order_of_the_store() -> None:
    given_ = {
        "line": 2, "source": "generated", "split": "test", "content_hash": b"h", "cluster": "c",
        "tokens": 3, "turns": 4, "length": 5, "preview": "p", "has_tools": True, "has_reply": True,
        "has_reference": True, "valid": False, "flags": 6, "issues": "[1]",
    }  # fmt: skip
    row = record_row(**given_)  # type: ignore[arg-type]
    assert dict(zip(stored.IMPORTED_COLUMNS, row, strict=True)) == given_
    assert stored.TEXTS == ("messages", "tools", "reference", "reply", "extra")


def test_a_record_of_our_own_export_is_generated_and_for_training() -> None:
    origin = {"strategy": "few_shot", "prompt_version": "few_shot/1", "parents": [3]}
    record = {"messages": [{"role": "user", "content": "hello there"}], "provenance": origin}
    assert agree_on(record)
    kept = {}
    for number in range(40):
        turns = [{"role": "user", "content": f"hello number {number}"}]
        row, body = general(
            line_of(orjson.dumps(record | {"messages": turns}), number=7, size=99, position=99)
        )
        kept[number] = dict(zip(stored.IMPORTED_COLUMNS, row, strict=True))
        assert orjson.loads(body[4])["provenance"] == origin
    assert {(r["source"], r["split"]) for r in kept.values()} == {("generated", "train")}
    for other in ("few_shot", {"strategy": "few_shot"}, {"strategy": 1, "prompt_version": 2}, None):
        assert agree_on(record | {"provenance": other})
        row, _ = general(
            line_of(orjson.dumps(record | {"provenance": other}), number=7, size=99, position=99)
        )
        assert dict(zip(stored.IMPORTED_COLUMNS, row, strict=True))["source"] == "imported"


def test_all_shared_data(shared_data: Callable[[str], Path]) -> None:
    files = [
        *shared_data("data").glob("*.jsonl"),
        resource("resources/samples/support_tickets.jsonl"),
    ]
    taken = {file.stem: share_taken(file) for file in files}
    assert taken["support_tickets"] == taken["gsm8k_500"] == 1
    assert taken["sgd_multiturn_tools_small"] > 0.9


def share_taken(file: Path) -> float:
    took = []
    for line in file.read_bytes().splitlines():
        with contextlib.suppress(orjson.JSONDecodeError):
            value = orjson.loads(line)
            took.append(isinstance(value, dict) and agree(line))
    return sum(took) / len(took)


@given(CLEAN, st.booleans(), st.dictionaries(KEYS, TEXTS, max_size=2))
@settings(max_examples=300, deadline=None)
def test_chats_of_odd_texts(
    turns: list[tuple[str, str]], system: bool, more: dict[str, str]
) -> None:
    messages = [{"role": "system", "content": "S"}] if system else []
    for asked, told in turns:
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": told}]
    for count in (len(messages), len(messages) - 1):
        agree_on({**more, "messages": messages[:count]})


@given(st.lists(st.one_of(TURN, ODD), max_size=4), st.dictionaries(KEYS, ODD, max_size=2))
@settings(max_examples=300, deadline=None)
def test_odd_records(turns: list[Any], more: dict[str, Any]) -> None:
    agree_on({"messages": turns, **more})
    agree(orjson.dumps({"messages": turns, **more}, option=orjson.OPT_INDENT_2))


@given(CALLED, st.lists(TOOL, max_size=2), st.dictionaries(KEYS, ODD, max_size=1))
@settings(max_examples=300, deadline=None)
def test_tool_calls(turns: list[Any], tools: list[Any], more: dict[str, Any]) -> None:
    agree_on({"messages": turns, "tools": tools, **more})
    agree_on({"messages": turns, "functions": tools})


@given(SPOKEN, st.dictionaries(st.sampled_from(["system", "id", "answer"]), ODD, max_size=2))
@settings(max_examples=200, deadline=None)
def test_other_forms_of_turns(turns: list[Any], more: dict[str, Any]) -> None:
    agree_on({"conversations": turns, **more})
    agree_on({"conversation": turns, **more, "conversations": []})


@given(st.dictionaries(FIELDS, st.one_of(WORDS, ODD), max_size=5))
@settings(max_examples=400, deadline=None)
def test_forms_of_texts(value: dict[str, Any]) -> None:
    agree_on(value)


def test_every_clean_form_is_taken() -> None:
    ask, call = {"role": "user", "content": "Q"}, CALL
    for value in (
        {"messages": [ask]},
        {"messages": [{"content": "Q", "role": "user"}, {"content": "A", "role": "assistant"}]},
        {"messages": [{**ask, "name": "n", "refusal": None}], "id": 4, "x": {"a": ["b"]}},
        {"messages": [ask, {"role": "assistant", "content": None, "tool_calls": [call]},
                      {"role": "tool", "tool_call_id": "c", "content": "{}"}],
         "tools": [{"type": "function", "function": {"name": "f"}}], "answer": "a \t b"},
        {"messages": [ask, {"role": "assistant", "content": "A"}], "functions": [{"name": "f"}]},
        {"conversations": [{"from": "human", "value": "Q \"x\""}, {"from": "gpt", "value": "A"}]},
        {"conversation": [{"from": "User", "value": "Q"}], "system": "S"},
        {"prompt": "Q\n", "completion": "A"},
        {"instruction": "Q", "input": "more", "output": "A"},
        {"question": "2+2?", "answer": "4", "system": "S"},
    ):  # fmt: skip
        assert agree_on(value), value


def test_what_is_left_to_the_general_way() -> None:
    turns: list[dict[str, Any]] = [{"role": "user", "content": "Q"}]
    for odd in (
        [*turns, *turns],
        [{"role": "user", "content": [{"type": "text", "text": "Q"}]}],
        [{"role": "user", "content": "\x01"}],
        [{"role": "user", "content": "\x7f"}],
        [{"role": "user", "content": " "}],
        [*turns, {"role": "assistant", "content": " "}],
        [*turns, {"role": "tool", "content": "x", "tool_call_id": "c"}],
        [*turns, {"role": "assistant", "tool_calls": [{**CALL, "id": ""}]}],
        [{"role": "user", "content": "x " * 200_000}],
        "abc",
    ):
        assert not agree(orjson.dumps({"messages": odd})), odd


@pytest.mark.parametrize(
    "line",
    [
        '{"messages":[{"role":"user","content":"Q"}],"messages":[{"role":"user","content":"Q"}]}',
        '{"messages":[{"role":"user","role":"user","content":"Q"}]}',
        '{"messages":[{"role":"user","content":"\\u0022 \\u0022"}],"id" :1,"id" :2}',
        '{"messages":[{"role":"user","content":"\\\\"}],"a":1,"a":1}',
        '{"messages":[{"role":"user","content":"\\\\\\""}],"\\u0061":1,"a":1}',
        '{"messages":[{"role":"user","content":"Q"}],"deep":' + "[" * 70 + "]" * 70 + "}",
    ],
)
def test_keys_given_twice_and_deep_nesting_are_never_clean(line: str) -> None:
    assert LANE.rows([1], [orjson.loads(line)], [line.encode()]) == [None]
    assert line_of(line.encode(), number=1, size=1, position=1).issues


def test_control_characters_beside_joined_texts_are_never_clean() -> None:
    line = rb'{"instruction":"a\u0001\u0002","input":"b","output":"c"}'
    assert LANE.rows([1], [orjson.loads(line)], [line]) == [None]


@given(st.lists(st.tuples(CLEAN, st.dictionaries(KEYS, TEXTS, max_size=1)), max_size=6))
@settings(max_examples=150, deadline=None)
def test_records_read_together_are_as_those_read_singly(
    chats: list[tuple[list[tuple[str, str]], dict[str, str]]],
) -> None:
    raws = []
    for turns, more in chats:
        messages = []
        for asked, told in turns:
            messages += [{"role": "user", "content": asked}]
            messages += [{"role": "assistant", "content": told}]
        raws += written({"messages": messages, **more})
    values, numbers = [orjson.loads(raw) for raw in raws], range(len(raws))
    singly = [LANE.rows([n], [v], [r])[0] for n, v, r in zip(numbers, values, raws, strict=True)]
    assert LANE.rows(numbers, values, raws) == singly
