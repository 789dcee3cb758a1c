"""Where a key is entered: it says where the key is kept, and never shows one again."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from app.ui import kit

SAFE = "in the system's keychain"
SESSION = "for this session only: this system has no keychain"


class KeyBox(QWidget):
    """`typed` is the key in the field, None where none was entered. `changed` tells of typing."""

    changed = Signal()
    forget_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._where = SAFE
        self.field = kit.line_edit("Key")
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.textEdited.connect(lambda text: self.changed.emit())
        self.words = kit.label("", "small", "faint", wrap=True)
        self.kept = kit.label("", "body", wrap=True)
        self.replace = kit.button("Replace", self._replace, small=True)
        self.forget = kit.button("Forget", self.forget_asked.emit, kind="ghost", small=True)
        self.replace.setAccessibleName("Replace the key")
        self.forget.setAccessibleName("Forget the key")
        held = kit.row((self.kept, 1), self.replace, self.forget)
        self._held = kit.holder(held)
        title = kit.label("Key", "small", "muted")
        self.setLayout(kit.column(title, self.words, self.field, self._held, gap=3))
        self.show_key(False, keychain=True)

    @property
    def typed(self) -> str | None:
        text = self.field.text().strip()
        return text if text and self.field.isVisibleTo(self) else None

    def show_key(self, there: bool, *, keychain: bool) -> None:
        """Whether a key is kept, and whether this system can keep one."""
        self._where = SAFE if keychain else SESSION
        self.field.clear()
        self.kept.setText(f"A key is kept {self._where}.")
        self._held.setVisible(there)
        self.field.setVisible(not there)
        self._say(None if there else f"It will be kept {self._where}. Local servers need none.")

    def show_given(self, there: bool) -> None:
        """The key of the environment, which cannot be changed here."""
        self.field.clear()
        self.field.hide()
        self._held.show()
        self.kept.setText("OPENAI_API_KEY is set." if there else "OPENAI_API_KEY is not set.")
        self.replace.hide()
        self.forget.hide()
        self._say(None)

    def show_moved(self, moved: bool) -> None:
        """The address is another one: the key that is kept will not be sent there."""
        if not self.replace.isHidden() and self._held.isVisibleTo(self):
            kept = f"A key is kept {self._where}."
            self.kept.setText(
                f"{kept} It is not sent to another host: replace it." if moved else kept
            )

    def show_trouble(self, words: str) -> None:
        """The keychain did not answer; a key can be entered all the same."""
        self.show_key(False, keychain=True)
        self._say(words)

    def _replace(self) -> None:
        self._held.hide()
        self.field.show()
        self.field.setFocus()
        self._say(f"The new key takes the old one's place when you save. It is kept {self._where}.")
        self.changed.emit()

    def _say(self, words: str | None) -> None:
        self.words.setText(words or "")
        self.words.setVisible(bool(words))
        self.field.setAccessibleDescription(words or "")
