"""The fixes of turns: what each mends, what it leaves alone, and that a fixed record is a prompt."""

import pytest

from app.domain.fixes import FIXES, Turns, fixed, fixes_for, nearest_role
from app.domain.records import Message, Record
from app.domain.validation import issues_of


def turns(*spec: tuple[str, str], reply: str | None = None) -> Turns:
    said = tuple(Message(role=role, content=text) for role, text in spec)
    return Turns(said, Message(role="assistant", content=reply) if reply is not None else None)


def codes(state: Turns) -> set[str]:
    return {i.code for i in issues_of(state.messages, reply=state.reply)}


def test_trailing_assistant_turns_become_the_reply() -> None:
    after = fixed("reply_from_last", turns(("user", "a"), ("assistant", "b"), ("assistant", "c")))
    assert after == turns(("user", "a"), reply="b\n\nc")
    assert not codes(after)
    joined = fixed("reply_from_last", turns(("user", "a"), ("assistant", "b"), reply="c"))
    assert joined == turns(("user", "a"), reply="b\n\nc")


def test_a_turn_that_calls_tools_is_not_joined_with_a_reply() -> None:
    call = {"id": "1", "function": {"name": "f", "arguments": "{}"}}
    calling = Message(role="assistant", content=None, tool_calls=[call])
    before = Turns((Message(role="user", content="a"), calling), Message(role="assistant"))
    assert fixed("reply_from_last", before) is None


def test_trim_to_the_last_user_turn() -> None:
    after = fixed("trim_to_user", turns(("user", "a"), ("assistant", "b"), ("moderator", "c")))
    assert after == turns(("user", "a"))
    assert (
        fixed("trim_to_user", turns(("user", "a"), ("tool", "b"))) is None
    )  # ends as a prompt may
    assert fixed("trim_to_user", turns(("system", "a"))) is None
    assert fixed("trim_to_user", turns()) is None


def test_empty_turns_go_but_never_the_last_user_turn() -> None:
    after = fixed(
        "remove_empty", turns(("system", " "), ("user", "a"), ("user", "\n"), ("tool", ""))
    )
    assert after == turns(("user", "a"), ("tool", ""))
    assert fixed("remove_empty", turns(("user", ""))) is None
    picture = Message(role="user", content=[{"type": "image_url", "image_url": {"url": "x"}}])
    assert fixed("remove_empty", Turns((picture,))) is None


@pytest.mark.parametrize(
    ("name", "role"),
    [("Human", "user"), (" bot ", "assistant"), ("asistant", "assistant"), ("function", "tool"),
     ("moderator", None), ("", None), ("SYSTEM", "system")],
)  # fmt: skip
def test_the_nearest_role(name: str, role: str | None) -> None:
    assert nearest_role(name) == role


def test_unknown_roles_are_named() -> None:
    after = fixed("known_roles", turns(("human", "a"), ("gpt", "b"), ("usr", "c")))
    assert [m.role for m in after.messages] == ["user", "assistant", "user"]
    assert "unknown_role" not in codes(after)
    assert fixed("known_roles", turns(("moderator", "a"))) is None


def test_bare_tool_results_get_a_call() -> None:
    before = turns(("user", "a"), ("tool", "1"), ("tool", "2"), ("user", "b"))
    assert "tool_result_without_call" in codes(before)
    after = fixed("wrap_tool_results", before)
    assert [m.role for m in after.messages] == ["user", "assistant", "tool", "tool", "user"]
    assert not codes(after)
    ids = [call["id"] for call in after.messages[1].tool_calls]
    assert ids == [m.tool_call_id for m in after.messages[2:4]] == ["call_1", "call_2"]


def test_a_result_is_given_to_the_call_without_an_id_before_it() -> None:
    call = {"function": {"name": "f", "arguments": "{}"}}
    other = {"id": "call_1", "function": {"name": "g", "arguments": "{}"}}
    before = Turns((
        Message(role="user", content="a"),
        Message(role="assistant", tool_calls=[call, other]),
        Message(role="tool", content="of g", tool_call_id="call_1"),
        Message(role="tool", content="of f"),
    ))  # fmt: skip
    after = fixed("wrap_tool_results", before)
    assert not codes(after)
    assert len(after.messages) == 4
    assert after.messages[3].tool_call_id == after.messages[1].tool_calls[0]["id"] == "call_2"
    assert after.messages[2] == before.messages[2]


def test_a_fix_is_offered_where_it_helps_and_changes_something() -> None:
    state = turns(("human", "a"), ("assistant", "b"))
    record = Record(id=1, messages=state.messages, issues=tuple(issues_of(state.messages)))
    assert [fix.name for fix in fixes_for(record)] == ["reply_from_last", "known_roles"]
    fine = turns(("user", "a"))
    assert not fixes_for(Record(id=1, messages=fine.messages))


@pytest.mark.parametrize("name", FIXES)
def test_a_fix_is_done_at_once(name: str) -> None:
    """Applied again it changes nothing, and an empty record is left alone."""
    state = turns(
        ("human", "a"), ("", ""), ("tool", "x"), ("user", " "), ("user", "b"), ("assistant", "c")
    )
    once = fixed(name, state)
    assert once is not None
    assert fixed(name, once) is None
    assert fixed(name, Turns(())) is None
