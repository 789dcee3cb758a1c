"""A line of a few points without axes, for a running job."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.ui.parts.paint import Tone, begin, fill_token
from app.ui.theme import theme


class Spark(QWidget):
    """`values` in order; drawn from two on. `name` says what they are."""

    def __init__(
        self, values: Sequence[float] = (), *, tone: Tone = "accent", name: str = "Trend"
    ) -> None:
        super().__init__()
        self.tone, self.name = tone, name
        self.setFixedSize(64, 20)
        self.show_values(values)

    def show_values(self, values: Sequence[float]) -> None:
        self.values = [float(value) for value in values]
        said = f"{self.values[0]:.2f} to {self.values[-1]:.2f}" if self.values else "no values"
        self.setAccessibleName(f"{self.name}: {said}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if len(self.values) < 2:
            return
        low, high = min(self.values), max(self.values)
        step = (self.width() - 6) / (len(self.values) - 1)
        points = [
            QPointF(2 + index * step, 17 - 14 * (value - low) / ((high - low) or 1))
            for index, value in enumerate(self.values)
        ]
        color = theme().color(fill_token(self.tone))
        with QPainter(self) as painter:
            begin(painter).setPen(QPen(color, 1.5))
            painter.drawPolyline(points)
            painter.setBrush(color)
            painter.drawEllipse(points[-1], 2, 2)
