"""The assistant's dock over a real app: what it draws, what its buttons do, that nothing bleeds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from app.agent.entries import (
    CardAsked,
    Choice,
    Entry,
    Message,
    Option,
    Question,
    Queued,
    Said,
    Spent,
    ToolDone,
    TreeShown,
    Waits,
    Withdrawn,
    as_data,
)
from app.agent.speaker import Speaker
from app.errors import DeclinedError
from app.jobs import Job
from app.store import results, topics
from app.store.database import Tx
from app.tools.base import Card
from app.ui import kit
from app.ui.chat.cards import ApprovalCard
from app.ui.chat.dock import ChatDock
from app.ui.chat.links import AddressDialog
from app.ui.chat.list import SHOWN
from app.ui.chat.messages import MessageView, QueuedView, SaidView
from app.ui.chat.questions import OptionButton, QuestionCard
from app.ui.chat.rows import RunningRow, ToolRow
from app.ui.chat.spoken import Spoken
from app.ui.chat.tree import TreeCard
from app.ui.kit import Markdown, Prose
from app.wiring import App
from tests.ui.conftest import drawn

Until = Callable[[Callable[[], object]], Awaitable[None]]
OpenApp = Callable[..., AbstractAsyncContextManager[App]]
MakeDock = Callable[..., ChatDock]
OpenDock = Callable[..., AbstractAsyncContextManager[ChatDock]]
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


@pytest.fixture
def open_dock(open_app: OpenApp, make_dock: MakeDock) -> OpenDock:
    """`async with open_dock(rows) as dock`: over a real app, done with its opening."""

    @asynccontextmanager
    async def opened(
        rows: list[dict[str, Any]] | None = None, *, width: int = 352, **meta: Any
    ) -> AsyncIterator[ChatDock]:
        async with open_app(rows, **meta) as app:
            dock = make_dock(app, width=width)
            await settled(dock)
            yield dock

    return opened


async def settled(dock: ChatDock) -> None:
    """Everything asked of the guide is answered and shown."""
    await dock.app.jobs.wait()
    while dock.list.filling or kit.pending():
        await asyncio.sleep(0.001)
    await drawn()


def views(dock: ChatDock, kind: type[Any]) -> list[Any]:
    """In the order of the conversation; the pieces within them in the order they were made."""
    shown = [view for view in dock.list.views if isinstance(view, kind)]
    return shown or [view for view in dock.findChildren(kind) if view.isVisibleTo(dock)]


def said(dock: ChatDock) -> str:
    return "\n".join(view.words.drawn for view in views(dock, MessageView))


def question(dock: ChatDock) -> QuestionCard:
    found: QuestionCard = views(dock, QuestionCard)[-1]
    return found


async def test_it_welcomes_and_says_that_it_is_guided(open_dock: OpenDock) -> None:
    async with open_dock() as dock:
        assert "no language model" in said(dock)
        labels = [option.words for option in question(dock).options]
        assert labels == ["Try the sample", "Open my own file", "Connect a model"]
        dock.show_sees("Welcome")
        assert dock.app.approve == dock.assistant.approve


async def test_opening_a_dataset_reports_and_asks_for_the_goal(open_dock: OpenDock) -> None:
    async with open_dock(ROWS) as dock:
        assert "12 records" in said(dock)
        assert question(dock).question.text == "What should the model do well?"
        assert [row._done.tool for row in views(dock, ToolRow)] == ["get_dataset_stats", "outlook"]


async def test_a_message_is_sent_by_return_and_an_empty_one_is_not(
    open_dock: OpenDock, qtbot: QtBot
) -> None:
    async with open_dock(ROWS) as dock:
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
    open_dock: OpenDock, qtbot: QtBot
) -> None:
    async with open_dock(ROWS) as dock:
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
    open_dock: OpenDock, qtbot: QtBot, until: Until
) -> None:
    async with open_dock(ROWS) as dock:
        for click, answer in (("yes", True), ("no", False)):
            asked = asyncio.ensure_future(dock.app.approve(_card()))
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


async def test_escape_on_a_card_is_no(open_dock: OpenDock, qtbot: QtBot, until: Until) -> None:
    async with open_dock(ROWS) as dock:
        asked = asyncio.ensure_future(dock.app.approve(_card()))
        await until(lambda: views(dock, ApprovalCard))
        qtbot.keyClick(views(dock, ApprovalCard)[0], Qt.Key.Key_Escape)
        assert await asked is False


async def test_cards_of_a_closed_dataset_are_declined_and_nothing_bleeds(
    open_dock: OpenDock, until: Until
) -> None:
    async with open_dock(ROWS) as dock:
        app = dock.app
        asked = asyncio.ensure_future(app.approve(_card()))
        await until(lambda: views(dock, ApprovalCard))
        await app.close_dataset()
        assert await asked is False
        await settled(dock)
        assert not views(dock, ApprovalCard)
        assert "12 records" not in said(dock)
        assert "Hello" in said(dock)
        assert await app.approve(_card()) is False


async def test_the_conversation_is_there_again(open_dock: OpenDock) -> None:
    async with open_dock(ROWS) as dock:
        app = dock.app
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


async def test_a_running_tool_shows_its_job_and_its_end(open_dock: OpenDock) -> None:
    async with open_dock() as dock:
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


async def test_a_long_history_opens_with_its_newest_part(open_dock: OpenDock) -> None:
    async with open_dock() as dock:
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
    open_dock: OpenDock, width: int, until: Until
) -> None:
    nasty = "<img src=x> & " + "W" * 500 + " \u202eabc 😀"
    async with open_dock(width=width) as dock:
        dock.list.clear()
        dock.list.add(Said(text=nasty))
        dock.list.add(ToolDone(key="t", tool="x" * 200, result=nasty))
        dock.list.add(Question(text=nasty, options=(Option(label=nasty, action="help_me"),)))
        dock.list.add(CardAsked(key="c", card=_card(nasty)))
        await until(lambda: views(dock, OptionButton)[0].text().count("\n") > 3)
        await drawn()
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
    open_dock: OpenDock, until: Until
) -> None:
    async with open_dock(ROWS) as dock:
        dock.assistant.send("delete topic Nothing")
        dock.assistant.begin("go_back", step="topics")
        assert dock.foot.send.accessibleName() == "Stop"
        dock.foot.send.click()
        await settled(dock)
        assert dock.foot.send.accessibleName() == "Send"
        assert not dock.assistant.busy


async def test_a_users_own_call_asks_in_the_dock(open_dock: OpenDock, until: Until) -> None:
    async with open_dock(ROWS, goal="answer") as dock:
        await dock.app.call("start_finetune_workflow", training_goals="answer")
        call = asyncio.ensure_future(dock.app.call("rollback_to_step", snapshot_id=1))
        await until(lambda: views(dock, ApprovalCard))
        views(dock, ApprovalCard)[0].no.click()
        with pytest.raises(DeclinedError):
            await call


async def test_it_is_reached_by_keyboard_and_named(open_dock: OpenDock) -> None:
    async with open_dock() as dock:
        for button in question(dock).options:
            assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
            assert button.accessibleName()
        assert dock.input.accessibleName() == "Message to the assistant"
        assert dock.head.search.accessibleName()
        first = question(dock)
        dock.list.add(Choice(key=first.question.key, index=0))
        assert "Try the sample" in [o.words for o in first.options if o.isVisible()]


def test_links_and_pictures_in_a_message_are_only_text(themed: QApplication) -> None:
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


async def test_a_place_is_found_and_shown_highlighted(
    open_dock: OpenDock, qtbot: QtBot, until: Until
) -> None:
    async with open_dock(ROWS) as dock:
        dock.assistant.send("explain balance")
        await settled(dock)
        dock.finding.open()
        assert dock.finding.line.isVisible()
        dock.finding.line.line.setText("evenly the topics")
        await until(lambda: dock.finding.hits.hits)
        assert dock.pages.currentIndex() == 1
        (hit,) = dock.finding.hits.hits
        assert "evenly the topics are filled" in hit.place.excerpt
        qtbot.keyClick(hit, Qt.Key.Key_Return)
        await until(lambda: [v for v in _found(dock) if v.isVisible()])
        (place,) = _found(dock)
        assert "evenly the topics" in place.text
        assert place.findChildren(Prose)[0].textCursor().selectedText() == "evenly the topics"
        questions = dock.finding.list.findChildren(QuestionCard)
        assert not any(option.focusPolicy() for card in questions for option in card.options)
        qtbot.keyClick(dock.finding.line.line, Qt.Key.Key_Escape)
        assert dock.pages.currentIndex() == 0
        assert dock.finding.line.isHidden()


async def test_older_entries_are_read_at_the_top_and_what_was_edited_away_is_not_among_them(
    open_app: OpenApp, make_dock: MakeDock
) -> None:
    async with open_app(ROWS) as app:
        session = app.session
        assert session is not None
        edited = Said(key="edited", text="edited away")
        kept = Message(text="the first of all")
        later = [Message(text=f"message {n}") for n in range(90)]
        entries = [kept, edited, *later[:70], Withdrawn(key="edited"), *later[70:]]
        await session.store.transaction(_store, entries)
        app.settings.openings = False
        dock = make_dock(app)
        await settled(dock)
        while dock.list.show_earlier():
            await settled(dock)
        texts = [view.text for view in dock.list.views if isinstance(view, Spoken)]
        assert texts == ["the first of all", *(f"message {n}" for n in range(70, 90))]


def _store(tx: Tx, entries: list[Entry]) -> None:
    for entry in entries:
        results.add_chat(tx, entry.kind, as_data(entry))


async def test_a_search_without_a_place_says_so(open_dock: OpenDock, until: Until) -> None:
    async with open_dock(ROWS) as dock:
        dock.finding.open()
        dock.finding.line.line.setText("<b>nowhere</b>")
        await until(lambda: dock.pages.currentIndex() == 1)
        assert "<b>nowhere</b>" in dock.finding.hits._said.text()


async def test_ids_lead_to_their_panels_and_addresses_ask(
    open_dock: OpenDock, until: Until
) -> None:
    async with open_dock() as dock:
        gone: list[tuple[str, Any]] = []
        dock.go.connect(lambda panel, target: gone.append((panel, target)))
        dock.list.add(Message(text="See record 12, [this](topic:7) and [that](https://x.org/y)"))
        (part,) = views(dock, MessageView)[-1].words.parts
        for address in ("record:12", "topic:7", "https://x.org/y"):
            part.anchorClicked.emit(QUrl(address))
        assert gone == [("records", {"record": 12}), ("topics_config", {"topic": 7})]
        await until(lambda: dock.findChildren(AddressDialog))
        (dialog,) = dock.findChildren(AddressDialog)
        assert dialog.words.toPlainText() == "https://x.org/y"
        dialog.reject()
        await settled(dock)


async def test_quick_actions_are_of_the_step_and_send_their_text(
    open_dock: OpenDock, qtbot: QtBot, until: Until
) -> None:
    async with open_dock(ROWS) as dock:
        labels = [chip.text() for chip in dock.foot.quick.widgets]
        assert "Set the goal" in labels
        await dock.app.call("start_finetune_workflow", training_goals="Answer kindly")
        await until(lambda: [c.text() for c in dock.foot.quick.widgets] != labels)
        chip = dock.foot.quick.widgets[-1]
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
        await settled(dock)
        assert len(views(dock, SaidView)) == 1


async def test_what_a_stop_drops_returns_to_an_empty_line_only(open_dock: OpenDock) -> None:
    async with open_dock() as dock:
        dock._heard(Queued(key="a", text="first"))
        dock._heard(Queued(key="b", text="second"))
        assert [view.text for view in views(dock, QueuedView)] == ["first", "second"]
        dock._heard(Queued(key="a", text="first", on=False))
        dock._heard(Queued(key="b", text="second", on=False))
        assert dock.foot.input.text() == "first"
        assert not views(dock, QueuedView)


async def test_a_wait_counts_down_and_can_be_stopped(open_dock: OpenDock) -> None:
    async with open_dock() as dock:
        dock._heard(Waits(seconds=12, reason="The endpoint is busy."))
        assert dock.foot.wait.isVisible()
        assert dock.foot.wait.words.text() == "The endpoint is busy, trying again in 12 s"
        stops: list[bool] = []
        dock.foot.stopped.connect(lambda: stops.append(True))
        stop = next(b for b in dock.foot.wait.findChildren(QPushButton) if b.text() == "Stop")
        stop.click()
        assert stops == [True]
        dock._heard(Message(text="Here it is"))
        assert dock.foot.wait.isHidden()


async def test_the_head_names_who_speaks_and_lets_another_be_chosen(
    open_app: OpenApp, make_dock: MakeDock, until: Until
) -> None:
    async with open_app() as app:
        damaged = app.home / "agents" / "broken.md"
        damaged.parent.mkdir(parents=True, exist_ok=True)
        damaged.write_text("no head")
        dock = make_dock(app)
        await settled(dock)
        assert dock.head.name == "Guided"
        actions = {action.text(): action for action in dock.head.speaker.menu().actions()}
        assert {"finetune", "Guided (no model)", "Connections…"} <= actions.keys()
        assert any("broken" in action.toolTip() for action in actions.values())
        actions["Guided (no model)"].trigger()
        assert app.settings.agent == "guided"
        await settled(dock)  # it is read again who speaks; what is shown below is not overwritten
        speaker = Speaker("Local server", "a/very-long-model-name-" + "x" * 200, "finetune")
        dock.head.show_speaker(speaker, await dock.assistant.agents(), "finetune")
        assert speaker.model in dock.head.speaker.accessibleName()
        for width in (352, 312):
            dock.resize(width, 760)
            await drawn()
            assert dock.head.minimumSizeHint().width() <= width
            assert dock.head.speaker.width() >= dock.head.speaker.sizeHint().width()
        asked: list[str] = []
        dock.go.connect(lambda panel, target: asked.append(panel))
        menu = {action.text(): action for action in dock.head.speaker.menu().actions()}
        menu["Connections…"].trigger()
        assert asked == ["connections"]


async def test_what_was_spent_stands_at_the_foot(open_dock: OpenDock) -> None:
    async with open_dock(ROWS) as dock:
        assert dock.foot.spent.text() == "No model"
        session = dock.app.session
        assert session is not None
        spent = Spent(model="m", prompt_tokens=12_000, answer_tokens=345, cost=0.25)
        await dock.assistant._emit(spent, session)
        dock._heard(spent)
        await settled(dock)
        assert dock.foot.spent.text() == "12.3k tokens, 0.25"


async def test_topics_of_the_chat_are_used_like_those_of_the_panel_and_only_once(
    open_app: OpenApp, make_dock: MakeDock, until: Until
) -> None:
    async with open_app(ROWS, goal="answer") as app:
        await app.call("start_finetune_workflow", training_goals="answer")
        assert app.session is not None
        shown = TreeShown(title="Two topics", hierarchy=({"name": "Odd"}, {"name": "Even"}))
        await app.session.store.transaction(_store, [shown])
        dock = make_dock(app)
        await until(lambda: views(dock, TreeCard))
        (card,) = views(dock, TreeCard)
        card.tree._model.item(0).setText("Uneven")
        card.use.click()
        await until(lambda: card.tree.frozen)
        found = await app.session.store.read(topics.all_topics)
        assert [topic.name for topic in found] == ["Uneven", "Even"]
        await app.jobs.wait()
        reopened = make_dock(app)
        await until(lambda: views(reopened, TreeCard))
        (read,) = views(reopened, TreeCard)
        assert read.tree.frozen
        assert read.use.isHidden()
        assert read.state.text() == "Used. Topics shows them as they are now."


async def test_an_always_is_offered_only_for_what_can_be_undone(
    open_dock: OpenDock, until: Until
) -> None:
    async with open_dock(ROWS) as dock:
        for reversible in (False, True):
            card = _card().model_copy(update={"reversible": reversible})
            asked = asyncio.ensure_future(dock.app.approve(card))
            await until(lambda: views(dock, ApprovalCard))
            view: ApprovalCard = views(dock, ApprovalCard)[0]
            assert view.always.isVisible() is reversible
            (view.always if reversible else view.no).click()
            assert await asked is reversible
            await settled(dock)


def _found(dock: ChatDock) -> list[Spoken]:
    return [v for v in dock.finding.list.findChildren(Spoken) if v.property("found")]
