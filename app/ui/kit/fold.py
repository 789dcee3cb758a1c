"""A heading that opens and closes what is under it; the body is made when it is first opened."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.ui.kit.layout import column
from app.ui.theme import set_icon


class Fold(QWidget):
    """Closed at first. `toggled` tells whether it is open now."""

    toggled = Signal(bool)

    def __init__(self, title: str, make: Callable[[], QWidget], *, opened: bool = False) -> None:
        super().__init__()
        self._make = make
        self._body: QWidget | None = None
        self.head = QToolButton()
        self.head.setText(title.replace("&", "&&"))
        self.head.setAccessibleName(title)
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setIconSize(QSize(12, 12))
        self.head.setCheckable(True)
        self.head.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.head.setProperty("fold", True)
        self.setLayout(column(self.head, gap=4))
        self.head.toggled.connect(self._show)
        self._show(opened)

    @property
    def opened(self) -> bool:
        return self.head.isChecked()

    def _show(self, opened: bool) -> None:
        self.head.setChecked(opened)
        set_icon(self.head, "caret-down" if opened else "caret-right")
        if opened and self._body is None:
            self._body = self._make()
            layout = self.layout()
            assert isinstance(layout, QVBoxLayout)
            layout.addWidget(self._body)
        if self._body is not None:
            self._body.setVisible(opened)
        self.toggled.emit(opened)
