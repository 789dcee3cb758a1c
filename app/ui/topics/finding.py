"""The search over the topic tree: a field, how many are found, the way to the next; nothing is read."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from app.ui import kit


class Finding(QWidget):
    """`changed`: other words; `stepped` 1 to the next, -1 to the one before; `left` Escape in an
    empty field."""

    changed = Signal()
    stepped = Signal(int)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.box = kit.search_box("Find a topic", lambda _: self.changed.emit())
        self.box.setToolTip("Find a topic (Ctrl+F). Return: the next, Escape: clear")
        self.box.setMinimumWidth(110)
        self.box.installEventFilter(self)
        self.count = kit.label("", "small", "muted")
        self.count.hide()
        self.setLayout(kit.row((self.box, 1), self.count, gap=8))

    @property
    def text(self) -> str:
        return self.box.text().strip()

    def open(self) -> None:
        """Put the cursor there."""
        self.box.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.box.selectAll()

    def show_count(self, place: int, found: int) -> None:
        """«2 of 14», or that nothing was found; nothing where nothing is searched for."""
        self.count.setVisible(bool(self.text))
        where = (
            f"{place:,} of {found:,}" if place else f"{found:,} found" if found else "None found"
        )
        self.count.setText(where if self.text else "")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._press(event)
        return False

    def _press(self, event: QKeyEvent) -> bool:
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                self.stepped.emit(-1 if back else 1)
            case Qt.Key.Key_Down:
                self.stepped.emit(1)
            case Qt.Key.Key_Up:
                self.stepped.emit(-1)
            case Qt.Key.Key_Escape if self.box.text():
                self.box.clear()
            case Qt.Key.Key_Escape:
                self.left.emit()
            case _:
                return False
        return True
