"""The tree of topics as a painted treemap: area is records, colour how full; it only tells the choice."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.domain.treemap import HEAD, Area, Box, Cell, at, beside, treemap
from app.domain.wording import count
from app.ui.coverage.rows import TopicRow
from app.ui.kit.text import tip
from app.ui.parts.paint import begin, draw_text
from app.ui.theme import theme

HEIGHT = 260
NAMED = (44, 17)  # pixels of a cell from which on its name is written
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class TreeMap(QWidget):
    """Click, or arrows and Return: `topic_opened` tells a topic's id, a group's too. Topics too small
    to be hit share one cell, which opens nothing."""

    topic_opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[Cell] = []
        self.current: int | None = None
        self._areas: Sequence[Area] = ()
        self._rows: Mapping[int, TopicRow] = {}
        self._picture: QPixmap | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Map of the topics")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.retheme()

    def show_tree(self, areas: Sequence[Area], rows: Mapping[int, TopicRow]) -> None:
        """`rows` by id tell what the cells of `areas` are called and how full they are."""
        self._areas, self._rows, self.current = areas, rows, None
        self._lay_out()

    def retheme(self) -> None:
        self.setMinimumHeight(theme().px(HEIGHT))
        self._lay_out()

    def words_of(self, cell: Cell) -> str:
        """What a cell is, in words and numbers."""
        if cell.rest:
            records = sum(self._rows[k].records for k in cell.rest if k in self._rows)
            return f"{len(cell.rest):,} smaller topics: {count(records, 'record')}, in the table"
        row = self._rows.get(cell.key)
        return row.words if row else cell.name

    def _lay_out(self) -> None:
        place = Box(0.0, 0.0, float(self.width()), float(self.height()))
        self.cells = treemap(self._areas, place, head=theme().px(HEAD))
        self._picture = None
        if self.current is not None and self.current >= len(self.cells):
            self.current = None
        self._describe()
        self.update()

    def _describe(self) -> None:
        """A screen reader hears the cell that was moved to, else the whole."""
        if self.current is not None:
            self.setAccessibleDescription(self.words_of(self.cells[self.current]))
            return
        leaves = [row for cell in self.cells if (row := self._rows.get(cell.key))]
        largest = sorted(leaves, key=lambda row: -row.records)[:3]
        said = "; ".join(row.words for row in largest)
        self.setAccessibleDescription(
            f"{count(len(self.cells), 'cell')}, area is records, colour how full. Largest: {said}."
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = at(self.cells, event.pos().x(), event.pos().y())
            words = self.words_of(self.cells[found]) if found is not None else ""
            QToolTip.showText(event.globalPos(), tip(words), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = at(self.cells, event.position().x(), event.position().y())
        opens = found is not None and not self.cells[found].rest
        shape = Qt.CursorShape.PointingHandCursor if opens else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        self._move(found)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.hasFocus():
            self._move(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        found = at(self.cells, event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and found is not None:
            self._open(self.cells[found])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        leaves = [i for i, cell in enumerate(self.cells) if not cell.opened]
        if not leaves:
            super().keyPressEvent(event)
            return
        key = Qt.Key(event.key())
        if key in ARROWS:
            now = self.current
            self._move(leaves[0] if now is None else beside(self.cells, now, *ARROWS[key]))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._move(leaves[0 if key == Qt.Key.Key_Home else -1])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if self.current is not None:
                self._open(self.cells[self.current])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._move(None)

    def _move(self, index: int | None) -> None:
        if index != self.current:
            self.current = index
            self._describe()
        self.update()

    def _open(self, cell: Cell) -> None:
        if cell.key in self._rows and not cell.rest:
            self.topic_opened.emit(cell.key)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture is None:
            self._picture = self._drawn()
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._picture)
            if self.current is not None:
                self._outline(painter, _rect(self.cells[self.current].box), "text")
            if self.hasFocus():
                self._outline(painter, QRectF(self.rect()), "focus")

    def _outline(self, painter: QPainter, rect: QRectF, color: str) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().color(color), 2))
        painter.drawRect(rect.adjusted(1, 1, -1, -1))

    def _drawn(self) -> QPixmap:
        """All cells, drawn once for each size and theme."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(theme().color("surface"))
        with QPainter(picture) as painter:
            begin(painter)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            for cell in self.cells:
                self._draw_cell(painter, cell)
        return picture

    def _draw_cell(self, painter: QPainter, cell: Cell) -> None:
        rect, row = _rect(cell.box).adjusted(0, 0, -1, -1), self._rows.get(cell.key)
        back = theme().color("sunken")
        if not cell.opened and not cell.rest and row is not None:
            back = fill_color(row.filled)
        painter.fillRect(rect, back)
        if row is not None and row.color:
            mark = QRectF(rect.left(), rect.top(), 4, rect.height())
            painter.fillRect(mark, theme().category(row.color - 1))
        self._write(painter, cell, rect, back)

    def _write(self, painter: QPainter, cell: Cell, rect: QRectF, back: QColor) -> None:
        look, row = theme(), self._rows.get(cell.key)
        if rect.width() < look.px(NAMED[0]) or rect.height() < look.px(NAMED[1]):
            return
        ink = readable_on(back)
        line = QRectF(rect.left() + 7, rect.top() + 2, rect.width() - 10, look.px(16))
        name = f"{len(cell.rest):,} smaller" if cell.rest else cell.name
        font = look.font("label", 600 if cell.opened else 500)
        draw_text(painter, line, name, font=font, color=ink)
        if row is None or cell.rest or cell.opened or rect.height() < look.px(36):
            return
        below = QRectF(line.bottomLeft() - QPointF(0, 1), line.size())
        said = f"{row.records:,} of {row.quota:,}"
        if not row.quota or QFontMetricsF(font).horizontalAdvance(said) > below.width():
            said = f"{row.records:,}"
        draw_text(painter, below, said, font=look.font("label", 400), color=ink)


def fill_color(filled: float) -> QColor:
    """The sequential colour of a share from 0 to 1, of its calm middle: the first is hardly told from
    the background, and where every topic is full the last ones would be a wall of colour. Only what is
    full has the strongest."""
    steps = theme().chart["sequential"][1:4]
    place = len(steps) - 1 if filled >= 1 else int(max(0.0, filled) * (len(steps) - 1))
    return QColor(steps[place])


def readable_on(back: QColor) -> QColor:
    """Of the theme's text and surface the colour with more contrast (WCAG 2 relative luminance)."""
    colors = [theme().color("text"), theme().color("surface")]
    return max(colors, key=lambda color: _contrast(color, back))


def _contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: QColor) -> float:
    parts = (color.redF(), color.greenF(), color.blueF())
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rect(box: Box) -> QRectF:
    """On whole pixels, so that neighbours share an edge."""
    left, top = round(box.x), round(box.y)
    return QRectF(left, top, round(box.x + box.width) - left, round(box.y + box.height) - top)
