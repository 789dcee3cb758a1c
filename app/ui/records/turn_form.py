"""One turn as it is edited: role, words, arguments of its calls, and the reasons against it."""

from collections.abc import Sequence
from typing import Any

import orjson
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from app.domain.edits import text_of, with_text
from app.domain.records import Issue, Message
from app.domain.validation import ROLES
from app.ui import kit
from app.ui.kit.code import JsonHighlighter
from app.ui.records.turns import ROLES as ROLE_WORDS
from app.ui.records.turns import call_name, part_words
from app.ui.theme import theme

LEAST_LINES, MOST_LINES = 2, 14
EDITABLE = 200_000  # characters of a turn; a longer one is laid out for seconds at every key


class TextEdit(QPlainTextEdit):
    """As tall as its words within bounds; Tab leaves it, and so do Ctrl+Return and Esc."""

    def __init__(self, name: str, text: str, *, code: bool = False) -> None:
        super().__init__(text)
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(6)
        self._code = code
        if code:
            self.setProperty("role", "code")
            self._colours = JsonHighlighter(self.document())
        self.document().documentLayout().documentSizeChanged.connect(lambda _: self._fit())
        self.retheme()

    def retheme(self) -> None:
        self.setFont(theme().font("code" if self._code else "body"))
        self._fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus() and self.verticalScrollBar().maximum():
            super().wheelEvent(event)
        else:
            event.ignore()  # the card scrolls

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Return and Esc belong to the form as a whole."""
        ends = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Escape or (ends and control):
            event.ignore()
            return
        super().keyPressEvent(event)

    def _fit(self) -> None:
        lines = round(self.document().size().height())  # a plain text is measured in lines
        lines = min(MOST_LINES, max(1 if self._code else LEAST_LINES, lines))
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 16)


class TurnForm(QFrame):
    """`changed` at every key; `removed` and `added` ask for the turn to go, or one below it."""

    changed = Signal()
    removed = Signal()
    added = Signal()

    def __init__(self, message: Message, *, title: str = "") -> None:
        super().__init__()
        self.setProperty("role", "sunken")
        self._message, self._title = message, title
        roles = list(ROLES) if message.role in ROLES else [*ROLES, message.role]
        self._roles = roles
        names = [ROLE_WORDS.get(r, (r[:40] or "no role",))[0] for r in roles]
        self._role = kit.combo("Role", names, lambda _: self.changed.emit())
        self._role.setCurrentIndex(roles.index(message.role))
        self._role.setVisible(not title)
        self._place = kit.label(title, "strong" if title else "small", "" if title else "faint")
        self._below = kit.tool_button("plus", "Add a turn below", self.added.emit)
        self._below.setVisible(not title)
        self._gone = kit.tool_button("trash", f"Remove the {title.lower() or 'turn'}")
        self._gone.clicked.connect(self.removed)
        self._words = text_of(message)
        self._too_long = len(self._words) > EDITABLE
        self.text = TextEdit(title or "Turn", self._words[:EDITABLE])
        self.text.setReadOnly(self._too_long)
        self.text.textChanged.connect(self.changed)
        self.calls = [_CallEdit(call) for call in message.tool_calls or []]
        for call in self.calls:
            call.text.textChanged.connect(self.changed)
        self.reasons = kit.label("", "small", "bad", wrap=True, select=True)
        self.reasons.hide()
        head = kit.row(self._role, self._place, None, self._below, self._gone, gap=4)
        kept = [kit.label(words, "small", "muted", wrap=True) for words in self._kept()]
        items: list[kit.Item] = [head, self.text, self.reasons, *kept, *self.calls]
        self.setLayout(kit.column(*items, gap=6, margin=(12, 8, 8, 10)))

    @property
    def role(self) -> str:
        return self._roles[self._role.currentIndex()]

    def choose_role(self, role: str) -> None:
        """As the user would in the list."""
        self._role.setCurrentIndex(self._roles.index(role))
        self.changed.emit()

    def number(self, place: int) -> None:
        """Say which turn it is."""
        self._place.setText(f"turn {place}")
        self.text.setAccessibleName(f"Turn {place}, {self.role or 'no role'}")
        self._role.setAccessibleName(f"Role of turn {place}")

    def edited(self) -> Message:
        """The message as written now; what was not touched stays as it is, to the last part."""
        message = self._message
        changes: dict[str, Any] = {}
        if self.role != message.role:
            changes["role"] = self.role
        if any(call.changed for call in self.calls):
            changes["tool_calls"] = [call.edited() for call in self.calls]
        if changes:
            message = message.model_copy(update=changes)
        text = self.text.toPlainText()
        return message if self._too_long or text == self._words else with_text(message, text)

    def show_issues(self, issues: Sequence[Issue]) -> None:
        """The reasons against this turn, under it; errors are framed in red."""
        worst = any(issue.severity == "error" for issue in issues)
        self.reasons.setText("\n".join(issue.text for issue in issues))
        kit.retint(self.reasons, "bad" if worst else "warn")
        self.reasons.setVisible(bool(issues))
        if bool(self.text.property("invalid")) != worst:
            kit.restyle(self.text, invalid=worst)

    def _kept(self) -> list[str]:
        """What the turn holds beside its words, and why they cannot be changed."""
        content = self._message.content
        others = (
            [p for p in content if p.get("type") != "text"] if isinstance(content, list) else []
        )
        said = [f"Kept: {part_words(part)}" for part in others]
        if self._too_long:
            more = len(self._words) - EDITABLE
            said.append(f"Too long to be edited here: {more:,} more characters are not shown.")
        return said


class _CallEdit(QFrame):
    """The arguments of a tool call."""

    def __init__(self, call: dict[str, Any]) -> None:
        super().__init__()
        self._call = call
        name, arguments = call_name(call)
        self._arguments = arguments if isinstance(arguments, str) else _json(arguments)
        self.text = TextEdit(f"Arguments of {name}", self._arguments, code=True)
        self.setLayout(kit.column(kit.label(f"Calls {name}", "small", "muted"), self.text, gap=4))

    @property
    def changed(self) -> bool:
        return self.text.toPlainText() != self._arguments

    def edited(self) -> dict[str, Any]:
        if not self.changed:
            return self._call
        function = self._call.get("function")
        function = function if isinstance(function, dict) else {}
        return {**self._call, "function": {**function, "arguments": self.text.toPlainText()}}


class ReferenceForm(QFrame):
    """The reference: a text as it is, any other value as JSON; empty means none."""

    changed = Signal()

    def __init__(self, reference: Any) -> None:
        super().__init__()
        self.setProperty("role", "sunken")
        self._reference = reference
        self._is_text = reference is None or isinstance(reference, str)
        self._text = (reference or "") if self._is_text else _json(reference)
        self.text = TextEdit("Reference", self._text, code=not self._is_text)
        self.text.setPlaceholderText("No reference")
        self.text.textChanged.connect(self._look)
        self.reasons = kit.label("", "small", "bad", wrap=True)
        self.reasons.hide()
        head = kit.row(kit.label("Reference", "strong"), None)
        self.setLayout(kit.column(head, self.text, self.reasons, gap=6, margin=(12, 8, 8, 10)))

    @property
    def valid(self) -> bool:
        return self.reasons.isHidden()

    def value(self) -> Any:
        """The reference as written now; call it only when it is `valid`."""
        text = self.text.toPlainText()
        if text == self._text:
            return self._reference
        if not text.strip():
            return None
        return text if self._is_text else orjson.loads(text)

    def _look(self) -> None:
        wrong = "" if self._is_text else _json_fault(self.text.toPlainText())
        self.reasons.setText(wrong)
        self.reasons.setVisible(bool(wrong))
        if bool(self.text.property("invalid")) != bool(wrong):
            kit.restyle(self.text, invalid=bool(wrong))
        self.changed.emit()


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()


def _json_fault(text: str) -> str:
    """What keeps a text from being JSON; nothing at all means no value."""
    if not text.strip():
        return ""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return f"Not valid JSON: line {error.lineno}, column {error.colno}. It was no plain text."
    return ""
