"""A record against how it came, turn by turn; also what a fix or an edit would do to a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QWidget

from app.domain.differences import (
    Piece,
    TurnChange,
    changes_between,
    differs,
    pieces_between,
    shortened,
)
from app.domain.fixes import turns_of
from app.store import record_history, records
from app.store.database import Tx
from app.ui import kit
from app.ui.parts import Badge, Tone
from app.ui.records.turns import ROLES
from app.ui.records.words import SHOWN_CHARACTERS, pretty
from app.ui.theme import theme

CHIPS: dict[str, tuple[str, Tone]] = {
    "changed": ("changed", "info"),
    "added": ("added", "good"),
    "removed": ("removed", "bad"),
}
AS_IMPORTED = "As imported. Nothing of it was edited."
AS_MADE = "As it was generated. Nothing of it was edited."
NOT_KNOWN = "It was edited, but the history no longer holds its first version."


@dataclass(frozen=True)
class Comparison:
    """The turns of both versions, the reference too; `note` stands there when there is no difference."""

    record_id: int
    turns: tuple[TurnChange, ...] = ()
    reference: tuple[Piece, ...] = ()
    note: str = ""


def read_comparison(tx: Tx, record_id: int) -> Comparison:
    """Compare on a reader thread; raises ToolError when the record is gone."""
    now = records.get(tx, record_id)
    first = record_history.original(tx, record_id)
    if first is None:
        return Comparison(record_id, note=NOT_KNOWN)
    turns = tuple(changes_between(turns_of(first), turns_of(now)))
    reference: tuple[Piece, ...] = ()
    if first.reference != now.reference:
        reference = pieces_between(_text(first.reference), _text(now.reference))
    if not differs(turns) and not reference:
        return Comparison(record_id, note=AS_MADE if first.source == "generated" else AS_IMPORTED)
    return Comparison(record_id, turns, reference)


def comparison_items(found: Comparison) -> list[QWidget]:
    """What stands in place of the conversation."""
    if found.note:
        return [kit.empty("git-diff", found.note)]
    items = turn_boxes(found.turns)
    if found.reference:
        items.append(_box("Reference", "good", CHIPS["changed"], found.reference))
    return items


def turn_boxes(changes: Sequence[TurnChange], *, only_changed: bool = False) -> list[QWidget]:
    """A box for each turn that differs; equal ones are told on a line."""
    items: list[QWidget] = []
    same: list[TurnChange] = []
    for change in changes:
        if change.kind == "same":
            same.append(change)
            continue
        if same and not only_changed:
            items.append(_same_line(same))
        same = []
        items.append(turn_box(change))
    if same and not only_changed:
        items.append(_same_line(same))
    return items


def turn_box(change: TurnChange) -> QFrame:
    """Words that went are struck out, words that came are underlined."""
    name, tone = _role(change.role)
    if not change.place:
        name = "Recorded reply"
    if change.was:
        name = f"{_role(change.was)[0]} → {name}"
    return _box(name, tone, CHIPS[change.kind], change.pieces)


class PiecesText(kit.Prose):
    """A text with what came and what went; a screen reader is told in words."""

    def __init__(self, pieces: Sequence[Piece], name: str) -> None:
        self._pieces = shortened(pieces)
        super().__init__("", name)
        self.setAccessibleDescription(spoken(self._pieces))

    def retheme(self) -> None:
        self.setFont(theme().font("body"))
        self.clear()
        cursor = QTextCursor(self.document())
        room = SHOWN_CHARACTERS
        for piece in self._pieces:
            cut = piece.text if len(piece.text) <= room else piece.text[:room] + " …"
            cursor.insertText(cut, _look(piece))
            room -= len(piece.text)
            if room <= 0:
                break
        self._fit()


def spoken(pieces: Sequence[Piece]) -> str:
    """«Removed: bank. Added: card shop.»"""
    words = {"removed": "Removed", "added": "Added"}
    parts = [f"{words[p.kind]}: {p.text.strip()}." for p in pieces if p.kind in words]
    return " ".join(parts)[:2_000]


def _box(name: str, tone: Tone, chip: tuple[str, Tone], pieces: Sequence[Piece]) -> QFrame:
    head = kit.row(Badge(name, tone), None, Badge(*chip), gap=6)
    text = PiecesText(pieces, f"{name}, {chip[0]}")
    widget = kit.frame(kit.column(head, text, gap=6, margin=(12, 8, 12, 10)), "sunken")
    widget.setAccessibleName(f"{name}, {chip[0]}")
    return widget


def _same_line(same: Sequence[TurnChange]) -> QWidget:
    names = [_role(c.role)[0] if c.place else "Recorded reply" for c in same]
    said = ", ".join(names[:3]) if len(names) <= 3 else f"{len(names)} turns"
    return kit.label(f"{said}: unchanged", "small", "faint", wrap=True)


def _look(piece: Piece) -> QTextCharFormat:
    look = QTextCharFormat()
    if piece.kind == "same":
        return look
    tone = "bad" if piece.kind == "removed" else "good"
    look.setForeground(theme().color(f"{tone}_text"))
    look.setBackground(theme().color(f"{tone}_soft"))
    look.setFontStrikeOut(piece.kind == "removed")
    look.setFontUnderline(piece.kind == "added")
    return look


def _role(role: str) -> tuple[str, Tone]:
    return ROLES.get(role, (role[:40] or "no role", "bad"))


def _text(value: Any) -> str:
    return "" if value is None else pretty(value)
