"""Text of a growing answer that must not be sent yet: beginnings of stop texts, and tool calls."""

import secrets
from collections.abc import Iterator, Sequence
from typing import Any

from app.training.answers import to_sample
from app.training.generate import Piece

CALL = "<tool_call>"


def until_stop(pieces: Iterator[Piece], stops: Sequence[str]) -> Iterator[Piece]:
    """The same pieces up to the first of the `stops`, which is not part of the answer.

    Text that may be the beginning of a stop is held back until it is known.
    """
    held = ""
    for piece in pieces:
        held += piece.text
        found = [at for at in map(held.find, stops) if at >= 0]
        if found:
            yield Piece(held[: min(found)], piece.tokens, "stop")
            return
        keep = 0 if piece.finish else beginning(held, stops)
        send, held = held[: len(held) - keep], held[len(held) - keep :]
        if send or piece.finish:
            yield Piece(send, piece.tokens, piece.finish)


def beginning(text: str, stops: Sequence[str]) -> int:
    """The length of the longest end of `text` with which one of the `stops` begins."""
    sizes = (size for stop in stops for size in range(1, len(stop)) if text.endswith(stop[:size]))
    return max(sizes, default=0)


class Calls:
    """Splits an answer into the text to send on and the tool calls in it, where tools were offered."""

    def __init__(self, *, offered: bool) -> None:
        self._offered = offered
        self._held = ""

    def add(self, text: str) -> str:
        """What of the answer can be sent now; from a call's beginning on everything is held."""
        if not self._offered:
            return text
        held = self._held + text
        start = held.find(CALL)
        keep = len(held) - start if start >= 0 else beginning(held, [CALL])
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]

    def rest(self) -> tuple[str, list[dict[str, Any]]]:
        """The held text that was no call after all, and the calls, each with an id of its own."""
        found = to_sample(self._held)
        calls = [{**call, "id": f"call_{secrets.token_hex(12)}"} for call in found.output_tools]
        return found.output_text, calls
