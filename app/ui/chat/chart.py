"""A small chart in the conversation, painted: bars, a histogram, or lines over steps."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from app.agent.entries import Chart
from app.domain.wording import number
from app.ui import kit
from app.ui.parts import MiniBar
from app.ui.parts.paint import begin, draw_text
from app.ui.theme import theme

MOST_BARS = 12
NAME_SHARE, BAR_SHARE = 3, 4  # of a bar's row
HEIGHT = 120
LEFT, BOTTOM, TOP = 34, 18, 8  # pixels round the drawing, for its figures
LINE = 14  # pixels of a figure's line


class ChartView(QFrame):
    """A card with the title, the drawing, and all of it in words for a screen reader."""

    def __init__(self, chart: Chart) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName(f"Chart: {chart.title}")
        self.setAccessibleDescription(described(chart))
        self.setToolTip(kit.tip(described(chart)))
        title = kit.Prose(chart.title, "Chart", role="strong")
        body = _bars(chart) if chart.form == "bars" else [Drawing(chart)]
        self.setLayout(kit.column(title, *body, gap=6, margin=(12, 10, 12, 12)))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)


def described(chart: Chart) -> str:
    """The chart in words and numbers."""
    target = "" if chart.target is None else f" Target: {figure(chart.target)}."
    said = []
    for index, values in enumerate(chart.series):
        name = chart.names[index] if index < len(chart.names) else ""
        labels = _labels(chart, len(values))
        cells = ", ".join(f"{a}: {figure(v)}" for a, v in zip(labels, values, strict=True))
        said.append(f"{name}: {cells}" if name else cells)
    return f"{chart.title}. {'. '.join(said) or 'no values'}.{target}"


def figure(value: float) -> str:
    """A count whole, anything else with two places."""
    whole = abs(value) >= 1 and value == round(value)
    return f"{value:,.0f}" if whole or value == 0 else number(value)


def _labels(chart: Chart, count: int) -> list[str]:
    """A label a value; bins and steps have numbers."""
    given = list(chart.labels[:count])
    if chart.form == "histogram" and not given:
        given = [f"from {n / count:.2f}" for n in range(count)]
    return given + [str(n + 1) for n in range(len(given), count)]


def _bars(chart: Chart) -> list[QWidget]:
    """A row a value: name, bar, figure. Beyond MOST_BARS the rest is counted, not drawn."""
    values = chart.series[0] if chart.series else ()
    top = max([*values, chart.target or 0.0], default=0.0) or 1.0
    target = None if chart.target is None else chart.target / top
    rows: list[QWidget] = []
    widest = max(
        (QFontMetrics(theme().font("small")).horizontalAdvance(figure(v)) for v in values),
        default=0,
    )
    for name, value in list(zip(_labels(chart, len(values)), values, strict=True))[:MOST_BARS]:
        bar = MiniBar(max(0.0, value) / top, target=target, name=name)
        words = kit.ElidedLabel(name, "small")
        amount = kit.label(figure(value), "small")
        amount.setFixedWidth(widest + 4)
        amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        cells = kit.row((words, NAME_SHARE), (bar, BAR_SHARE), amount)
        rows.append(kit.holder(cells))
    if len(values) > MOST_BARS:
        rows.append(kit.label(f"and {len(values) - MOST_BARS} more", "small", "faint"))
    if chart.target is not None:
        rows.append(kit.label(f"tick: {figure(chart.target)}", "small", "faint"))
    return rows


class Drawing(QWidget):
    """A histogram or up to four lines; the figures at the sides say what is lowest and highest."""

    def __init__(self, chart: Chart) -> None:
        super().__init__()
        self.chart = chart
        self.setMinimumWidth(80)
        self.retheme()

    def retheme(self) -> None:
        self.setFixedHeight(theme().px(HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        left, bottom = theme().px(LEFT), theme().px(BOTTOM)
        room = QRectF(self.rect()).adjusted(left, TOP, -4, -bottom)
        with QPainter(self) as painter:
            begin(painter)
            if self.chart.form == "histogram":
                self._histogram(painter, room)
            else:
                self._lines(painter, room)

    def _histogram(self, painter: QPainter, room: QRectF) -> None:
        counts = self.chart.series[0] if self.chart.series else ()
        top = max(counts, default=0.0) or 1.0
        self._frame(painter, room, low=0.0, high=top, ends=("0", "1"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("accent"))
        width = room.width() / max(1, len(counts))
        for index, count in enumerate(counts):
            height = room.height() * count / top
            left = room.left() + index * width
            painter.drawRect(QRectF(left + 1, room.bottom() - height, max(1.0, width - 2), height))

    def _lines(self, painter: QPainter, room: QRectF) -> None:
        series = self.chart.series[:4]
        every = [value for values in series for value in values if value == value]
        if self.chart.target is not None:
            every.append(self.chart.target)
        low, high = min(every, default=0.0), max(every, default=1.0)
        high = high if high > low else low + 1.0
        longest = max((len(values) for values in series), default=0)
        labels = _labels(self.chart, longest) or ["", ""]
        self._frame(painter, room, low=low, high=high, ends=(labels[0], labels[-1]))
        if self.chart.target is not None:
            painter.setPen(QPen(theme().color("text_2"), 1.2, Qt.PenStyle.DashLine))
            y = _y(room, self.chart.target, low, high)
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
        for index, values in enumerate(series):
            pen = QPen(theme().category(index), 2, _DASHES[index])
            painter.setPen(pen)
            painter.drawPolyline(_points(room, values, low, high, longest))
            if index < len(self.chart.names):
                line = theme().px(LINE)
                place = QRectF(room.left() + 6, room.top() + index * line, room.width() - 6, line)
                self._figure(painter, place, self.chart.names[index], color=pen.color())

    def _frame(
        self, painter: QPainter, room: QRectF, *, low: float, high: float, ends: tuple[str, str]
    ) -> None:
        painter.setPen(QPen(theme().color("border"), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        line = theme().px(LINE)
        side = QRectF(0, 0, room.left() - 6, line)
        right, left = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft
        for value, y in ((high, room.top()), (low, room.bottom())):
            place = side.translated(0, max(0, y - line / 2))
            self._figure(painter, place, figure(value), align=right)
        half = QRectF(room.left(), room.bottom() + 3, room.width() / 2, line)
        self._figure(painter, half, ends[0], align=left)
        self._figure(painter, half.translated(half.width(), 0), ends[1], align=right)

    def _figure(
        self,
        painter: QPainter,
        place: QRectF,
        text: str,
        *,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        color: QColor | None = None,
    ) -> None:
        ink = color or theme().color("text_3")
        flags = align | Qt.AlignmentFlag.AlignVCenter
        draw_text(painter, place, text, font=theme().font("label", 400), color=ink, flags=flags)


_DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
)


def _y(room: QRectF, value: float, low: float, high: float) -> float:
    return room.bottom() - room.height() * (value - low) / (high - low)


def _points(
    room: QRectF, values: Sequence[float], low: float, high: float, longest: int
) -> list[QPointF]:
    step = room.width() / max(1, longest - 1)
    return [
        QPointF(room.left() + index * step, _y(room, value, low, high))
        for index, value in enumerate(values)
        if value == value
    ]
