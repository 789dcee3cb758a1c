"""Small things one after the other, on as many lines as their place needs."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

GAP = 6


class Flow(QWidget):
    """Without height while it is empty; none of its widgets is wider than it."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.widgets: list[QWidget] = []
        self.hide()

    def show_widgets(self, widgets: Sequence[QWidget]) -> None:
        """Replace what is shown."""
        for old in self.widgets:
            old.hide()
            old.deleteLater()
        self.widgets = list(widgets)
        for widget in self.widgets:
            widget.setParent(self)
            widget.show()
        self.setVisible(bool(self.widgets))
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._place()

    def retheme(self) -> None:
        self._place()

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.minimumHeight())

    def _place(self) -> None:
        x = y = high = 0
        for widget in self.widgets:
            widget.ensurePolished()
            size = widget.sizeHint()
            width = min(size.width(), max(self.width(), 40))
            if x and x + width > self.width():
                x, y, high = 0, y + high + GAP, 0
            widget.setGeometry(QRect(x, y, width, size.height()))
            x, high = x + width + GAP, max(high, size.height())
        self.setFixedHeight(y + high)
