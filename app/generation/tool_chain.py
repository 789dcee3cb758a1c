"""Writes requests that need the data's own tools; needs a connected model."""

from app.generation.base import STRATEGIES, NeedsModel

STRATEGIES.add(
    "tool_chain",
    NeedsModel(
        "tool_chain",
        "Tool chain",
        "Writes requests that need the data's own tools, from their schemas.",
    ),
)
