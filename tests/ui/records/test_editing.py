"""The form of an edit: what it stores, the reasons under the turns, turns that come and go."""

import orjson
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.domain.records import Message, Record
from app.domain.validation import issue, issues_of
from app.ui.records.editing import ON_THE_LOOP, EditForm, place_of

IMAGE = {"type": "image_url", "image_url": {"url": "https://x.y/a.png"}}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def record(*turns: tuple[str, str], **more: object) -> Record:
    return Record(id=1, messages=tuple(Message(role=r, content=c) for r, c in turns), **more)


@pytest.fixture
def form_of(themed: QApplication, qtbot: QtBot):
    def make(shown: Record) -> EditForm:
        form = EditForm(shown)
        qtbot.addWidget(form)
        form.resize(300, 800)
        form.show()
        return form

    return make


def test_nothing_touched_is_nothing_to_store(form_of) -> None:
    parts = Message(role="user", content=[IMAGE, {"type": "text", "text": "look"}])
    shown = Record(
        id=1,
        messages=(parts, Message(role="assistant", tool_calls=[CALL])),
        reply=Message(role="assistant", content=None, tool_calls=[CALL]),
        reference={"a": [1, None]},
    )
    form = form_of(shown)
    assert form.updates() == {}
    assert not form.can_save


def test_a_reason_stands_under_its_turn_as_one_types(form_of, qtbot: QtBot) -> None:
    form = form_of(record(("system", "s"), ("user", "hello"), ("user", "x")))
    form.turns[1].text.setFocus()
    form.turns[1].text.setPlainText("")
    qtbot.waitUntil(lambda: not form.turns[1].reasons.isHidden())
    assert form.turns[1].reasons.text() == "User turn 2 is empty."
    assert form.turns[1].text.property("invalid") is True
    assert form.turns[2].reasons.text() == "Turns 2 and 3 are both from the user."
    assert form.turns[0].reasons.isHidden()
    form.turns[1].text.setPlainText("again")
    qtbot.waitUntil(lambda: form.turns[1].reasons.isHidden())
    assert form.updates()["messages"][1] == {"role": "user", "content": "again"}


def test_turns_come_and_go_and_change_their_role(form_of, qtbot: QtBot) -> None:
    form = form_of(record(("bot", "a"), ("user", "b")))
    assert form.turns[0].role == "bot"
    form.turns[0].choose_role("assistant")
    form.turns[1].added.emit()
    form.turns[2].text.setPlainText("c")
    form.turns[2].added.emit()
    form.turns[3].text.setPlainText("d")
    form.turns[1].removed.emit()
    assert [(m["role"], m["content"]) for m in form.updates()["messages"]] == [
        ("assistant", "a"), ("assistant", "c"), ("user", "d"),
    ]  # fmt: skip
    qtbot.waitUntil(lambda: "starts with the assistant" in form.general.text())


def test_reply_and_reference(form_of) -> None:
    form = form_of(record(("user", "a"), reference={"route": "x"}))
    form._new_reply()
    form.reply.text.setPlainText("the reply")
    assert form.updates() == {"reply": {"role": "assistant", "content": "the reply"}}
    form.reply.removed.emit()
    assert form.updates() == {}
    form.reference.text.setPlainText('{"route": ')
    assert not form.can_save
    assert "Not valid JSON" in form.reference.reasons.text()
    form.reference.text.setPlainText('{"route": "y"}')
    assert form.can_save
    assert form.updates() == {"reference": {"route": "y"}}
    form.reference.text.setPlainText("")
    assert form.updates() == {"reference": None}


def test_a_reply_can_be_taken_away(form_of) -> None:
    form = form_of(record(("user", "a"), reply=Message(role="assistant", content="b")))
    form.reply.removed.emit()
    assert form.updates() == {"reply": None}


def test_arguments_are_edited_and_parts_are_kept(form_of, qtbot: QtBot) -> None:
    broken = {**CALL, "function": {"name": "f", "arguments": "{oops"}}
    image = Message(role="user", content=[IMAGE, {"type": "text", "text": "look"}])
    form = form_of(Record(id=1, messages=(image, Message(role="assistant", tool_calls=[broken]))))
    form.check()
    assert "no JSON object" in form.turns[1].reasons.text()
    form.turns[0].text.setPlainText("see")
    form.turns[1].calls[0].text.setPlainText('{"a": 1}')
    stored = form.updates()["messages"]
    assert stored[0]["content"] == [IMAGE, {"type": "text", "text": "see"}]
    assert orjson.loads(stored[1]["tool_calls"][0]["function"]["arguments"]) == {"a": 1}
    qtbot.waitUntil(lambda: "no JSON object" not in form.turns[1].reasons.text())


def test_a_long_text_is_checked_elsewhere(form_of, qtbot: QtBot) -> None:
    form = form_of(record(("user", "x" * (ON_THE_LOOP + 1)), ("user", "y")))
    with qtbot.waitSignal(form.check_asked) as asked:
        form.turns[1].text.setPlainText("")
    (turns,) = asked.args
    found = issues_of(turns.messages)
    form.turns[1].text.setPlainText("typed on")
    form.show_issues(turns, found)  # of a text that is no longer there
    assert form.turns[1].reasons.isHidden()


def test_the_place_an_issue_names() -> None:
    assert place_of(issue("unknown_role", turn=2, role="turn 9"), 3) == 1
    assert place_of(issue("user_twice", before=1, turn=2), 3) == 1
    assert place_of(issue("last_not_user", role="assistant"), 3) == 2
    assert place_of(issue("arguments_not_json", name="turn 7", turn=3), 2) == 2  # of the reply
    assert place_of(issue("no_messages"), 0) is None


def test_every_control_has_a_name_and_is_reached(form_of) -> None:
    form = form_of(record(("user", "a")))
    turn = form.turns[0]
    for widget in (turn.text, turn._role, turn._below, turn._gone):
        assert widget.accessibleName()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
