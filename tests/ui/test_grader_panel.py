"""The grader panel: begin by example, edit, save a version, errors at their line, tests shown."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame
from pytestqt.qtbot import QtBot

from app.errors import InputError
from app.grading.base import graders, parse_grader
from app.grading.controls import Control, CrashTest
from app.store import results
from app.tools import grading
from app.ui.grader.cards import control_result, crash_badge, crash_table
from app.ui.grader.editor import GraderEditor, plain
from app.ui.grader.kinds import BY_TYPE, KINDS, start_config
from app.ui.grader.script_edit import ScriptEdit, help_lines, line_of
from app.ui.grader.snapshot import supplied_grader
from app.ui.grader_panel import GraderPanel
from tests.ui.conftest import OpenApp, ShowPanel, Until
from tests.ui.made import rows

BROKEN = "def grade(sample, item):\n    x = 1\n    return 1 +\n"
EQUAL = {"type": "string_check", "name": "equal", "operation": "eq"}


def control(name: str, mean: float | None, *, kind: Any = "cheat", failed: bool = False) -> Control:
    return Control(
        name=name,
        kind=kind,
        scores=(),
        mean=mean,
        low=mean,
        high=mean,
        n=5,
        errors=0 if mean is not None else 5,
        failed=failed,
        sentence=f"{name} said",
    )


def made_test(version: int) -> grading.GraderTest:
    row = grading.TestRow(
        record_id=1,
        prompt="which team?",
        answer="cards",
        score=0.6,
        error=None,
        reason="right team",
        reply="cards please",
        reply_score=1.0,
    )
    failed = row.model_copy(update={"score": None, "error": "Line 2: KeyError", "reply": ""})
    crash = CrashTest(
        controls=(control("reference answer", 1.0, kind="reference"), control("empty answer", 0.0)),
        best_cheat="empty answer",
        allowed=0.1,
    )
    return grading.GraderTest(
        version=version, rows=[row, failed], errors=1, crash=crash, base="starter"
    )


def test_every_type_has_a_way_to_begin_and_its_fields_exist() -> None:
    assert set(BY_TYPE) == set(graders())
    for kind in KINDS:
        config = parse_grader(start_config(kind))
        assert set(kind.fields) <= set(type(config).model_fields)


def test_what_a_script_may_use_is_documented() -> None:
    lines = dict(help_lines())
    assert "similarity(a, b)" in lines
    assert "difflib" in lines["Not there"]


def test_an_error_names_its_line() -> None:
    assert line_of("The grader script cannot be used. Line 12: SyntaxError") == 12
    assert line_of("It must define a function.") == 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_form_and_json_hold_the_same_grader(qtbot: QtBot, themed: QApplication, kind: Any) -> None:
    editor = GraderEditor()
    qtbot.addWidget(editor)
    editor.put(start_config(kind))
    before = editor.draft()
    editor.views.select(1)
    editor._switch(1)
    assert editor.draft() == before
    editor.views.select(0)
    editor._switch(0)
    assert editor.check() == before


def test_broken_json_stays_in_front_and_says_why(qtbot: QtBot, themed: QApplication) -> None:
    editor = GraderEditor()
    qtbot.addWidget(editor)
    editor.put(EQUAL)
    editor.views.select(1)
    editor._switch(1)
    editor.json.setPlainText('{"type": "string_check", "operation": ')
    with pytest.raises(InputError, match="not valid JSON"):
        editor.draft()
    editor.views.select(0)
    editor._switch(0)
    assert editor.on_json
    assert "not valid JSON" in editor.error.text()


def test_a_wrong_field_is_marked(qtbot: QtBot, themed: QApplication) -> None:
    editor = GraderEditor()
    qtbot.addWidget(editor)
    editor.put(EQUAL)
    assert editor._form is not None
    editor._form.editors["reference"].put("{{sample.nothing}}")
    assert editor.check() is None
    assert "not known" in editor._form.errors()["reference"]


def test_return_keeps_the_indentation(qtbot: QtBot, themed: QApplication) -> None:
    edit = ScriptEdit("Script")
    qtbot.addWidget(edit)
    edit.setPlainText("    if x:")
    edit.moveCursor(edit.textCursor().MoveOperation.End)
    none = Qt.KeyboardModifier.NoModifier
    edit.keyPressEvent(QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_Return, none, "\n"))
    assert edit.toPlainText() == "    if x:\n        "


def test_the_crash_test_in_words(qtbot: QtBot, themed: QApplication) -> None:
    crash = CrashTest(
        controls=(
            control("reference answer", 1.0, kind="reference"),
            control("empty answer", 0.4, failed=True),
            control("prompt echoed", None),
        ),
        best_cheat="empty answer",
        allowed=0.1,
    )
    assert [control_result(c, crash)[0] for c in crash.controls] == [
        "as it should",
        "too much",
        "not graded",
    ]
    badge, table = crash_badge(crash), crash_table(crash)
    for widget in (badge, table):
        qtbot.addWidget(widget)
    assert badge.text == "1 of 1 fail"
    assert table.text(2, 2) == "error"


def test_a_grader_file_beside_the_data_is_found(tmp_path: Path) -> None:
    (tmp_path / "tickets.grader.json").write_text("{}")
    found = supplied_grader({"file": str(tmp_path / "tickets.jsonl.gz")})
    assert found == tmp_path / "tickets.grader.json"
    assert supplied_grader({"file": str(tmp_path / "other.jsonl")}) is None
    assert supplied_grader({}) is None


async def test_it_asks_first_and_saves_what_was_chosen(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(rows()) as app:
        panel = await show_panel(app, GraderPanel)
        assert panel.begin.isVisible()
        assert not panel.editor.isVisible()
        panel._open_kind(BY_TYPE["string_check"])
        await until(lambda: panel.editor.isVisible())
        assert panel.next.text() == "Save as v1"
        panel.next.click()
        await until(lambda: panel.snapshot.current == 1)
        assert panel.next.text() == "Test on 5"
        assert not panel.editor.unsaved.isVisible()
        assert not panel.begin.isVisible()
        await app.jobs.wait()


async def test_a_broken_script_is_told_at_its_line_and_not_saved(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(rows()) as app:
        panel = await show_panel(app, GraderPanel)
        panel._open_kind(BY_TYPE["script"])
        await until(lambda: panel.editor.script is not None)
        script = panel.editor.script
        assert script is not None
        script.setPlainText(BROKEN)
        panel.next.click()
        await until(lambda: script.error_line == 3)
        assert "Line 3" in panel.editor.error.text()
        assert panel.snapshot.current is None
        script.insertPlainText(" ")
        assert script.error_line == 0
        await app.jobs.wait()


async def test_an_edit_survives_a_re_read_and_older_versions_come_back(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(rows()) as app:
        await app.call("configure_grader", grader=EQUAL)
        await app.call("configure_grader", grader={**EQUAL, "operation": "like"})
        panel = await show_panel(app, GraderPanel)
        assert panel.snapshot.current == 2
        assert panel.editor._form is not None
        panel.editor._form.editors["operation"].put("ilike")
        panel._show_state()
        assert panel.next.text() == "Save as v3"
        panel.reload()
        await app.jobs.wait()
        assert panel.editor.draft()["operation"] == "ilike"
        panel.editor.put(dict(panel.snapshot.versions[0].config))
        panel._show_state()
        assert panel.next.text() == "Use v1"
        panel.next.click()
        await until(lambda: panel.snapshot.current == 1)
        assert len(panel.snapshot.versions) == 2
        await app.jobs.wait()


async def test_a_test_is_shown_with_errors_and_confirmed(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(rows()) as app:
        await app.call("configure_grader", grader=EQUAL)
        assert app.session is not None
        data = made_test(1).model_dump(mode="json")
        await app.session.store.transaction(results.add, "grader_test", data=data)
        panel = await show_panel(app, GraderPanel)
        assert panel.test_state.text == "1 scored, 1 error"
        said = [row.accessibleName() for row in panel.test_body.findChildren(QFrame)]
        assert any("score error" in words and "KeyError" in words for words in said)
        went: list[str] = []
        panel.go.connect(lambda name, target: went.append(name))
        assert panel.next.text() == "The scores look right"
        panel.next.click()
        await until(lambda: panel.snapshot.is_confirmed)
        await app.jobs.wait()
        assert panel.next.text() == "Go to dry run"
        panel.next.click()
        assert went == ["dry_run"]


async def test_an_older_test_says_so(open_app: OpenApp, show_panel: ShowPanel) -> None:
    async with open_app(rows()) as app:
        await app.call("configure_grader", grader=EQUAL)
        assert app.session is not None
        data = made_test(1).model_dump(mode="json")
        await app.session.store.transaction(results.add, "grader_test", data=data)
        await app.call("configure_grader", grader={**EQUAL, "operation": "like"})
        panel = await show_panel(app, GraderPanel)
        assert not panel.snapshot.tested
        assert panel.next.text() == "Test on 5"
        assert not panel.right.isVisible()


async def test_the_crash_test_runs_in_the_sandbox(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    source = "def grade(sample, item):\n    return 0.5\n"
    async with open_app(rows()) as app:
        await app.call("configure_grader", grader={"type": "script", "source": source})
        panel = await show_panel(app, GraderPanel)
        panel.run_crash.click()
        await until(lambda: "fail" in panel.crash_state.text)
        await app.jobs.wait()


async def test_a_grader_file_is_taken_over(
    open_app: OpenApp, show_panel: ShowPanel, until: Until, tmp_path: Path
) -> None:
    file = tmp_path / "mine.grader.json"
    file.write_bytes(orjson.dumps({"type": "python", "source": "def grade(s, i): return 1"}))
    async with open_app(rows(), origin={"file": str(tmp_path / "mine.jsonl")}) as app:
        panel = await show_panel(app, GraderPanel)
        assert panel.snapshot.supplied == file
        panel._use_supplied()
        await until(lambda: panel.editor.script is not None)
        assert panel.editor.draft() == plain(parse_grader(file))
        await app.jobs.wait()
