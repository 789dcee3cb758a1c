"""Varies the last user turn of existing records; needs a connected model."""

from app.generation.base import STRATEGIES, NeedsModel

STRATEGIES.add(
    "message_variation",
    NeedsModel(
        "message_variation",
        "Message variation",
        "Varies the last user turn of existing records. Recommended for multi-turn data.",
    ),
)
