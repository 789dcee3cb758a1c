"""What was said, by either side: the assistant's Markdown, the user's bubble, what waits its turn."""

from collections.abc import Callable

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.agent.entries import Message, Said
from app.ui import kit
from app.ui.chat.composer import Composer
from app.ui.chat.spoken import Act, Spoken
from app.ui.chat.words import Linked, Words

EDITED = "What was done since stays; Undo takes it back."
QUEUED = 500  # characters of a waiting message that are shown; its turn shows all


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
        words = kit.ElidedLabel(text[:QUEUED], "body", "faint")
        waits = kit.label("waits its turn", "small", "faint")
        inside: QVBoxLayout = kit.column(words, waits, gap=0, margin=(12, 6, 12, 6))
        self.setLayout(kit.row(40, (kit.frame(inside, "queued"), 1), gap=0))
        self.setAccessibleName(f"Waits its turn: {text[:200]}")
