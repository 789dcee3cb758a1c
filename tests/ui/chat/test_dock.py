"""The assistant's dock over a real app: what it draws, what its buttons do, that nothing bleeds."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.agent.entries import CardAsked, Choice, Message, Option, Question, Said, ToolDone
from app.errors import DeclinedError
from app.jobs import Job
from app.tools.base import Card
from app.ui import kit
from app.ui.chat.cards import ApprovalCard
from app.ui.chat.dock import ChatDock
from app.ui.chat.list import SHOWN
from app.ui.chat.messages import MessageView, SaidView
from app.ui.chat.questions import OptionButton, QuestionCard
from app.ui.chat.rows import RunningRow, ToolRow
from app.ui.kit import Markdown, Prose
from app.wiring import App

Until = Callable[[Callable[[], object]], Awaitable[None]]
OpenApp = Callable[..., AbstractAsyncContextManager[App]]
MakeDock = Callable[..., ChatDock]
ROWS = [
    {
        "messages": [{"role": "user", "content": f"question {n}"}],
        "preview": f"question {n}",
        "content_hash": f"h{n}",
        "split": "train",
        "tokens": 2,
        "valid": True,
        "issues": [],
    }
    for n in range(1, 13)
]


@pytest.fixture
def make_dock(qtbot: QtBot) -> MakeDock:
    def make(app: App, *, width: int = 352) -> ChatDock:
        dock = ChatDock(app)
        qtbot.addWidget(dock)
        dock.resize(width, 760)
        dock.show()
        return dock

    return make


async def settled(dock: ChatDock) -> None:
    """Everything asked of the guide is answered and shown."""
    await dock.app.jobs.wait()
    while dock.list.filling or kit.pending():
        await asyncio.sleep(0.001)
    QApplication.processEvents()


def views(dock: ChatDock, kind: type[Any]) -> list[Any]:
    """In the order of the conversation; the pieces within them in the order they were made."""
    drawn = [view for view in dock.list.views if isinstance(view, kind)]
    return drawn or [view for view in dock.findChildren(kind) if view.isVisibleTo(dock)]


def said(dock: ChatDock) -> str:
    return "\n".join(view.words.drawn for view in views(dock, MessageView))


def question(dock: ChatDock) -> QuestionCard:
    found: QuestionCard = views(dock, QuestionCard)[-1]
    return found


async def test_it_welcomes_and_says_that_it_is_guided(
    open_app: OpenApp, make_dock: MakeDock
) -> None:
    async with open_app() as app:
        dock = make_dock(app)
        await settled(dock)
        assert "no language model" in said(dock)
        labels = [option.words for option in question(dock).options]
        assert labels == ["Try the sample", "Open my own file", "Connect a model"]
        dock.show_sees("Welcome")
        assert app.approve == dock.assistant.approve


async def test_opening_a_dataset_reports_and_asks_for_the_goal(
    open_app: OpenApp, make_dock: MakeDock
) -> None:
    async with open_app(ROWS) as app:
        dock = make_dock(app)
        await settled(dock)
        assert "12 records" in said(dock)
        assert question(dock).question.text == "What should the model do well?"
        assert [row._done.tool for row in views(dock, ToolRow)] == ["get_dataset_stats", "outlook"]


async def test_a_message_is_sent_by_return_and_an_empty_one_is_not(
    open_app: OpenApp, make_dock: MakeDock, qtbot: QtBot
) -> None:
    async with open_app(ROWS) as app:
        dock = make_dock(app)
        await settled(dock)
        dock.focus_input()
        qtbot.keyClicks(dock.input, "   ")
        qtbot.keyClick(dock.input, Qt.Key.Key_Return)
        assert not views(dock, SaidView)
        qtbot.keyClicks(dock.input, "help")
        assert dock.foot.send.isEnabled()
        qtbot.keyClick(dock.input, Qt.Key.Key_Return)
        await settled(dock)
        assert len(views(dock, SaidView)) == 1
        assert "rename Billing to Payments" in said(dock)
        assert dock.input.text() == ""


async def test_an_option_is_answered_once_and_the_question_keeps_it(
    open_app: OpenApp, make_dock: MakeDock, qtbot: QtBot
) -> None:
    async with open_app(ROWS) as app:
        dock = make_dock(app)
        await settled(dock)
        card = question(dock)
        qtbot.mouseClick(card.options[-1], Qt.MouseButton.LeftButton)
        dock.assistant.choose(card.question, len(card.options) - 1)
        await settled(dock)
        assert said(dock).count("Type it in one line") == 1
        assert [option.isVisible() for option in card.options] == [
            *[False] * (len(card.options) - 1),
            True,
        ]


async def test_a_card_is_shown_focused_and_answered(
    open_app: OpenApp, make_dock: MakeDock, qtbot: QtBot, until: Until
) -> None:
    async with open_app(ROWS) as app:
        dock = make_dock(app)
        await settled(dock)
        for click, answer in (("yes", True), ("no", False)):
            asked = asyncio.ensure_future(app.approve(_card()))
            await until(lambda: views(dock, ApprovalCard))
            card: ApprovalCard = views(dock, ApprovalCard)[0]
            assert card.hasFocus() or not dock.isActiveWindow()
            assert "Records: 15 of 2,714" in card.accessibleDescription()
            qtbot.mouseClick(getattr(card, click), Qt.MouseButton.LeftButton)
            assert await asked is answer
            await settled(dock)
            assert not views(dock, ApprovalCard)
        results = [row._done.result for row in views(dock, ToolRow)]
        assert results[-2:] == ["approved", "not now"]


async def test_escape_on_a_card_is_no(
    open_app: OpenApp, make_dock: MakeDock, qtbot: QtBot, until: Until
) -> None:
    async with open_app(ROWS) as app:
        dock = make_dock(app)
        await settled(dock)
        asked = asyncio.ensure_future(app.approve(_card()))
        await until(lambda: views(dock, ApprovalCard))
        qtbot.keyClick(views(dock, ApprovalCard)[0], Qt.Key.Key_Escape)
        assert await asked is False


async def test_cards_of_a_closed_dataset_are_declined_and_nothing_bleeds(
    open_app: OpenApp, make_dock: MakeDock, until: Until
) -> None:
    async with open_app(ROWS) as app:
        dock = make_dock(app)
        await settled(dock)
        asked = asyncio.ensure_future(app.approve(_card()))
        await until(lambda: views(dock, ApprovalCard))
        await app.close_dataset()
        assert await asked is False
        await settled(dock)
        assert not views(dock, ApprovalCard)
        assert "12 records" not in said(dock)
        assert "Hello" in said(dock)
        assert await app.approve(_card()) is False


async def test_the_conversation_is_there_again(open_app: OpenApp, make_dock: MakeDock) -> None:
    async with open_app(ROWS) as app:
        dock = make_dock(app)
        await settled(dock)
        dock.assistant.send("explain balance")
        await settled(dock)
        before, dataset = said(dock), app.session.dataset_id if app.session else ""
        await app.close_dataset()
        await settled(dock)
        await app.open(dataset)
        await settled(dock)
        assert said(dock) == before
        assert not question(dock).question.chosen
        assert dock.assistant.is_open(question(dock).question)


async def test_a_running_tool_shows_its_job_and_its_end(
    open_app: OpenApp, make_dock: MakeDock
) -> None:
    async with open_app() as app:
        dock = make_dock(app)
        await settled(dock)
        stopped: list[bool] = []
        job = Job(7, "Dry run", state="running", done=40, total=80, text="40 of 80")
        job.stop_hook = lambda: stopped.append(True)
        dock.list.show_job(job, own=False)
        row: RunningRow = views(dock, RunningRow)[0]
        assert row.bar.value() == 50
        assert row.share.text() == "50 %"
        assert row.accessibleName() == "Dry run is running"
        row.stop.click()
        assert stopped == [True]
        job.state = "done"
        dock.list.show_job(job, own=False)
        assert not views(dock, RunningRow)


async def test_a_long_history_opens_with_its_newest_part(
    open_app: OpenApp, make_dock: MakeDock
) -> None:
    async with open_app() as app:
        dock = make_dock(app)
        await settled(dock)
        dock.list.clear()
        found = [Message(text=f"message {n}") for n in range(150)]
        dock.list.show_history(list(found))
        dock.list.add(Message(text="message 150"))
        await settled(dock)
        assert len(views(dock, MessageView)) == SHOWN + 1
        for _ in range(4):
            dock.list.show_earlier()
            await settled(dock)
        texts = [
            dock.list._column.itemAt(i).widget().words.drawn
            for i in range(dock.list._column.count())
        ]
        assert texts == [f"message {n}" for n in range(151)]


@pytest.mark.parametrize("width", [352, 312])
async def test_hostile_words_stay_text_and_inside_the_dock(
    open_app: OpenApp, make_dock: MakeDock, width: int, until: Until
) -> None:
    nasty = "<img src=x> & " + "W" * 500 + " \u202eabc 😀"
    async with open_app() as app:
        dock = make_dock(app, width=width)
        await settled(dock)
        dock.list.clear()
        dock.list.add(Said(text=nasty))
        dock.list.add(ToolDone(key="t", tool="x" * 200, result=nasty))
        dock.list.add(Question(text=nasty, options=(Option(label=nasty, action="help_me"),)))
        dock.list.add(CardAsked(key="c", card=_card(nasty)))
        await until(lambda: views(dock, OptionButton)[0].text().count("\n") > 3)
        QApplication.processEvents()
        inner = dock.list.area.widget()
        assert inner.width() <= dock.list.area.viewport().width()
        for view in (*views(dock, QuestionCard), *views(dock, ApprovalCard), *views(dock, ToolRow)):
            assert view.width() <= width, view
        for words in views(dock, Prose):
            assert words.viewport().height() == words.height(), "its last line would be cut"
        button = views(dock, OptionButton)[0]
        assert button.text().replace("\n", "").replace("&&", "&").count("W") == 500
        assert button.height() >= button.sizeHint().height()


async def test_stop_takes_the_place_of_send_while_a_turn_runs(
    open_app: OpenApp, make_dock: MakeDock, until: Until
) -> None:
    async with open_app(ROWS) as app:
        dock = make_dock(app)
        await settled(dock)
        dock.assistant.send("delete topic Nothing")
        dock.assistant.begin("go_back", step="topics")
        assert dock.foot.send.accessibleName() == "Stop"
        dock.foot.send.click()
        await settled(dock)
        assert dock.foot.send.accessibleName() == "Send"
        assert not dock.assistant.busy


async def test_a_users_own_call_asks_in_the_dock(
    open_app: OpenApp, make_dock: MakeDock, until: Until
) -> None:
    async with open_app(ROWS, goal="answer") as app:
        dock = make_dock(app)
        await settled(dock)
        await app.call("start_finetune_workflow", training_goals="answer")
        call = asyncio.ensure_future(app.call("rollback_to_step", snapshot_id=1))
        await until(lambda: views(dock, ApprovalCard))
        views(dock, ApprovalCard)[0].no.click()
        with pytest.raises(DeclinedError):
            await call


async def test_it_is_reached_by_keyboard_and_named(open_app: OpenApp, make_dock: MakeDock) -> None:
    async with open_app() as app:
        dock = make_dock(app)
        await settled(dock)
        for button in question(dock).options:
            assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
            assert button.accessibleName()
        assert dock.input.accessibleName() == "Message to the assistant"
        assert dock.head.search.accessibleName()
        first = question(dock)
        dock.list.add(Choice(key=first.question.key, index=0))
        assert "Try the sample" in [o.words for o in first.options if o.isVisible()]


async def test_links_and_pictures_in_a_message_are_only_text(
    open_app: OpenApp, make_dock: MakeDock
) -> None:
    async with open_app() as app:
        dock = make_dock(app)
        await settled(dock)
        view = Markdown("![x](http://127.0.0.1:1/x.png) [a](http://127.0.0.1:1/)", "m")
        assert not view.openLinks()
        assert view.loadResource(2, "http://127.0.0.1:1/x.png") is None
        view.deleteLater()


def _card(title: str = "Delete 15 exact duplicates?") -> Card:
    return Card(
        tool="delete_records",
        title=title,
        rows=[("Records", "15 of 2,714"), ("Undo", "Ctrl Z, any time")],
        verb="Delete 15",
        note="reversible",
    )
