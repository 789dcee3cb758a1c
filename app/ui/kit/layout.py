"""Rows, columns and grids of widgets; nothing here draws."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

Margin = int | tuple[int, int, int, int]
Piece = QWidget | QLayout
Item = Piece | tuple[Piece, int] | int | None
"""A widget or layout, one with its stretch, a gap in pixels, or None for a spring."""


def row(*items: Item, gap: int = 8, margin: Margin = 0, top: bool = False) -> QHBoxLayout:
    """Left to right, each at its own height: centred, or at the top with `top`.

    What has a stretch, and every layout, takes the row's whole height.
    """
    layout = QHBoxLayout()
    _fill(layout, items, gap, margin)
    align = Qt.AlignmentFlag.AlignTop if top else Qt.AlignmentFlag.AlignVCenter
    for index in range(layout.count()):
        item = layout.itemAt(index)
        widget = item.widget() if item else None
        if widget is not None and _keeps_height(widget):
            layout.setAlignment(widget, align)
    return layout


def column(*items: Item, gap: int = 8, margin: Margin = 0) -> QVBoxLayout:
    """Top to bottom."""
    layout = QVBoxLayout()
    _fill(layout, items, gap, margin)
    return layout


def grid(cells: Sequence[Piece], *, columns: int, gap: int = 12) -> QGridLayout:
    """Cells in reading order, all columns equally wide."""
    layout = QGridLayout()
    layout.setSpacing(gap)
    layout.setContentsMargins(0, 0, 0, 0)
    for index, cell in enumerate(cells):
        place = divmod(index, columns)
        if isinstance(cell, QLayout):
            layout.addLayout(cell, *place)
        else:
            layout.addWidget(cell, *place)
    for index in range(columns):
        layout.setColumnStretch(index, 1)
    return layout


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and delete it, before it is filled anew."""
    while layout.count():
        take(layout, 0)


def take(layout: QLayout, index: int) -> None:
    """Take one item out of a layout and delete it."""
    item = layout.takeAt(index)
    if item is None:
        return
    if (inner := item.layout()) is not None:
        clear(inner)
        inner.deleteLater()
    elif (widget := item.widget()) is not None:
        widget.hide()
        widget.deleteLater()


def put(layout: QBoxLayout, item: Item, index: int) -> None:
    """Add an item to a row or column at a place; -1 is the end."""
    piece, stretch = item if isinstance(item, tuple) else (item, 0)
    if piece is None:
        layout.insertStretch(index, 1)
    elif isinstance(piece, int):
        layout.insertSpacing(index, piece)
    elif isinstance(piece, QLayout):
        layout.insertLayout(index, piece, stretch)
    else:
        layout.insertWidget(index, piece, stretch)


def _fill(layout: QBoxLayout, items: Sequence[Item], gap: int, margin: Margin) -> None:
    layout.setSpacing(gap)
    layout.setContentsMargins(*((margin,) * 4 if isinstance(margin, int) else margin))
    for item in items:
        put(layout, item, -1)


def _keeps_height(widget: QWidget) -> bool:
    """Labels, chips and icon buttons stand in a row; frames, inputs and views fill it."""
    from_kit = widget.inherits("QLabel") or widget.inherits("QToolButton")
    return from_kit or widget.maximumHeight() == widget.minimumHeight()
