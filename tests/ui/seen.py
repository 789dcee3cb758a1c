"""What a person reads in a widget: labels, buttons, tables and trees, as plain text."""

from collections.abc import Iterator
from html import escape

from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLabel, QWidget

from app.ui.kit.clickable import ElidedLabel

Role = Qt.ItemDataRole
ROLES = (Role.DisplayRole, Role.AccessibleTextRole)


def texts(root: QWidget) -> list[str]:
    """Every text that stands in the visible parts of `root`. Cut ones are given whole."""
    return [text for widget in root.findChildren(QWidget) if widget.isVisible()
            for text in _of(widget) if text]  # fmt: skip


def _of(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, ElidedLabel):
        yield widget.full_text
    elif isinstance(widget, QLabel):
        yield widget.text()
    elif isinstance(widget, QAbstractButton):
        yield widget.text().replace("\n", "").replace("&&", "&")
        yield widget.accessibleName()  # whole where the words on it are cut
    elif isinstance(widget, QAbstractItemView) and widget.model() is not None:
        yield from _cells(widget.model(), QModelIndex())


def _cells(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[str]:
    for row in range(model.rowCount(parent)):
        for column in range(model.columnCount(parent)):
            index = model.index(row, column, parent)
            yield from (str(index.data(role) or "") for role in ROLES)
        yield from _cells(model, model.index(row, 0, parent))


def obeyed(root: QWidget, name: str) -> list[str]:
    """Where a name with marks would be laid out as rich text instead of shown: labels that may
    guess their format, tooltips (always rich text) with the name as it is."""
    found = []
    for widget in root.findChildren(QWidget):
        guesses = isinstance(widget, QLabel) and widget.textFormat() != Qt.TextFormat.PlainText
        if guesses and name in widget.text():
            found.append(f"{type(widget).__name__}: {widget.text()[:80]}")
        if escape(name) != name and name in widget.toolTip():
            found.append(f"tooltip of {type(widget).__name__}: {widget.toolTip()[:80]}")
    return found
