"""The small builders from which every panel is made, so that no panel styles a widget itself.

`kit.chart` and `kit.code` are imported by those who need them: charts pull in numpy.
"""

from app.ui.kit.buttons import Segments, button, menu_button, option, tool_button
from app.ui.kit.clickable import Clickable, ElidedLabel
from app.ui.kit.fold import Fold
from app.ui.kit.frames import (
    banner,
    card,
    divider,
    empty,
    frame,
    head,
    holder,
    retint,
    rule,
    scroll,
    stat,
)
from app.ui.kit.inputs import combo, line_edit, progress, search_box, slider, spin_box
from app.ui.kit.layout import Item, clear, column, grid, row
from app.ui.kit.markdown import Markdown
from app.ui.kit.menus import Entry, drop_button, fill_menu, set_entries
from app.ui.kit.prose import Prose
from app.ui.kit.refill import Refill
from app.ui.kit.reflow import Reflow, Tiles
from app.ui.kit.states import ErrorBanner, Skeleton
from app.ui.kit.table import Column, Table, fill_item
from app.ui.kit.text import IconLabel, label, restyle, tip
from app.ui.kit.turns import forget, in_turn, pending

__all__ = [
    "Clickable",
    "Column",
    "ElidedLabel",
    "Entry",
    "ErrorBanner",
    "Fold",
    "IconLabel",
    "Item",
    "Markdown",
    "Prose",
    "Refill",
    "Reflow",
    "Segments",
    "Skeleton",
    "Table",
    "Tiles",
    "banner",
    "button",
    "card",
    "clear",
    "column",
    "combo",
    "divider",
    "drop_button",
    "empty",
    "fill_item",
    "fill_menu",
    "forget",
    "frame",
    "grid",
    "head",
    "holder",
    "in_turn",
    "label",
    "line_edit",
    "menu_button",
    "option",
    "pending",
    "progress",
    "restyle",
    "retint",
    "row",
    "rule",
    "scroll",
    "search_box",
    "set_entries",
    "slider",
    "spin_box",
    "stat",
    "tip",
    "tool_button",
]
