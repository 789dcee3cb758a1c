"""Stock inputs with a name for the screen reader; their look is in qss.py."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QProgressBar,
    QSlider,
    QSpinBox,
)

from app.ui.theme import theme


def line_edit(
    name: str, *, placeholder: str = "", text: str = "", read_only: bool = False
) -> QLineEdit:
    """One line of text; `name` is what a screen reader says."""
    widget = QLineEdit(text)
    widget.setAccessibleName(name)
    widget.setPlaceholderText(placeholder)
    widget.setReadOnly(read_only)
    return widget


class SearchBox(QLineEdit):
    """A line edit with a magnifying glass that follows the theme and a button to clear it."""

    def __init__(self, placeholder: str) -> None:
        super().__init__()
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setClearButtonEnabled(True)
        self._lens = QAction(self)
        self.addAction(self._lens, QLineEdit.ActionPosition.LeadingPosition)
        self.retheme()

    def retheme(self) -> None:
        self._lens.setIcon(theme().icon("magnifying-glass", "text_3"))


def search_box(placeholder: str, on: Callable[[str], object] | None = None) -> SearchBox:
    """`on` is called with the text at each change."""
    widget = SearchBox(placeholder)
    if on is not None:
        widget.textChanged.connect(lambda text: on(text))
    return widget


def combo(
    name: str, items: Sequence[str], on: Callable[[int], object] | None = None, *, width: int = 0
) -> QComboBox:
    """A choice of few; `on` is called with the index when the user chose."""
    widget = QComboBox()
    widget.setAccessibleName(name)
    widget.addItems(items)
    if width:
        widget.setFixedWidth(theme().px(width))
    if on is not None:
        widget.activated.connect(lambda index: on(index))
    return widget


def slider(name: str, low: int, high: int, *, value: int) -> QSlider:
    """A horizontal slider in whole steps."""
    widget = QSlider(Qt.Orientation.Horizontal)
    widget.setAccessibleName(name)
    widget.setRange(low, high)
    widget.setValue(value)
    return widget


def spin_box(name: str, low: int, high: int, *, value: int, width: int = 0) -> QSpinBox:
    """A whole number within its bounds."""
    widget = QSpinBox()
    widget.setAccessibleName(name)
    widget.setRange(low, high)
    widget.setValue(value)
    pad_number(widget)
    if width:
        widget.setFixedWidth(theme().px(width))
    return widget


def pad_number(widget: QAbstractSpinBox) -> None:
    """Room before the figure: Qt ignores a style sheet's left padding in a spin box."""
    widget.lineEdit().setTextMargins(8, 0, 0, 0)


def progress(name: str, percent: int = 0, *, width: int = 0) -> QProgressBar:
    """A thin bar in percent; where the total is unknown use `setRange(0, 0)`, never 100."""
    widget = QProgressBar()
    widget.setAccessibleName(name)
    widget.setTextVisible(False)
    widget.setValue(percent)
    if width:
        widget.setFixedWidth(width)
    return widget
