"""Balance and coverage round by round as a painted chart, with what was done between; nothing is read."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QSizePolicy, QToolTip, QWidget

from app.domain.thresholds import DEFAULTS
from app.domain.wording import joined, number
from app.tools.coverage import Round
from app.ui import kit
from app.ui.kit.text import tip
from app.ui.parts.paint import CENTRE, LEFT, RIGHT, begin, draw_text
from app.ui.theme import theme

HEIGHT = 132
TICKS = (0.0, 0.5, 1.0)
SHOWN = 24  # of the newest rounds
SERIES = (("balance", 0), ("coverage", 1))  # the categorical colour; coverage is dashed as well
DONE = 3  # changes named of each round


class RoundsChart(QWidget):
    """Left and right (or the pointer) choose a round; `chosen` tells its place among those shown."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.rounds: Sequence[Round] = ()
        self.first, self.current = 1, -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Balance and coverage by round")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.retheme()

    def retheme(self) -> None:
        self.setFixedHeight(theme().px(HEIGHT))

    def show_rounds(self, rounds: Sequence[Round]) -> None:
        """The newest of all rounds, the last one chosen."""
        self.rounds = rounds[-SHOWN:]
        self.first = len(rounds) - len(self.rounds) + 1
        self._choose(len(self.rounds) - 1)

    def words_of(self, place: int) -> str:
        """«Round 3, 14:02: balance 0.68, coverage 0.74. Before it: Quota 80 and 2 more»."""
        found = self.rounds[place]
        at = datetime.fromtimestamp(found.at).strftime("%d %b %H:%M")
        said = f"Round {self.first + place}, {at}: balance {number(found.balance)}, "
        said += f"coverage {number(found.coverage)}."
        return said + (f" Before it: {done_words(found)}." if found.done else "")

    def _choose(self, place: int) -> None:
        self.current = max(0, min(place, len(self.rounds) - 1)) if self.rounds else -1
        words = self.words_of(self.current) if self.rounds else "No round yet."
        self.setAccessibleDescription(words)
        self.update()
        if self.rounds:
            self.chosen.emit(self.current)

    def _plot(self) -> QRectF:
        look = theme()
        left, right = look.px(30), look.px(104)
        return QRectF(left, 8, max(1, self.width() - left - right), self.height() - look.px(30))

    def _x(self, place: int) -> float:
        plot, steps = self._plot(), max(1, len(self.rounds) - 1)
        return plot.left() + 6 + (plot.width() - 12) * place / steps

    def _y(self, value: float) -> float:
        plot = self._plot()
        return plot.bottom() - plot.height() * value

    def _near(self, x: float) -> int:
        places = range(len(self.rounds))
        return min(places, key=lambda place: abs(self._x(place) - x), default=-1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        near = self._near(event.position().x())
        if near >= 0 and near != self.current:
            self._choose(near)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if (step := moves.get(Qt.Key(event.key()))) and self.rounds:
            self._choose(self.current + step)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            near = self._near(event.pos().x())
            QToolTip.showText(
                event.globalPos(), tip(self.words_of(near)) if near >= 0 else "", self
            )
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            begin(painter)
            self._draw_axes(painter)
            names = self._name_places()
            for (name, color), y in zip(SERIES, names, strict=True):
                self._draw_series(painter, name, theme().category(color), y)
            if self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme().color("focus"), 2))
                painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _draw_axes(self, painter: QPainter) -> None:
        look, plot = theme(), self._plot()
        font, ink = look.font("label", 400), QColor(look.chart["axis"])
        for tick in TICKS:
            y = self._y(tick)
            painter.fillRect(QRectF(plot.left(), y, plot.width(), 1), QColor(look.chart["grid"]))
            words = QRectF(0, y - look.px(8), plot.left() - 6, look.px(16))
            draw_text(painter, words, f"{tick:.1f}", font=font, color=ink, flags=RIGHT)
        painter.setPen(QPen(look.color("text_3"), 1, Qt.PenStyle.DotLine))
        good = self._y(DEFAULTS.balance_good)
        painter.drawLine(QPointF(plot.left(), good), QPointF(plot.right(), good))
        step = max(1, -(-len(self.rounds) // max(1, int(plot.width() // look.px(34)))))
        for place in range(0, len(self.rounds), step):
            box = QRectF(self._x(place) - 20, plot.bottom() + 4, 40, look.px(16))
            text = str(self.first + place)
            draw_text(painter, box, text, font=font, color=ink, flags=CENTRE)

    def _name_places(self) -> list[float]:
        """The heights of the two names, apart from each other."""
        apart = theme().px(16)
        ends = [getattr(self.rounds[-1], n) if self.rounds else None for n, _ in SERIES]
        first, second = (self._y(0.5 if value is None else value) for value in ends)
        if abs(first - second) < apart:
            middle = (first + second) / 2
            up, down = middle - apart / 2, middle + apart / 2
            return [up, down] if first <= second else [down, up]
        return [first, second]

    def _draw_series(self, painter: QPainter, name: str, color: QColor, y: float) -> None:
        values = [getattr(found, name) for found in self.rounds]
        dashed = name == "coverage"
        pen = QPen(color, 2, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)
        for place in range(1, len(values)):
            before, now = values[place - 1], values[place]
            if before is not None and now is not None:
                painter.setPen(pen)
                here = QPointF(self._x(place), self._y(now))
                painter.drawLine(QPointF(self._x(place - 1), self._y(before)), here)
        painter.setPen(QPen(color, 2))
        for place, value in enumerate(values):
            if value is not None:
                chosen = place == self.current
                painter.setBrush(theme().color("surface") if chosen else color)
                size = 4.5 if chosen else 2.5
                painter.drawEllipse(QPointF(self._x(place), self._y(value)), size, size)
        look, plot = theme(), self._plot()
        box = QRectF(plot.right() + 4, y - look.px(8), look.px(100), look.px(16))
        words = f"{name} {number(values[-1])}" if values else name
        draw_text(painter, box, words, font=look.font("label", 600), color=color, flags=LEFT)


class RoundsCard(QFrame):
    """The chart and, below it, the round that is chosen in words."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.chart = RoundsChart()
        self.words = kit.label("", "small", "muted", wrap=True)
        self.chart.chosen.connect(lambda place: self.words.setText(self.chart.words_of(place)))
        good = f"dotted: balance is good from {DEFAULTS.balance_good:.2f}"
        head = kit.row(kit.label("Rounds", "h2"), None, kit.label(good, "small", "faint"))
        self.setLayout(kit.column(head, self.chart, self.words, gap=6, margin=14))

    def show_rounds(self, rounds: Sequence[Round]) -> None:
        self.setVisible(len(rounds) > 1)
        self.chart.show_rounds(rounds)


def done_words(found: Round) -> str:
    """What was done before a round, each kind of change once."""
    return joined(list(dict.fromkeys(found.done)), DONE)
