"""The signature element: one track, seven stations, each with the number its step produced."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEasingCurve, QEvent, QPointF, QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QToolTip, QWidget

from app.ui.parts.paint import CENTRE, begin, draw_icon, draw_text
from app.ui.theme import theme

StepState = Literal[
    "done", "current", "running", "stale", "blocked", "failed", "skipped", "pending"
]
ICONS = {"stale": "arrow-clockwise", "failed": "x", "blocked": "lock-simple", "skipped": "minus"}
READING = {"stale": "warn_text", "failed": "bad_text"}
READING |= {"current": "accent_text", "running": "accent_text"}
RING = {"stale": ("warn_soft", "warn", "warn_text"), "failed": ("bad_soft", "bad", "bad_text")}
MARGIN = 8


@dataclass(frozen=True)
class Step:
    """A station: `reading` is its number, or why there is none; `reason` is the tooltip."""

    name: str
    state: StepState
    reading: str
    reason: str = ""


class Stepper(QWidget):
    """Left and Right move, Return or a click opens, hover tells why.

    `selected` is where the user looks (-1: nowhere); a step's state is what is true of it.
    """

    activated = Signal(int)

    def __init__(self, steps: Sequence[Step] = (), selected: int = -1) -> None:
        super().__init__()
        self.steps, self.selected, self.hovered = list(steps), selected, -1
        self._glide = float(selected)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Steps")
        self._animation = QVariantAnimation(self)
        self._animation.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._animation.valueChanged.connect(self._glide_to)
        self.retheme()
        self._describe()

    def retheme(self) -> None:
        self.setFixedHeight(theme().px(theme().size["stepper"]))
        self._animation.setDuration(theme().motion("normal"))

    def show_steps(self, steps: Sequence[Step]) -> None:
        self.steps = list(steps)
        self._describe()
        self.update()

    def select(self, index: int) -> None:
        """Move the selection to a station, or off the track with -1."""
        start = self._glide if self.selected >= 0 else float(index)
        self.selected = max(-1, min(len(self.steps) - 1, index))
        self._describe()
        self._animation.stop()
        if self.selected < 0 or theme().reduced_motion:
            self._glide_to(float(self.selected))
            return
        self._animation.setStartValue(start)
        self._animation.setEndValue(float(self.selected))
        self._animation.start()

    def _glide_to(self, position: float) -> None:
        self._glide = float(position)
        self.update()

    def _describe(self) -> None:
        if not 0 <= self.selected < len(self.steps):
            self.setAccessibleDescription("")
            return
        step = self.steps[self.selected]
        said = f"Step {self.selected + 1} of {len(self.steps)}: {step.name}, {step.state}"
        self.setAccessibleDescription(f"{said}, {step.reading}. {step.reason}".strip())

    def _cell(self, position: float) -> QRectF:
        width = (self.width() - 2 * MARGIN) / max(1, len(self.steps))
        return QRectF(MARGIN + position * width, 0, width, self.height())

    def _at(self, x: float) -> int:
        index = int((x - MARGIN) // max(1.0, self._cell(0).width()))
        return index if 0 <= index < len(self.steps) else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position().x())
        if index == self.hovered:
            return
        self.hovered = index
        self.update()
        reason = self.steps[index].reason if index >= 0 else ""
        QToolTip.showText(event.globalPosition().toPoint(), reason, self)

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position().x())
        if index >= 0:
            self.activated.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if move:
            self.select(max(0, self.selected + move))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.activated.emit(self.selected)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if self.selected < 0 and self.steps:
            self.select(0)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            begin(painter).fillRect(self.rect(), theme().color("surface"))
            edge = QRectF(0, self.height() - 1, self.width(), 1)
            painter.fillRect(edge, theme().color("border"))
            self._draw_selection(painter)
            for index in range(len(self.steps) - 1):
                self._draw_track(painter, index)
            for index, step in enumerate(self.steps):
                self._draw_station(painter, index, step)
                self._draw_words(painter, index, step)

    def _draw_selection(self, painter: QPainter) -> None:
        if self.hovered >= 0 and self.hovered != self.selected:
            painter.fillPath(self._block(self.hovered), theme().color("hover"))
        if self.selected < 0:
            return
        painter.fillPath(self._block(self._glide), theme().color("accent_soft"))
        cell = self._cell(self._glide)
        bar = QRectF(cell.left() + 16, self.height() - 3, cell.width() - 32, 3)
        painter.fillRect(bar, theme().color("accent"))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().color("focus"), 2))
            painter.drawRoundedRect(self._cell(self.selected).adjusted(5, 5, -5, -7), 7, 7)

    def _block(self, position: float) -> QPainterPath:
        path = QPainterPath()
        path.addRoundedRect(self._cell(position).adjusted(4, 4, -4, -6), 8, 8)
        return path

    def _draw_track(self, painter: QPainter, index: int) -> None:
        """Solid where the result holds, dashed where it is out of date, dotted where none is."""
        here, there = self.steps[index].state, self.steps[index + 1].state
        solid = here == "done" and there in ("done", "current", "running")
        stale = "stale" in (here, there)
        token = "accent" if solid else "warn" if stale else "border_control"
        pen = QPen(theme().color(token), 2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        if not solid:
            pen.setDashPattern([2.5, 2.5] if stale else [0.1, 2.6])
        painter.setPen(pen)
        gap, y = theme().px(10) + 5, theme().px(24)
        left, right = self._centre(index).x() + gap, self._centre(index + 1).x() - gap
        painter.drawLine(QPointF(left, y), QPointF(right, y))

    def _centre(self, index: int) -> QPointF:
        return QPointF(self._cell(index).left() + 18 + theme().px(10), theme().px(24))

    def _draw_station(self, painter: QPainter, index: int, step: Step) -> None:
        look, centre, radius = theme(), self._centre(index), theme().px(10)
        square = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
        inner = square.adjusted(4, 4, -4, -4)
        begin(painter)
        if step.state == "done":
            painter.setBrush(look.color("accent"))
            painter.drawEllipse(square)
            draw_icon(painter, "check", inner, "on_accent")
        elif step.state in ("current", "running"):
            painter.setBrush(look.color("surface"))
            painter.setPen(QPen(look.color("accent"), 2.5))
            painter.drawEllipse(square)
            begin(painter).setBrush(look.color("accent"))
            painter.drawEllipse(centre, radius * 0.42, radius * 0.42)
        else:
            soft, edge, ink = RING.get(step.state, ("sunken", "", "text_3"))
            painter.setBrush(look.color(soft))
            if edge:
                painter.setPen(QPen(look.color(edge), 1.5))
            painter.drawEllipse(square)
            if icon := ICONS.get(step.state):
                draw_icon(painter, icon, inner, ink)
                return
            font, color = look.font("label"), look.color(ink)
            draw_text(painter, square, str(index + 1), font=font, color=color, flags=CENTRE)

    def _draw_words(self, painter: QPainter, index: int, step: Step) -> None:
        look, cell = theme(), self._cell(index)
        line = QRectF(cell.left() + 18, look.px(39), cell.width() - 28, look.px(18))
        quiet = step.state in ("blocked", "pending", "skipped")
        font = look.font("body", 500 if quiet else 600)
        draw_text(
            painter, line, step.name, font=font, color=look.color("text_2" if quiet else "text")
        )
        token = READING.get(step.state, "text_2" if index == self.selected else "text_3")
        below = line.translated(0, look.px(18))
        draw_text(painter, below, step.reading, font=look.font("small"), color=look.color(token))
