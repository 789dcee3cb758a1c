"""Writes records like examples of the topic; needs a connected model."""

from app.generation.base import STRATEGIES, NeedsModel

STRATEGIES.add(
    "few_shot",
    NeedsModel(
        "few_shot",
        "Few-shot",
        "Writes records like three examples of the topic.",
    ),
)
