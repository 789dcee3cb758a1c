"""Invents situations within a topic, then records; needs a connected model."""

from app.generation.base import STRATEGIES, NeedsModel

STRATEGIES.add(
    "scenario_expansion",
    NeedsModel(
        "scenario_expansion",
        "Scenario expansion",
        "Invents situations within the topic first, then a record for each.",
    ),
)
