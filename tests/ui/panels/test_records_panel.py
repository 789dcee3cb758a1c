"""The records panel: lazy rows, filters, edits through tools, export, empty states."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.domain.records import Issue, Message, Record
from app.domain.search_words import terms_of
from app.errors import InputError, ToolError
from app.store import records, topics
from app.store.records import RecordFilter, RecordRow
from app.ui.parts import CELL
from app.ui.records import snapshot
from app.ui.records.columns import KEYS, Shown, text_cell, tokens_words
from app.ui.records.conversation import Conversation, chips_of
from app.ui.records.model import PAGES_KEPT, RecordModel
from app.ui.records.snapshot import (
    PAGE,
    Detail,
    Listing,
    Page,
    View,
    origin_facts,
    row_after,
    view_of,
)
from app.ui.records.turns import pretty
from app.ui.records_panel import RecordsPanel
from app.ui.topics.choices import TopicChoice

WARNED = {"code": "near_duplicate", "severity": "warn", "text": "Nearly the same as line 1."}
BROKEN = {"code": "no_user_turn", "severity": "error", "text": "No turn is from the user."}


TEXT = KEYS.index("text")


def rows(count: int) -> list[dict[str, Any]]:
    made = []
    for i in range(1, count + 1):
        row = {
            "messages": [{"role": "user", "content": f"question {i}"}],
            "preview": f"question {i}",
            "content_hash": f"h{i}",
            "cluster": f"c{i}",
            "split": "train",
            "tokens": i,
            "valid": i != 2,
            "issues": [WARNED] if i == 1 else [BROKEN] if i == 2 else [],
        }
        made.append(row)
    return made


async def test_edit_is_validated_and_can_be_undone(
    open_app: Any, show_panel: Any, until: Any, qtbot: QtBot
) -> None:
    async with open_app(rows(5)) as app:
        panel = await show_panel(app, RecordsPanel)
        panel.point_at({"record": 3})
        await until(lambda: panel.conversation.title.text() == "Record 3")
        panel.conversation.start_edit()
        editor = panel.conversation.form.turns[0].text
        editor.setPlainText("another question")
        qtbot.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: not panel.conversation.editing and panel.conversation.detail)
        stored = await app.session.store.read(records.get, 3)
        assert stored.last_user_turn == "another question"
        assert stored.source == "edited"
        await until(lambda: panel.list.model.index(2, 1).data(CELL).text == "another question")
        await app.session.store.undo()
        await until(lambda: panel.conversation.detail.record.last_user_turn == "question 3")


async def test_a_refresh_keeps_an_open_edit(open_app: Any, show_panel: Any, until: Any) -> None:
    async with open_app(rows(5)) as app:
        panel = await show_panel(app, RecordsPanel)
        panel.conversation.start_edit()
        panel.conversation.form.turns[0].text.setPlainText("half written")
        await app.call("set_goal", goal="another goal")
        await app.call("delete_records", record_ids=[5])
        await until(lambda: panel.list.model.rowCount() == 4)
        assert panel.conversation.form.turns[0].text.toPlainText() == "half written"


async def test_conversation_shows_everything(qtbot: QtBot, themed: Any, until: Any) -> None:
    call = {"id": "1", "function": {"name": "lookup", "arguments": '{"city": "Rome"}'}}
    record = Record(
        id=7,
        messages=(
            Message(role="system", content="<b>not bold</b>"),
            Message(role="user", content="x" * 9000),
            Message(role="assistant", tool_calls=[call]),
            Message(role="tool", content='{"ok": true}'),
            Message(role="user", content="and now?"),
        ),
        reference="done",
        reply=Message(role="assistant", content="here"),
        issues=(Issue(code="user_twice", severity="warn", text="Twice."),),
        extra={"note": "kept"},
        tools=({"type": "function"},),
        topic_id=1,
        probability=0.4,
        fit=0.31,
        split="test",
    )
    shown = Conversation()
    qtbot.addWidget(shown)
    shown.resize(300, 600)
    shown.show_detail(Detail(record, "Cards › Lost card"))

    def names() -> set[str]:
        inside = shown.area.widget().children()
        return {w.accessibleName() for w in inside if hasattr(w, "accessibleName")}

    await until(lambda: {"Reference", "Recorded reply", "Worth a look"} <= names())
    assert chips_of(shown.detail) == [("Lost card", "accent"), ("0.40", "warn"), ("test", "muted")]
    assert shown.sure.text() == "Probability 0.40 · fit to any topic 0.31"


def test_pretty_opens_json_and_leaves_words() -> None:
    assert pretty('{"route":"payments"}') == '{"route": "payments"}'
    assert pretty("plain words") == "plain words"
    assert pretty("12") == "12"
    assert pretty("[" * 5000) == "[" * 5000
    assert "\n" in pretty({"first": "a long value", "second": "another long value"})


def test_origin_in_words() -> None:
    stamp = datetime(2026, 11, 22, 9, 12)
    origin = {"file": "/x/y.jsonl", "imported": stamp.timestamp(), "rejected_lines": 1}
    said = origin_facts(origin, stamp)
    assert said == "y.jsonl, imported today 09:12. 1 line could not be read"


async def test_only_looked_at_pages_are_read(open_app: Any, show_panel: Any, until: Any) -> None:
    async with open_app(rows(1000)) as app:
        panel = await show_panel(app, RecordsPanel)
        model = panel.list.model
        assert model.rowCount() == 1000
        assert model.listing.ids == range(1, 1001)  # no id is held
        assert list(model._pages) == [0]
        panel.list.table.scrollToBottom()
        panel.list.table.viewport().repaint()
        last = model.index(999, TEXT)
        assert last.data(CELL).text == "…"
        await until(lambda: last.data(CELL).text == "question 1000")
        assert len(model._pages) <= 3


async def test_a_list_without_known_order(
    open_app: Any, show_panel: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a million records: the first page and an estimate first, the order behind it."""
    monkeypatch.setattr(snapshot, "SMALL", 100)
    async with open_app(rows(1000)) as app:
        store = app.session.store
        view = View("tokens>500", sort="tokens", descending=True, shown=700)
        spec = await store.read(snapshot.read_spec, view)
        first = await store.read(snapshot.read_first, view, spec, {700, 3})
        assert first.ids is None
        assert first.said.startswith("about ")
        assert 400 <= first.total <= 600
        assert [row.id for row in first.first.rows] == list(range(1000, 900, -1))
        whole = await store.read(snapshot.read_order, first, {700, 3})
        assert list(whole.ids) == list(range(1000, 500, -1))
        assert whole.places == {700: 300}
        assert whole.said == "500"
        panel = await show_panel(app, RecordsPanel)
        panel.point_at({"record": 700, "query": "tokens>500"})
        panel.view = replace(panel.view, sort="tokens", descending=True)
        await until(lambda: panel.list.table.currentIndex().row() == 300)
        assert panel.conversation.title.text() == "Record 700"
        assert panel.list.model.rowCount() == 500
        panel.list.table.scrollToBottom()
        panel._filter("tokens>100")
        await until(lambda: panel.list.model.rowCount() == 900)
        assert panel.list.table.rowAt(0) == 0
        assert panel.view.shown == 1000


