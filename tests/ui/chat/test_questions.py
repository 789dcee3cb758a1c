"""Question cards: one option, several, words of one's own; by mouse and by keys; answered once."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.agent.entries import Form, Option, Question
from app.ui.chat.questions import QuestionCard

LABELS = ("Tone", "Length", "The right team")


def card(form: Form = "select", labels: tuple[str, ...] = LABELS, **given: Any) -> QuestionCard:
    options = tuple(Option(label=label, action="answer") for label in labels)
    return QuestionCard(Question(text="Which matter?", form=form, options=options, **given))


def test_a_click_or_a_number_takes_an_option(show: Any, qtbot: QtBot) -> None:
    view, chosen = show(card()), []
    view.chosen.connect(chosen.append)
    qtbot.mouseClick(view.options[1], Qt.MouseButton.LeftButton)
    qtbot.keyClick(view, Qt.Key.Key_3)
    qtbot.keyClick(view, Qt.Key.Key_9)
    assert chosen == [1, 2]
    assert view.options[2].accessibleDescription() == "Key 3"


def test_arrows_move_between_the_options(show: Any, qtbot: QtBot) -> None:
    view = show(card())
    view.options[0].setFocus()
    qtbot.keyClick(view.options[0], Qt.Key.Key_Down)
    assert view.focusWidget() is view.options[1]


def test_several_are_ticked_and_then_done(show: Any, qtbot: QtBot) -> None:
    view, written = show(card("multiselect")), []
    view.written.connect(written.append)
    assert not view.done.isEnabled()
    qtbot.mouseClick(view.options[0], Qt.MouseButton.LeftButton)
    qtbot.keyClick(view, Qt.Key.Key_3)
    qtbot.mouseClick(view.done, Qt.MouseButton.LeftButton)
    assert written == ["Tone; The right team"]
    view.settle(None, "Tone; The right team")
    assert [o.words for o in view.options if o.isVisible()] == ["Tone", "The right team"]
    assert view.done.isHidden()
    assert view.given.isHidden()


def test_words_are_written_and_never_blank(show: Any, qtbot: QtBot) -> None:
    view, written = show(card("text", ())), []
    view.written.connect(written.append)
    qtbot.keyClicks(view.answer, "  ")
    assert not view.done.isEnabled()
    qtbot.keyClicks(view.answer, "ask a human 12")
    qtbot.mouseClick(view.done, Qt.MouseButton.LeftButton)
    assert written == ["ask a human 12"]
    view.settle(None, written[0])
    assert view.given.toPlainText() == "ask a human 12"
    assert view.answer.isHidden()


def test_yes_and_no_stand_side_by_side(show: Any) -> None:
    view = show(card("select", ("Yes", "No")))
    yes, no = view.options
    assert yes.y() == no.y()
    assert no.x() > yes.x()


@pytest.mark.parametrize(
    ("given", "seen", "passed"),
    [
        ({"chosen": 1, "answer": "Length"}, ["Length"], False),
        ({"answer": "neither of them"}, [], False),
        ({}, [], True),
    ],
)
def test_one_that_is_read_back_keeps_its_answer(
    show: Any, given: dict[str, Any], seen: list[str], passed: bool
) -> None:
    view = show(card(**given))
    view.settle(given.get("chosen"), given.get("answer", ""))
    assert [o.words for o in view.options if o.isVisible()] == seen
    assert view._passed.isVisible() is passed
    assert view.given.isVisible() is (given.get("answer") == "neither of them")
    assert not any(option.focusPolicy() for option in view.options)
