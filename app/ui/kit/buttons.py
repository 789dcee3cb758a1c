"""Buttons: plain, with an icon only, as options, as segments; each with a name and a reason."""

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
)

from app.ui.theme import set_icon, theme

Kind = Literal["", "primary", "danger", "ghost", "link"]
ICON_COLORS = {"primary": "on_accent", "danger": "bad_text", "link": "accent_text"}
Action = Callable[[], object]


def button(
    text: str,
    on: Action | None = None,
    *,
    kind: Kind = "",
    icon: str = "",
    small: bool = False,
    tip: str = "",
) -> QPushButton:
    """A push button; `on` is called without arguments at a click. Plain is the secondary kind."""
    widget = QPushButton(text.replace("&", "&&"))
    widget.setProperty("kind", kind)
    if small:
        widget.setProperty("compact", True)
    if icon:
        set_icon(widget, icon, ICON_COLORS.get(kind, "text_2"))
        side = theme().px(14 if small else 16)
        widget.setIconSize(QSize(side, side))
    widget.setCursor(Qt.CursorShape.PointingHandCursor)
    widget.setToolTip(tip)
    widget.setAutoDefault(False)
    widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    if on is not None:
        widget.clicked.connect(lambda: on())
    return widget


def tool_button(icon: str, name: str, on: Action | None = None) -> QToolButton:
    """A button that is only an icon; `name` is its tooltip and what a screen reader says."""
    widget = QToolButton()
    set_icon(widget, icon)
    widget.setIconSize(QSize(16, 16))
    widget.setToolTip(name)
    widget.setAccessibleName(name)
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if on is not None:
        widget.clicked.connect(lambda: on())
    return widget


def menu_button(icon: str, name: str, entries: Sequence[tuple[str, Action]]) -> QToolButton:
    """An icon button that opens a menu of (words, action)."""
    widget = tool_button(icon, name)
    menu = QMenu(widget)
    for words, action in entries:
        menu.addAction(words).triggered.connect(lambda _=False, action=action: action())
    widget.setMenu(menu)
    widget.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return widget


def option(text: str, on: Action | None = None, *, checkable: bool = False) -> QPushButton:
    """A full-width choice, left-aligned, as in question cards."""
    widget = button(text, on, small=True)
    widget.setProperty("option", True)
    widget.setCheckable(checkable)
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return widget


class Segments(QFrame):
    """Two to four views of the same thing, one shown; `chosen` tells the index."""

    chosen = Signal(int)

    def __init__(self, names: Sequence[str], selected: int = 0) -> None:
        super().__init__()
        self.setProperty("role", "well")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        layout = QHBoxLayout(self)
        layout.setSpacing(2)
        layout.setContentsMargins(3, 3, 3, 3)
        for index, name in enumerate(names):
            widget = QPushButton(name.replace("&", "&&"))
            widget.setProperty("segment", True)
            widget.setCheckable(True)
            widget.setChecked(index == selected)
            self._group.addButton(widget, index)
            layout.addWidget(widget)
        self._group.idClicked.connect(self.chosen)

    @property
    def selected(self) -> int:
        return self._group.checkedId()

    def select(self, index: int) -> None:
        """Show another segment without telling `chosen`."""
        self._group.button(index).setChecked(True)
