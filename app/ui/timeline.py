"""The timeline: every change to the open dataset, by whom and when, each to be undone."""

from datetime import datetime
from typing import Any

from PySide6.QtWidgets import QDialog, QWidget

from app.domain.wording import count
from app.errors import AppError
from app.store.changes import ChangeInfo, timeline
from app.ui import kit
from app.ui.controller import Controller
from app.ui.parts.cells import BadgeCell, Cell, TwoLineCell

BY = {"user": "you", "assistant": "assistant", "command line": "command line"}


class Timeline(QDialog):
    """Newest first. `Undo this` takes back the selected change if nothing later stands on it."""

    def __init__(self, parent: QWidget, app: Controller, changes: list[ChangeInfo]) -> None:
        super().__init__(parent)
        self._app, self._changes = app, changes
        self.setWindowTitle("Timeline")
        self.resize(620, 520)
        columns = [kit.Column("Change"), kit.Column("By", 110), kit.Column("", 90)]
        self.table = kit.Table("Changes", columns, row_height=46)
        self.table.picked.connect(lambda row: self._show_choice())
        self.undo = kit.button("Undo this", self._undo, icon="arrow-counter-clockwise")
        self._error = kit.label("", tone="bad", wrap=True)
        close = kit.button("Close", self.accept, kind="primary")
        nothing = kit.empty("clock-counter-clockwise", "Nothing was changed yet.")
        head = kit.head("Timeline", "What was changed, by whom. Runs and results are always kept.")
        self.table.setVisible(bool(changes))
        nothing.setVisible(not changes)
        foot = kit.row((self._error, 1), self.undo, close)
        self.setLayout(kit.column(head, (self.table, 1), (nothing, 1), foot, gap=12, margin=20))
        self._show()

    def _show(self) -> None:
        self.table.show_rows([self._cells(change) for change in self._changes])
        self._show_choice()

    def _cells(self, change: ChangeInfo) -> list[Cell | str]:
        at = datetime.fromtimestamp(change.at)
        sub = f"{at:%d %b %H:%M}, {count(change.cells, 'value')}"
        chip = BadgeCell("undone", "muted") if change.undone else BadgeCell("")
        return [TwoLineCell(change.label, sub), BY.get(change.actor, change.actor), chip]

    def _chosen(self) -> ChangeInfo | None:
        row = self.table.currentIndex().row()
        return self._changes[row] if 0 <= row < len(self._changes) else None

    def _show_choice(self) -> None:
        chosen = self._chosen()
        self.undo.setEnabled(chosen is not None and not chosen.undone)

    def _undo(self) -> None:
        if (chosen := self._chosen()) is not None:
            self._app.jobs.start(self._take_back(chosen))

    async def _take_back(self, change: ChangeInfo) -> None:
        self._error.setText("")
        try:
            await self._app.call("undo", change_id=change.id)
        except AppError as error:
            self._error.setText(str(error))
        self._changes = await read_changes(self._app.session)
        self._show()


async def read_changes(session: Any) -> list[ChangeInfo]:
    """The newest 200 changes of the open dataset. Raises StoreError."""
    changes: list[ChangeInfo] = await session.store.read(timeline)
    return changes
