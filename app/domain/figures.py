"""The numbers of a dry run, each with its interval, from the graded answers; it judges nothing."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from app.domain.answers import (
    Chance,
    chance_from_shuffle,
    length_effect,
    within_variance,
)
from app.domain.intervals import (
    UNKNOWN,
    Interval,
    bootstrap_mean,
    bootstrap_std,
    clustered_share,
    design_effect,
)
from app.domain.learnability import Learnability, is_graded, learnability, pass_at_k
from app.domain.thresholds import Thresholds

HISTOGRAM_BINS = 11  # 0, 0.1 ... 1.0: the two ends are bars of their own


class PromptAnswers(BaseModel):
    """The graded answers of one prompt; all lists run over the same answers.

    A score of None is a grader error. `shuffled` holds what each answer scored under another
    prompt's item. Lists that were not measured stay empty.
    """

    model_config = ConfigDict(frozen=True)

    record_id: int | None = None
    topic: str | None = None
    scores: tuple[float | None, ...] = ()
    lengths: tuple[int | None, ...] = ()
    format_ok: tuple[bool | None, ...] = ()
    shuffled: tuple[float | None, ...] = ()

    @property
    def scored(self) -> list[float]:
        return [s for s in self.scores if s is not None]


class Control(BaseModel):
    """What one crash-test control earned. `reference` should score high, a `cheat` low."""

    model_config = ConfigDict(frozen=True)

    name: str
    scores: tuple[float, ...]
    kind: Literal["cheat", "reference"] = "cheat"


class DryRunData(BaseModel):
    """All a verdict is drawn from. `chance` given by the user or the grader wins over shuffling.

    `noise_std` is the std of the same answer graded again: 0 for a deterministic grader, None
    when it was not measured.
    """

    model_config = ConfigDict(frozen=True)

    prompts: tuple[PromptAnswers, ...]
    controls: tuple[Control, ...] = ()
    chance: float | None = None
    noise_std: float | None = None
    pass_score: float = 1.0
    group_size: int = 8


class ControlFigure(BaseModel):
    """A control's mean with its interval, and the mean from which it fails."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Literal["cheat", "reference"]
    mean: Interval
    limit: float
    failed: bool


class TopicFigure(BaseModel):
    """Mean score of one topic; `prompts` and `answers` say how much stands behind it."""

    model_config = ConfigDict(frozen=True)

    topic: str
    mean: Interval
    prompts: int
    answers: int


class Figures(BaseModel):
    """Every number of the dry run. Unknown intervals mean that nothing could be measured."""

    model_config = ConfigDict(frozen=True)

    prompts: int
    answers: int
    answers_per_prompt: int
    learnability: Learnability | None
    mean: Interval
    std: Interval
    above_zero: Interval
    perfect: Interval
    pass_at_k: Interval
    errors: Interval
    length_effect: Interval
    chance: Chance
    noise_std: float | None
    within_variance: float | None
    controls: tuple[ControlFigure, ...]
    by_topic: tuple[TopicFigure, ...]
    thin_topics: tuple[str, ...]
    histogram: tuple[int, ...]
    pass_fail: bool
    extreme_share: float | None
    format_failed: Interval
    all_alike: bool


def figures(data: DryRunData, thresholds: Thresholds) -> Figures:
    """All figures of one dry run; never raises for empty or one-sided data."""
    groups = [p.scored for p in data.prompts if p.scored]
    flat = np.array([x for g in groups for x in g], dtype=float)
    level = thresholds.confidence
    mean = bootstrap_mean(groups, confidence=level)
    chance = _chance(data)
    by_topic, thin = _by_topic(data, groups, thresholds)
    return Figures(
        prompts=len(groups),
        answers=int(flat.size),
        answers_per_prompt=max((len(p.scores) for p in data.prompts), default=0),
        learnability=learnability(
            groups,
            group_size=data.group_size,
            pass_score=data.pass_score,
            noise_std=data.noise_std,
            thresholds=thresholds,
        ),
        mean=mean,
        std=bootstrap_std(groups, confidence=level),
        above_zero=clustered_share([[x > 0 for x in g] for g in groups], level),
        perfect=clustered_share([[x > 1 - 1e-9 for x in g] for g in groups], level),
        pass_at_k=pass_at_k(groups, pass_score=data.pass_score, confidence=level),
        errors=_errors(data, level),
        length_effect=_length_effect(data, level),
        chance=chance,
        noise_std=data.noise_std,
        within_variance=within_variance(groups),
        controls=tuple(_control(c, mean, chance, thresholds) for c in data.controls if c.scores),
        by_topic=by_topic,
        thin_topics=thin,
        histogram=_histogram(flat),
        pass_fail=bool(flat.size) and not is_graded(groups),
        extreme_share=float(((flat <= 0) | (flat >= 1)).mean()) if flat.size else None,
        format_failed=_format_failed(data, level),
        all_alike=bool(flat.size) and float(np.ptp(flat)) < 1e-9,
    )


