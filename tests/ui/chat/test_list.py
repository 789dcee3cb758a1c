"""The conversation as it grows, is scrolled, edited and taken back."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.agent.entries import (
    CardAnswered,
    Choice,
    Entry,
    Message,
    Option,
    Piece,
    Question,
    Queued,
    Said,
    Spent,
    ToolDone,
    ToolStarted,
    TreeShown,
    Withdrawn,
)
from app.tools.base import Card
from app.ui import kit
from app.ui.chat.list import SHOWN, ChatList
from app.ui.chat.messages import MessageView, QueuedView, SaidView
from app.ui.chat.rows import ToolRow
from app.ui.chat.tree import TreeCard
from app.ui.kit import Prose
from tests.ui.conftest import drawn

Show = Callable[..., Any]
LINES = "\n\n".join(["A line of an answer that is long enough to be read."] * 6)


@pytest.fixture
def chat(show: Show, asked: Any) -> ChatList:
    made: ChatList = show(ChatList(asked.hooks()))
    return made


def settle() -> None:
    """All is drawn and laid out: a text's height follows from its width, which comes first."""
    while kit.pending():
        QApplication.processEvents()
    for _ in range(5):
        QApplication.processEvents()


def texts(chat: ChatList) -> list[str]:
    return [view.text for view in chat.views if isinstance(view, SaidView | MessageView)]


def history(count: int) -> list[Entry]:
    return [Message(text=f"message {n}\n\n{LINES}") for n in range(count)]


async def test_pieces_become_one_message_that_stays(chat: ChatList, until: Any) -> None:
    for word in ("The ", "**base** ", "mod"):
        chat.add(Piece(reply="r", text=word))
    (view,) = chat.views
    assert isinstance(view, MessageView)
    await until(lambda: view.words.drawn == "The base mod")
    chat.add(Message(text="The **base** model.", reply="r"))
    assert chat.views == [view]
    assert view.words.drawn == "The base model."
    assert view.text == "The **base** model."


def test_a_reply_without_a_word_leaves_nothing(chat: ChatList) -> None:
    chat.add(Piece(reply="r", text=" \n"))
    chat.add(Piece(reply="q", text="some"))
    chat.end_replies()
    assert texts(chat) == ["some"]


def test_a_stopped_message_says_so_quietly(chat: ChatList) -> None:
    chat.add(Message(text="The base mod", reply="r", stopped=True))
    chat.add(Message(text="whole", reply="q"))
    said = [view._stopped.isVisible() for view in chat.views if isinstance(view, MessageView)]
    assert said == [True, False]


def test_only_the_newest_is_drawn_at_first_and_more_at_the_top(chat: ChatList) -> None:
    chat.show_history(history(3 * SHOWN))
    settle()
    bar = chat.area.verticalScrollBar()
    assert len(chat.views) == SHOWN
    assert bar.value() == bar.maximum()
    top = chat.views[0]
    bar.setValue(0)
    settle()
    assert len(chat.views) == 2 * SHOWN
    seen = top.mapTo(chat.area.viewport(), top.rect().topLeft()).y()
    assert 0 <= seen <= 60, "what was read jumped away"
    bar.setValue(0)
    settle()
    assert [text.split("\n")[0] for text in texts(chat)] == [
        f"message {n}" for n in range(3 * SHOWN)
    ]
    assert chat.more.isHidden()


def test_older_entries_than_those_read_are_asked_for_once(chat: ChatList, asked: Any) -> None:
    chat.show_history(history(SHOWN), more=True)
    settle()
    chat.more.click()
    chat.more.click()
    assert asked == [("earlier",)]
    chat.show_history([Message(text="older")], more=False)
    settle()
    assert texts(chat)[0] == "older"


def test_the_foot_is_followed_only_by_who_is_there(chat: ChatList) -> None:
    chat.show_history(history(SHOWN))
    settle()
    bar = chat.area.verticalScrollBar()
    chat.add(Message(text=LINES))
    settle()
    assert bar.value() == bar.maximum()
    assert chat.newest.isHidden()
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    chat.add(Message(text=LINES))
    settle()
    assert bar.value() == place
    assert chat.newest.isVisible()
    chat.newest.click()
    settle()
    assert bar.value() == bar.maximum()
    assert chat.newest.isHidden()


