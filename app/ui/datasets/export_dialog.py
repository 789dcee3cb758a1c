"""Asks which records to export in which form, and writes them by the tool; decides nothing else."""

from array import array
from collections.abc import Iterable

from PySide6.QtWidgets import QButtonGroup, QCheckBox, QDialog, QRadioButton, QWidget

from app.importing.exporters.base import formats
from app.store.records import RecordFilter
from app.tools.datasets import ExportReport, write_records
from app.ui import dialogs, kit
from app.ui.controller import Controller
from app.ui.theme import theme

ORDER = ("chat", "rft", "sft", "csv", "parquet")  # the lossless one first


class ExportDialog(QDialog):
    """`format`, `listed` (not all) and `labels` are the answer. `total` records there are, `shown`
    of them are listed."""

    def __init__(self, parent: QWidget | None, *, total: int, shown: int) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export records")
        self.choices: dict[str, QRadioButton] = {}
        self._group = QButtonGroup(self)
        lines: list[kit.Item] = []
        for name in (*ORDER, *(name for name in formats() if name not in ORDER)):
            lines += [self._choice(name), self._words(formats()[name].text)]
        self.choices["chat"].setChecked(True)
        self.scope = kit.Segments([f"All {total:,}", f"The {shown:,} listed"], int(shown < total))
        self.scope.setVisible(shown < total)
        self.labelled = QCheckBox("Add topic, split and tags")
        self._group.buttonClicked.connect(lambda _: self._show())
        self.go = kit.button("Choose a file…", self.accept, kind="primary")
        self.go.setDefault(True)
        foot = kit.row(None, kit.button("Cancel", self.reject), self.go, margin=(0, 8, 0, 0))
        title = kit.label(f"Export {shown:,} records" if shown == total else "Export records", "h2")
        scope = kit.row(self.scope, None)
        self.setLayout(
            kit.column(title, scope, 2, *lines, 4, self.labelled, foot, gap=4, margin=20)
        )
        self.setMinimumWidth(theme().px(520))

    @property
    def format(self) -> str:
        return next(name for name, choice in self.choices.items() if choice.isChecked())

    @property
    def listed(self) -> bool:
        return not self.scope.isHidden() and self.scope.selected == 1

    @property
    def labels(self) -> bool:
        return self.labelled.isEnabled() and self.labelled.isChecked()

    def _choice(self, name: str) -> QRadioButton:
        choice = QRadioButton(formats()[name].title)
        self.choices[name] = choice
        self._group.addButton(choice)
        return choice

    @staticmethod
    def _words(text: str) -> QWidget:
        words = kit.label(text, "small", "muted", wrap=True)
        return kit.holder(kit.row(24, (words, 1), gap=0, margin=(0, 0, 0, 4)))

    def _show(self) -> None:
        """Tables have columns of their own for the labels."""
        own = formats()[self.format].labelled
        self.labelled.setEnabled(not own)
        self.labelled.setToolTip("The table has columns for them anyway" if own else "")


async def export(
    app: Controller, window: QWidget, *, listed: Iterable[int] | None, total: int, name: str
) -> ExportReport | None:
    """Ask and write: all records, or the `listed` ones in their order (None: all are listed).

    None when the user took it back. Raises what `write_records` raises.
    """
    ids = None if listed is None else array("q", listed)
    shown = total if ids is None else len(ids)
    dialog = ExportDialog(window, total=total, shown=shown)
    if not await dialogs.ask(dialog):
        return None
    chosen = formats()[dialog.format]
    wanted = ids if shown == total or dialog.listed else None
    filters = f"{chosen.title} (*{chosen.suffix});;All files (*)"
    file = f"{name}{chosen.suffix}"
    path = await dialogs.save_file(window, "Export records", name=file, filters=filters)
    if path is None:
        return None
    report = await write_records(
        app.context(), path, dialog.format, spec=RecordFilter(), ids=wanted, labels=dialog.labels
    )
    if report.left_out:
        text = f"{report.left_out:,} records were left out: {chosen.text}"
        await dialogs.tell(window, f"{report.written:,} records were written", text)
    return report
