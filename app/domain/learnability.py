"""How many training groups will carry a signal, from a few graded answers per prompt; no verdict.

A group whose G answers all score alike teaches nothing (its advantages are zero). With p the
chance that one answer to a prompt succeeds, a group carries signal with probability
1 - p^G - (1-p)^G; learnability L is its mean over prompts. The raw share of mixed groups at k
answers is biased for another G (0.47 for a true 0.63), so p is modelled as Beta-distributed
(Skellam 1948) and fitted on a grid of mean and correlation.

The interval is the equal-tailed posterior interval on that grid, flat in logit mean and logit
correlation: it stays honest at the borders (no success at all), where a bootstrap claims
certainty. Measured coverage of the 95 % interval on interior populations: 0.92 to 0.98.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.special import betaln, expit, gammaln

from app.domain.intervals import Interval, wilson
from app.domain.thresholds import DEFAULTS, Thresholds

Floats = NDArray[np.float64]
Scores = Sequence[Sequence[float]]
"""One sequence of scores per prompt; answers the grader could not score are left out."""

_MEANS = expit(np.linspace(-9, 9, 181))  # mean success from 0.0001 to 0.9999
_RHOS = expit(np.linspace(-7, 7, 113))  # 0.001: all prompts alike; 0.999: always or never solved
CURVE = (2, 4, 6, 8, 10, 12, 16)
_FLOOR = 0.002  # the grid ends near here: smaller learnabilities cannot be told from none
_SMALL = 1e-9  # scores closer than this are the same number written twice


class CurvePoint(BaseModel):
    """Learnability at one group size."""

    model_config = ConfigDict(frozen=True)

    group_size: int
    value: float
    low: float
    high: float


class Learnability(BaseModel):
    """L at the trainer's group size with its interval, and the curve over other group sizes."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float
    group_size: int
    graded: bool
    prompts: int
    curve: tuple[CurvePoint, ...] = ()

    @property
    def cost_multiplier(self) -> float | None:
        """Answers to sample per useful answer, 1/L; None when nothing is useful."""
        return 1 / self.value if self.value > 1e-3 else None


@lru_cache(maxsize=1)
def _grid() -> tuple[Floats, Floats]:
    """Beta parameters a, b of every grid point."""
    mean, rho = (axis.ravel() for axis in np.meshgrid(_MEANS, _RHOS, indexing="ij"))
    size = (1 - rho) / rho
    return mean * size, (1 - mean) * size