def test_the_order_comes_behind_the_first_page(qtmodeltester: Any) -> None:
    model, resets = RecordModel(), []
    model.modelReset.connect(lambda: resets.append(1))
    view = View("x")
    short = replace(listing(view, range(1, 101)), ids=None, total=140)
    model.show_listing(short)
    assert resets == [1]
    assert model.id_at(99) == 100
    assert model.id_at(120) is None
    whole = replace(short, ids=range(1, 401), total=400)
    model.show_listing(whole)
    assert resets == [1]  # nothing in view moved
    assert model.rowCount() == 400
    assert model.id_at(399) == 400
    model.show_listing(replace(short, first=Page()))  # read again: the order known stays meanwhile
    assert model.rowCount() == 400
    qtmodeltester.check(model)


def test_model_keeps_few_pages_and_drops_one_of_an_earlier_list() -> None:
    model = RecordModel()
    asked: list[int] = []
    model.wanted.connect(asked.append)
    model.show_listing(listing(View(), range(1, 100_001)))
    for page in range(100):
        model.fill(Page(tuple(row(page * PAGE + i + 1) for i in range(PAGE))), page, edition=1)
    assert len(model._pages) == PAGES_KEPT
    assert model.row(0) is None
    assert model.index(0, TEXT).data(CELL).text == "…"
    assert asked == [0]
    old = model.edition
    model.show_listing(listing(View("other"), range(7, 9)))
    model.fill(Page((row(1),)), 0, edition=old)
    assert model.row(0).id == 7


