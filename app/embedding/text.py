"""The text that stands for a record when records are compared; loads no model."""

from collections.abc import Iterable

from app.domain.records import Message

TURN_CHARACTERS = 300  # about half of the encoder's 128 tokens, so that the last turn has room


def record_text(messages: Iterable[Message]) -> str:
    """What stands for a record when it is compared: its first and its last user turn."""
    turns = [m.text.strip() for m in messages if m.role == "user" and m.text.strip()]
    if len(turns) < 2:
        return "".join(turns)
    return f"{turns[0][:TURN_CHARACTERS]}\n{turns[-1][:TURN_CHARACTERS]}"
