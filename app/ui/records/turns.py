"""One turn of a conversation as a box: who speaks, the words, tool calls folded, other parts named."""

from typing import Any

import orjson
from PySide6.QtWidgets import QFrame, QWidget

from app.domain.records import Message
from app.ui import kit
from app.ui.parts import Badge, Tone
from app.ui.records.words import pretty as pretty
from app.ui.records.words import words as words

ROLES: dict[str, tuple[str, Tone]] = {
    "system": ("System", "muted"),
    "developer": ("Developer", "muted"),
    "user": ("User", "accent"),
    "assistant": ("Assistant", "muted"),
    "tool": ("Tool result", "info"),
}
SIZES = ((1_000_000, "MB"), (1_000, "KB"))
ICONS = {"image": "image", "audio": "speaker-high", "file": "file"}


def role_chip(message: Message) -> tuple[str, Tone]:
    """The role in words with its tone; an unknown one as it is written, in red."""
    return ROLES.get(message.role, (message.role[:40] or "no role", "bad"))


def box(name: str, tone: Tone, *items: kit.Item) -> QFrame:
    """A sunken frame under a chip."""
    widget = kit.frame(
        kit.column(kit.row(Badge(name, tone), None), *items, gap=6, margin=(12, 8, 12, 10)),
        "sunken",
    )
    widget.setAccessibleName(name)
    return widget


def turn(message: Message, title: str = "", *, markdown: bool = False) -> QFrame:
    """A message as it stands in the record, under its role or another title."""
    name, tone = role_chip(message)
    if title:
        name = title
    elif message.name:
        name = f"{name}: {message.name[:40]}"
    items: list[kit.Item] = []
    for part in _parts(message):
        if isinstance(part, str):
            items.append(words(part, name, code=message.role == "tool", markdown=markdown))
        else:
            items.append(part_line(part))
    items += [call_fold(call) for call in message.tool_calls or []]
    return box(name, tone, *items)


def value(name: str, tone: Tone, content: Any) -> QFrame:
    """A field that is no turn: the reference, or another field kept for the grader."""
    return box(name, tone, words(pretty(content), name, code=True))


def call_name(call: dict[str, Any]) -> tuple[str, Any]:
    """The tool a call names, and its arguments as they are."""
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    name = str(function.get("name") or call.get("name") or "unnamed tool")[:80]
    return name, function.get("arguments", call.get("arguments", ""))


def call_fold(call: dict[str, Any]) -> kit.Fold:
    """«Calls lookup», its arguments under it."""
    name, arguments = call_name(call)
    return kit.Fold(
        f"Calls {name}", lambda: words(pretty(arguments), f"{name} arguments", code=True)
    )


def part_line(part: dict[str, Any]) -> QWidget:
    """A part that is no text, named on a line; it is never loaded."""
    said = part_words(part)
    icon = next((icon for kind, icon in ICONS.items() if kind in said.lower()), "paperclip")
    line = kit.row(kit.IconLabel(icon), (kit.Prose(said, said), 1), gap=8)
    return kit.holder(line)


def part_words(part: dict[str, Any]) -> str:
    """«Image, PNG, 34 KB», «Image at https://…», «Audio, WAV, 1.2 MB», «File report.pdf, 80 KB»."""
    kind = str(part.get("type") or "part")
    inner = part.get(kind)
    fields = inner if isinstance(inner, dict) else part
    if "image" in kind:
        url = fields.get("url") or (inner if isinstance(inner, str) else "")
        return _linked("Image", str(url))
    if "audio" in kind:
        form = str(fields.get("format") or "").upper()
        return _sized(f"Audio, {form}" if form else "Audio", str(fields.get("data") or ""))
    if "file" in kind:
        name = str(fields.get("filename") or fields.get("file_id") or "without a name")
        data = str(fields.get("file_data") or "").partition(",")[2]
        return _sized(f"File {name[:80]}", data)
    size = len(orjson.dumps(part, default=str))
    return f"Part of the kind “{kind[:40]}”, {bytes_words(size)}"


def bytes_words(size: int) -> str:
    """12 bytes, 34 KB, 1.2 MB."""
    for unit, name in SIZES:
        if size >= unit:
            return f"{size / unit:.{0 if size >= 10 * unit else 1}f} {name}"
    return f"{size} bytes"


def _parts(message: Message) -> list[str | dict[str, Any]]:
    """Texts and other parts in order; an empty turn without calls is one empty text."""
    if isinstance(message.content, list):
        found: list[str | dict[str, Any]] = [
            str(part.get("text", "")) if part.get("type") == "text" else part
            for part in message.content
        ]
    else:
        found = [message.content] if message.content else []
    return found or ([] if message.tool_calls else [""])


def _linked(name: str, url: str) -> str:
    if not url.startswith("data:"):
        return f"{name} at {url[:300]}" if url else f"{name} without an address"
    head, _, data = url.partition(",")
    form = head.removeprefix("data:").split(";")[0].rpartition("/")[2].upper()
    return _sized(f"{name}, {form}" if form else name, data)


def _sized(name: str, data: str) -> str:
    """With the size of what the base64 text holds."""
    if not data:
        return name
    size = len(data) * 3 // 4 - data[-2:].count("=")
    return f"{name}, {bytes_words(size)}"