async def test_one_line_filters_and_menus_write_into_it(
    open_app: Any, show_panel: Any, until: Any, qtbot: QtBot
) -> None:
    async with open_app(rows(30)) as app:
        await app.call("add_topic", name="Lost card")
        await app.call("assign_topic", topic="Lost card", record_ids=[4, 5])
        panel = await show_panel(app, RecordsPanel)
        bar, line = panel.list.filters, panel.list.filters.line
        qtbot.keyClicks(line, "question 12")
        await until(lambda: listed(panel) == [12])
        assert "In file order" in bar.note.text()
        line.setText("")
        bar._choose_topic(1)
        await until(lambda: listed(panel) == [4, 5])
        assert line.text() == 'topic:"Lost card"'
        entry(bar.issues.menu(), "Train").trigger()
        assert line.text() == 'topic:"Lost card" split:train'
        panel.point_at({"issues": True})
        await until(lambda: listed(panel) == [1, 2])
        assert line.text() == "is:flagged"
        assert bar.issues.text() == "With issues"
        panel._sort("tokens", True)
        await until(lambda: listed(panel) == [2, 1])
        panel._filter("nosuchword")
        await until(lambda: panel.list.stack.currentIndex() == 1)
        panel.list.clear.click()
        await until(lambda: len(listed(panel)) == 30)


async def test_what_is_wrong_in_the_line_is_marked_and_mended(
    open_app: Any, show_panel: Any, until: Any
) -> None:
    async with open_app(rows(9)) as app:
        panel = await show_panel(app, RecordsPanel)
        bar = panel.list.filters
        bar.line.setText("question tokns>7")
        bar.line.apply()
        await until(lambda: bar.wrong)
        assert bar.wrong == "There is no filter “tokns”."
        assert bar.line.wrong == (9, 16)
        assert panel.list.model.rowCount() == 9  # the list stays as it was
        assert not panel.errors
        bar.mend.click()
        await until(lambda: listed(panel) == [8, 9])
        assert bar.line.text() == "question tokens>7"
        assert bar.line.wrong is None
        bar.line.setText("topic:Nothing")
        bar.line.apply()
        await until(lambda: "no topic" in bar.wrong)
        bar.line.setText("tokens>7")
        bar.line.apply()
        await until(lambda: not bar.wrong)


async def test_the_line_is_completed(
    open_app: Any, show_panel: Any, until: Any, qtbot: QtBot
) -> None:
    async with open_app(rows(5)) as app:
        await app.call("add_topic", name="Fees & rates")
        panel = await show_panel(app, RecordsPanel)
        line = panel.list.filters.line
        line.setFocus()
        qtbot.keyClicks(line, "to")
        offered = [c.text for c in line._offers]
        assert offered[0] == "topic:"
        assert "tokens" in offered
        line._take("topic:")
        await until(lambda: [c.text for c in line._offers] == ['topic:"Fees & rates"'])
        assert line._popup.isVisible()
        line._take('topic:"Fees & rates"')
        assert line.text() == 'topic:"Fees & rates" '


