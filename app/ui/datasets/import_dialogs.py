"""What an import asks and tells: where the records go, and which lines could not be read."""

from pathlib import Path
from typing import Literal, get_args

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QButtonGroup, QDialog, QRadioButton, QWidget

from app.errors import InputError
from app.store.appends import Duplicates
from app.tools.datasets import ImportReport
from app.ui import dialogs, kit
from app.ui.parts.cells import NumberCell
from app.ui.theme import theme

Where = Literal["new", "together", "append", "replace"]


class WhereDialog(QDialog):
    """A new dataset, or into the open one; `where` and `duplicates` are the answer."""

    def __init__(self, parent: QWidget | None, files: list[Path], open_name: str) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import")
        many = len(files) > 1
        what = f"{len(files)} files" if many else files[0].name
        self.choices: dict[Where, QRadioButton] = {}
        self._group = QButtonGroup(self)
        self.twice = kit.combo("Duplicates", ["Leave duplicates out", "Add and mark duplicates"])
        lines: list[kit.Item] = [
            self._choice("new", "A dataset for each" if many else "A new dataset")
        ]
        if many:
            lines.append(self._choice("together", "One new dataset of all"))
        if open_name:
            append = self._choice("append", f"Append to “{open_name}”")
            note = "A record that is there already, equal in all it says, is left out or marked."
            lines += [append, _below(note, self.twice)]
        if open_name and not many:
            replace = self._choice("replace", f"Replace “{open_name}”")
            note = (
                "The old one goes to the trash with its topics, grader and runs. Goal and settings "
                "are taken over."
            )
            lines += [replace, _below(note)]
        first = self.choices["append" if open_name else "new"]
        first.setChecked(True)
        first.setFocus()
        self.go = kit.button("Import", self.accept, kind="primary")
        self.go.setDefault(True)
        foot = kit.row(None, kit.button("Cancel", self.reject), self.go, margin=(0, 10, 0, 0))
        title = kit.label(f"Where do the records of {what} go?", "h2", wrap=True)
        self.setLayout(kit.column(title, 2, *lines, foot, gap=8, margin=20))
        self.setMinimumWidth(theme().px(460))

    @property
    def where(self) -> Where:
        return next(name for name, choice in self.choices.items() if choice.isChecked())

    @property
    def duplicates(self) -> Duplicates:
        kinds: tuple[Duplicates, ...] = get_args(Duplicates)
        return kinds[self.twice.currentIndex()]

    def _choice(self, where: Where, words: str) -> QRadioButton:
        choice = QRadioButton(words.replace("&", "&&"))
        self.choices[where] = choice
        self._group.addButton(choice)
        return choice


class ResultDialog(QDialog):
    """What came in, and every line that could not be read with its reason, to copy or save.

    With `now` False the import was some time ago: the counts are those of the dataset as it is.
    """

    def __init__(
        self, parent: QWidget | None, file: str, report: ImportReport, *, now: bool = True
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import")
        self.report, self.file = report, file
        self.title = kit.label(title_of(file, report), "h2", wrap=True)
        facts = kit.label(facts_of(report, now=now), "body", "muted", wrap=True)
        self.table = kit.Table(
            "Lines that were not read", (kit.Column("Line", 80, right=True), kit.Column("Why"))
        )
        self.table.show_rows([[NumberCell(f"{n:,}"), why] for n, why in lines_of(report)])
        self.copy = kit.button("Copy", self._copy, kind="ghost", icon="copy")
        self.save = kit.button("Save…", lambda: self.done(2), kind="ghost", icon="floppy-disk")
        for button in (self.copy, self.save):
            button.setVisible(bool(report.rejections))
        close = kit.button("Close", self.accept, kind="primary")
        close.setDefault(True)
        foot = kit.row(self.copy, self.save, None, close, gap=8, margin=(0, 6, 0, 0))
        pieces: list[kit.Item] = [self.title, facts]
        if report.rejections:
            pieces.append((kit.frame(kit.column(self.table, gap=0, margin=2)), 1))
            self.resize(theme().px(680), theme().px(460))
        else:
            self.setMinimumWidth(theme().px(420))
        self.setLayout(kit.column(*pieces, foot, gap=8, margin=20))
        self.wants_save = False
        self.finished.connect(self._note)

    def text(self) -> str:
        """The list as it is copied and saved: a line each, number and reason."""
        return "\n".join(f"{number}\t{why}" for number, why in lines_of(self.report)) + "\n"

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())
        self.copy.setText("Copied")

    def _note(self, result: int) -> None:
        self.wants_save = result == 2


async def show_result(
    parent: QWidget | None, file: str, report: ImportReport, *, now: bool = True
) -> None:
    """Tell what an import did; the list of bad lines can be saved to a file."""
    dialog = ResultDialog(parent, file, report, now=now)
    text = dialog.text()
    await dialogs.ask(dialog)
    if not dialog.wants_save:
        return
    path = await dialogs.save_file(parent, "Save the list", name=f"{Path(file).stem}-lines.tsv")
    if path is not None:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            why = (error.strerror or str(error)).rstrip(".")
            raise InputError(
                f"{path}: cannot be written ({why}). Choose a folder of yours."
            ) from error


def title_of(file: str, report: ImportReport) -> str:
    if report.rejected_lines:
        one = report.rejected_lines == 1
        return f"{file}: {report.rejected_lines:,} {'line' if one else 'lines'} could not be read"
    return f"{file}: {report.records:,} records came in"


def facts_of(report: ImportReport, *, now: bool = True) -> str:
    """The counts that are not 0, in sentences; `now` is as in ResultDialog."""
    came = "records were imported" if now else "records are in the dataset"
    facts = [f"{report.records:,} {came}"]
    if report.invalid:
        whose = "of the file's" if now else "of them"
        facts.append(f"{report.invalid:,} {whose} are invalid and can be mended")
    if report.skipped:
        facts.append(f"{report.skipped:,} were there already")
    words = ", ".join(facts) + "."
    if report.rejected_lines > len(report.rejections):
        words += f" The first {len(report.rejections):,} bad lines are listed."
    return words


def lines_of(report: ImportReport) -> list[tuple[int, str]]:
    """Number and reasons of each bad line that is listed."""
    return [
        (
            bad["line"],
            (f"{bad['file']}: " if "file" in bad else "")
            + "; ".join(reason["text"] for reason in bad["reasons"]),
        )
        for bad in report.rejections
    ]


def _below(text: str, *more: QWidget) -> QWidget:
    """What belongs to the choice above it, set in."""
    words = kit.label(text, "small", "muted", wrap=True)
    return kit.holder(kit.row(24, (kit.column(words, *more, gap=6), 1), gap=0))
