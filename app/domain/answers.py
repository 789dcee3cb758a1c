"""What a set of graded answers says about its grader: chance, length effect, noise; no verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from app.domain.intervals import UNKNOWN, Interval, percentile_interval, resampled

Floats = NDArray[np.float64]
MaybeScores = Sequence[Sequence[float | None]]

_SAME = 1e-6
_MIN_EVIDENCE = 20  # good answers, and bad ones, needed to say that the grader ignores the prompt
_KEPT = 0.95  # of both keep their score under another prompt: the prompt does not matter


class Chance(BaseModel):
    """What an answer earns without knowing the prompt.

    `value` is None when it does not apply: the grader looks at the answer alone (a format or
    politeness check), so shuffling answers across prompts changes nothing.
    """

    model_config = ConfigDict(frozen=True)

    value: float | None
    sees_prompt: bool = True
    source: str = "shuffled"


def chance_from_shuffle(scores: MaybeScores, shuffled: MaybeScores) -> Chance:
    """Chance as the grader's mean on answers shuffled across prompts.

    `shuffled` has the shape of `scores`: entry (i, j) is the score that answer j of prompt i got
    under another prompt's item. None marks a grader error and leaves the pair out.
    """
    pairs = np.array(
        [
            (own, other)
            for row, other_row in zip(scores, shuffled, strict=True)
            for own, other in zip(row, other_row, strict=True)
            if own is not None and other is not None
        ],
        dtype=float,
    )
    if not pairs.size:
        return Chance(value=None)
    own, other = pairs.T
    kept = np.abs(own - other) <= _SAME
    sides = [own > own.mean(), own < own.mean()]
    if all(side.sum() >= _MIN_EVIDENCE and kept[side].mean() >= _KEPT for side in sides):
        return Chance(value=None, sees_prompt=False)
    return Chance(value=float(other.mean()))


def within_variance(scores: Sequence[Sequence[float]]) -> float | None:
    """Pooled variance of scores within prompts (unbiased), None without two answers anywhere."""
    kept = [np.asarray(g, dtype=float) for g in scores if len(g) > 1]
    if not kept:
        return None
    squares = sum(float(((g - g.mean()) ** 2).sum()) for g in kept)
    return squares / sum(g.size - 1 for g in kept)


def noise_std(regraded: Sequence[Sequence[float]]) -> float | None:
    """Std of the grader itself: the same answer graded two or more times, one row per answer."""
    variance = within_variance(regraded)
    return None if variance is None else float(np.sqrt(variance))


def length_effect(
    scores: MaybeScores,
    lengths: Sequence[Sequence[float | None]],
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Rank correlation of score and answer length within prompts, bootstrapped over prompts.

    Ranks are taken within each prompt (Spearman) and centred, so that long answers to hard
    prompts do not count. Unknown when scores or lengths never differ within a prompt.
    """
    rows = [_rank_products(row, length) for row, length in zip(scores, lengths, strict=True)]
    table = np.array([r for r in rows if r is not None], dtype=float)
    if not table.size or min(table[:, 1].sum(), table[:, 2].sum()) <= 0:
        return UNKNOWN

    def rho(index: NDArray[np.intp]) -> Floats:
        xy, xx, yy = (table[:, c][index].sum(axis=1) for c in range(3))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(xy / np.sqrt(xx * yy))

    value = float(rho(np.arange(len(table))[None, :])[0])
    return percentile_interval(value, resampled(len(table), rho, seed=seed), confidence)


def _rank_products(
    scores: Sequence[float | None], lengths: Sequence[float | None]
) -> tuple[float, float, float] | None:
    """Sums of x*y, x*x, y*y of the centred ranks of one prompt; None without two answers."""
    pairs = [
        (s, n) for s, n in zip(scores, lengths, strict=True) if s is not None and n is not None
    ]
    if len(pairs) < 2:
        return None
    x, y = (_centred_ranks(column) for column in np.array(pairs, dtype=float).T)
    return float(x @ y), float(x @ x), float(y @ y)


def _centred_ranks(values: Floats) -> Floats:
    """Mid-ranks (ties share the mean rank) minus their mean."""
    difference = values[:, None] - values[None, :]
    return np.asarray(np.sign(difference).sum(axis=1) / 2, dtype=np.float64)
