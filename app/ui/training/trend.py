"""The line of a small chart, painted by hand: six pyqtgraph plots took 48 ms at every step."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui.parts import Tone
from app.ui.parts.paint import begin, fill_token
from app.ui.theme import theme

MARGIN = 3.0


class TrendLine(QWidget):
    """Values in order, evenly spaced, as high as they differ; NaN is a gap in the line."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._values: tuple[float, ...] = ()
        self._tone: Tone = "accent"
        self.setAccessibleName(name)
        self.setMinimumSize(40, theme().px(44))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_values(self, values: Sequence[float], *, tone: Tone, words: str) -> None:
        """`words` say the same for a screen reader."""
        self._values, self._tone = tuple(values), tone
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.update()

    def pieces(self) -> list[list[QPointF]]:
        """The line in pixels, broken where a value is missing."""
        known = [v for v in self._values if v == v]
        if not known:
            return []
        low, span = min(known), (max(known) - min(known)) or 1.0
        width, height = self.width() - 2 * MARGIN, self.height() - 2 * MARGIN
        step = width / max(1, len(self._values) - 1)
        found: list[list[QPointF]] = [[]]
        for index, value in enumerate(self._values):
            if value == value:
                y = MARGIN + height * (1 - (value - low) / span)
                found[-1].append(QPointF(MARGIN + index * step, y))
            elif found[-1]:
                found.append([])
        return [piece for piece in found if piece]

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            begin(painter).setPen(QPen(theme().color(fill_token(self._tone)), 1.5))
            for piece in self.pieces():
                painter.drawPolyline(piece)
