"""The window's regions and where they stand: docks, rail, focus order; it knows no data."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QStackedWidget,
    QStatusBar,
    QWidget,
)

from app.ui import kit
from app.ui.theme import theme

FOLD_BELOW = 1280  # the centre needs 760 px; under this the chat folds to a rail
WIDE_FROM = 1400


def dock(title: str, widget: QWidget) -> QDockWidget:
    """A region at a side of the window: no title bar, not to be moved."""
    place = QDockWidget(title)
    place.setTitleBarWidget(QWidget())
    place.setWidget(widget)
    place.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
    return place


class ChatSlot(QStackedWidget):
    """The place of the assistant: its dock, or a rail with the button that brings it back."""

    unfold_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("dock")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        show = kit.tool_button("chat-circle-dots", "Show assistant", self.unfold_asked.emit)
        rail = QWidget()
        rail.setLayout(kit.column(kit.row(None, show, None), None, margin=(0, 10, 0, 0)))
        self.chat: QWidget = QWidget()
        self.addWidget(self.chat)
        self.addWidget(rail)

    def set_chat(self, chat: QWidget) -> None:
        """Put the assistant in its place."""
        old, self.chat = self.chat, chat
        self.insertWidget(0, chat)
        self.removeWidget(old)
        old.deleteLater()
        self.setCurrentIndex(0)

    @property
    def folded(self) -> bool:
        return self.currentIndex() == 1

    def fold(self, folded: bool) -> None:
        self.setCurrentIndex(1 if folded else 0)


class FrameWindow(QMainWindow):
    """A main window with six regions; F6 and Shift+F6 move the focus from one to the next."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("RFT Studio")
        self.setMinimumSize(*theme().size["window_min"])
        self.setAcceptDrops(True)
        self.chat_slot = ChatSlot()
        self.chat_slot.unfold_asked.connect(lambda: self.fold_chat(False))
        self._folded_by_width = False
        self.regions: list[QWidget] = []

    def place(
        self, *, top: list[QWidget], left: QWidget, centre: QWidget, bottom: QStatusBar
    ) -> None:
        """Set the regions, in focus order: the top ones, left, centre, chat, bottom."""
        head = QWidget()
        head.setLayout(kit.column(*top, gap=0))
        self.setMenuWidget(head)
        self.setCentralWidget(centre)
        self._left = dock("Datasets", left)
        self._right = dock("Assistant", self.chat_slot)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self._left)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._right)
        self.setStatusBar(bottom)
        self.regions = [*top, left, centre, self.chat_slot, bottom]
        self._fit()

    def fold_chat(self, folded: bool) -> None:
        """Fold the assistant to its rail, or bring it back."""
        self.chat_slot.fold(folded)
        self._fit()

    def _fit(self) -> None:
        size, wide = theme().size, self.width() >= WIDE_FROM
        self._left.setFixedWidth(theme().px(size["sidebar"] if wide else size["sidebar_min"] + 4))
        unfolded = theme().px(size["chat"] if wide else size["chat_min"])
        self._right.setFixedWidth(size["rail"] if self.chat_slot.folded else unfolded)

    def fold_by_width(self) -> None:
        """Fold when the window gets narrow, unfold when it gets wide; the user's choice between."""
        narrow = self.width() < theme().px(FOLD_BELOW)
        if narrow != self._folded_by_width:
            self._folded_by_width = narrow
            self.chat_slot.fold(narrow)
        if self.regions:
            self._fit()

    def cycle_focus(self, step: int) -> None:
        """Move the focus to the next region that can take it."""
        focused = QApplication.focusWidget()
        places = [i for i, region in enumerate(self.regions) if _holds(region, focused)]
        start = places[0] if places else -1
        for offset in range(1, len(self.regions) + 1):
            region = self.regions[(start + step * offset) % len(self.regions)]
            if target := _first_focusable(region):
                target.setFocus(Qt.FocusReason.TabFocusReason)
                return


def _holds(region: QWidget, widget: QWidget | None) -> bool:
    return widget is not None and (region is widget or region.isAncestorOf(widget))


def _first_focusable(region: QWidget) -> QWidget | None:
    """The region itself, or its first visible, enabled widget that Tab would reach."""
    for widget in (region, *region.findChildren(QWidget)):
        takes = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if takes and widget.isVisible() and widget.isEnabled():
            return widget
    return None
