"""The editor of grader scripts: numbered lines, an error at its line, indentation kept on Return."""

import inspect
import re

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QTextFormat
from PySide6.QtWidgets import QTextEdit, QWidget

from app.sandbox.helpers import HELPERS, LACKING
from app.sandbox.limits import Limits
from app.ui.kit.code import CodeEdit
from app.ui.theme import theme

LINE = re.compile(r"\b[Ll]ine (\d+)")
PAD = 10


class ScriptEdit(CodeEdit):
    """Tab leaves the editor, as everywhere; Return keeps the indentation, a colon adds to it."""

    def __init__(self, name: str) -> None:
        self._numbers: _Numbers | None = None  # CodeEdit restyles before it is there
        super().__init__(name)
        self._numbers = _Numbers(self)
        self.error_line = 0
        self.blockCountChanged.connect(lambda count: self._make_room())
        self.updateRequest.connect(self._follow)
        self._make_room()

    def show_error_line(self, line: int) -> None:
        """Mark a line (1 is the first; 0 none) and bring it into view."""
        self.error_line = line
        marks = []
        block = self.document().findBlockByNumber(line - 1) if line else None
        if block is not None and block.isValid():
            mark = QTextEdit.ExtraSelection()
            mark.format.setBackground(theme().color("bad_soft"))
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            cursor = self.textCursor()
            cursor.setPosition(block.position())
            mark.cursor = cursor
            marks.append(mark)
            self.setTextCursor(cursor)
            self.centerCursor()
        self.setExtraSelections(marks)
        if self._numbers is not None:
            self._numbers.update()

    def retheme(self) -> None:
        super().retheme()
        if self._numbers is not None:
            self._make_room()
            if self.error_line:
                self.show_error_line(self.error_line)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        cursor = self.textCursor()
        before = cursor.block().text()[: cursor.positionInBlock()]
        indent = len(before) - len(before.lstrip(" ")) + 4 * before.rstrip().endswith(":")
        cursor.insertText("\n" + " " * indent)
        self.ensureCursorVisible()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    @property
    def numbers_width(self) -> int:
        digits = len(str(max(10, self.blockCount())))
        return self.fontMetrics().horizontalAdvance("9") * digits + 2 * PAD

    def _make_room(self) -> None:
        self.setViewportMargins(self.numbers_width, 0, 0, 0)
        self._place()

    def _place(self) -> None:
        if self._numbers is not None:
            inside = self.contentsRect()
            self._numbers.setGeometry(
                QRect(inside.left(), inside.top(), self.numbers_width, inside.height())
            )

    def _follow(self, rect: QRect, down: int) -> None:
        if self._numbers is not None:
            self._numbers.update()

    def paint_numbers(self, painter: QPainter, width: int) -> None:
        """The number of every line in view; the one with the error in red."""
        painter.setFont(self.font())
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        height = self.fontMetrics().height()
        while block.isValid() and top <= self.viewport().height():
            number = block.blockNumber() + 1
            painter.setPen(theme().color("bad_text" if number == self.error_line else "text_3"))
            place = QRect(0, round(top), width - PAD, height)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignRight), str(number))
            top += self.blockBoundingRect(block).height()
            block = block.next()


class _Numbers(QWidget):
    """The margin with the line numbers."""

    def __init__(self, editor: ScriptEdit) -> None:
        super().__init__(editor)
        self._editor = editor

    def sizeHint(self) -> QSize:
        return QSize(self._editor.numbers_width, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme().color("code_bg"))
            self._editor.paint_numbers(painter, self.width())


def line_of(words: str) -> int:
    """The line an error speaks of; 0 when it names none."""
    found = LINE.search(words)
    return int(found[1]) if found else 0


def limits_line() -> str:
    """The sandbox in one line."""
    limits = Limits()
    return (
        f"Sandbox: no files, no network, {limits.record_seconds:g} s and "
        f"{limits.memory_bytes >> 20} MB for each answer"
    )


def help_lines() -> list[tuple[str, str]]:
    """(call, what it gives) of the helpers a script may use, and what the sandbox lacks."""
    lines = [
        ("sample", "The answer: output_text, output_json (None when it is no JSON), output_tools."),
        ("item", "The record: reference, messages, and every further field of it."),
    ]
    for name, helper in HELPERS.items():
        takes = ", ".join(inspect.signature(helper).parameters)
        doc = inspect.getdoc(helper) or ""
        lines.append((f"{name}({takes})", doc.split("\n\n")[0]))
    return [*lines, ("Not there", LACKING)]
