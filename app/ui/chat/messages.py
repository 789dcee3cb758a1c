"""What was said, by either side, and what can be done with it: copy, edit and resend, ask again."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, QUrl, Signal
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
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from app.agent.entries import Message, Said
from app.ui import kit
from app.ui.chat.composer import Composer
from app.ui.chat.words import Linked, Words

LIFT = 14  # pixels that the actions stand above their message, in the gap
EDITED = "What was done since stays; Undo takes it back."


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

    def mark(self, *, found: bool) -> None:
        """Show that this is the place looked for."""
        kit.restyle(self, found=found)

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


class MessageView(Spoken):
    """The assistant speaks: its mark at the left, Markdown beside it."""

    def __init__(self, message: Message, on_link: Callable[[QUrl], object]) -> None:
        super().__init__("Assistant")
        self.reply = message.reply
        self.regenerate: Callable[[], object] | None = None
        self.words = Words(
            message.text, lambda text: Linked(text, "Assistant", on_link), markdown=True
        )
        self._stopped = kit.label("stopped", "small", "faint")
        self._stopped.setVisible(message.stopped)
        mark = kit.column(kit.IconLabel("compass", "accent_text"), None, margin=(0, 2, 0, 0))
        said = kit.column(self.words, self._stopped, gap=2)
        self.setLayout(kit.row(mark, (said, 1), gap=10))
        self._tell()

    @property
    def text(self) -> str:
        return self.words.text

    def add(self, text: str) -> None:
        """The next words of a reply that is still coming."""
        self.words.add(text)

    def end(self, message: Message) -> None:
        """The reply is whole, or was stopped."""
        self.words.end(message.text)
        self._stopped.setVisible(message.stopped)
        self._tell()

    def offer_again(self, regenerate: Callable[[], object] | None) -> None:
        """Let another answer be asked for, or no longer."""
        self.regenerate = regenerate
        if self.bar is not None:
            self._drop_bar()
            self.show_acts()

    def acts(self) -> list[Act]:
        again = self.regenerate
        more = [Act("arrows-clockwise", "Answer again", again)] if again else []
        return [*super().acts(), *more]

    def _tell(self) -> None:
        self.setAccessibleName(f"Assistant: {self.text[:200]}")


class SaidView(Spoken):
    """The user's words in a bubble at the right; `resend` begins anew from here with other words."""

    def __init__(self, said: Said, resend: Callable[[str, str], object] | None = None) -> None:
        super().__init__("You")
        self.key, self._text, self._resend = said.key, said.text, resend
        self.words = Words(said.text, lambda text: kit.Prose(text, "You"), markdown=False)
        self.bubble = kit.frame(kit.column(self.words, margin=(12, 8, 12, 8)), "bubble")
        self.editor: Composer | None = None
        self._box: QFrame | None = None
        self._column = kit.column(kit.row(40, (self.bubble, 1), gap=0), gap=4)
        self.setLayout(self._column)
        self.setAccessibleName(f"You: {said.text[:200]}")

    @property
    def text(self) -> str:
        return self._text

    def acts(self) -> list[Act]:
        edit = [Act("pencil-simple", "Edit and send again", self.edit)] if self._resend else []
        return [*super().acts(), *edit]

    def edit(self) -> None:
        """Open the words where they stand."""
        if self._box is not None:
            return
        self.editor = Composer("Edit your message")
        self.editor.take(self._text)
        self.editor.submitted.connect(self._send)
        self.editor.cancelled.connect(self.close_edit)
        send = kit.button("Send again", self.editor.submit, kind="primary", small=True)
        cancel = kit.button("Cancel", self.close_edit, small=True)
        note = kit.label(EDITED, "small", "faint", wrap=True)
        inside = kit.column(self.editor, note, kit.row(None, cancel, send, gap=8), gap=6, margin=8)
        self._box = kit.frame(inside, "bubble")
        self.bubble.hide()
        self._column.addWidget(self._box)
        self._box.show()
        self.editor.setFocus()

    def close_edit(self) -> None:
        """Leave the message as it was."""
        box, self._box, self.editor = self._box, None, None
        if box is not None:
            box.hide()
            box.deleteLater()
        self.bubble.show()
        self.setFocus()

    def _send(self, text: str) -> None:
        self.close_edit()
        if self._resend is not None:
            self._resend(self.key, text)


class QueuedView(QWidget):
    """What the user wrote while a turn was under way; its turn comes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        words = kit.ElidedLabel(text, "body", "faint")
        waits = kit.label("waits its turn", "small", "faint")
        inside: QVBoxLayout = kit.column(words, waits, gap=0, margin=(12, 6, 12, 6))
        self.setLayout(kit.row(40, (kit.frame(inside, "queued"), 1), gap=0))
        self.setAccessibleName(f"Waits its turn: {text[:200]}")


def copy(text: str) -> None:
    """Put words on the clipboard."""
    QGuiApplication.clipboard().setText(text)