def test_the_users_own_words_bring_the_foot_back(chat: ChatList) -> None:
    chat.show_history(history(SHOWN))
    settle()
    bar = chat.area.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    chat.add(Said(text="what next?"))
    settle()
    assert bar.value() == bar.maximum()


def test_what_waits_stands_at_the_foot_until_its_turn(chat: ChatList) -> None:
    chat.add(Queued(key="a", text="first"))
    chat.add(Queued(key="b", text="second"))
    chat.add(Message(text="still the answer before"))
    kinds = [type(view) for view in chat.views]
    assert kinds == [MessageView, QueuedView, QueuedView]
    chat.add(Said(key="a", text="first"))
    assert [type(view) for view in chat.views] == [MessageView, SaidView, QueuedView]
    chat.add(Queued(key="b", text="second", on=False))
    assert [type(view) for view in chat.views] == [MessageView, SaidView]


def test_what_is_withdrawn_goes_and_what_tools_did_stays(chat: ChatList) -> None:
    for entry in (
        Said(key="one", text="first"),
        Message(text="answer one", reply="r1"),
        Said(key="two", text="second"),
        Message(text="answer two", reply="r2"),
        ToolDone(key="t", tool="rename_topic", result="done"),
        Question(text="Which?", options=(Option(label="A", action="answer"),)),
    ):
        chat.add(entry)
    chat.add(Withdrawn(key="two"))
    assert texts(chat) == ["first", "answer one"]
    assert [type(view) for view in chat.views][2:] == [ToolRow]


def test_a_message_withdrawn_above_what_is_drawn(chat: ChatList) -> None:
    old: list[Entry] = [Message(text="kept"), Said(key="early", text="early")]
    chat.show_history([*old, *history(SHOWN)])
    settle()
    chat.add(Withdrawn(key="early"))
    chat.show_earlier()
    settle()
    assert texts(chat) == ["kept"]


def test_an_answer_to_a_card_of_a_model_is_told_by_the_card(chat: ChatList) -> None:
    question = Question(text="Which?", form="text")
    chat.add(question)
    chat.add(Choice(key=question.key, answer="both"))
    chat.add(Said(text="both", answers=question.key))
    (card,) = chat.views
    assert card.given.toPlainText() == "both"  # type: ignore[attr-defined]


def test_clicks_reach_the_hooks(chat: ChatList, asked: Any) -> None:
    question = Question(text="?", options=(Option(label="A", action="answer"),))
    chat.add(question)
    chat.views[-1].options[0].click()  # type: ignore[attr-defined]
    text = Question(text="?", form="text")
    chat.add(text)
    chat.views[-1].answer.submitted.emit("words")  # type: ignore[attr-defined]
    assert asked == [("choose", question, 0), ("answer", text, "words")]


@pytest.mark.parametrize(
    ("yes", "how", "said"),
    [
        (True, "click", "approved"),
        (False, "click", "not now"),
        (True, "always", "always allowed"),
        (False, "expired", "expired"),
        (False, "ended", "turn ended"),
    ],
)
def test_an_answered_card_says_how(chat: ChatList, yes: bool, how: Any, said: str) -> None:
    card = Card(tool="x", title="Delete?", rows=[("Records", "3")], verb="Delete")
    chat.add(CardAnswered(key="c", card=card, yes=yes, how=how))
    (row,) = chat.views
    assert isinstance(row, ToolRow)
    assert row._done.result == said


def test_a_tools_row_unfolds_arguments_and_result_apart(chat: ChatList, qtbot: QtBot) -> None:
    chat.add(ToolStarted(key="t", tool="move_records"))
    given = '{"record_ids": [1, 2], "topic": "Cards"}'
    done = ToolDone(
        key="t", tool="move_records", result="2 records", arguments=given, details="moved"
    )
    chat.add(done)
    (row,) = chat.views
    assert isinstance(row, ToolRow)
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    shown = {part.accessibleName(): part.toPlainText() for part in row.findChildren(Prose)}
    assert shown == {
        "Arguments of move_records": "record_ids: [1,2]\ntopic: Cards",
        "Result of move_records": "moved",
    }
    qtbot.keyClick(row, Qt.Key.Key_Return)
    assert not row.unfolded


