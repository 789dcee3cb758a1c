"""The stamp of a dry run: GO, WARNING or NO-GO, by colour, icon and word."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame

from app.ui.parts.paint import CENTRE, begin, draw_icon, draw_text
from app.ui.theme import theme

LOOK = {"GO": ("good", "check"), "WARNING": ("warn", "warning"), "NO-GO": ("bad", "prohibit")}


class VerdictStamp(QFrame):
    """`verdict` is a key of LOOK; any other word is stamped in grey (a run that gave none)."""

    def __init__(self, verdict: str) -> None:
        super().__init__()
        self.verdict = verdict
        self.setAccessibleName(f"Verdict: {verdict}")
        self.retheme()

    def retheme(self) -> None:
        self.setFixedSize(theme().px(112), theme().px(72))

    def paintEvent(self, event: QPaintEvent) -> None:
        look, px = theme(), theme().px
        tone, icon = LOOK.get(self.verdict, ("text_3", "minus"))
        with QPainter(self) as painter:
            begin(painter).setBrush(look.color(tone))
            painter.drawRoundedRect(QRectF(self.rect()), 8, 8)
            draw_icon(painter, icon, QRectF(self.width() / 2 - 11, px(9), 22, 22), "surface")
            line = QRectF(0, px(34), self.width(), px(30))
            font, color = look.font("h1", 700), look.color("surface")
            draw_text(painter, line, self.verdict, font=font, color=color, flags=CENTRE)
