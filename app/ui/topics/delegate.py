"""Paints the rows of the topic tree: colour, name with what was searched for, lock, figures."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QLineEdit, QStyle, QStyleOptionViewItem, QWidget

from app.ui import kit
from app.ui.parts import CELL, CellDelegate
from app.ui.parts.cells import Index, draw_cell
from app.ui.parts.paint import begin, draw_icon, draw_text
from app.ui.theme import theme
from app.ui.topics.lines import Key, Line
from app.ui.topics.model import LINE, TopicModel

LOCK = 14
DOT = 8
AROUND = 6  # between dot, name and lock


class TopicDelegate(CellDelegate):
    """`searched` is lit in the names; the topics in `cut` are grey until they are put elsewhere."""

    def __init__(self, parent: QWidget, model: TopicModel) -> None:
        super().__init__(parent)
        self._model = model
        self.searched = ""
        self.cut: frozenset[Key] = frozenset()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = kit.line_edit("Name of the topic")
        editor.setParent(parent)
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        editor.setText(str(index.data(Qt.ItemDataRole.EditRole)))
        editor.selectAll()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        painter.save()
        if index.column():
            if (cell := index.data(CELL)) is not None:
                draw_cell(painter, QRectF(option.rect).adjusted(8, 0, -8, -1), cell)
        elif (line := index.data(LINE)) is not None:
            self._draw_name(painter, QRectF(option.rect).adjusted(4, 0, -4, -1), line)
        painter.restore()

    def _draw_name(self, painter: QPainter, rect: QRectF, line: Line) -> None:
        if line.mark.color:
            dot = QRectF(rect.left(), rect.center().y() - DOT / 2, DOT, DOT)
            begin(painter).setBrush(theme().category(line.mark.color - 1))
            painter.drawEllipse(dot)
        if self._model.lines.colored:
            rect.setLeft(rect.left() + DOT + AROUND)
        if line.mark.locked:
            square = QRectF(rect.right() - LOCK, rect.center().y() - LOCK / 2, LOCK, LOCK)
            draw_icon(painter, "lock-simple", square, "text_2")
            rect.setRight(square.left() - AROUND)
        font = theme().font("body", 400 if line.leaf else 600)
        if self.searched:
            self._light(painter, rect, line.name, QFontMetricsF(font))
        token = "text_disabled" if line.key in self.cut else "text"
        draw_text(painter, rect, line.name, font=font, color=theme().color(token))

    def _light(self, painter: QPainter, rect: QRectF, name: str, metrics: QFontMetricsF) -> None:
        """Ground and line of what was searched for, as far as the row shows it."""
        start = name.casefold().find(self.searched.casefold())
        if start < 0:
            return
        left = rect.left() + metrics.horizontalAdvance(name[:start])
        width = metrics.horizontalAdvance(name[start : start + len(self.searched)])
        height = metrics.height()
        ground = QRectF(left - 1, rect.center().y() - height / 2, width + 2, height)
        begin(painter).setBrush(theme().color("warn_soft"))
        seen = ground.intersected(rect)
        painter.drawRoundedRect(seen, 2, 2)
        painter.fillRect(
            QRectF(seen.left(), seen.bottom() - 2, seen.width(), 2), theme().color("warn")
        )
