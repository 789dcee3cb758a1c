"""Writes records from a topic's name and description; needs a connected model."""

from app.generation.base import STRATEGIES, NeedsModel

STRATEGIES.add(
    "topic_description",
    NeedsModel(
        "topic_description",
        "Topic description",
        "Writes records from the topic's name and description. For topics without examples.",
    ),
)
