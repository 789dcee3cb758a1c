"""Push buttons that open a menu: a filter, a list of starting points, a topic to choose."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QMenu, QPushButton

from app.ui.kit.buttons import Action, Kind, button


@dataclass(frozen=True)
class Entry:
    """A line of a menu: an action, a submenu, or (without words) a rule. `tip` says more."""

    words: str = ""
    on: Action | None = None
    below: Sequence["Entry"] = ()
    checked: bool | None = None  # None: not checkable
    enabled: bool = True
    tip: str = ""


def drop_button(
    text: str,
    entries: Sequence[Entry] = (),
    *,
    kind: Kind = "",
    icon: str = "",
    small: bool = False,
    tip: str = "",
) -> QPushButton:
    """A push button with a caret that opens the entries."""
    widget = button(text, kind=kind, icon=icon, small=small, tip=tip)
    widget.setProperty("drop", True)
    widget.setMenu(QMenu(widget))
    set_entries(widget, entries)
    return widget


def set_entries(widget: QPushButton, entries: Sequence[Entry]) -> None:
    """Give a drop button another menu."""
    menu = widget.menu()
    menu.clear()
    fill_menu(menu, entries)


def fill_menu(menu: QMenu, entries: Sequence[Entry]) -> None:
    """Add the entries to any menu; an ampersand in a name is shown, not taken as a mnemonic."""
    menu.setToolTipsVisible(True)
    for entry in entries:
        words = entry.words.replace("&", "&&")
        if not words:
            menu.addSeparator()
        elif entry.below:
            fill_menu(menu.addMenu(words), entry.below)
        else:
            _add(menu, words, entry)


def _add(menu: QMenu, words: str, entry: Entry) -> None:
    action = menu.addAction(words)
    action.setEnabled(entry.enabled)
    action.setToolTip(entry.tip or entry.words)
    if entry.checked is not None:
        action.setCheckable(True)
        action.setChecked(entry.checked)
    if (run := entry.on) is not None:
        action.triggered.connect(lambda: run())