def _chance(data: DryRunData) -> Chance:
    if data.chance is not None:
        return Chance(value=data.chance, source="given")
    kept = [p for p in data.prompts if len(p.shuffled) == len(p.scores)]
    return chance_from_shuffle([p.scores for p in kept], [p.shuffled for p in kept])


def _errors(data: DryRunData, confidence: float) -> Interval:
    return clustered_share(
        [[s is None for s in p.scores] for p in data.prompts if p.scores], confidence
    )


def _format_failed(data: DryRunData, confidence: float) -> Interval:
    marks = [[not ok for ok in p.format_ok if ok is not None] for p in data.prompts]
    return clustered_share([m for m in marks if m], confidence)


def _length_effect(data: DryRunData, confidence: float) -> Interval:
    kept = [p for p in data.prompts if p.lengths and len(p.lengths) == len(p.scores)]
    if not kept:
        return UNKNOWN
    return length_effect([p.scores for p in kept], [p.lengths for p in kept], confidence=confidence)


def _control(
    control: Control, base: Interval, chance: Chance, thresholds: Thresholds
) -> ControlFigure:
    """A cheat fails when the lower end of its mean exceeds max(chance, base mean) + margin."""
    mean = bootstrap_mean([[s] for s in control.scores], confidence=thresholds.confidence)
    limit = max(chance.value or 0.0, base.value or 0.0) + thresholds.control_margin
    failed = control.kind == "cheat" and mean.low is not None and mean.low > limit
    return ControlFigure(
        name=control.name, kind=control.kind, mean=mean, limit=limit, failed=failed
    )


def _by_topic(
    data: DryRunData, groups: list[list[float]], thresholds: Thresholds
) -> tuple[tuple[TopicFigure, ...], tuple[str, ...]]:
    """Topics with enough independent answers, hardest first; and the names of the others.

    Independent answers are the answers divided by the design effect of the whole run: four
    answers to one prompt that always agree count as one.
    """
    per_topic: dict[str, list[list[float]]] = {}
    for prompt in data.prompts:
        if prompt.topic is not None and prompt.scored:
            per_topic.setdefault(prompt.topic, []).append(prompt.scored)
    effect = design_effect(groups)
    shown, thin = [], []
    for topic, rows in per_topic.items():
        count = sum(len(r) for r in rows)
        if count / effect < thresholds.topic_min_n:
            thin.append(topic)
            continue
        mean = bootstrap_mean(rows, confidence=thresholds.confidence)
        shown.append(TopicFigure(topic=topic, mean=mean, prompts=len(rows), answers=count))
    shown.sort(key=lambda t: (t.mean.value or 0.0, t.topic))
    return tuple(shown), tuple(sorted(thin))


def _histogram(flat: np.ndarray) -> tuple[int, ...]:
    """Answers per bar; the bar i holds scores that round to i / 10, the ends only 0 and 1."""
    bars = np.clip(np.rint(flat * 10).astype(int), 1, HISTOGRAM_BINS - 2)
    bars = np.where(flat <= 0, 0, np.where(flat >= 1, HISTOGRAM_BINS - 1, bars))
    return tuple(int(n) for n in np.bincount(bars, minlength=HISTOGRAM_BINS))