@lru_cache(maxsize=64)
def _cell_likelihood(k: int, folded: bool) -> Floats:
    """Log-likelihood of each count of successes among k answers, shape (counts, grid points).

    Folded: the count of the rarer outcome, 0 to k // 2, when which one is success is unknown.
    """
    a, b = _grid()
    s = np.arange(k + 1)[:, None]
    ways = gammaln(k + 1) - gammaln(s + 1) - gammaln(k - s + 1)
    log_p: Floats = ways + betaln(s + a, k - s + b) - betaln(a, b)
    if not folded:
        return log_p
    both = np.logaddexp(log_p, log_p[::-1])[: k // 2 + 1]
    if k % 2 == 0:
        both[-1] = log_p[k // 2]
    return np.asarray(both)


@lru_cache(maxsize=32)
def _signal_share(group_size: int) -> tuple[Floats, NDArray[np.intp]]:
    """L at every grid point, and the order that sorts it."""
    a, b = _grid()
    norm = betaln(a, b)
    all_pass, all_fail = betaln(a + group_size, b) - norm, betaln(a, b + group_size) - norm
    share = np.clip(1 - np.exp(all_pass) - np.exp(all_fail), 0, 1)
    share[share < _FLOOR] = 0.0
    return share, np.argsort(share)


def is_graded(scores: Scores) -> bool:
    """Whether any score lies strictly between 0 and 1."""
    return any(_SMALL < x < 1 - _SMALL for group in scores for x in group)


def signal_threshold(noise_std: float | None, thresholds: Thresholds = DEFAULTS) -> float:
    """The std within a prompt from which differences are more than grader noise."""
    return max(thresholds.signal_std, thresholds.signal_noise_factor * (noise_std or 0.0))


def odd_ones_out(group: Sequence[float], threshold: float) -> int:
    """How many answers of a graded prompt lie apart from its most common score.

    0 when the std is within the threshold (no signal); else at least 1 and at most half. Scores
    within two thresholds of each other count as the same: two equal halves that far apart have
    exactly the threshold as their std.
    """
    ordered = np.sort(np.asarray(group, dtype=float))
    if ordered.std() <= threshold + _SMALL:
        return 0
    ends = np.searchsorted(ordered, ordered + 2 * threshold + _SMALL, side="right")
    common = int((ends - np.arange(ordered.size)).max())
    return min(max(1, ordered.size - common), ordered.size // 2)


def _cells(
    scores: Scores, *, pass_score: float, threshold: float | None
) -> Counter[tuple[int, int]]:
    """Prompts counted by (successes or odd ones out, answers)."""
    if threshold is None:
        return Counter((sum(x >= pass_score - _SMALL for x in g), len(g)) for g in scores if g)
    return Counter((odd_ones_out(g, threshold), len(g)) for g in scores if len(g) > 1)


def _posterior(cells: Counter[tuple[int, int]], *, folded: bool) -> tuple[Floats, int]:
    """Weights of the grid points (sum 1) and the index of the most likely one."""
    log_p = np.zeros(_grid()[0].size)
    for (count, k), prompts in cells.items():
        log_p += prompts * _cell_likelihood(k, folded)[count]
    best = int(log_p.argmax())
    weights = np.exp(log_p - log_p[best])
    return weights / weights.sum(), best


def _at(weights: Floats, best: int, group_size: int, confidence: float) -> CurvePoint:
    share, order = _signal_share(group_size)
    cumulative = np.cumsum(weights[order])
    tail = (1 - confidence) / 2
    at = np.minimum(np.searchsorted(cumulative, [tail, 1 - tail]), order.size - 1)
    low, high = (float(x) for x in share[order[at]])
    value = float(share[best])
    return CurvePoint(
        group_size=group_size, value=value, low=min(low, value), high=max(high, value)
    )


def learnability(
    scores: Scores,
    *,
    group_size: int | None = None,
    pass_score: float = 1.0,
    noise_std: float | None = None,
    thresholds: Thresholds = DEFAULTS,
) -> Learnability | None:
    """L with its interval, or None when no prompt has answers that could be compared.

    Pass/fail scores: a beta-binomial fit of the passes. Graded scores: a prompt carries signal
    when its std exceeds max(0.05, 2 x noise); the share is projected from k to G by the same fit
    on how many answers stand apart (folded, because either side may be the better one).
    """
    graded = is_graded(scores)
    threshold = signal_threshold(noise_std, thresholds) if graded else None
    cells = _cells(scores, pass_score=pass_score, threshold=threshold)
    if not any(k > 1 for _, k in cells):
        return None
    size = group_size or thresholds.group_size
    weights, best = _posterior(cells, folded=graded)
    points = {g: _at(weights, best, g, thresholds.confidence) for g in {*CURVE, size}}
    own = points[size]
    return Learnability(
        value=own.value,
        low=own.low,
        high=own.high,
        group_size=size,
        graded=graded,
        prompts=cells.total(),
        curve=tuple(points[g] for g in sorted(points)),
    )


def pass_at_k(scores: Scores, *, pass_score: float = 1.0, confidence: float = 0.95) -> Interval:
    """Share of prompts with at least one pass among their scored answers, Wilson over prompts."""
    solved = [any(x >= pass_score - _SMALL for x in g) for g in scores if g]
    return wilson(sum(solved), len(solved), confidence)
