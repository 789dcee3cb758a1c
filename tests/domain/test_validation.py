"""Every reason of a record is found, and only reasons that are there."""

import re
from typing import Any

import pytest

from app.domain.normalise import (
    cluster_key,
    content_hash,
    plain,
    read_messages,
    read_tools,
)
from app.domain.records import Message
from app.domain.splits import cluster_id, split_of, split_of_cluster
from app.domain.validation import (
    FLAG_BITS,
    ISSUES,
    MAX_ISSUES,
    MAX_RECORD_BYTES,
    codes_of,
    flags_of,
    issue,
    issues_of,
    worst,
)

PLACES = re.findall(r"{(\w+)}", " ".join(text for _, text in ISSUES.values()))
# Stored datasets and trained models depend on these: they must never change.
FIRST_SPLITS = ["train", "train", "train", "validation", "train", "train"]
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}


def codes(raw: list[Any], **more: Any) -> list[str]:
    messages, repairs = read_messages(raw)
    return [found.code for found in [*repairs, *issues_of(messages, **more)]]


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([user("yes")], []),
        ([user("null")], []),
        ([user("todo: write this")], []),
        ([{"role": "system", "content": ""}, user("hi")], []),
        ([user([{"type": "image_url", "image_url": {"url": "x"}}])], []),
        ([user(["a", "b"])], []),
        ([], ["no_messages"]),
        (["hi"], ["message_not_object", "no_messages"]),
        ([{"role": "wizard", "content": "x"}], ["no_user_turn", "last_not_user", "unknown_role"]),
        ([user("hi"), {"role": "system", "content": "x"}], ["last_not_user"]),
        ([user(" \n")], ["empty_user_turn"]),
        ([user(None)], ["empty_user_turn"]),
        ([user([{"type": "text", "text": " "}])], ["empty_user_turn"]),
        ([user([{"type": "text", "text": None}])], ["empty_user_turn"]),
        ([user(42)], ["content_coerced"]),
        ([user("a"), user("b")], ["user_twice"]),
        ([{"role": "assistant", "content": "hello"}, user("b")], ["assistant_first"]),
        ([user("a\x00b")], ["control_characters"]),
        ([user("a\tb\r\nc")], []),
        ([{"role": "system"}], ["no_user_turn", "last_not_user"]),
    ],
)
def test_prompts(raw: list[Any], expected: list[str]) -> None:
    assert codes(raw) == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (CALL, []),
        (CALL | {"function": {"name": "f", "arguments": {"a": 1}}}, []),
        (CALL | {"function": {"name": "f", "arguments": ""}}, []),
        (CALL | {"id": None}, ["tool_call_without_id", "tool_result_without_call"]),
        (CALL | {"function": {"name": "f", "arguments": "{a:1"}}, ["arguments_not_json"]),
        (CALL | {"function": {"name": "f", "arguments": "[1]"}}, ["arguments_not_json"]),
        (CALL | {"function": {"name": "f", "arguments": '"{}"'}}, ["arguments_encoded_twice"]),
    ],
)
def test_tool_calls(call: dict[str, Any], expected: list[str]) -> None:
    result = {"role": "tool", "tool_call_id": "c1", "content": "1"}
    assert codes([user("x"), {"role": "assistant", "tool_calls": [call]}, result]) == expected


def test_a_reply_is_checked_but_never_missed() -> None:
    broken = CALL | {"function": {"name": "f", "arguments": "no"}}
    reply = Message(role="assistant", tool_calls=[broken])
    assert codes([user("x")], reply=reply) == ["arguments_not_json"]
    assert codes([user("x")], reply=None) == []


def test_unreadable_tool_calls_are_left_out_with_a_warning() -> None:
    messages, found = read_messages([user("x"), {"role": "assistant", "tool_calls": "f()"}])
    assert messages[1].tool_calls is None
    assert [f.code for f in found] == ["tool_calls_unreadable"]


def test_sizes() -> None:
    assert codes([user("x")], tokens=11, token_limit=10) == ["over_token_limit"]
    assert codes([user("x")], size=MAX_RECORD_BYTES + 1) == ["too_big"]
    assert codes([user("x")], tokens=10, token_limit=10, size=MAX_RECORD_BYTES) == []


def test_of_very_many_issues_the_errors_are_kept() -> None:
    messages, _ = read_messages([user("a")] * 200 + [user(" ")])
    found = worst(issues_of(messages))
    assert len(found) == MAX_ISSUES
    assert found[0].code == "empty_user_turn"


