"""The deleted datasets, until when they are kept, and the way back; deletes nothing itself."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtWidgets import QDialog, QWidget

from app.errors import AppError
from app.store.library import Deleted
from app.ui import kit
from app.ui.controller import Controller
from app.ui.parts.cells import NumberCell
from app.ui.theme import theme

COLUMNS = (
    kit.Column("Name"),
    kit.Column("Records", 90, right=True),
    kit.Column("Kept until", 100, right=True),
)


class TrashDialog(QDialog):
    """A list; the chosen one is restored by its button or Return."""

    def __init__(self, parent: QWidget | None, app: Controller, deleted: Sequence[Deleted]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Deleted datasets")
        self._app, self.deleted = app, list(deleted)
        self.table = kit.Table("Deleted datasets", COLUMNS)
        self.table.opened.connect(self._restore)
        self.words = kit.label("", "body", "muted", wrap=True)
        self.restore = kit.button("Restore", self._restore_chosen, kind="primary")
        close = kit.button("Close", self.accept)
        self.setLayout(
            kit.column(
                kit.label("Deleted datasets", "h2"),
                self.words,
                (kit.frame(kit.column(self.table, gap=0, margin=2)), 1),
                kit.row(None, close, self.restore),
                gap=10,
                margin=20,
            )
        )
        self.resize(theme().px(560), theme().px(360))
        self._show()

    def _show(self) -> None:
        self.table.show_rows(
            [
                [each.info.name, NumberCell(f"{each.info.records:,}"), NumberCell(_day(each.until))]
                for each in self.deleted
            ]
        )
        nothing = "Nothing was deleted in the last time."
        self.words.setText("Each is whole, with its runs and models." if self.deleted else nothing)
        self.restore.setEnabled(bool(self.deleted))
        if self.deleted:
            self.table.selectRow(0)

    def _restore_chosen(self) -> None:
        self._restore(self.table.currentIndex().row())

    def _restore(self, row: int) -> None:
        if 0 <= row < len(self.deleted):
            self._app.jobs.start(self._take(self.deleted[row]))

    async def _take(self, chosen: Deleted) -> None:
        try:
            await self._app.library.undelete(chosen.info.id)
        except AppError as error:
            self.words.setText(str(error))
            return
        self.deleted.remove(chosen)
        self._show()


def _day(at: float) -> str:
    day = datetime.fromtimestamp(at)
    return f"{day.day} {day:%b}"
