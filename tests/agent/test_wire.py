"""The conversation as a model reads it: every call answered, one message a reply, within a budget."""

from typing import Any

import pytest

from app.agent.entries import (
    CardAnswered,
    Entry,
    Message,
    Option,
    Question,
    Said,
    Spent,
    ToolDone,
)
from app.agent.wire import BEGIN, EARLIER, GO_ON, NOTES, messages_of
from app.tools.base import Card
from tests.llm.history import assert_valid_history

ROOMY = 100_000


def tool(key: str, reply: str, name: str = "get_dataset_stats", content: str = "{}") -> ToolDone:
    return ToolDone(
        key=key, tool=name, result="12 records", reply=reply, arguments="{}", content=content
    )


def card(title: str, *, yes: bool) -> CardAnswered:
    return CardAnswered(key="c", card=Card(tool="x", title=title, rows=[], verb="Do"), yes=yes)


def wires(*entries: Entry, budget: int = ROOMY) -> list[dict[str, Any]]:
    found = messages_of("Be kind.", entries, budget)
    assert_valid_history(found)
    return found


def test_words_and_calls_of_a_reply_are_one_message():
    found = wires(
        Said(text="look", context='{"page":"records"}'),
        Message(text="I look.", reply="r1"),
        tool("a", "r1", content='{"records":12}'),
        card("Train?", yes=True),
        tool("b", "r1"),
        Message(text="Twelve.", reply="r2"),
        Spent(model="m", prompt_tokens=1, answer_tokens=1),
    )
    assert [w["role"] for w in found] == [
        "system",
        "user",
        "assistant",
        "tool",
        "tool",
        "assistant",
        "user",
    ]
    assert found[1]["content"] == '{"page":"records"}\n\nlook'
    assert [c["id"] for c in found[2]["tool_calls"]] == ["a", "b"]
    assert found[3]["content"] == '{"records":12}'
    assert found[5] == {"role": "assistant", "content": "Twelve."}
    assert found[6] == {"role": "user", "content": GO_ON}


def test_a_call_without_words_and_a_call_without_arguments():
    call = tool("a", "r1").model_copy(update={"arguments": ""})
    found = wires(Said(text="look"), call)
    assert found[2]["content"] == ""
    assert found[2]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_what_the_guide_said_before_is_there_as_its_own_words():
    asked = Question(
        text="Which?",
        options=(Option(label="This", action="a"), Option(label="That", action="b")),
        chosen=1,
    )
    found = wires(
        Message(text="Hello."), tool("a", "").model_copy(update={"content": ""}), asked,
        Said(text="thanks"),
    )  # fmt: skip
    assert [w["role"] for w in found] == ["system", "user", "assistant", "user"]
    assert "get_dataset_stats: 12 records" in found[2]["content"]
    assert "took: That" in found[2]["content"]


@pytest.mark.parametrize("budget", [200, 600, 2_000, 8_000, 40_000])
def test_a_long_history_fits_and_keeps_decisions(budget: int):
    entries: list[Entry] = []
    for n in range(30):
        entries += [
            Said(text=f"request {n}"),
            Message(text=f"answer {n}", reply=f"r{n}"),
            tool(f"call{n}", f"r{n}", "generate_topics", "x" * 3_000),
            card(f"Apply {n}?", yes=n % 2 == 0),
        ]
    found = wires(*entries, budget=budget)
    texts = " ".join(str(w["content"]) for w in found)
    assert "request 29" in texts
    if budget < 40_000:
        head = found[0]["content"]
        assert EARLIER in head
        assert "“Apply 0?”: the user said yes" in head or budget < 8_000
        assert sum(len(str(w)) for w in found[1:]) / 3.5 <= max(budget, 400)


def test_in_a_long_turn_the_answer_that_was_asked_for_last_is_whole():
    answers = [tool(f"call{n}", f"r{n}", content=f"{n} {'x' * 3_000}") for n in range(4)]
    found = wires(Said(text="look"), *answers, budget=2_500)
    lengths = [len(w["content"]) for w in found if w["role"] == "tool"]
    assert lengths == [400, 400, 3_002, 3_002]
    assert sum(len(str(w)) for w in found) / 3.5 <= 2_500


def test_a_turn_too_long_by_itself_keeps_its_newest_replies():
    calls = [
        tool(f"call{n}", f"r{n}", name=f"tool_{n}", content="x" * 300).model_copy(
            update={"arguments": f'{{"words": "{"y" * 2_000}"}}'}
        )
        for n in range(8)
    ]
    found = wires(Said(text="look"), *calls, budget=2_000)
    assert sum(len(str(w)) for w in found) / 3.5 <= 2_000
    names = [w["tool_calls"][0]["function"]["name"] for w in found if "tool_calls" in w]
    assert names == ["tool_6", "tool_7"]
    assert "tool_5: 12 records" in found[0]["content"]
    assert found[1]["content"] == "look"


def test_the_newest_turn_is_there_however_small_the_budget():
    found = wires(Said(text="old"), Said(text="new"), budget=1)
    assert found[-1] == {"role": "user", "content": "new"}


def test_decisions_outlast_the_talk_around_them():
    early = [Said(text="start"), card("Apply 14 topics?", yes=True)]
    talk = [e for n in range(NOTES + 40) for e in (Said(text=f"word {n}"), Message(text="x" * 400))]
    system = messages_of("p", [*early, *talk], 600)[0]["content"]
    assert "“Apply 14 topics?”: the user said yes" in system
    assert "The user: start" not in system
    assert len(system.splitlines()) < NOTES + 10


def test_user_and_assistant_speak_in_turn_whatever_was_shown():
    found = wires(
        Message(text="I looked."),
        Message(text="What is the goal?"),
        Said(text="Routing"),
        Said(text="of tickets"),
        Message(text="One moment."),
        Message(text="I look.", reply="r1"),
        tool("a", "r1"),
        Message(text="Half is done."),
        Message(text="Twelve.", reply="r2"),
    )
    assert [w["role"] for w in found[1:]] == [
        "user", "assistant", "user", "assistant", "tool", "assistant", "user",
    ]  # fmt: skip
    assert found[1]["content"] == BEGIN
    assert found[3]["content"] == "Routing\n\nof tickets"
    assert found[4]["content"] == "(The app: <data>One moment.</data>)\n\nI look."
    assert [call["id"] for call in found[4]["tool_calls"]] == ["a"]
    assert found[6]["content"] == "(The app: <data>Half is done.</data>)\n\nTwelve."
