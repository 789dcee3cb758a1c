"""Name, point and interval on a shared axis: base beside tuned beside the alternatives."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.ui.parts.paint import Tone, begin, draw_text, fill_token
from app.ui.theme import theme


class IntervalRow(QWidget):
    """One row; `at`, `interval` and the dashed `reference` are in the units of `scale`."""

    def __init__(
        self,
        name: str,
        at: float,
        interval: tuple[float, float],
        *,
        tone: Tone = "muted",
        reference: float | None = None,
        strong: bool = False,
        name_width: int = 190,
        scale: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        super().__init__()
        self.name, self.at, self.interval, self.tone = name, at, interval, tone
        self.reference, self.strong = reference, strong
        self.name_width, self.scale = name_width, scale
        low, high = interval
        self.setAccessibleName(f"{name}: {at:.2f}, 95 % interval {low:.2f} to {high:.2f}")
        self.setToolTip(self.accessibleName())
        self.retheme()

    def retheme(self) -> None:
        self.setFixedHeight(theme().px(24))

    def _axis(self) -> tuple[float, float]:
        """Left edge and width of the axis in pixels."""
        left = theme().px(self.name_width)
        return left, self.width() - left - theme().px(128) - 12

    def _x(self, value: float) -> float:
        left, width = self._axis()
        low, high = self.scale
        return left + width * (min(max(value, low), high) - low) / (high - low)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            begin(painter)
            self._draw_words(painter)
            self._draw_axis(painter)
            self._draw_interval(painter)

    def _draw_words(self, painter: QPainter) -> None:
        look, height, values = theme(), self.height(), theme().px(128)
        name = QRectF(0, 0, look.px(self.name_width) - 8, height)
        font = look.font("body", 600 if self.strong else 400)
        draw_text(painter, name, self.name, font=font, color=look.color("text"))
        point = QRectF(self.width() - values, 0, look.px(40), height)
        draw_text(
            painter, point, number(self.at), font=look.font("strong"), color=look.color("text")
        )
        said = f"{number(self.interval[0])} – {number(self.interval[1])}"
        rest = point.translated(look.px(40), 0)
        rest.setWidth(values - look.px(40))
        draw_text(painter, rest, said, font=look.font("small"), color=look.color("text_2"))

    def _draw_axis(self, painter: QPainter) -> None:
        left, width = self._axis()
        painter.fillRect(QRectF(left, self.height() / 2 - 0.5, width, 1), theme().color("border"))
        if self.reference is not None:
            painter.setPen(QPen(theme().color("text_3"), 1, Qt.PenStyle.DashLine))
            x = self._x(self.reference)
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))

    def _draw_interval(self, painter: QPainter) -> None:
        color, y = theme().color(fill_token(self.tone)), self.height() / 2
        pen = QPen(color, 4 if self.strong else 3)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawLine(
            QPointF(self._x(self.interval[0]), y), QPointF(self._x(self.interval[1]), y)
        )
        painter.setBrush(theme().color("surface"))
        painter.setPen(QPen(color, 2))
        painter.drawEllipse(QPointF(self._x(self.at), y), 4.5, 4.5)


def number(value: float) -> str:
    """Two decimals with a real minus sign."""
    return f"{value:.2f}".replace("-", "−")
