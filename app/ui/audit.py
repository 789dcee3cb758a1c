"""What the assistant did: every call it made or tried and every card, newest first; changes nothing but
the user's own standing yes."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget
from shiboken6 import isValid

from app.agent.approvals import always_allowed, revoke
from app.agent.audit import OUTCOMES, PAGE, AuditRow, trail
from app.domain.plain import one_line
from app.domain.wording import count
from app.errors import AppError, InputError
from app.ui import dialogs, kit
from app.ui.controller import Controller
from app.ui.kit.code import CodeEdit
from app.ui.parts.cells import BadgeCell, Cell, TwoLineCell
from app.ui.parts.paint import Tone
from app.ui.theme import theme
from app.workers import write_atomic

TITLE = "What the assistant did"
COLUMNS = (kit.Column("Call"), kit.Column("By", 110), kit.Column("When", 140), kit.Column("", 96))
EVERY = "All"
TONES: dict[str, Tone] = {
    "ran": "good", "approved": "info", "declined": "warn", "expired": "warn", "stopped": "muted",
    "refused": "bad", "failed": "bad",
}  # fmt: skip
NOTHING = "The assistant has called nothing in this dataset yet. What it does or tries stands here."


class AuditDialog(QDialog):
    """A table with a filter, the details of the chosen row below, and what is always allowed."""

    def __init__(
        self, parent: QWidget | None, app: Controller, rows: Sequence[AuditRow], allowed: list[str]
    ) -> None:
        super().__init__(parent)
        self._app, self._store = app, app.session.store
        self.rows, self.shown = list(rows), list(rows)
        self.setWindowTitle(TITLE)
        self.filter = kit.combo("Outcome", self._choices(), lambda index: self._show(), width=170)
        self.table = kit.Table("Calls", COLUMNS, row_height=46)
        self.table.picked.connect(lambda row: self._show_details())
        self.details = CodeEdit("Details of the call", python=False, read_only=True)
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.details.setFixedHeight(theme().px(150))
        self.older = kit.button("Show older", lambda: self._start(self._read_older()))
        self.export = kit.button("Export…", lambda: self._start(self._export()))
        self.said = kit.label("", "body", "muted", wrap=True)
        self.allowed = kit.column(gap=4)
        self._lay_out()
        self.older.setVisible(len(rows) >= PAGE)
        self._show()
        self._show_allowed(allowed)

    def _choices(self) -> list[str]:
        return [EVERY, *(outcome.capitalize() for outcome in OUTCOMES)]

    def _lay_out(self) -> None:
        facts = "Every call it made or tried, and who said yes. Nothing is taken out of this list."
        list_ = kit.holder(
            kit.column(
                (kit.frame(kit.column(self.table, gap=0, margin=2)), 1), self.details, gap=10
            )
        )
        nothing = kit.empty("clock-counter-clockwise", NOTHING)
        list_.setVisible(bool(self.rows))
        nothing.setVisible(not self.rows)
        self.filter.setVisible(bool(self.rows))
        self.export.setEnabled(bool(self.rows))
        close = kit.button("Close", self.accept, kind="primary")
        foot = kit.row((self.said, 1), self.older, self.export, close)
        head = kit.head(TITLE, facts, self.filter)
        self.setLayout(
            kit.column(head, (list_, 1), (nothing, 1), self.allowed, foot, gap=12, margin=20)
        )
        wide, high = theme().px(820), theme().px(640)
        parent = self.parentWidget()
        room = parent.window().size() if parent else QSize(wide, high)
        self.resize(min(wide, room.width()), min(high, room.height()))

    def _show(self) -> None:
        """The rows of the chosen outcome."""
        chosen = self.filter.currentText().lower()
        everything = self.filter.currentIndex() == 0
        self.shown = [row for row in self.rows if everything or row.outcome == chosen]
        self.table.show_rows([_cells(row) for row in self.shown])
        if self.shown and not self.table.currentIndex().isValid():
            self.table.selectRow(0)
        more = " of those read" if not self.older.isHidden() else ""
        self.said.setText(f"{count(len(self.shown), 'entry', 'entries')}{more}")
        self._show_details()

    def _show_details(self) -> None:
        at = self.table.currentIndex().row()
        row = self.shown[at] if 0 <= at < len(self.shown) else None
        self.details.setPlainText(_written(row) if row else "")

    def _show_allowed(self, allowed: Sequence[str]) -> None:
        """A line for each tool with a standing yes, with the way to take it back."""
        kit.clear(self.allowed)
        for tool in allowed:
            words = kit.label(f"Always allowed in this dataset: {_named(tool)}")
            back = kit.button("Revoke", partial(self._take_back, tool))
            back.setAccessibleName(f"Revoke {_named(tool)}")
            self.allowed.addLayout(kit.row((words, 1), back))

    def _take_back(self, tool: str) -> None:
        self._start(self._revoke(tool))

    def _start(self, work: Any) -> None:
        self._app.jobs.start(self._guarded(work))

    async def _guarded(self, work: Any) -> None:
        try:
            await work
        except AppError as error:
            self._say(str(error))

    def _say(self, words: str) -> None:
        if isValid(self):  # it may have been closed meanwhile
            self.said.setText(words)

    async def _revoke(self, tool: str) -> None:
        await self._store.transaction(revoke, tool)
        allowed = await self._store.read(always_allowed)
        if isValid(self):
            self._show_allowed(allowed)

    async def _read_older(self) -> None:
        page = await self._store.read(trail, PAGE, self.rows[-1].row if self.rows else 0)
        if not isValid(self):
            return
        self.rows += page
        self.older.setVisible(len(page) >= PAGE)
        self._show()

    async def _export(self) -> None:
        """Every row there is, a line each, oldest last."""
        out = await dialogs.save_file(self, "Export", name="assistant.jsonl")
        if out is None:
            return
        rows = await self._store.read(trail, 10**6)
        try:
            await asyncio.to_thread(_write, out, rows)
        except OSError as error:
            raise InputError(f"{out}: cannot be written: {error.strerror}.") from error
        self._say(f"{count(len(rows), 'entry', 'entries')} written to {out.name}")


async def show_audit(app: Controller, parent: QWidget | None) -> None:
    """Read the newest page of the open dataset and show it."""
    store = app.session.store
    rows = await store.read(trail, PAGE)
    await dialogs.ask(AuditDialog(parent, app, rows, await store.read(always_allowed)))


def _cells(row: AuditRow) -> list[Cell | str]:
    sub = row.said if row.arguments in ("", "{}") else row.arguments
    line = TwoLineCell(_named(row.tool), one_line(sub, 200))
    badge = BadgeCell(row.outcome, TONES[row.outcome])
    at = datetime.fromtimestamp(row.at)
    return [line, "you" if row.who == "user" else row.who, f"{at:%d %b %H:%M:%S}", badge]


def _named(tool: str) -> str:
    return tool.replace("_", " ").capitalize()


def _written(row: AuditRow) -> str:
    head = f"{row.tool}\n{row.outcome}, {row.who}, {row.time}\n{row.said}"
    asked = f"\n\n{row.arguments}" if row.arguments else ""
    return f"{head}{asked}\n\n{row.details}".rstrip()


def _write(out: Path, rows: Sequence[AuditRow]) -> None:
    write_atomic(out, b"".join(orjson.dumps(row.model_dump()) + b"\n" for row in rows))