def test_how_a_model_ends_its_turn_is_no_row_but_a_wrong_end_is(chat: ChatList) -> None:
    chat.add(ToolDone(key="a", tool="ask_follow_up", result="asked", reply="r"))
    chat.add(ToolDone(key="b", tool="final", result="done", reply="r"))
    chat.add(ToolDone(key="c", tool="final", result="not understood", tone="bad", reply="r"))
    assert [row._done.key for row in chat.views if isinstance(row, ToolRow)] == ["c"]


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        (
            Spent(model="m", prompt_tokens=1_200, answer_tokens=90, cost=0.00156),
            "1,290 tokens, 0.0016",
        ),
        (Spent(model="m", prompt_tokens=12_000, answer_tokens=0), "12.0k tokens"),
        (Spent(model="m", answer_tokens=5, estimated=True), "about 5 tokens"),
    ],
)
def test_what_a_turn_took_stands_below_it(chat: ChatList, spent: Spent, words: str) -> None:
    chat.add(spent)
    (view,) = chat.views
    assert [label.text() for label in view.findChildren(QLabel)] == [words]


def test_only_the_newest_tree_can_be_edited(chat: ChatList) -> None:
    tree = ({"name": "Cards", "children": []},)
    chat.show_history(
        [TreeShown(title="old", hierarchy=tree), TreeShown(title="new", hierarchy=tree)]
    )
    settle()
    chat.add(TreeShown(title="newest", hierarchy=tree))
    trees = [view for view in chat.views if isinstance(view, TreeCard)]
    assert [view.tree.frozen for view in trees] == [True, True, False]


def test_a_tree_that_was_used_keeps_saying_so(chat: ChatList) -> None:
    tree = ({"name": "Cards"},)
    chat.show_history(
        [TreeShown(title=t, hierarchy=tree, used=t == "used") for t in ("used", "old", "new")]
    )
    settle()
    trees = [view for view in chat.views if isinstance(view, TreeCard)]
    said = ["Used. Topics shows them as they are now.", "A newer list took its place.", ""]
    assert [view.state.text() for view in trees] == said


def test_any_message_can_be_copied_as_it_was_written(chat: ChatList, qtbot: QtBot) -> None:
    chat.add(Message(text="The **base** model"))
    (view,) = chat.views
    assert isinstance(view, MessageView)
    view.setFocus()
    assert [button.accessibleName() for button in view.buttons] == ["Copy message"]
    view.buttons[0].click()  # type: ignore[attr-defined]
    assert QGuiApplication.clipboard().text() == "The **base** model"
    QGuiApplication.clipboard().clear()
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "The **base** model"


async def test_actions_come_after_the_message_by_tab_and_go_with_it(
    chat: ChatList, qtbot: QtBot, until: Any
) -> None:
    chat.add(Said(key="one", text="first"))
    chat.add(Message(text="second"))
    first, second = chat.views
    assert isinstance(first, SaidView)
    assert isinstance(second, MessageView)
    assert second.focusPolicy() == Qt.FocusPolicy.StrongFocus, "the newest is where Tab stops"
    assert first.focusPolicy() == Qt.FocusPolicy.ClickFocus
    chat.window().activateWindow()
    second.setFocus()
    qtbot.keyClick(second, Qt.Key.Key_Up)
    await until(lambda: QApplication.focusWidget() is first)
    assert first.focusPolicy() == Qt.FocusPolicy.StrongFocus
    names = [button.accessibleName() for button in first.buttons]
    assert names == ["Copy message", "Edit and send again"]
    await until(lambda: second.bar is None)
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    await until(lambda: QApplication.focusWidget() is first.buttons[0])


