"""A column of pieces that scrolls: it follows its foot while the user is there, and takes pieces at the
top without a jump; it knows no entry."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from app.ui import kit
from app.ui.chat.spoken import Spoken

W = TypeVar("W", bound=QWidget)
NEAR = 48  # pixels from an end within which it counts as reached
ABOVE = 4  # a place gone to stands this part of the view's height below its top


class Scroller(QWidget):
    """`top_reached` is told when the user scrolls there."""

    top_reached = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._following, self._moving = True, False
        self._below: int | None = None  # pixels under the view that stay while pieces come on top
        self._held: QWidget | None = None  # the place gone to, until the user scrolls
        self._bringing = 0
        self._stop: Spoken | None = None  # the one message that Tab stops at
        self._column = QVBoxLayout()
        self._column.setSpacing(12)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.more = kit.button("Show earlier", self.top_reached.emit, kind="ghost", small=True)
        self.more.hide()
        inner = QWidget()
        inner.setLayout(kit.column(self.more, self._column, None, gap=12, margin=(16, 10, 16, 8)))
        self.area = kit.scroll(inner)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setLayout(kit.column(self.area, gap=0))
        self.newest = kit.button("Newest", self.follow, small=True, icon="arrow-down")
        self.newest.setAccessibleName("Jump to the newest message")
        self.newest.setParent(self)
        self.newest.hide()
        bar = self.area.verticalScrollBar()
        bar.rangeChanged.connect(lambda low, high: self._stay())
        self._later = QTimer(self)  # told of a new range, the pieces have not their new places yet
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._hold)
        bar.valueChanged.connect(self._scrolled)

    @property
    def views(self) -> list[QWidget]:
        """What is drawn, top to bottom."""
        items = [self._column.itemAt(n) for n in range(self._column.count())]
        return [view for item in items if item and (view := item.widget()) is not None]

    @property
    def filling(self) -> bool:
        """Whether pieces are still being brought in."""
        return self._bringing > 0

    def empty(self) -> None:
        """Take everything out, and what was on its way."""
        kit.forget(self)
        kit.clear(self._column)
        self._bringing, self._below, self._stop, self._held = 0, None, None, None
        self._following = True
        self.newest.hide()

    def bring(self, *makers: Callable[[], QWidget | None]) -> None:
        """Add pieces at the top, the lowest first, in later turns."""
        self._bringing += len(makers)
        kit.in_turn(self, *(partial(self._prepend, make) for make in makers))

    def append(self, view: W, *, above: int = 0) -> W:
        """At the foot, above so many others."""
        self._below = None
        self._column.insertWidget(self._column.count() - above, view)
        self._take(view, newest=True)
        self.newest.setVisible(not self._following)
        return view

    def replace(self, old: QWidget, new: QWidget) -> None:
        self._column.replaceWidget(old, new)
        self._discard(old)
        new.show()

    def drop(self, view: QWidget) -> None:
        self._column.removeWidget(view)
        self._discard(view)

    def follow(self) -> None:
        """Go to the foot and stay there."""
        self._following, self._below, self._held = True, None, None
        self.newest.hide()
        self._stay()

    def reveal(self, widget: QWidget) -> None:
        """Scroll so that the whole widget is seen, once it has its place."""
        QTimer.singleShot(0, widget, lambda: self.area.ensureWidgetVisible(widget, 0, 16))

    def go_to(self, widget: QWidget) -> None:
        """Scroll so that the widget, of a text its selection, stands in the upper third, and keep it
        there while other pieces get their heights."""
        self._following, self._below, self._held = False, None, widget
        self._later.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_newest()

    def _prepend(self, make: Callable[[], QWidget | None]) -> None:
        self._bringing -= 1
        bar = self.area.verticalScrollBar()
        if not self._following and self._below is None:
            self._below = bar.maximum() - bar.value()
        if (view := make()) is not None:
            self._column.insertWidget(0, view)
            self._take(view, newest=False)

    def _take(self, view: QWidget, *, newest: bool) -> None:
        view.show()
        if not isinstance(view, Spoken):
            return
        view.stepped.connect(lambda step: self._step(view, step))
        view.entered.connect(lambda: self._make_stop(view))
        focused = QApplication.focusWidget()
        inside = focused is not None and self.isAncestorOf(focused)
        if self._stop is None or (newest and not inside):
            self._make_stop(view)

    def _make_stop(self, view: Spoken) -> None:
        if self._stop is not None and self._stop is not view:
            self._stop.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._stop = view
        view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _step(self, view: Spoken, step: int) -> None:
        """To the message above or below."""
        spoken = [v for v in self.views if isinstance(v, Spoken)]
        place = spoken.index(view) + step
        if 0 <= place < len(spoken):
            spoken[place].setFocus(Qt.FocusReason.TabFocusReason)
            self.area.ensureWidgetVisible(spoken[place], 0, 16)

    def _discard(self, view: QWidget) -> None:
        if view is self._stop:
            self._stop = None
        if self._held is not None and (view is self._held or view.isAncestorOf(self._held)):
            self._held = None
        view.hide()
        view.deleteLater()

    def _stay(self) -> None:
        """The column grew: keep its foot in sight where the user was there, else what they read."""
        if self._held is not None:
            self._later.start()
            return
        bar = self.area.verticalScrollBar()
        self._moving = True
        if self._following:
            bar.setValue(bar.maximum())
        elif self._below is not None:
            bar.setValue(bar.maximum() - self._below)
        self._moving = False

    def _hold(self) -> None:
        inner = self.area.widget()
        if self._held is None or inner is None:
            return
        top = self._held.mapTo(inner, QPoint(0, _chosen(self._held))).y()
        bar = self.area.verticalScrollBar()
        self._moving = True
        bar.setValue(top - self.area.viewport().height() // ABOVE)
        self._moving = False
        self.newest.setVisible(bar.maximum() - bar.value() > NEAR)
        self._place_newest()

    def _scrolled(self, value: int) -> None:
        bar = self.area.verticalScrollBar()
        if self._moving:
            return
        self._below, self._held = None, None
        self._following = bar.maximum() - value <= NEAR
        self.newest.setVisible(not self._following)
        self._place_newest()
        if value <= NEAR and bar.maximum() > 0 and not self._following and not self.filling:
            self.top_reached.emit()

    def _place_newest(self) -> None:
        size = self.newest.sizeHint()
        left, top = (self.width() - size.width()) // 2, self.height() - size.height() - 8
        self.newest.setGeometry(QRect(left, top, size.width(), size.height()))
        self.newest.raise_()


def _chosen(widget: QWidget) -> int:
    """Where in the widget its selected words begin, in pixels from its top."""
    if isinstance(widget, kit.Prose) and widget.textCursor().hasSelection():
        return widget.cursorRect().top()
    return 0
