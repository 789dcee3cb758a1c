"""One turn of a conversation as a box: who speaks, the words, tool calls folded; or as an editor."""

import json
from typing import Any

import orjson
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from app.domain.records import Message
from app.ui import kit
from app.ui.parts import Badge, Tone

ONE_LINE = 40  # characters of JSON that stay on one line
SHOWN_CHARACTERS = 8_000  # more is laid out only on demand: a turn may have 2 MB
ROLES: dict[str, tuple[str, Tone]] = {
    "system": ("System", "muted"),
    "developer": ("Developer", "muted"),
    "user": ("User", "accent"),
    "assistant": ("Assistant", "muted"),
    "tool": ("Tool result", "info"),
}


def pretty(value: Any) -> str:
    """JSON, indented where it is long; text that holds JSON is opened, other text stays."""
    try:
        opened = orjson.loads(value) if isinstance(value, str) else value
        compact = orjson.dumps(opened, default=str)
        if isinstance(value, str) and not isinstance(opened, dict | list):
            return value
        if len(compact) <= ONE_LINE:
            return json.dumps(opened, ensure_ascii=False, default=str)
        return orjson.dumps(opened, option=orjson.OPT_INDENT_2, default=str).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):  # plain words, or nested too deep
        return str(value)


def box(name: str, tone: Tone, *items: kit.Item) -> QFrame:
    """A sunken frame under a chip."""
    widget = kit.frame(
        kit.column(kit.row(Badge(name, tone), None), *items, gap=6, margin=(12, 8, 12, 10)),
        "sunken",
    )
    widget.setAccessibleName(name)
    return widget


def turn(message: Message, title: str = "") -> QFrame:
    """A message as it stands in the record, under its role or another title."""
    name, tone = ROLES.get(message.role, (message.role[:40] or "no role", "bad"))
    if title:
        name = title
    elif message.name:
        name = f"{name}: {message.name[:40]}"
    items: list[kit.Item] = []
    if message.text or not message.tool_calls:
        items.append(words(message.text, name, code=message.role == "tool"))
    items += [_call(call) for call in message.tool_calls or []]
    return box(name, tone, *items)


def value(name: str, tone: Tone, content: Any) -> QFrame:
    """A field that is no turn: the reference, or another field kept for the grader."""
    return box(name, tone, words(pretty(content), name, code=True))


def words(text: str, name: str, *, code: bool = False) -> QWidget:
    """The whole text; a very long one is cut, with a button that brings the rest."""
    shown = pretty(text) if code else text
    prose = kit.Prose(shown[:SHOWN_CHARACTERS] or "(empty)", name, role="code" if code else "body")
    if len(shown) <= SHOWN_CHARACTERS:
        return prose
    rest = f"Show {len(shown) - SHOWN_CHARACTERS:,} more characters"
    more = kit.button(rest, kind="link", small=True)
    holder = kit.holder(kit.column(prose, more, gap=4))

    def show_all() -> None:
        prose.show_text(shown)
        more.hide()

    more.clicked.connect(show_all)
    return holder


def _call(call: dict[str, Any]) -> kit.Fold:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    name = str(function.get("name") or call.get("name") or "unnamed tool")[:80]
    arguments = function.get("arguments", call.get("arguments", ""))
    return kit.Fold(
        f"Calls {name}", lambda: words(pretty(arguments), f"{name} arguments", code=True)
    )


class TurnEditor(QPlainTextEdit):
    """The text of one turn, to be changed; Tab leaves it."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.text)
        self.message = message
        self.setAccessibleName(f"{ROLES.get(message.role, (message.role, ''))[0]} turn")
        self.setTabChangesFocus(True)
        lines = min(12, max(3, self.document().blockCount() + len(message.text) // 40))
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 20)

    @property
    def changed(self) -> bool:
        return self.toPlainText() != self.message.text

    def edited(self) -> Message:
        """The message with the new text; one that was not touched keeps its parts."""
        if not self.changed:
            return self.message
        return self.message.model_copy(update={"content": self.toPlainText()})

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Return and Esc belong to the editor as a whole."""
        ends = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Escape or (ends and control):
            event.ignore()
            return
        super().keyPressEvent(event)
