"""The commands of the window: one table that feeds the menus, the shortcuts and the palette."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFrame, QMenuBar, QWidget

from app.ui import kit
from app.ui.parts.badge import Badge
from app.ui.theme import theme

MenuName = Literal["File", "Edit", "View", "Dataset", "Run", "Help"]
MENUS: tuple[MenuName, ...] = ("File", "Edit", "View", "Dataset", "Run", "Help")


@dataclass(frozen=True, kw_only=True)
class Command:
    """`shortcut` as Qt writes it (`Ctrl+K`); one that `needs_dataset` is off until one is open."""

    name: str
    menu: MenuName
    words: str
    do: Callable[[], object]
    shortcut: str = ""
    needs_dataset: bool = False
    starts_group: bool = False


class MenuRow(QFrame):
    """The row at the window's top: menus, undo, redo, and the way into the palette."""

    palette_asked = Signal()

    def __init__(self, owner: QWidget, commands: Sequence[Command]) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self.actions_by_name: dict[str, QAction] = {}
        self.commands = tuple(commands)
        self._bar = QMenuBar()
        self._bar.setNativeMenuBar(False)
        for title in MENUS:
            self._fill(title, owner)
        self._undo = self._tool("arrow-counter-clockwise", "undo")
        self._redo = self._tool("arrow-clockwise", "redo")
        search = kit.button(
            "Search or run a command",
            self.palette_asked.emit,
            kind="ghost",
            icon="magnifying-glass",
            small=True,
        )
        keys = Badge("Ctrl K", "muted")
        right = kit.row(self._undo, self._redo, search, keys, gap=4, margin=(0, 0, 16, 0))
        line = kit.row((self._bar, 1), right, gap=0)
        line.setAlignment(self._bar, Qt.AlignmentFlag.AlignVCenter)
        self.setLayout(line)
        self.retheme()

    def retheme(self) -> None:
        self.setFixedHeight(theme().px(36))

    def _fill(self, title: MenuName, owner: QWidget) -> None:
        menu = self._bar.addMenu(title)
        for command in self.commands:
            if command.menu != title:
                continue
            if command.starts_group:
                menu.addSeparator()
            action = menu.addAction(command.words)
            action.setShortcut(QKeySequence(command.shortcut))
            action.triggered.connect(lambda _=False, command=command: command.do())
            owner.addAction(action)
            self.actions_by_name[command.name] = action

    def _tool(self, icon: str, name: str) -> QWidget:
        action = self.actions_by_name[name]
        widget = kit.tool_button(icon, action.text(), action.trigger)
        action.changed.connect(lambda: _follow(widget, action))
        return widget

    def show_dataset(self, *, is_open: bool) -> None:
        """Switch the commands that need a dataset on or off."""
        for command in self.commands:
            if command.needs_dataset:
                self.actions_by_name[command.name].setEnabled(is_open)

    def show_history(self, undo: str, redo: str) -> None:
        """What would be undone or redone; empty switches the command off."""
        for name, verb, label in (("undo", "Undo", undo), ("redo", "Redo", redo)):
            action = self.actions_by_name[name]
            action.setText(f"{verb} {label}" if label else verb)
            action.setEnabled(bool(label))


def _follow(widget: QWidget, action: QAction) -> None:
    widget.setEnabled(action.isEnabled())
    keys = action.shortcut().toString()
    widget.setToolTip(f"{action.text()} ({keys})" if keys else action.text())
    widget.setAccessibleName(action.text())
