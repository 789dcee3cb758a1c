"""The records panel: lazy rows, filters, edits through tools, export, empty states."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from pytestqt.qtbot import QtBot

from app.domain.records import Issue, Message, Record
from app.errors import ToolError
from app.store import records, topics
from app.store.filters import ANY_ISSUE
from app.store.records import RecordFilter, RecordStats
from app.ui.parts import CELL
from app.ui.records.conversation import Conversation, chips_of
from app.ui.records.export import write_jsonl
from app.ui.records.listing import first_after
from app.ui.records.model import RecordModel
from app.ui.records.snapshot import PAGE, Detail, origin_facts, read_snapshot, view_of
from app.ui.records.turns import pretty
from app.ui.records_panel import RecordsPanel

WARNED = {"code": "near_duplicate", "severity": "warn", "text": "Nearly the same as line 1."}
BROKEN = {"code": "no_user_turn", "severity": "error", "text": "No turn is from the user."}


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


async def test_only_looked_at_pages_are_read(open_app: Any, show_panel: Any, until: Any) -> None:
    async with open_app(rows(1000)) as app:
        panel = await show_panel(app, RecordsPanel)
        model = panel.list.model
        assert model.rowCount() == 1000
        assert len(model._rows) == PAGE
        panel.list.table.scrollToBottom()
        panel.list.table.viewport().repaint()
        last = model.index(999, 1)
        await until(lambda: last.data(CELL).text == "question 1000")
        assert len(model._rows) <= 3 * PAGE


async def test_search_filter_and_sort(open_app: Any, show_panel: Any, until: Any) -> None:
    async with open_app(rows(30)) as app:
        panel = await show_panel(app, RecordsPanel)
        panel.list.filters.search.setText("question 12")
        await until(lambda: tuple(panel.list.model.ids) == (12,))
        panel._filter(RecordFilter(issues=ANY_ISSUE))
        await until(lambda: tuple(panel.list.model.ids) == (1, 2))
        assert panel.list.filters.issues.text() == "With issues"
        panel._filter(RecordFilter())
        panel._sort("tokens", True)
        await until(lambda: tuple(panel.list.model.ids[:2]) == (30, 29))
        panel._filter(RecordFilter(text="no such words"))
        await until(lambda: panel.list.stack.currentIndex() == 1)


async def test_edit_is_validated_and_can_be_undone(
    open_app: Any, show_panel: Any, until: Any, qtbot: QtBot
) -> None:
    async with open_app(rows(5)) as app:
        panel = await show_panel(app, RecordsPanel)
        panel.point_at({"record": 3})
        await until(lambda: panel.conversation.title.text() == "Record 3")
        panel.conversation.start_edit()
        editor = panel.conversation._editors[0]
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
        panel.conversation._editors[0].setPlainText("half written")
        await app.call("set_goal", goal="another goal")
        await app.call("delete_records", record_ids=[5])
        await until(lambda: panel.list.model.rowCount() == 4)
        assert panel.conversation._editors[0].toPlainText() == "half written"


async def test_set_topic_and_delete_of_a_selection(
    open_app: Any, show_panel: Any, until: Any
) -> None:
    async with open_app(rows(6)) as app:
        made = await app.call("add_topic", name="Fees & rates")
        panel = await show_panel(app, RecordsPanel)
        flags = QItemSelectionModel.SelectionFlag
        for row in (2, 3):
            index = panel.list.model.index(row, 0)
            panel.list.table.selectionModel().select(index, flags.Select | flags.Rows)
        assert panel.list.selected_ids() == [1, 3, 4]
        assert panel.list.set_topic.menu().actions()[0].text() == "Fees && rates"
        panel.list.topic_chosen.emit(made.topic_id)
        await app.jobs.wait()
        counts = await app.session.store.read(topics.counts)
        assert counts[made.topic_id] == 3
        panel.list.delete_asked.emit()
        await until(lambda: tuple(panel.list.model.ids) == (2, 5, 6))
        assert panel.view.shown == 5


async def test_an_error_is_shown_in_the_panel(open_app: Any, show_panel: Any) -> None:
    async with open_app(rows(3)) as app:
        panel = await show_panel(app, RecordsPanel)
        panel.list.topic_chosen.emit(77)
        await app.jobs.wait()
        assert "no topic 77" in panel.errors["act"].text.text()


async def test_no_dataset_and_no_records(open_app: Any, show_panel: Any, until: Any) -> None:
    async with open_app([]) as app:
        panel = await show_panel(app, RecordsPanel)
        assert panel.list.stack.currentIndex() == 2
        assert not panel.export.isEnabled()
        await app.close_dataset()
        panel.reload()
        await until(lambda: panel.stack.currentIndex() == 1)


async def test_export_can_be_imported_again(open_app: Any, tmp_path: Any) -> None:
    reply = {"role": "assistant", "content": "yes"}
    made = [{**rows(1)[0], "reply": reply, "reference": {"a": 1}, "extra": {"kept": 2}}]
    async with open_app(made) as app:
        path = tmp_path / "out.jsonl"
        assert await app.session.store.read(write_jsonl, (1,), path) == 1
    line = orjson.loads(path.read_bytes())
    assert line["messages"][-1] == reply
    assert line["reference"] == {"a": 1}
    assert line["kept"] == 2


def test_model_drops_a_page_of_an_earlier_list() -> None:
    model = RecordModel()
    model.show_ids((1, 2), [], [])
    old = model.edition
    model.show_ids((3,), [], [])
    model.fill([], 0, edition=old)
    assert model._cell(1, 3, None).text == "…"


def test_conversation_shows_everything(qtbot: QtBot) -> None:
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
        split="test",
    )
    shown = Conversation()
    qtbot.addWidget(shown)
    shown.resize(300, 600)
    shown.show_detail(Detail(record, "Cards › Lost card"))
    names = [
        w.accessibleName() for w in shown.area.widget().children() if hasattr(w, "accessibleName")
    ]
    assert "Reference" in names
    assert "Recorded reply" in names
    assert "Worth a look" in names
    assert chips_of(shown.detail) == [("Lost card", "accent"), ("0.40", "warn"), ("test", "muted")]


def test_pretty_opens_json_and_leaves_words() -> None:
    assert pretty('{"route":"payments"}') == '{"route": "payments"}'
    assert pretty("plain words") == "plain words"
    assert pretty("12") == "12"
    assert pretty("[" * 5000) == "[" * 5000
    assert "\n" in pretty({"first": "a long value", "second": "another long value"})


def test_after_a_delete_the_next_record_is_shown() -> None:
    assert first_after([1, 2, 3, 4], {2, 3}) == 4
    assert first_after([1, 2, 3, 4], {4}) == 3
    assert first_after([1], {1}) is None


def test_what_can_be_pointed_at() -> None:
    assert view_of({"record": 4}).shown == 4
    assert view_of({"issues": True}).spec.issues == ANY_ISSUE
    assert view_of({"issues": "duplicate"}).spec.issues == ("duplicate",)
    with pytest.raises(ToolError, match="colour"):
        view_of({"colour": 1})


async def test_shown_record_that_left_the_list(open_app: Any) -> None:
    async with open_app(rows(3)) as app:
        view = replace(view_of({"query": "question 3"}), shown=1)
        snapshot = await app.session.store.read(read_snapshot, view)
        assert snapshot.view.shown == 3
        assert isinstance(snapshot.stats, RecordStats)


def test_origin_in_words() -> None:
    stamp = datetime(2026, 11, 22, 9, 12)
    origin = {"file": "/x/y.jsonl", "imported": stamp.timestamp(), "rejected_lines": 1}
    said = origin_facts(origin, stamp)
    assert said == "y.jsonl, imported today 09:12. 1 line could not be read"
