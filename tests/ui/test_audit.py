"""The dialog of what the assistant did: rows by outcome, details, standing yeses, the export."""

from pathlib import Path

import orjson
import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from app.agent.approvals import allow_always, always_allowed
from app.agent.audit import PAGE, trail
from app.agent.entries import CardAnswered, CardAsked, ToolDone, as_data
from app.store import results
from app.tools.base import Card
from app.ui import audit, dialogs
from app.ui.audit import AuditDialog
from app.wiring import App
from tests.ui.conftest import OpenApp, Until
from tests.ui.made import rows

CARD = Card(
    tool="delete_records", title="Delete 12 records?", rows=[("Records", "12 of 12")], verb="Delete"
)


def call(key: str, tool: str, outcome: str, arguments: str = "{}") -> ToolDone:
    tone = "bad" if outcome in ("refused", "failed") else "good"
    return ToolDone.model_validate(
        {
            "key": key, "tool": tool, "result": outcome, "tone": tone, "reply": "r",
            "arguments": arguments, "outcome": outcome, "content": "<data>x</data>",
        }
    )  # fmt: skip


ENTRIES = (
    call("1", "get_dataset_stats", "ran"),
    call("2", "final", "ran"),
    CardAsked(key="c1", card=CARD),
    CardAnswered(key="c1", card=CARD, yes=False, how="expired"),
    call("3", "delete_records", "declined", '{"query": ""}'),
    CardAsked(key="c2", card=CARD),
    CardAnswered(key="c2", card=CARD, yes=True),
    call("4", "delete_records", "ran", '{"record_ids": [1]}'),
    call("5", "export_records", "refused", '{"file": "/etc/passwd"}'),
    CardAsked(key="c3", card=CARD),
)


async def put(app: App, *entries: ToolDone | CardAsked | CardAnswered) -> None:
    for entry in entries:
        await app.session.store.transaction(results.add_chat, entry.kind, as_data(entry))


async def opened(app: App, qtbot: QtBot) -> AuditDialog:
    store = app.session.store
    found = await store.read(trail, PAGE)
    dialog = AuditDialog(None, app, found, await store.read(always_allowed))
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


async def test_every_call_and_card_newest_first(open_app: OpenApp, qtbot: QtBot) -> None:
    async with open_app(rows()) as app:
        await put(app, *ENTRIES)
        dialog = await opened(app, qtbot)
        shown = [
            (dialog.table.text(n, 0), dialog.table.text(n, 1), dialog.table.text(n, 3))
            for n in range(7)
        ]
        assert shown == [
            ("Delete records", "nobody", "stopped"),
            ("Export records", "model", "refused"),
            ("Delete records", "model", "ran"),
            ("Delete records", "you", "approved"),
            ("Delete records", "model", "declined"),
            ("Delete records", "nobody", "expired"),
            ("Get dataset stats", "model", "ran"),
        ]
        dialog.table.selectRow(1)
        assert '{"file": "/etc/passwd"}' in dialog.details.toPlainText()
        dialog.table.selectRow(3)
        assert "Records: 12 of 12" in dialog.details.toPlainText()


async def test_one_outcome_is_looked_at(open_app: OpenApp, qtbot: QtBot) -> None:
    async with open_app(rows()) as app:
        await put(app, *ENTRIES)
        dialog = await opened(app, qtbot)
        dialog.filter.setCurrentText("Refused")
        dialog.filter.activated.emit(dialog.filter.currentIndex())
        assert [row.tool for row in dialog.shown] == ["export_records"]
        assert "/etc/passwd" in dialog.details.toPlainText()
        dialog.filter.setCurrentText("Failed")
        dialog.filter.activated.emit(dialog.filter.currentIndex())
        assert dialog.shown == []
        assert dialog.details.toPlainText() == ""
        assert dialog.said.text() == "0 entries"


async def test_a_standing_yes_is_shown_and_revoked(
    open_app: OpenApp, qtbot: QtBot, until: Until
) -> None:
    async with open_app(rows()) as app:
        await app.session.store.transaction(allow_always, "tag_records")
        dialog = await opened(app, qtbot)
        assert "tag_records" in str(await app.session.store.read(always_allowed))
        (back,) = [b for b in dialog.findChildren(type(dialog.export)) if b.text() == "Revoke"]
        assert back.accessibleName() == "Revoke Tag records"
        back.click()
        await until(lambda: not dialog.allowed.count())
        assert await app.session.store.read(always_allowed) == []


async def test_nothing_yet_is_said(open_app: OpenApp, qtbot: QtBot) -> None:
    async with open_app(rows()) as app:
        dialog = await opened(app, qtbot)
        assert not dialog.table.isVisible()
        assert not dialog.export.isEnabled()
        assert not dialog.older.isVisible()


async def test_older_ones_follow(open_app: OpenApp, qtbot: QtBot, until: Until) -> None:
    async with open_app(rows()) as app:
        await put(app, *(call(str(n), "get_dataset_stats", "ran") for n in range(PAGE + 5)))
        dialog = await opened(app, qtbot)
        assert dialog.said.text() == f"{PAGE} entries of those read"
        dialog.older.click()
        await until(lambda: len(dialog.rows) == PAGE + 5)
        assert not dialog.older.isVisible()
        assert dialog.said.text() == f"{PAGE + 5} entries"


async def test_the_export_has_every_entry(
    open_app: OpenApp, qtbot: QtBot, until: Until, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "trail.jsonl"

    async def chosen(*args: object, **kwargs: object) -> Path:
        return out

    monkeypatch.setattr(dialogs, "save_file", chosen)
    async with open_app(rows()) as app:
        await put(app, *ENTRIES)
        dialog = await opened(app, qtbot)
        dialog.export.click()
        await until(out.exists)
        await until(lambda: "written to trail.jsonl" in dialog.said.text())
        lines = [orjson.loads(line) for line in out.read_bytes().splitlines()]
        assert [line["outcome"] for line in lines][:2] == ["stopped", "refused"]
        assert len(lines) == 7


async def test_what_ends_after_it_was_closed_touches_nothing_of_it(
    open_app: OpenApp, qtbot: QtBot
) -> None:
    async with open_app(rows()) as app:
        await app.session.store.transaction(allow_always, "tag_records")
        await put(app, *(call(str(n), "get_dataset_stats", "ran") for n in range(PAGE + 5)))
        dialog = AuditDialog(None, app, await app.session.store.read(trail, PAGE), ["tag_records"])
        dialog.older.click()
        dialog._take_back("tag_records")
        delete(dialog)
        await app.jobs.wait()
        assert await app.session.store.read(always_allowed) == []


async def test_it_is_no_larger_than_the_window(open_app: OpenApp, qtbot: QtBot) -> None:
    async with open_app(rows()) as app:
        window = QWidget()
        window.resize(640, 480)
        qtbot.addWidget(window)
        assert AuditDialog(window, app, [], []).size() == window.size()


async def test_it_opens_and_closes(open_app: OpenApp, until: Until) -> None:
    async with open_app(rows()) as app:
        app.jobs.start(audit.show_audit(app, None))
        found: list[AuditDialog] = []

        def there() -> bool:
            found[:] = [w for w in QApplication.topLevelWidgets() if isinstance(w, AuditDialog)]
            return any(w.isVisible() for w in found)

        await until(there)
        found[0].reject()
