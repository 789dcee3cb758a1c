"""What differs between two states of a record, turn by turn and word by word; pure, for the eye only."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import orjson

from app.domain.fixes import Turns
from app.domain.records import Message

Kind = Literal["same", "removed", "added"]
WORDS = re.compile(r"\w+|\s+|[^\w\s]")
LINES = re.compile(r"[^\n]*\n|[^\n]+")
BY_WORD = 4_000  # words of both texts together that are compared word by word: 50 ms at the worst
BY_LINE = 4_000  # lines; beyond that the whole text is called another one
LEAST_ALIKE = 0.3  # ratio of equal words under which a turn was written anew, not edited


@dataclass(frozen=True)
class Piece:
    """A stretch of text that both states have, or one of them."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class TurnChange:
    """A turn in both states, or in one. `place` counts from 1 in the later state, else in the earlier;
    0 is the recorded reply. `was` is the earlier role where it changed."""

    kind: Literal["same", "changed", "removed", "added"]
    role: str
    pieces: tuple[Piece, ...]
    place: int = 0
    was: str = ""


def said(message: Message) -> str:
    """The words of a turn and the tools it calls, as they are compared."""
    lines = [message.text] if message.text else []
    for call in message.tool_calls or ():
        function = call.get("function")
        function = function if isinstance(function, dict) else {}
        lines.append(f"Calls {function.get('name', '?')} {_plain(function.get('arguments', ''))}")
    return "\n".join(lines)


def changes_between(before: Turns, after: Turns) -> list[TurnChange]:
    """Every turn of either state in order, the recorded reply last."""
    old, new = before.messages, after.messages
    keys = [(m.role, said(m)) for m in old], [(m.role, said(m)) for m in new]
    found: list[TurnChange] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [_alone("same", m, j1 + n) for n, m in enumerate(new[j1:j2], 1)]
        else:
            found += _replaced(old[i1:i2], new[j1:j2], i1, j1)
    return [*found, *_reply(before.reply, after.reply)]


def differs(changes: Sequence[TurnChange]) -> bool:
    return any(change.kind != "same" for change in changes)


def pieces_between(before: str, after: str) -> tuple[Piece, ...]:
    """Both texts as one sequence of pieces; by words, by lines where they are long."""
    if before == after:
        return (Piece("same", after),) if after else ()
    one, other = WORDS.findall(before), WORDS.findall(after)
    if len(one) + len(other) > BY_WORD:
        one, other = LINES.findall(before), LINES.findall(after)
        if len(one) + len(other) > BY_LINE:
            return tuple(_filled(Piece("removed", before), Piece("added", after)))
    return tuple(_joined(_compared(one, other)))


def shortened(pieces: Sequence[Piece], *, most: int = 240) -> list[Piece]:
    """The same pieces, long equal stretches cut to what stands beside a change."""
    found = []
    for at, piece in enumerate(pieces):
        if piece.kind == "same" and len(piece.text) > most:
            head = piece.text[: most // 2] if at else ""
            tail = piece.text[-most // 2 :] if at < len(pieces) - 1 else ""
            if len(pieces) == 1:
                head = piece.text[:most]
            piece = replace(piece, text=f"{head} … {tail}".strip())
        found.append(piece)
    return found


def _replaced(
    old: Sequence[Message], new: Sequence[Message], i: int, j: int
) -> Iterator[TurnChange]:
    """Turns of one role that stand in each other's place are compared; the rest came or went."""
    roles = [m.role for m in old], [m.role for m in new]
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, *roles, autojunk=False).get_opcodes():
        both = min(i2 - i1, j2 - j1) if tag in ("equal", "replace") else 0
        for n in range(both):
            yield from _compared_turns(old[i1 + n], new[j1 + n], i + i1 + n + 1, j + j1 + n + 1)
        yield from (_alone("removed", old[n], i + n + 1) for n in range(i1 + both, i2))
        yield from (_alone("added", new[n], j + n + 1) for n in range(j1 + both, j2))


def _compared_turns(was: Message, now: Message, i: int, j: int) -> Iterator[TurnChange]:
    before, after = said(was), said(now)
    alike = difflib.SequenceMatcher(None, WORDS.findall(before), WORDS.findall(after))
    if was.role != now.role and before != after and alike.quick_ratio() < LEAST_ALIKE:
        yield _alone("removed", was, i)
        yield _alone("added", now, j)
        return
    role = was.role if was.role != now.role else ""
    yield TurnChange("changed", now.role, pieces_between(before, after), j, role)


def _reply(was: Message | None, now: Message | None) -> Iterator[TurnChange]:
    if was is not None and now is not None:
        pieces = pieces_between(said(was), said(now))
        yield TurnChange("same" if said(was) == said(now) else "changed", now.role, pieces)
    elif was is not None:
        yield _alone("removed", was, 0)
    elif now is not None:
        yield _alone("added", now, 0)


def _alone(kind: Literal["same", "removed", "added"], message: Message, place: int) -> TurnChange:
    text = said(message)
    return TurnChange(kind, message.role, (Piece(kind, text),) if text else (), place)


def _compared(one: list[str], other: list[str]) -> Iterator[Piece]:
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(other[j1:j2]))
        else:
            yield from _filled(
                Piece("removed", "".join(one[i1:i2])), Piece("added", "".join(other[j1:j2]))
            )


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Without the blanks that stay equal between two changed words: one change reads better."""
    every = list(pieces)
    at = 0
    while at < len(every):
        gone, came, start = "", "", at
        while at < len(every):
            piece = every[at]
            between = (
                piece.kind == "same"
                and not piece.text.strip()
                and start < at < len(every) - 1
                and "\n" not in piece.text
            )
            if piece.kind == "same" and not between:
                break
            gone += piece.text if piece.kind != "added" else ""
            came += piece.text if piece.kind != "removed" else ""
            at += 1
        yield from _filled(Piece("removed", gone), Piece("added", came))
        if at < len(every):
            yield every[at]
            at += 1


def _filled(*pieces: Piece) -> Iterator[Piece]:
    return (piece for piece in pieces if piece.text)


def _plain(arguments: object) -> str:
    return (
        arguments if isinstance(arguments, str) else orjson.dumps(arguments, default=str).decode()
    )
