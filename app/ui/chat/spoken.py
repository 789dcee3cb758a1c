"""A message of either side with what can be done with it, by pointer and by keys; knows no entry."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QMoveEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from app.domain.plain import unmarked
from app.ui import kit

LIFT = 14  # pixels that the actions stand above their message, in the gap


class Act(NamedTuple):
    """One thing to do with a message: an icon's button."""

    icon: str
    name: str
    do: Callable[[], object]


class Spoken(QWidget):
    """A message with its actions, seen while the pointer or the keyboard is on it.

    One message of a list is a stop of Tab, its actions come next; Up and Down (`stepped`) go to others.
    """

    stepped = Signal(int)
    entered = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("role", "spoken")
        self.bar: QFrame | None = None
        self.buttons: list[QWidget] = []

    @property
    def text(self) -> str:
        """The message as it was written, Markdown and all."""
        raise NotImplementedError

    def acts(self) -> list[Act]:
        """What can be done with it now."""
        return [Act("copy", "Copy message", lambda: copy(self.text))]

    def mark(self, words: str) -> QWidget:
        """Show that this is the place looked for, and select the words in it. Returns the part of the
        text they stand in; the message where they stand in none."""
        kit.restyle(self, found=True)
        for part in self.findChildren(kit.Prose):
            part.moveCursor(part.textCursor().MoveOperation.Start)
            if any(look and part.find(look) for look in (words, unmarked(words))):
                return part
        return self

    def show_acts(self) -> None:
        """Put the actions over the message's upper right corner."""
        place = self.parentWidget()
        if self.bar is not None or place is None:
            return
        self.buttons = [kit.tool_button(a.icon, a.name, self._does(a)) for a in self.acts()]
        self.bar = kit.frame(kit.row(*self.buttons, gap=0, margin=1), "acts")
        self.bar.setParent(place)
        self.bar.installEventFilter(self)
        before: QWidget = self
        for button in self.buttons:
            button.installEventFilter(self)
            QWidget.setTabOrder(before, button)
            before = button
        self._place_bar()
        self.bar.show()

    def hide_acts(self) -> None:
        """Take them away where neither the pointer nor the keyboard is on the message."""
        bar = self.bar
        if bar is not None and not (self.underMouse() or bar.underMouse() or self._has_focus()):
            self._drop_bar()

    def _drop_bar(self) -> None:
        bar, self.bar, self.buttons = self.bar, None, []
        if bar is not None:
            bar.hide()
            bar.deleteLater()

    def _does(self, act: Act) -> Callable[[], None]:
        def do() -> None:
            act.do()
            self._answer(act)

        return do

    def _answer(self, act: Act) -> None:
        """A copied message says so for whoever sees the button."""
        if act.icon == "copy" and self.bar is not None:
            self.buttons[0].setToolTip("Copied")

    def _has_focus(self) -> bool:
        focused = QApplication.focusWidget()
        return focused is not None and (focused is self or focused in self.buttons)

    def _place_bar(self) -> None:
        if self.bar is not None:
            self.bar.adjustSize()
            right = self.geometry().right() + 1 - self.bar.width()
            self.bar.move(right, max(0, self.y() - LIFT))
            self.bar.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_bar()

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self._place_bar()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._drop_bar()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.show_acts()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        QTimer.singleShot(0, self, self.hide_acts)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()
        self.show_acts()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        QTimer.singleShot(0, self, self.hide_acts)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusOut, QEvent.Type.Leave):
            QTimer.singleShot(0, self, self.hide_acts)
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            copy(self.text)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(-1 if event.key() == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)


def copy(text: str) -> None:
    """Put words on the clipboard."""
    QGuiApplication.clipboard().setText(text)
