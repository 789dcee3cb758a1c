"""The verdict tile: one number, its 95 % interval and its healthy band on the same axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame

from app.ui.parts.paint import begin, draw_icon, draw_text
from app.ui.theme import theme

if TYPE_CHECKING:  # its module loads scipy (2 s cold), and the start page draws no tile
    from app.domain.tiles import Tile

ICONS = {"good": ("check-circle", "good"), "warn": ("warning", "warn_text")}
ICONS |= {"bad": ("x-circle", "bad_text")}
MARGIN = 14.0


class VerdictTile(QFrame):
    """Paints a dry run's Tile; out of its band it turns amber or red, and its note says why."""

    def __init__(self, tile: Tile) -> None:
        super().__init__()
        self.tile = tile
        self.setAccessibleName(_spoken(tile))
        self.setToolTip(f"{_spoken(tile)} {tile.explain}")
        self.retheme()

    def retheme(self) -> None:
        self.setFixedHeight(theme().px(116))
        self.setMinimumWidth(theme().px(150))

    @property
    def alarmed(self) -> bool:
        return self.tile.tone in ("warn", "bad")

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            begin(painter)
            self._draw_frame(painter)
            self._draw_words(painter)
            if self.tile.value is not None:
                self._draw_axis(painter, self.tile.value)

    def _draw_frame(self, painter: QPainter) -> None:
        tone = self.tile.tone
        painter.setPen(QPen(theme().color(tone if self.alarmed else "border"), 1))
        painter.setBrush(theme().color(f"{tone}_soft" if self.alarmed else "surface"))
        radius = theme().radius["card"]
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)

    def _draw_words(self, painter: QPainter) -> None:
        look, tile, px = theme(), self.tile, theme().px
        width = self.width() - 2 * MARGIN
        icon, color = ICONS.get(tile.tone, ("info", "text_3"))
        draw_icon(painter, icon, QRectF(self.width() - MARGIN - 16, px(11), 16, 16), color)
        note_color = f"{tile.tone}_text" if self.alarmed else "text_3"
        interval = tile.interval_text if tile.low is not None else ""
        for top, height, room, text, font, ink in (
            (10, 18, width - 18, tile.name, look.font("small", 500), "text_2"),
            (27, 30, width, tile.text, look.font("figure"), "text"),
            (74, 18, width, interval, look.font("small"), "text_2"),
            (91, 18, width, tile.note, look.font("label", 500), note_color),
        ):
            rect = QRectF(MARGIN, px(top), room, px(height))
            draw_text(painter, rect, text, font=font, color=look.color(ink))

    def _draw_axis(self, painter: QPainter, value: float) -> None:
        look, y, x = theme(), theme().px(66), self._scale()
        begin(painter).setBrush(look.color("border_control" if self.alarmed else "border"))
        painter.drawRoundedRect(QRectF(MARGIN, y - 2, self.width() - 2 * MARGIN, 4), 2, 2)
        left, right = map(x, self.tile.band)
        painter.setBrush(look.color("good", 0.55))
        painter.drawRoundedRect(QRectF(left, y - 2, right - left, 4), 2, 2)
        painter.setPen(QPen(look.color("text"), 1.5))
        if self.tile.low is not None and self.tile.high is not None:
            low, high = x(self.tile.low), x(self.tile.high)
            painter.drawLine(QPointF(low, y), QPointF(high, y))
            for cap in (low, high):
                painter.drawLine(QPointF(cap, y - 4), QPointF(cap, y + 4))
        painter.setBrush(look.color("surface"))
        painter.setPen(QPen(look.color("text"), 2))
        painter.drawEllipse(QPointF(x(value), y), 4, 4)

    def _scale(self) -> Callable[[float], float]:
        """Value -> x in pixels, held within the axis."""
        (low, high), width = self.tile.axis, self.width() - 2 * MARGIN
        return lambda value: MARGIN + width * (min(max(value, low), high) - low) / (high - low)


def _spoken(tile: Tile) -> str:
    interval = "" if tile.low is None else f", 95 % interval {tile.interval_text}"
    return f"{tile.name}: {tile.text}{interval}, {tile.note}."
