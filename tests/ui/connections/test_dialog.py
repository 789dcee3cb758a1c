"""The connections dialog over a real app, a scripted endpoint and a keychain in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.llm.connections import PRESETS, Connection, Preset
from app.llm.discover import Found
from app.ui import dialogs
from app.ui.connections.details import Details
from app.ui.connections.dialog import ConnectionsDialog
from app.ui.connections.listing import ROW
from app.wiring import App
from tests.llm.keychain import installed
from tests.llm.scripted import MODEL, Answer, calls, says, scripted
from tests.ui.conftest import OpenApp, Until
from tests.ui.test_dialogs import answer

KEY = "sk-very-secret"
FAR = Connection(id="far", name="Far", base_url="http://models.example.org/v1", model="big")
OLLAMA = next(preset for preset in PRESETS if preset.name == "Ollama")
WHOLE = (
    says("1 2 3"), calls("show_number", {"number": 7}), says('{"colour": "green"}'),
    says("kingfisher"),
)  # fmt: skip


@asynccontextmanager
async def opened(app: App, until: Until, *saved: Connection) -> AsyncIterator[ConnectionsDialog]:
    """The dialog, when it has looked at the keychain and at this computer."""
    for connection in saved:
        app.connections.put(connection)
    dialog = ConnectionsDialog(None, app, Details())
    dialog.open()
    await until(lambda: all(task.done() for task in dialog._tasks))
    try:
        yield dialog
    finally:
        dialog.details.changed = False
        dialog.reject()
        await app.jobs.wait()
        dialog.deleteLater()


async def settled(dialog: ConnectionsDialog, until: Until) -> None:
    await until(lambda: all(task.done() for task in dialog._tasks))


def type_in(dialog: ConnectionsDialog, field: str, text: str) -> None:
    widget = dialog.details.form.editors[field].widget
    line = widget.lineEdit() if isinstance(widget, QComboBox) else widget
    assert isinstance(line, QLineEdit)
    line.selectAll()
    line.insert(text)
    line.textEdited.emit(text)


async def test_nothing_is_connected(open_app: OpenApp, until: Until):
    async with open_app() as app, opened(app, until) as dialog:
        words = " ".join(w.accessibleName() or "" for w in dialog.findChildren(QAbstractButton))
        assert dialog.add_first.isVisible()
        assert "Add" in words or dialog.add.text() == "Add"
        assert not dialog.details.isVisible()
        names = [action.text() for action in dialog.add.menu().actions() if action.text()]
        assert names[-8:] == [preset.name for preset in PRESETS]


async def test_an_endpoint_is_added_tested_and_saved(open_app: OpenApp, until: Until):
    with installed() as keychain:
        async with scripted(*WHOLE) as server, open_app() as app, opened(app, until) as dialog:
            dialog._add_preset(Preset(name="Mine", base_url=server.url))
            await settled(dialog, until)
            assert "kept in the system's keychain" in dialog.details.key.words.text()
            dialog.details.key.field.setText(KEY)
            dialog.details.key.changed.emit()
            dialog.details.trial.button.click()
            assert dialog.details.trial.button.text() == "Stop"
            await settled(dialog, until)
            trial = dialog.details.trial
            assert [line.accessibleName().split(":")[1][:7] for line in trial.lines.values()] == [
                " passed"
            ] * 6
            assert "needs is there" in trial.words.text()
            bar = dialog.details.body.verticalScrollBar()
            await until(lambda: bar.value() == bar.maximum())  # the checks are in view
            combo = dialog.details.form.editors["model"].widget
            assert isinstance(combo, QComboBox)
            assert combo.itemText(0) == MODEL
            assert not app.connections.all  # a test saves nothing
            type_in(dialog, "model", MODEL)
            dialog.details.save.click()
            await settled(dialog, until)
            assert [c.model for c in app.connections.all] == [MODEL]
            assert app.connections.key("mine") == KEY
            assert list(keychain.kept.values()) == [KEY]
            assert dialog.details.key.kept.isVisible()
            assert not any(KEY in line.text() for line in dialog.findChildren(QLineEdit))
            assert set(server.keys) == {f"Bearer {KEY}"}
            item = dialog.list.item(0)
            assert item.data(ROW).roles == ("Assistant", "Generator", "Judge")


async def test_a_test_is_stopped_and_says_so(open_app: OpenApp, until: Until):
    async with scripted(Answer([], hold=True)) as server, open_app() as app:
        mine = FAR.model_copy(update={"base_url": server.url})
        async with opened(app, until, mine) as dialog:
            dialog.details.trial.button.click()
            await until(lambda: server.requests)
            dialog.details.trial.button.click()
            await settled(dialog, until)
            assert dialog.details.trial.button.text() == "Test"
            assert "Stopped" in dialog.details.trial.words.text()
            names = [line.accessibleName() for line in dialog.details.trial.lines.values()]
            assert [name.split(": ")[1][:10] for name in names][2:] == ["not tried."] * 4


async def test_what_is_wrong_is_said_at_its_field(open_app: OpenApp, until: Until):
    async with open_app() as app, opened(app, until, FAR) as dialog:
        type_in(dialog, "base_url", "https://me:hidden@example.org")
        type_in(dialog, "prompt_price", "much")
        dialog.details.save.click()
        await settled(dialog, until)
        errors = dialog.details.form.errors()
        assert "name or password" in errors["base_url"]
        assert "hidden" not in errors["base_url"]
        assert "number" in errors["prompt_price"]
        assert app.connections.all == [FAR]


async def test_a_key_that_cannot_be_one_is_said(open_app: OpenApp, until: Until):
    async with open_app() as app, opened(app, until, FAR) as dialog:
        dialog.details.key.field.setText("two words")
        dialog.details.key.changed.emit()
        dialog.details.save.click()
        await settled(dialog, until)
        assert "no key" in dialog.details.words.text()


async def test_where_records_go_is_said(open_app: OpenApp, until: Until):
    async with open_app() as app, opened(app, until, FAR) as dialog:
        shown = [w.accessibleName() for w in dialog.details.warning.findChildren(QWidget)]
        assert (
            "Excerpts of your records will be sent to models.example.org, without encryption."
            in shown
        )
        type_in(dialog, "base_url", "http://127.0.0.1:9/v1")
        assert dialog.details.warning.isHidden()


async def test_a_key_is_replaced_and_forgotten_never_shown(open_app: OpenApp, until: Until):
    with installed() as keychain:
        async with open_app() as app:
            app.connections.set_key("far", KEY)
            async with opened(app, until, FAR) as dialog:
                box = dialog.details.key
                assert box.kept.text() == "A key is kept in the system's keychain."
                assert not box.field.isVisible()
                box.replace.click()
                assert (box.field.isVisible(), box.field.text()) == (True, "")
                box.field.setText("sk-new")
                box.changed.emit()
                dialog.details.save.click()
                await settled(dialog, until)
                assert list(keychain.kept.values()) == ["sk-new"]
                box.forget.click()
                await settled(dialog, until)
                assert not keychain.kept
                assert box.field.isVisible()


async def test_a_key_is_not_sent_to_another_host(open_app: OpenApp, until: Until):
    with installed() as keychain:
        async with scripted(*WHOLE) as server, open_app() as app:
            app.connections.set_key("far", KEY)
            async with opened(app, until, FAR) as dialog:
                type_in(dialog, "base_url", server.url)
                assert "not sent to another host" in dialog.details.key.kept.text()
                type_in(dialog, "model", MODEL)
                dialog.details.trial.button.click()
                await settled(dialog, until)
                assert len(server.keys) == len(WHOLE)
                assert not any(KEY in key for key in server.keys)
                dialog.details.save.click()
                await settled(dialog, until)
                assert not keychain.kept
                assert app.connections.all[0].base_url == server.url


async def test_without_a_keychain_it_is_said(open_app: OpenApp, until: Until):
    async with open_app() as app, opened(app, until, FAR) as dialog:
        assert "for this session only" in dialog.details.key.words.text()


async def test_a_locked_keychain_is_said(open_app: OpenApp, until: Until):
    with installed() as keychain:
        keychain.locked = True
        async with open_app() as app, opened(app, until, FAR) as dialog:
            assert "Unlock it" in dialog.details.key.words.text()


async def test_a_local_server_is_connected_by_one_click(open_app: OpenApp, until: Until):
    async with open_app() as app, opened(app, until) as dialog:
        app.clients.found = [Found(OLLAMA, ["qwen3", "llama3"])]
        dialog._on_change()
        first = dialog.add.menu().actions()[0]
        assert first.text() == "Ollama, on this computer"
        connect = next(
            b
            for b in dialog.findChildren(QAbstractButton)
            if b.accessibleName() == "Connect Ollama"
        )
        connect.click()
        await settled(dialog, until)
        assert [(c.name, c.model) for c in app.connections.all] == [("Ollama", "qwen3")]
        assert dialog.offers.isHidden()
        assert dialog.details.isVisible()


async def test_roles_are_chosen_and_shown_on_the_list(open_app: OpenApp, until: Until):
    near = Connection(id="near", name="Near", base_url="http://127.0.0.1:9/v1")
    async with open_app() as app, opened(app, until, FAR, near) as dialog:
        judge = dialog.roles.combos["judge"]
        assert [judge.itemText(i) for i in range(3)] == ["Same as assistant", "Far", "Near"]
        assert dialog.roles.combos["assistant"].currentText() == "Far"
        judge.setCurrentIndex(2)
        judge.activated.emit(2)
        await settled(dialog, until)
        assert app.connections.chosen("judge") == "near"
        roles = [dialog.list.item(n).data(ROW).roles for n in range(2)]
        assert roles == [("Assistant", "Generator"), ("Judge",)]
        judge.setCurrentIndex(0)
        judge.activated.emit(0)
        await settled(dialog, until)
        assert app.connections.chosen("judge") is None


async def test_the_environment_is_shown_and_not_changed_here(
    open_app: OpenApp, until: Until, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with open_app() as app, opened(app, until) as dialog:
        assert "environment" in dialog.list.item(0).data(ROW).spoken
        assert "given by the environment" in dialog.details.note.text()
        assert dialog.details.key.kept.text() == "OPENAI_API_KEY is set."
        assert not dialog.details.save.isVisible()
        assert not any(editor.isEnabled() for editor in dialog.details.form.editors.values())
        assert not any(combo.isEnabled() for combo in dialog.roles.combos.values())


async def test_changes_are_not_lost_without_asking(open_app: OpenApp, until: Until):
    near = Connection(id="near", name="Near", base_url="http://127.0.0.1:9/v1")
    async with open_app() as app, opened(app, until, FAR, near) as dialog:
        type_in(dialog, "name", "Farther")
        dialog.list.setCurrentRow(1)
        await answer(until, dialogs.Question, lambda asked: asked.buttons[2].click())
        await settled(dialog, until)
        assert dialog.list.currentItem().data(ROW).id == "far"
        dialog.close()
        await answer(until, dialogs.Question, lambda asked: asked.buttons[0].click())
        await until(lambda: not dialog.isVisible())
        assert [c.name for c in app.connections.all] == ["Farther", "Near"]


async def test_a_connection_is_removed_with_its_key(open_app: OpenApp, until: Until):
    with installed() as keychain:
        async with open_app() as app:
            app.connections.set_key("far", KEY)
            async with opened(app, until, FAR) as dialog:
                dialog.details.remove.click()
                await answer(until, dialogs.Question, lambda asked: asked.buttons[0].click())
                await settled(dialog, until)
                assert not app.connections.all
                assert not keychain.kept
                assert not dialog.details.isVisible()


async def test_everything_is_reached_by_keyboard_and_named(
    open_app: OpenApp, until: Until, qtbot: QtBot
):
    async with open_app() as app, opened(app, until, FAR) as dialog:
        seen: list[QWidget] = []
        widget = dialog.list.nextInFocusChain()
        while widget is not dialog.list and widget is not None:
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
                seen.append(widget)
            widget = widget.nextInFocusChain()
        spoken = [w.accessibleName() or getattr(w, "text", str)() for w in seen]
        for name in ("Assistant", "Generator", "Judge", "Name", "Address", "Model", "Key", "Test"):
            assert name in spoken, spoken
        assert spoken.index("Name") < spoken.index("Address") < spoken.index("Key")
        assert all(spoken[i] for i, w in enumerate(seen) if isinstance(w, QLineEdit | QComboBox))


async def test_the_command_opens_it(
    open_app: OpenApp, until: Until, qapp: QApplication, tmp_path: Path
):
    from app.ui.main_window import MainWindow

    async with open_app() as app:
        window = MainWindow(app)
        window.show()
        window.go("connections")
        await answer(until, ConnectionsDialog, lambda dialog: dialog.close())
        await app.jobs.wait()
        app.clients.found = [Found(OLLAMA, [])]
        app.clients._tell()
        assert "Ollama answers" in window.welcome.local.findChildren(QWidget)[0].accessibleName()
        window.closed = True
        window.close()
        await asyncio.sleep(0)