def test_every_issue_has_a_text_that_a_person_can_read() -> None:
    values = dict.fromkeys(PLACES, 1)
    for code, (severity, _) in ISSUES.items():
        found = issue(code, **values)
        assert found.severity == severity
        assert found.text.endswith(".")
        assert "{" not in found.text


def test_braces_in_a_value_are_shown_as_they_are() -> None:
    assert "{x}" in issue("unknown_role", turn=1, role="{x}").text


def test_legacy_function_calls_become_tool_calls() -> None:
    messages, found = read_messages(
        [
            user("x"),
            {
                "role": "assistant",
                "content": None,
                "function_call": {"name": "f", "arguments": "{}"},
            },
            {"role": "function", "name": "f", "content": "1"},
        ]
    )
    assert found == []
    assert messages[1].tool_calls
    assert messages[2].role == "tool"
    assert messages[2].tool_call_id == messages[1].tool_calls[0]["id"]
    assert issues_of(messages) == []


def test_tools_in_their_many_forms() -> None:
    bare = {"name": "f", "parameters": {}}
    assert read_tools([bare])[0] == ({"type": "function", "function": bare},)
    assert read_tools('[{"type": "function", "function": {"name": "f"}}]')[0][0]["function"]
    assert read_tools(None) == ((), [])
    for bad in ("{", 3, ["f"], "3"):
        assert [f.code for f in read_tools(bad)[1]] == ["tools_unreadable"]


def test_equal_content_has_an_equal_hash_whatever_the_spaces_and_the_id() -> None:
    one = content_hash([Message(role="user", content="a  b\n")], extra={"id": 1, "x": 2})
    same = content_hash([Message(role="user", content="a b")], extra={"x": 2, "id": 9})
    assert one == same
    assert len(one) == 32
    others = [
        content_hash([Message(role="user", content="a c")], extra={"x": 2}),
        content_hash([Message(role="user", content="a b")], extra={"x": 3}),
        content_hash([Message(role="user", content="a b")], extra={"x": 2}, reference="r"),
        content_hash(
            [Message(role="user", content="a b")],
            extra={"x": 2},
            reply=Message(role="assistant", content="r"),
        ),
    ]
    assert len({one, *others}) == 5


def test_the_key_of_a_single_turn_is_the_normalised_user_turn() -> None:
    system = Message(role="system", content="Be brief.")
    ask = Message(role="user", content="  What  IS it? ")
    assert cluster_key([system, ask]) == "what is it?" == plain("  What  IS it? ")
    assert cluster_key([ask, Message(role="assistant", content="x"), ask]).count("\n") == 2
    assert plain("\uff21\u00a0\u00df") == "a ss"


def test_splits_are_stable_and_80_10_10() -> None:
    assert [split_of(f"prompt {i}") for i in range(6)] == FIRST_SPLITS
    counts = {"train": 0, "validation": 0, "test": 0}
    for i in range(20_000):
        counts[split_of(f"prompt {i}")] += 1
    assert counts["train"] == pytest.approx(16_000, rel=0.02)
    assert counts["test"] == pytest.approx(2_000, rel=0.1)
    assert split_of_cluster(cluster_id("x")) == split_of("x")


def test_the_bit_of_every_issue_is_for_ever():
    order = (
        "not_utf8", "not_json", "line_too_long", "too_deep", "archive_broken", "not_object",
        "unknown_shape", "messages_not_list", "no_messages", "message_not_object", "unknown_role",
        "no_user_turn", "last_not_user", "empty_user_turn", "too_big", "tool_result_without_call",
        "tool_call_without_id", "tool_calls_unreadable", "arguments_not_json",
        "arguments_encoded_twice", "tools_unreadable", "over_token_limit", "control_characters",
        "content_coerced", "assistant_first", "user_twice", "converted", "duplicate_key",
        "duplicate", "near_duplicate", "row_unreadable",
    )  # fmt: skip
    assert [FLAG_BITS[code] for code in order] == list(range(len(order)))
    assert set(FLAG_BITS) == set(ISSUES), "every issue has a bit"
    assert sorted(FLAG_BITS.values()) == list(range(len(ISSUES))), "each its own, none left out"
    assert max(FLAG_BITS.values()) <= 62, "SQLite's numbers are signed 64 bits"
    assert codes_of(flags_of(["duplicate", "not_utf8"])) == ["not_utf8", "duplicate"]
