"""Plots without boxes: horizontal grid only, tabular ticks, the unit in the label.

The one module that imports pyqtgraph (0.46 s with numpy), so import it only where a chart is drawn.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy

from app.ui.theme import theme

pg.setConfigOptions(antialias=True)
Draw = Callable[["Plot"], None]


class Plot(pg.PlotWidget):
    """An empty plot; `draw(function)` fills it and sets its ranges, again when the theme changes.

    `name` and what `describe` was last given are what a screen reader says of it.
    """

    def __init__(self, name: str, *, x: str = "", y: str = "", axes: bool = True) -> None:
        super().__init__(enableMenu=False)
        self._x, self._y, self._axes = x, y, axes
        self._draw: Draw | None = None
        self.setAccessibleName(name)
        self.setMouseEnabled(False, False)
        self.disableAutoRange()  # else every item added fits the ranges anew
        self.hideButtons()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumWidth(80 if axes else 40)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._style()

    def draw(self, function: Draw) -> None:
        """Clear, and call `function(plot)`, now and after each change of theme."""
        self._draw = function
        self.clear()
        function(self)

    def describe(self, words: str) -> None:
        """The chart in words and numbers, as tooltip and for a screen reader."""
        self.setAccessibleDescription(words)
        self.setToolTip(words)

    def retheme(self) -> None:
        self._style()
        if self._draw is not None:
            self.draw(self._draw)

    def _style(self) -> None:
        look = theme()
        self.setBackground(look.hex("surface"))
        for side, text in (("bottom", self._x), ("left", self._y)):
            if not self._axes:
                self.hideAxis(side)
                continue
            axis = self.getAxis(side)
            axis.setStyle(
                tickFont=look.font("label", 400), tickLength=0, tickTextOffset=6, maxTickLevel=0
            )
            axis.setPen(pg.mkPen(look.hex("border") if side == "bottom" else "#00000000"))
            axis.setTextPen(look.chart["axis"])
            axis.setTickPen(look.chart["grid"])
            axis.setZValue(-1)  # the grid runs behind the data
            if text:
                size = f"{look.text_px('label')}px"
                style = {"font-size": size, "color": look.chart["axis"]}
                # Without ranges here 0.8 reads 800 once the label is set again.
                axis.setLabel(text, siPrefixEnableRanges=(), **style)
            axis.setSIPrefixEnableRanges(())
            axis.setGrid(255 if side == "left" else False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the panel scrolls, the plot does not zoom

    def line(
        self, x: Sequence[float], y: Sequence[float], *, color: str = "accent", width: float = 2.0
    ) -> Any:
        """A curve in a token's colour; NaN is a gap."""
        pen = pg.mkPen(theme().color(color), width=width)
        return self.plot(list(x), list(y), pen=pen, connect="finite")

    def dots(
        self, x: Sequence[float], y: Sequence[float], *, color: str = "accent", size: int = 6
    ) -> Any:
        """Filled points; the one that matters is a `ring`."""
        fill = theme().color(color)
        return self.plot(
            list(x),
            list(y),
            pen=None,
            symbol="o",
            symbolSize=size,
            symbolBrush=fill,
            symbolPen=None,
        )

    def ring(self, x: float, y: float, *, color: str = "accent", size: int = 10) -> Any:
        """One open point, the figure the panel names."""
        pen = pg.mkPen(theme().color(color), width=2)
        fill = theme().color("surface")
        return self.plot(
            [x], [y], pen=None, symbol="o", symbolSize=size, symbolBrush=fill, symbolPen=pen
        )

    def bars(
        self, x: Sequence[float], heights: Sequence[float], *, width: float, color: str = "accent"
    ) -> None:
        """Bars from 0, centred on `x`, `width` in x units."""
        brush = theme().color(color)
        self.addItem(
            pg.BarGraphItem(x=list(x), height=list(heights), width=width, brush=brush, pen=None)
        )

    def band(
        self,
        x: Sequence[float],
        low: Sequence[float],
        high: Sequence[float],
        *,
        color: str = "accent",
    ) -> Any:
        """A shaded interval between two curves; its `curves` take new data."""
        lower, upper = pg.PlotDataItem(list(x), list(low)), pg.PlotDataItem(list(x), list(high))
        band = pg.FillBetweenItem(lower, upper, brush=theme().color(color, 0.18))
        self.addItem(band)
        return band

    def mark(self, at: float, *, vertical: bool = False, color: str = "text_2") -> Any:
        """A dashed line across: a baseline or a threshold; name it with `words`."""
        pen = pg.mkPen(theme().color(color), width=1.2, style=Qt.PenStyle.DashLine)
        line = pg.InfiniteLine(at, angle=90 if vertical else 0, pen=pen)
        self.addItem(line)
        return line

    def words(
        self,
        text: str,
        x: float,
        y: float,
        *,
        color: str = "text_2",
        anchor: tuple[float, float] = (0, 1),
    ) -> Any:
        """A label in place of a legend; it does not stretch the axes."""
        item = pg.TextItem(text, color=theme().color(color), anchor=anchor)
        item.setFont(theme().font("label", 500))
        self.addItem(item, ignoreBounds=True)
        item.setPos(x, y)
        return item
