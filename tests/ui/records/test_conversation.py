"""The record beside the list over a real store: edit, compare, history, fixes, the edit elsewhere."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QTextEdit
from pytestqt.qtbot import QtBot

from app.domain.records import Message, Record
from app.domain.validation import issue, issues_of
from app.store import records
from app.ui import kit
from app.ui.geometry import memory
from app.ui.records.compare import AS_IMPORTED, PiecesText
from app.ui.records.conversation import TURNS_SHOWN, Conversation, chips_of
from app.ui.records.fixes import PreviewDialog, fix_entries
from app.ui.records.handling import MARKDOWN
from app.ui.records.snapshot import Detail
from app.ui.records_panel import RecordsPanel
from tests.tools.test_fixes import everything


def row(*turns: tuple[str, str], **more: Any) -> dict[str, Any]:
    messages = [Message(role=role, content=text) for role, text in turns]
    found = issues_of(messages)
    return {
        "messages": messages,
        "content_hash": str(turns),
        "tokens": 5,
        "split": "train",
        "issues": found,
        "valid": not any(i.severity == "error" for i in found),
        **more,
    }


SYSTEM = ("system", "Route tickets.")
ROWS = [row(SYSTEM, ("user", f"question {n}")) for n in range(1, 5)]
ROWS += [row(("user", f"ticket {n}"), ("assistant", "a"), ("assistant", "b")) for n in range(3)]


def texts(shown: Conversation) -> str:
    return "\n".join(view.toPlainText() for view in shown.texts())


def dialog() -> QDialog | None:
    every = QApplication.topLevelWidgets()
    return next((w for w in every if isinstance(w, QDialog) and w.isVisible()), None)


async def shown_at(panel: Any, until: Any, record_id: int) -> Conversation:
    panel.point_at({"record": record_id})
    shown: Conversation = panel.conversation
    await until(lambda: shown.detail and shown.detail.record.id == record_id)
    return shown


async def test_an_edit_is_offered_to_the_records_like_it(
    open_app: Any, show_panel: Any, until: Any, qtbot: QtBot
) -> None:
    async with open_app(ROWS) as app:
        panel = await show_panel(app, RecordsPanel)
        shown = await shown_at(panel, until, 2)
        before = await app.session.store.read(everything)
        shown.start_edit()
        assert not shown.save.isEnabled()
        shown.form.turns[0].text.setPlainText("Route bills.")
        assert shown.save.isEnabled()
        turn = shown.form.turns[0].text
        qtbot.keyClick(turn, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: shown._offers[0] == 2)
        one = await app.session.store.read(everything)
        offers = shown._offers[1]
        assert [(o.edit.kind, o.found.records) for o in offers] == [("turn", 3)]
        await until(lambda: shown.detail is not None)
        shown.offer_taken.emit(offers[0])
        await until(dialog)
        assert "3 records" in dialog().yes.text()
        dialog().yes.click()
        await until(lambda: not shown._offers[0])
        every = await app.session.store.read(records.many, range(1, 5))
        assert {record.messages[0].text for record in every} == {"Route bills."}
        await app.session.store.undo()
        assert await app.session.store.read(everything) == one
        await app.session.store.undo()
        assert await app.session.store.read(everything) == before


async def test_compare_and_history_with_undo(open_app: Any, show_panel: Any, until: Any) -> None:
    async with open_app(ROWS) as app:
        panel = await show_panel(app, RecordsPanel)
        shown = await shown_at(panel, until, 1)
        shown.show_view("compare")
        await until(lambda: shown.body.count() > 1)
        labels = [w.text() for w in shown.area.findChildren(kit.label("").__class__)]
        assert AS_IMPORTED in labels
        turns = [{"role": "user", "content": "question one"}]
        await app.call("update_record", record_id=1, updates={"messages": turns})
        await until(lambda: len(shown.area.findChildren(PiecesText)) == 2)
        spoken = [w.accessibleDescription() for w in shown.area.findChildren(PiecesText)]
        assert spoken == ["Removed: Route tickets..", "Removed: 1. Added: one."]
        shown.show_view("history")
        await until(lambda: "Edit record 1" in said(shown))
        (undo,) = [b for b in shown.area.findChildren(QPushButton) if b.text() == "Undo"]
        undo.click()
        await until(lambda: "Undo: Edit record 1" in said(shown))
        assert (await app.session.store.read(records.get, 1)).messages[0].text == "Route tickets."


def said(shown: Conversation) -> list[str]:
    labels = shown.area.findChildren(kit.label("").__class__)
    return [label.text() for label in labels if not label.isHidden()]


async def test_a_fix_for_one_and_for_all(open_app: Any, show_panel: Any, until: Any) -> None:
    async with open_app(ROWS) as app:
        panel = await show_panel(app, RecordsPanel)
        shown = await shown_at(panel, until, 5)
        before = await app.session.store.read(everything)
        (button,) = [b for b in shown.area.findChildren(QPushButton) if b.property("fixes")]
        actions = button.menu().actions()
        assert actions[0].text() == "Keep the last assistant turn as the recorded reply"
        actions[0].trigger()
        await until(lambda: shown.detail.record.reply is not None)
        assert shown.detail.record.valid
        shown.fix_asked.emit("reply_from_last", True)
        await until(dialog)
        found = dialog()
        assert isinstance(found, PreviewDialog)
        assert found.facts.text() == "2 records. 2 become valid."
        found.yes.click()
        await app.jobs.wait()
        assert (await app.call("get_dataset_stats")).invalid == 0
        await app.session.store.undo()
        await app.session.store.undo()
        assert await app.session.store.read(everything) == before


async def test_the_switch_to_plain_text_is_remembered(
    open_app: Any, show_panel: Any, until: Any
) -> None:
    async with open_app([row(("user", "some **bold** words"))]) as app:
        panel = await show_panel(app, RecordsPanel)
        shown = await shown_at(panel, until, 1)
        await until(lambda: "some bold words" in texts(shown))
        shown.plain.click()
        await until(lambda: "some **bold** words" in texts(shown))
        assert memory(app.home).value(MARKDOWN, True, type=bool) is False
        again = await show_panel(app, RecordsPanel)
        assert not again.conversation.markdown


def test_search_words_are_marked_in_every_record(themed: QApplication, qtbot: QtBot) -> None:
    shown = Conversation()
    qtbot.addWidget(shown)
    shown.show_words("refund")
    for n in (1, 2):
        record = Record(id=n, messages=(Message(role="user", content="my refund"),))
        shown.show_detail(Detail(record))
        assert len([v for v in shown.texts() if v.extraSelections()]) == 1
    shown.show_words("")
    assert not any(v.extraSelections() for v in shown.texts())


def test_a_long_conversation_is_laid_out_in_turns(themed: QApplication, qtbot: QtBot) -> None:
    messages = tuple(Message(role="user", content=f"turn {n}.") for n in range(TURNS_SHOWN + 40))
    shown = Conversation()
    qtbot.addWidget(shown)
    shown.show_detail(Detail(Record(id=1, messages=messages)))
    assert kit.pending()
    qtbot.waitUntil(lambda: not kit.pending())
    assert "turn 39." not in texts(shown)
    (more,) = [b for b in shown.area.findChildren(QPushButton) if b.text().startswith("Show 40")]
    more.click()
    qtbot.waitUntil(lambda: not kit.pending())
    boxes = [item.widget() for i in range(shown.body.count()) if (item := shown.body.itemAt(i))]
    order = [box.findChild(QTextEdit) for box in boxes if box is not None]
    assert [v.toPlainText() for v in order if v is not None] == [m.text for m in messages]
    shown.show_detail(Detail(Record(id=2, messages=messages[:1])))  # nothing of the first is left
    assert shown.body.count() == 2


def test_what_a_record_is_offered() -> None:
    record = Record(
        id=1,
        messages=(Message(role="user", content="a"),),
        issues=(issue("duplicate", line=3),),
    )
    entries = fix_entries(record, lambda name, every: None, lambda: None)
    assert [entry.words for entry in entries] == ["Remove exact duplicates…"]
    assert (
        fix_entries(record.model_copy(update={"issues": ()}), lambda *_: None, lambda: None) == []
    )


def test_who_decided_on_the_topic_is_said_in_place_of_a_probability() -> None:
    said = {"user": "confirmed", "label": "by its label", "model": "by a model", "auto": "0.90"}
    for source, words in said.items():
        record = Record(
            id=1, messages=(), topic_id=2, topic_source=source, probability=0.9  # type: ignore[arg-type]
        )  # fmt: skip
        assert [text for text, _ in chips_of(Detail(record, "Card"))] == ["Card", words]