async def test_selection_stays_by_record(open_app: Any, show_panel: Any, until: Any) -> None:
    async with open_app(rows(9)) as app:
        panel = await show_panel(app, RecordsPanel)
        panel.list.table.select(4)
        panel.list.table.select_more([6, 7])
        assert panel.list.selected_ids() == [5, 7, 8]
        await app.jobs.wait()
        await app.call("delete_records", record_ids=[2, 6])
        await until(lambda: panel.list.model.rowCount() == 7)
        assert panel.list.selected_ids() == [5, 7, 8]
        assert panel.list.foot.every.text() == "3 of 7 selected"


async def test_all_that_match_are_changed_by_the_line(
    open_app: Any, show_panel: Any, until: Any, qtbot: QtBot
) -> None:
    async with open_app(rows(300)) as app:
        topic = (await app.call("add_topic", name="Fees & rates")).topic_id
        panel = await show_panel(app, RecordsPanel)
        panel._filter("tokens>250")
        await until(lambda: panel.list.model.rowCount() == 50)
        qtbot.keyClick(panel.list.table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        assert panel.list.foot.every.text() == "All 50 selected"
        assert await panel.acts.chosen() == {"query": "tokens>250"}
        entry(panel.list.foot.change.menu(), "Fees && rates").trigger()
        await app.jobs.wait()
        assert (await app.session.store.read(topics.counts))[topic] == 50
        assert panel.list.foot.every.text() == "All 50 selected"
        entry(panel.list.foot.change.menu(), "Test").trigger()
        await app.jobs.wait()
        stats = await app.session.store.read(records.stats)
        assert stats.splits == {"train": 249, "test": 50}
        panel.list.foot.every.click()
        assert panel.list.selected_ids() == [panel.view.shown]
        panel.list.foot.every.click()
        panel.list.foot.delete.click()
        await until(lambda: panel.list.stack.currentIndex() == 1)
        await app.session.store.undo()
        await until(lambda: panel.list.model.rowCount() == 50)


async def test_delete_of_some_shows_the_next(open_app: Any, show_panel: Any, until: Any) -> None:
    async with open_app(rows(6)) as app:
        panel = await show_panel(app, RecordsPanel)
        panel.list.table.select_more([2, 3])
        panel.list.foot.delete_asked.emit()
        await until(lambda: listed(panel) == [2, 5, 6])
        await until(lambda: panel.view.shown == 5)


def test_the_row_after_a_delete() -> None:
    assert row_after([range(1, 3)], 4) == 3
    assert row_after([range(2, 4)], 4) == 1
    assert row_after([range(4)], 4) == -1


async def test_jump(open_app: Any, show_panel: Any) -> None:
    async with open_app(rows(500)) as app:
        await app.call("delete_records", record_ids=[1, 2, 3])
        panel = await show_panel(app, RecordsPanel)
        await panel.acts.jump_to("400")
        assert panel.list.table.currentIndex().row() == 399
        await panel.acts.jump_to("#400")
        assert panel.list.selected_ids() == [400]
        with pytest.raises(InputError, match="no record 2"):
            await panel.acts.jump_to("#2")
        with pytest.raises(InputError, match="no number"):
            await panel.acts.jump_to("first")
        await app.jobs.wait()


async def test_columns_are_chosen_and_remembered(open_app: Any, show_panel: Any) -> None:
    async with open_app(rows(5)) as app:
        panel = await show_panel(app, RecordsPanel)
        assert shown_titles(panel) == ["#", "Last user turn and topic", "Tokens", "Issue"]
        entry(panel.list.foot.looks.menu(), "Split").trigger()
        assert "Split" in shown_titles(panel)
        assert panel.list.model.index(0, TEXT).data(CELL).sub == "Uncategorised"
        again = await show_panel(app, RecordsPanel)
        assert shown_titles(again) == shown_titles(panel)
        panel.list.table.horizontalHeader().sectionClicked.emit(KEYS.index("split"))
        await app.jobs.wait()
        assert panel.view.sort == "split"


async def test_an_error_is_shown_in_the_panel(open_app: Any, show_panel: Any) -> None:
    async with open_app(rows(3)) as app:
        panel = await show_panel(app, RecordsPanel)
        panel.list.foot.topic_chosen.emit(77)
        await app.jobs.wait()
        assert "no topic 77" in panel.errors["act"].text.text()


async def test_no_dataset_and_no_records(open_app: Any, show_panel: Any, until: Any) -> None:
    async with open_app([]) as app:
        panel = await show_panel(app, RecordsPanel)
        assert panel.list.stack.currentIndex() == 2
        assert not panel.export.isEnabled()
        assert not panel.list.foot.every.isEnabled()
        await app.close_dataset()
        panel.reload()
        await until(lambda: panel.stack.currentIndex() == 1)


def test_what_can_be_pointed_at() -> None:
    assert view_of({"record": 4}).shown == 4
    assert view_of({"issues": True}).line == "is:flagged"
    assert view_of({"issues": "duplicate"}).line == "issue:duplicate"
    assert view_of({"invalid": True, "query": "tokens>3"}).line == "tokens>3"
    assert view_of({"ids": [3, 4]}).chosen == (3, 4)
    known = (
        TopicChoice(1, "Fees", ("Cards", "Fees"), (1,)),
        TopicChoice(2, "Fees", ("Fees",), (2,)),
    )
    assert view_of({"topic": 1}, known).line == 'topic:"Cards / Fees"'
    assert view_of({"topic": 9}, known).line == "topic:9"
    with pytest.raises(ToolError, match="colour"):
        view_of({"colour": 1})


def test_hits_are_marked_where_they_are_seen() -> None:
    text = "Could somebody over there please tell me where my Réfund is"
    shown = Shown(row(1, preview=text), "Fees", None, terms_of("refund"), frozenset(KEYS))
    cell = text_cell(shown)
    (mark,) = cell.marks
    assert cell.text[slice(*mark)] == "Réfund"
    assert mark[0] < 20
    elsewhere = text_cell(replace(shown, terms=terms_of("invoice"), columns=frozenset()))
    assert elsewhere.marks == ()
    assert elsewhere.sub == "Fees, train, found in another turn"


def test_an_estimated_number_of_tokens_is_marked() -> None:
    assert tokens_words(row(1, tokens=1200)) == "~1,200"
    assert tokens_words(row(1, tokens=1200, tokens_exact=True)) == "1,200"


def row(number: int, **values: Any) -> RecordRow:
    made: dict[str, Any] = {
        "id": number, "preview": f"question {number}", "topic_id": None, "topic_source": None,
        "probability": None, "fit": None, "split": "train", "tokens": number,
        "tokens_exact": False, "source": "imported", "valid": True, "turns": 1, "length": 9,
        "has_tools": False, "weight": 1.0, "tags": (), "issues": [],
    }  # fmt: skip
    return RecordRow(**(made | values))


def listing(view: View, ids: range) -> Listing:
    first = Page(tuple(row(i) for i in ids[:PAGE]))
    return Listing(view, RecordFilter(), first, len(ids), str(len(ids)), ids=ids)


def listed(panel: RecordsPanel) -> list[int]:
    return list(panel.list.model.listing.ids or ())


def shown_titles(panel: RecordsPanel) -> list[str]:
    table, model = panel.list.table, panel.list.model
    across = Qt.Orientation.Horizontal
    return [model.headerData(i, across) for i in range(len(KEYS)) if not table.isColumnHidden(i)]


def entry(menu: QMenu, words: str) -> QAction:
    """The menu's entry of these words, in any of its submenus."""
    for action in menu.actions():
        if action.text().split("  ")[0] == words:
            return action
        if (below := action.menu()) and (found := entry(below, words)):
            return found
    return None
