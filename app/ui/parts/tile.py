"""The verdict tile: one number, its 95 % interval and its healthy band on the same axis."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame

from app.ui.parts.paint import Tone, begin, draw_icon, draw_text, ink_token
from app.ui.theme import theme

ICONS = {"good": ("check-circle", "good"), "warn": ("warning", "warn_text")}
ICONS |= {"bad": ("x-circle", "bad_text")}
MARGIN = 14.0


@dataclass(frozen=True, kw_only=True)
class Tile:
    """What a tile shows; with unit "%", `at`, `interval`, `band` and `scale` are shares (0 to 1).

    `value` is the figure as text, `interval` None where there is none ("n/a"), `note` the one
    sentence on why it is out of its band.
    """

    name: str
    value: str
    at: float | None = None
    interval: tuple[float, float] | None = None
    band: tuple[float, float] | None = None
    scale: tuple[float, float] = (0.0, 1.0)
    note: str = ""
    tone: Tone = "good"
    unit: Literal["", "%"] = ""

    def number(self, value: float) -> str:
        text = f"{value * 100:.0f}" if self.unit else f"{value:.2f}"
        return text.replace("-", "−")

    @property
    def interval_text(self) -> str:
        if self.interval is None:
            return ""
        low, high = map(self.number, self.interval)
        return f"{low} – {high}" + (f" {self.unit}" if self.unit else "")

    @property
    def band_text(self) -> str:
        """`healthy over 0.30`, `healthy under 30 %`, or from and to."""
        if self.band is None:
            return ""
        unit = f" {self.unit}" if self.unit else ""
        low, high = (self.number(edge) + unit for edge in self.band)
        if self.band[1] >= self.scale[1]:
            return f"healthy over {low}"
        return (
            f"healthy under {high}" if self.band[0] <= self.scale[0] else f"healthy {low} to {high}"
        )


class VerdictTile(QFrame):
    """Paints a Tile; out of its band it turns amber (or red) and adds one sentence."""

    def __init__(self, tile: Tile) -> None:
        super().__init__()
        self.tile = tile
        self.setAccessibleName(_spoken(tile))
        self.setToolTip(_spoken(tile))
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
            if self.tile.at is not None and self.tile.interval is not None:
                self._draw_axis(painter, self.tile.at, self.tile.interval)

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
        low = tile.note or tile.band_text
        low_color = ink_token(tile.tone) if tile.note and self.alarmed else "text_3"
        for top, height, room, text, font, ink in (
            (10, 18, width - 18, tile.name, look.font("small", 500), "text_2"),
            (27, 30, width, tile.value, look.font("figure"), "text"),
            (74, 18, width, tile.interval_text, look.font("small"), "text_2"),
            (91, 18, width, low, look.font("label", 500), low_color),
        ):
            rect = QRectF(MARGIN, px(top), room, px(height))
            draw_text(painter, rect, text, font=font, color=look.color(ink))

    def _draw_axis(self, painter: QPainter, at: float, interval: tuple[float, float]) -> None:
        look, y, x = theme(), theme().px(66), self._scale()
        begin(painter).setBrush(look.color("border_control" if self.alarmed else "border"))
        painter.drawRoundedRect(QRectF(MARGIN, y - 2, self.width() - 2 * MARGIN, 4), 2, 2)
        if self.tile.band:
            left, right = map(x, self.tile.band)
            painter.setBrush(look.color("good", 0.55))
            painter.drawRoundedRect(QRectF(left, y - 2, right - left, 4), 2, 2)
        low, high = map(x, interval)
        painter.setPen(QPen(look.color("text"), 1.5))
        painter.drawLine(QPointF(low, y), QPointF(high, y))
        for cap in (low, high):
            painter.drawLine(QPointF(cap, y - 4), QPointF(cap, y + 4))
        painter.setBrush(look.color("surface"))
        painter.setPen(QPen(look.color("text"), 2, Qt.PenStyle.SolidLine))
        painter.drawEllipse(QPointF(x(at), y), 4, 4)

    def _scale(self) -> Callable[[float], float]:
        """Value -> x in pixels, held within the axis."""
        (low, high), width = self.tile.scale, self.width() - 2 * MARGIN
        return lambda value: MARGIN + width * (min(max(value, low), high) - low) / (high - low)


def _spoken(tile: Tile) -> str:
    low_high = f"95 % interval {tile.interval_text}" if tile.interval else ""
    facts = [f"{tile.name}: {tile.value}", low_high, tile.band_text]
    return ", ".join(fact for fact in facts if fact) + f". {tile.note}".rstrip()
