"""An edit of a turn as a value that can be tried on other records; pure, knows no store."""

import difflib
import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from app.domain.fixes import Turns
from app.domain.records import Message
from app.domain.validation import ROLES

WORDS = re.compile(r"\w+|\s+|[^\w\s]")
LEAST_PHRASE = 2  # letters or digits a phrase must have before it is worth looking for elsewhere
MOST_WORDS = 20_000  # of one turn; beyond that only the whole turn is offered


class Edit(BaseModel):
    """One change of a turn. Only turns of that role are touched, and only where `old` stands.

    `turn`: a turn whose whole text is `old` says `new`. `phrase`: `old` becomes `new` wherever it
    stands in a turn's text as whole words. `remove`: a turn whose whole text is `old` goes.
    `role`: every turn of the role `role` gets the role `new`; `old` is empty.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["turn", "phrase", "remove", "role"]
    role: str
    old: str = ""
    new: str = ""

    @property
    def words(self) -> str:
        """What it does, as a sentence without a full stop."""
        name = self.role or "unnamed"
        match self.kind:
            case "turn":
                return f"Replace the {name} turn “{short(self.old)}” by “{short(self.new)}”"
            case "phrase":
                return f"Replace “{short(self.old)}” by “{short(self.new)}” in {name} turns"
            case "remove":
                return f"Remove the {name} turn “{short(self.old)}”"
            case "role":
                return f"Give turns of “{short(self.role)}” the role “{short(self.new)}”"

    def apply(self, turns: Turns) -> Turns | None:
        """The turns after the edit, None where it does not apply. A prompt is never left empty."""
        messages = [after for m in turns.messages for after in self._message(m)]
        reply = turns.reply
        if reply is not None and self.kind in ("turn", "phrase") and reply.role == self.role:
            reply = next(iter(self._message(reply)))
        after = Turns(tuple(messages), reply)
        return None if after == turns or not messages else after

    def _message(self, message: Message) -> Iterator[Message]:
        if message.role != self.role:
            yield message
        elif self.kind == "role":
            yield message.model_copy(update={"role": self.new})
        elif self.kind == "phrase":
            yield _with_phrase(message, self.old, self.new)
        elif message.text != self.old:
            yield message
        elif self.kind == "turn":
            yield with_text(message, self.new)


def edits_between(before: Turns, after: Turns) -> list[Edit]:
    """The edits that lead from one state to the other and could apply elsewhere too."""
    old, new = before.messages, after.messages
    was, now = ([(m.role, m.text) for m in turns] for turns in (old, new))
    found: list[Edit] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(
        None, was, now, autojunk=False
    ).get_opcodes():
        if tag == "delete":
            found += [_removed(m) for m in old[i1:i2] if m.text]
        elif tag == "replace" and i2 - i1 == j2 - j1:
            for one, other in zip(old[i1:i2], new[j1:j2], strict=True):
                found += _changed(one, other)
    if before.reply and after.reply:
        found += _changed(before.reply, after.reply)
    return list(dict.fromkeys(found))


def with_text(message: Message, text: str) -> Message:
    """The message with another text; parts that are no text stay."""
    if not isinstance(message.content, list):
        return message.model_copy(update={"content": text})
    others: list[dict[str, Any]] = [p for p in message.content if p.get("type") != "text"]
    if not others:
        return message.model_copy(update={"content": text})
    first = next((at for at, p in enumerate(message.content) if p.get("type") == "text"), 0)
    place = sum(p.get("type") != "text" for p in message.content[:first])
    said = [{"type": "text", "text": text}] if text else []
    return message.model_copy(update={"content": [*others[:place], *said, *others[place:]]})


def text_of(message: Message) -> str:
    """Only the words of a turn: its text parts, one a line."""
    if isinstance(message.content, str):
        return message.content
    return "\n".join(str(p.get("text", "")) for p in message.content or () if _is_text(p))


def changed_phrase(old: str, new: str) -> tuple[str, str] | None:
    """The stretch of words that differs, in the old and in the new text; None when it is too little
    to look for, or all of the old text."""
    before, after = WORDS.findall(old), WORDS.findall(new)
    if max(len(before), len(after)) > MOST_WORDS:
        return None
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    was = "".join(before[start : len(before) - end])
    now = "".join(after[start : len(after) - end])
    if sum(c.isalnum() for c in was) < LEAST_PHRASE or was == old:
        return None
    return was, now


def _changed(was: Message, now: Message) -> list[Edit]:
    if was.role != now.role:
        meant = was.text == now.text and was.role not in ROLES
        return [Edit(kind="role", role=was.role, new=now.role)] if meant else []
    if not was.text or was.text == now.text:
        return []
    found = [Edit(kind="turn", role=was.role, old=was.text, new=text_of(now))]
    if phrase := changed_phrase(text_of(was), text_of(now)):
        found.append(Edit(kind="phrase", role=was.role, old=phrase[0], new=phrase[1]))
    return found


def _removed(message: Message) -> Edit:
    return Edit(kind="remove", role=message.role, old=message.text)


def _with_phrase(message: Message, old: str, new: str) -> Message:
    """Only whole words: “cat” is not meant in “category”."""
    start, end = (
        (r"(?<!\w)" if old[:1].isalnum() else ""),
        (r"(?!\w)" if old[-1:].isalnum() else ""),
    )
    pattern = re.compile(start + re.escape(old) + end)

    def replaced(text: str) -> str:
        return pattern.sub(lambda found: new, text)

    content = message.content
    if isinstance(content, str):
        after: Any = replaced(content) if old in content else content
    else:
        parts = content or []
        after = [{**p, "text": replaced(str(p["text"]))} if _is_text(p) else p for p in parts]
    return message if after == content else message.model_copy(update={"content": after})


def _is_text(part: dict[str, Any]) -> bool:
    return part.get("type") == "text" and "text" in part


def short(text: str) -> str:
    """On one line, cut to what a sentence can hold."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"
