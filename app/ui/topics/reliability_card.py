"""Whether the probabilities hold: predicted beside right; and which topics are mixed up."""

from collections.abc import Mapping
from functools import partial

import pyqtgraph as pg
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.domain.reliability import Bin, MixedUp, Reliability
from app.domain.wording import count
from app.ui import kit
from app.ui.kit.chart import Plot
from app.ui.theme import theme

HEIGHT = 200
NAME = "Reliability: how often records were right, by predicted probability"
TIP = (
    "Each record you decided on is predicted once more without it. Of those said to be 0.80 "
    "probable, 80 % should be right: points on the dashed line. Lines are 95 % intervals (Wilson), "
    "the figures below count the records."
)


class ReliabilityCard(QFrame):
    """`look_at` carries the ids of two topics that are mixed up."""

    look_at = Signal(tuple)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        title = kit.label("Do the probabilities hold?", "h2")
        title.setToolTip(kit.tip(TIP))
        self.verdict = kit.label("", "body", "muted", wrap=True)
        self.plot = Plot(NAME, x="predicted probability", y="share right")
        self.chart = kit.holder(kit.column(self.plot))
        self.chart.setFixedHeight(theme().px(HEIGHT))
        self.mixed = QVBoxLayout()
        self.mixed.setSpacing(2)
        self.setLayout(kit.column(title, self.chart, self.verdict, self.mixed, gap=8, margin=16))
        self._shown: object = None

    def show_reliability(self, found: Reliability, names: Mapping[int, str]) -> None:
        """The diagram, or what is missing for one; nothing is drawn twice."""
        pairs = [m for m in found.mixed_up if m.first in names and m.second in names]
        if self._shown == (drawn := (found, [(names[m.first], names[m.second]) for m in pairs])):
            return
        self._shown = drawn
        self.verdict.setText(found.verdict)
        self.chart.setVisible(found.measured)
        if found.measured:
            self.plot.describe(in_words(found))
            self.plot.draw(partial(_draw, bins=found.bins))
        kit.clear(self.mixed)
        if pairs:
            self.mixed.addWidget(kit.label("Most often mixed up", "strong"))
        for pair in pairs:
            self.mixed.addWidget(self._pair(pair, names))

    def _pair(self, pair: MixedUp, names: Mapping[int, str]) -> kit.Clickable:
        first, second = names[pair.first], names[pair.second]
        said = f"{first} and {second}: {count(pair.times, 'time')}. Look at both, perhaps to merge them."
        line = kit.Clickable(said)
        line.setToolTip(kit.tip(said))
        times = kit.label(f"{pair.times}×", "small", "muted")
        words = kit.ElidedLabel(f"{first} · {second}", "body", "accent")
        line.setLayout(kit.row((words, 1), times, margin=(0, 3, 0, 3)))
        line.clicked.connect(lambda: self.look_at.emit((pair.first, pair.second)))
        return line


def in_words(found: Reliability) -> str:
    """The diagram for those who do not see it."""
    said = [found.verdict]
    for part in found.bins:
        share = part.accuracy
        said.append(
            f"Predicted {part.predicted:.2f}: {part.right} of {part.n} right "
            f"({share.low:.2f} to {share.high:.2f})."
        )
    return " ".join(said)


def _draw(plot: Plot, bins: tuple[Bin, ...]) -> None:
    diagonal = pg.mkPen(theme().color("text_2"), width=1.2, style=pg.QtCore.Qt.PenStyle.DashLine)
    plot.plot([0, 1], [0, 1], pen=diagonal)
    for part in bins:
        share = part.accuracy
        plot.line([part.predicted] * 2, [share.low or 0.0, share.high or 0.0], width=1.6)
        plot.words(f"{part.n}", part.predicted, -0.02, anchor=(0.5, 0))
    right = [part.right / part.n for part in bins]
    plot.dots([part.predicted for part in bins], right, size=8)
    for side in ("bottom", "left"):
        plot.getAxis(side).setTicks([[(at, f"{at:g}") for at in (0, 0.25, 0.5, 0.75, 1)]])
    plot.setXRange(-0.02, 1.02, 0)
    plot.setYRange(-0.14, 1.08, 0)
