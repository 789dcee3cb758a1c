"""How many groups of each topic would carry a signal, from a dry run's answers; it judges nothing.

The unit is the prompt, not the answer: learnability is a share of prompts, and four answers to one
prompt are one observation of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from app.domain.learnability import Scores, learnability
from app.domain.thresholds import DEFAULTS, Thresholds

T = TypeVar("T")


class TopicSignal(BaseModel):
    """Learnability of one topic with its interval; None under `topic_min_n` prompts."""

    model_config = ConfigDict(frozen=True)

    prompts: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


def topic_signals(
    scores: Mapping[T, Scores],
    *,
    group_size: int | None = None,
    pass_score: float = 1.0,
    noise_std: float | None = None,
    thresholds: Thresholds = DEFAULTS,
) -> dict[T, TopicSignal]:
    """By topic, from the scores of its prompts; a prompt with fewer than two counts as none."""
    found = {}
    for topic, groups in scores.items():
        told = [group for group in groups if len(group) > 1]
        learn = None
        if len(told) >= thresholds.topic_min_n:
            learn = learnability(
                told,
                group_size=group_size,
                pass_score=pass_score,
                noise_std=noise_std,
                thresholds=thresholds,
            )
        ends = (learn.value, learn.low, learn.high) if learn else (None, None, None)
        value, low, high = ends
        found[topic] = TopicSignal(prompts=len(told), value=value, low=low, high=high)
    return found
