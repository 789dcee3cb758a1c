"""The common forms become the same prompt, reply, reference and further fields."""

from typing import Any

import orjson
import pytest

from app.domain.records import Issue
from app.importing.lines import Line
from app.importing.records import ParsedRecord, RecordReader
from app.importing.shapes import recognise

READER = RecordReader()


def parse(value: dict[str, Any]) -> ParsedRecord:
    raw = orjson.dumps(value)
    record = RecordReader(tokens=READER.tokens).read(Line(1, len(raw), len(raw), value))
    assert isinstance(record, ParsedRecord)
    assert record.valid, record.issues
    return record


CHAT = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
WITH_SYSTEM = [{"role": "system", "content": "S"}, *CHAT]


@pytest.mark.parametrize(
    "value",
    [
        {"messages": CHAT},
        {"prompt": "Q", "completion": "A"},
        {"prompt": CHAT[:1], "completion": CHAT[1:]},
        {"prompt": "Q", "response": "A"},
        {"instruction": "Q", "input": "", "output": "A"},
        {"instruction": "Q", "output": "A"},
        {"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]},
        {"conversations": CHAT},
        {"input": {"messages": CHAT[:1]}, "output": "A"},
        {"input": {"messages": CHAT[:1]}, "output": {"choices": [{"message": CHAT[1]}]}},
        {"input": {"messages": CHAT[:1]}, "output": {"content": "A"}},
        {"input": {"messages": CHAT[:1]}, "output": CHAT[1:]},
        {"input": {"messages": CHAT[:1]}, "output": {"messages": CHAT[1:]}},
    ],
)
def test_one_turn_and_its_reply(value: dict[str, Any]) -> None:
    record = parse(value)
    assert [(m.role, m.text) for m in record.messages] == [("user", "Q")]
    assert record.reply
    assert record.reply.text == "A"
    assert record.extra == {}
    expected = [] if "messages" in value else ["converted"]
    assert [found.code for found in record.issues] == expected


@pytest.mark.parametrize(
    "value",
    [
        {"messages": WITH_SYSTEM},
        {"system": "S", "conversations": [{"from": "human", "value": "Q"}]},
        {"system": "S", "prompt": "Q"},
        {"system": "S", "instruction": "Q"},
        {"system": "S", "question": "Q"},
    ],
)
def test_a_system_message(value: dict[str, Any]) -> None:
    assert [m.text for m in parse(value).messages] == ["S", "Q"]


def test_the_input_of_an_instruction_follows_it() -> None:
    assert parse({"instruction": "Sum", "input": "1 2"}).messages[0].text == "Sum\n\n1 2"


@pytest.mark.parametrize("name", ["reference", "reference_answer", "ground_truth", "answer"])
def test_the_reference_is_kept_among_the_further_fields_too(name: str) -> None:
    record = parse({"messages": CHAT, name: {"a": 1}, "difficulty": 3})
    assert record.reference == {"a": 1}
    assert record.extra == {name: {"a": 1}, "difficulty": 3}


def test_the_answer_of_a_question_is_its_reference_not_a_reply() -> None:
    record = parse({"question": "2+2?", "answer": "4"})
    assert record.reference == "4"
    assert record.reply is None


def test_tools_wherever_an_export_puts_them() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    for value in (
        {"messages": CHAT, "tools": [tool]},
        {"messages": CHAT, "functions": [tool["function"]]},
        {"input": {"messages": CHAT[:1], "tools": [tool]}, "output": "A"},
        {"conversations": CHAT, "tools": orjson.dumps([tool]).decode()},
    ):
        assert parse(value).tools == (tool,)


def test_an_empty_trailing_reply_is_no_reply() -> None:
    assert parse({"messages": [CHAT[0], {"role": "assistant", "content": " "}]}).reply is None


def test_a_prompt_may_end_with_a_tool_result() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    turns = [
        CHAT[0],
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "7"},
        {"role": "assistant", "content": "It is 7."},
    ]
    record = parse({"messages": turns})
    assert record.messages[-1].role == "tool"
    assert record.last_user_turn == "Q"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"foo": 1}, "unknown_shape"),
        ({"input": "Q", "output": "A"}, "unknown_shape"),
        ({"messages": "hi"}, "messages_not_list"),
        ({"conversations": {}}, "messages_not_list"),
        ({"input": {"messages": None}}, "messages_not_list"),
    ],
)
def test_what_is_no_record(value: dict[str, Any], code: str) -> None:
    found = recognise(value)
    assert isinstance(found, Issue)
    assert found.code == code


@pytest.mark.parametrize("odd", [None, 3, True, "x", [], {}, [None], [[1]], {"role": 1}])
def test_odd_values_anywhere_never_crash(odd: Any) -> None:
    for value in (
        {"messages": [odd]},
        {"messages": [{"role": odd, "content": odd, "name": odd, "tool_calls": odd}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"function": odd, "id": odd}]}]},
        {"messages": [{"role": "user", "content": [odd]}], "tools": odd, "reference": odd},
        {"messages": [{"role": "user", "function_call": odd, "tool_call_id": odd}]},
        {"prompt": odd, "completion": odd, "system": odd},
        {"instruction": odd, "input": odd, "output": odd},
        {"conversations": [odd, {"from": odd, "value": odd}]},
        {"question": odd, "answer": odd},
        {"input": {"messages": [odd]}, "output": {"choices": [odd], "message": odd}},
    ):
        raw = orjson.dumps(value)
        READER.read(Line(1, len(raw), len(raw), value))
