"""Frames with a meaning: card, banner, panel head, empty state, statistic, scroll area."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QScrollArea, QSizePolicy, QWidget

from app.ui.kit.layout import Item, Margin, column, row
from app.ui.kit.text import IconLabel, label, restyle
from app.ui.parts.badge import Badge
from app.ui.parts.paint import Tone
from app.ui.theme import theme

BANNER_ICONS = {
    "info": "info",
    "warn": "warning",
    "bad": "warning-octagon",
    "good": "check-circle",
}


def frame(layout: QLayout, role: str = "card", *, tone: Tone = "") -> QFrame:
    """A frame in one of the roles of qss.py: card, sunken, well, bubble, bar, banner, drop, item."""
    widget = QFrame()
    widget.setProperty("role", role)
    widget.setProperty("tone", tone)
    widget.setLayout(layout)
    return widget


def card(*items: Item, gap: int = 8, margin: Margin = 16) -> QFrame:
    """A white card with its items from top to bottom."""
    return frame(column(*items, gap=gap, margin=margin))


def holder(layout: QLayout) -> QWidget:
    """A bare widget around a layout, where Qt wants a widget."""
    widget = QWidget()
    widget.setLayout(layout)
    layout.setContentsMargins(0, 0, 0, 0)
    return widget


def rule() -> QFrame:
    """A thin line across."""
    widget = QFrame()
    widget.setProperty("role", "rule")
    widget.setFixedHeight(1)
    return widget


def divider(height: int = 20) -> QFrame:
    """A thin line down, between things in a row."""
    widget = QFrame()
    widget.setProperty("role", "divider")
    widget.setFixedSize(1, height)
    return widget


def head(title: str, facts: str = "", *actions: Item) -> QHBoxLayout:
    """A panel's head: h1, one line of facts, at most one primary action at the right."""
    words = column(label(title, "h1"), label(facts, "body", "muted", wrap=True), gap=2)
    return row((words, 1), *actions, gap=8)


def banner(tone: Tone, text: str, *actions: Item) -> QFrame:
    """One sentence that concerns the whole panel, with its next action."""
    icon = IconLabel(BANNER_ICONS[tone], f"{tone}_text")
    words = row(icon, (label(text, wrap=True), 1), *actions, gap=10, margin=(12, 8, 8, 8))
    widget = frame(words, "banner", tone=tone)
    widget.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    widget.setAccessibleName(text)
    return widget


def empty(icon: str, text: str, *actions: Item) -> QFrame:
    """An empty state: icon, one sentence, one action; never a bare table."""
    words = label(text, "body", "muted", wrap=True)
    words.setAlignment(Qt.AlignmentFlag.AlignCenter)
    buttons = row(None, *actions, None, margin=(0, 6, 0, 0))
    picture = row(None, IconLabel(icon, "text_3", 32), None)
    return frame(column(None, picture, words, buttons, None, gap=8, margin=24))


def stat(name: str, value: str, note: str, *, chip: tuple[str, Tone] | None = None) -> QFrame:
    """A figure with its name above and one line below; `chip` is (word, tone)."""
    top = row(label(name, "small", "muted"), None, *([Badge(*chip)] if chip else []))
    return card(
        top,
        label(value, "figure"),
        label(note, "small", "muted", wrap=True),
        None,
        gap=2,
        margin=(14, 10, 14, 12),
    )


def scroll(content: QWidget) -> QScrollArea:
    """Content that scrolls up and down and is as wide as its place."""
    content.setObjectName("scrollbody")
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.verticalScrollBar().setSingleStep(theme().px(32))
    return area


def retint(widget: QWidget, tone: Tone) -> None:
    """Give a label or banner another tone."""
    restyle(widget, tone=tone)