def test_a_users_message_is_edited_in_place_and_sent_again(
    chat: ChatList, asked: Any, qtbot: QtBot
) -> None:
    chat.add(Said(key="one", text="set the gaol"))
    (view,) = chat.views
    assert isinstance(view, SaidView)
    view.edit()
    assert view.editor is not None
    assert view.editor.text() == "set the gaol"
    qtbot.keyClick(view.editor, Qt.Key.Key_Escape)
    assert view.editor is None
    assert view.bubble.isVisible()
    assert asked == []
    view.edit()
    editor = view.editor
    assert editor is not None
    editor.take("set the goal")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert asked == [("resend", "one", "set the goal")]


def test_only_the_last_answer_of_a_model_can_be_asked_for_again(chat: ChatList, asked: Any) -> None:
    chat.show_history([Said(text="a"), Message(text="one", reply="r1")])
    settle()
    assert chat.views[-1].regenerate is not None  # type: ignore[attr-defined]
    chat.add(Said(text="b"))
    chat.add(Message(text="two", reply="r2"))
    again = [view.regenerate for view in chat.views if isinstance(view, MessageView)]
    assert [offer is not None for offer in again] == [False, True]
    view = chat.views[-1]
    assert isinstance(view, MessageView)
    view.show_acts()
    named = {button.accessibleName(): button for button in view.buttons}
    named["Answer again"].click()  # type: ignore[attr-defined]
    assert asked == [("regenerate",)]
    chat.add(Message(text="the guide speaks"))
    assert "Answer again" not in [act.name for act in chat.views[-1].acts()]  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [352, 312])
async def test_any_text_is_whole_and_inside(chat: ChatList, width: int, until: Any) -> None:
    nasty = "<img src=x> & " + "W" * 500 + " \u202eabc مرحبا 😀"
    chat.resize(width, 600)
    chat.add(Said(text=nasty))
    chat.add(Message(text=nasty))
    chat.add(ToolDone(key="t", tool="x" * 200, result=nasty))
    chat.add(Queued(key="q", text=nasty))
    await until(lambda: not kit.pending())
    await drawn()
    assert chat.area.widget().width() <= chat.area.viewport().width()
    for view in chat.views:
        assert view.width() <= width
    for view in chat.views[:2]:
        assert isinstance(view, SaidView | MessageView)
        assert view.words.drawn == nasty


def test_a_place_gone_to_stands_in_the_upper_third_with_its_words_selected(chat: ChatList) -> None:
    long = "\n\n".join([*[LINES] * 8, "Here the needle stands.", *[LINES] * 2])
    place = Message(text=long)
    chat.show_history([*history(6), place, *history(4)])
    kit.in_turn(chat, lambda: chat.show_place(place, "needle"))  # before all of it is drawn
    settle()
    (view,) = [v for v in chat.views if isinstance(v, MessageView) and v.text == long]
    assert view.property("found")
    (part,) = [p for p in view.words.parts if p.textCursor().hasSelection()]
    assert part.textCursor().selectedText() == "needle"
    assert 0 < _seen(chat, part) < chat.area.viewport().height() / 3
    assert chat.newest.isVisible()
    chat.show_history(history(8))
    settle()
    assert 0 < _seen(chat, part) < chat.area.viewport().height() / 3, "what came on top moved it"
    chat.area.verticalScrollBar().setValue(chat.area.verticalScrollBar().maximum() - 500)
    moved = _seen(chat, part)
    chat.add(Message(text="another"))
    settle()
    assert _seen(chat, part) == moved, "who scrolled away was taken back"


def test_of_the_same_words_said_twice_the_place_chosen_is_marked(chat: ChatList) -> None:
    first, second = Said(key="a", text="next"), Said(key="b", text="next")
    chat.show_history([first, *history(2), second])
    settle()
    chat.show_place(first, "next")
    marked = [view.property("found") for view in chat.views if isinstance(view, SaidView)]
    assert marked == [True, None]


def _seen(chat: ChatList, part: Prose) -> int:
    """Pixels from the view's top to the selected words."""
    return part.mapTo(chat.area.viewport(), part.cursorRect().topLeft()).y()
