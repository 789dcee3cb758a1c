"""Two models on the same prompts: the paired difference with its interval; it grades nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.stats import norm

from app.domain.intervals import UNKNOWN, Interval, bootstrap_mean, paired_bootstrap, z_value
from app.domain.thresholds import DEFAULTS, Thresholds
from app.domain.wording import number


class Scored(BaseModel):
    """What one model earned on one prompt; None where the grader failed or was not asked."""

    model_config = ConfigDict(frozen=True)

    score: float | None
    format_ok: bool | None = None
    topic: str | None = None


class Difference(BaseModel):
    """Mean difference over `n` shared prompts. `detectable` is what n prompts could have shown."""

    model_config = ConfigDict(frozen=True)

    mean: float | None
    low: float | None
    high: float | None
    n: int
    detectable: float | None

    @property
    def better(self) -> bool:
        """Better only when the whole interval lies above zero."""
        return self.low is not None and self.low > 0

    @property
    def worse(self) -> bool:
        return self.high is not None and self.high < 0

    @property
    def text(self) -> str:
        """+0.38 (0.33 to 0.43), with the smallest visible difference when nothing was gained."""
        if self.mean is None:
            return "n/a"
        sign = "+" if self.mean >= 0 else ""
        ends = f"({number(self.low)} to {number(self.high)})"
        unseen = ""
        if not self.better and not self.worse and self.detectable is not None:
            unseen = f". We could have seen {number(self.detectable)}"
        return f"{sign}{number(self.mean)} {ends}{unseen}"


class TopicDifference(BaseModel):
    """The difference within one topic."""

    model_config = ConfigDict(frozen=True)

    topic: str
    difference: Difference


class Comparison(BaseModel):
    """`new` minus `old` on the prompts both have a score for.

    `format` compares the shares of well-formed answers; `correctness` the scores on prompts where
    both answers are well-formed, so that learning the form is not taken for learning the task.
    """

    model_config = ConfigDict(frozen=True)

    old: Interval
    new: Interval
    score: Difference
    format: Difference
    correctness: Difference
    by_topic: tuple[TopicDifference, ...]

    @property
    def better(self) -> bool:
        return self.score.better


def smallest_detectable(
    differences: Sequence[float], *, power: float = 0.80, confidence: float = 0.95
) -> float | None:
    """(z_confidence + z_power) * std / sqrt(n): the true difference seen with that power.

    None with fewer than two prompts. Source: the usual two-sided paired z-test.
    """
    if len(differences) < 2:
        return None
    spread = float(np.std(np.asarray(differences, dtype=float), ddof=1))
    return (z_value(confidence) + float(norm.ppf(power))) * spread / len(differences) ** 0.5


def difference(differences: Sequence[float], thresholds: Thresholds = DEFAULTS) -> Difference:
    """The mean of paired differences, its bootstrap interval, and what could have been seen.

    One pair has no interval (None), so that it is never called better.
    """
    n = len(differences)
    if n < 2:
        mean = float(differences[0]) if n else None
        return Difference(mean=mean, low=None, high=None, n=n, detectable=None)
    interval = paired_bootstrap(differences, confidence=thresholds.confidence)
    seen = smallest_detectable(
        differences, power=thresholds.power, confidence=thresholds.confidence
    )
    return Difference(
        mean=interval.value, low=interval.low, high=interval.high, n=n, detectable=seen
    )


def compare(
    old: Mapping[int, Scored], new: Mapping[int, Scored], thresholds: Thresholds = DEFAULTS
) -> Comparison:
    """Compare two models' answers by record id; prompts missing in either are left out."""
    ids = [i for i in old if i in new]
    scored = {
        i: (a, b)
        for i in ids
        if (a := old[i].score) is not None and (b := new[i].score) is not None
    }
    formed = [i for i in ids if old[i].format_ok is not None and new[i].format_ok is not None]
    both_fine = [i for i in scored if i in set(formed) and old[i].format_ok and new[i].format_ok]
    return Comparison(
        old=_mean([a for a, _ in scored.values()], thresholds),
        new=_mean([b for _, b in scored.values()], thresholds),
        score=difference([b - a for a, b in scored.values()], thresholds),
        format=difference(
            [float(bool(new[i].format_ok)) - float(bool(old[i].format_ok)) for i in formed],
            thresholds,
        ),
        correctness=difference([scored[i][1] - scored[i][0] for i in both_fine], thresholds),
        by_topic=_by_topic(old, scored, thresholds),
    )


def _mean(scores: list[float], thresholds: Thresholds) -> Interval:
    if not scores:
        return UNKNOWN
    return bootstrap_mean([[s] for s in scores], confidence=thresholds.confidence)


def _by_topic(
    old: Mapping[int, Scored], scored: Mapping[int, tuple[float, float]], thresholds: Thresholds
) -> tuple[TopicDifference, ...]:
    """Topics with enough prompts, the weakest gain first."""
    per_topic: dict[str, list[float]] = {}
    for i, (a, b) in scored.items():
        if (topic := old[i].topic) is not None:
            per_topic.setdefault(topic, []).append(b - a)
    rows = [
        TopicDifference(topic=topic, difference=difference(values, thresholds))
        for topic, values in per_topic.items()
        if len(values) >= thresholds.topic_min_n
    ]
    return tuple(sorted(rows, key=lambda r: (r.difference.mean or 0.0, r.topic)))


def stalled(effects: Sequence[float], thresholds: Thresholds = DEFAULTS) -> bool:
    """Whether the last two rounds each moved the mean by no more than the stall limit."""
    return len(effects) >= 2 and all(abs(e) <= thresholds.stall for e in effects[-2:])
