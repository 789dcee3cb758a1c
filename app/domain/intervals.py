"""Confidence intervals for shares and means of graded answers; it computes, it never judges.

Answers of one prompt resemble each other, so the prompt is the unit that is resampled. All
functions are pure: the same input and seed give the same interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.special import ndtri, stdtrit

Floats = NDArray[np.float64]
RESAMPLES = 2000
"""Bootstrap resamples: the ends of a 95 % interval move by under 2 % of its width."""

_CHUNK = 4_000_000  # resampled prompts held at once, 32 MB of indices


class Interval(BaseModel):
    """A figure with the ends of its confidence interval; all three are None when it has none."""

    model_config = ConfigDict(frozen=True)

    value: float | None
    low: float | None
    high: float | None

    @property
    def known(self) -> bool:
        return self.value is not None


UNKNOWN = Interval(value=None, low=None, high=None)


def z_value(confidence: float) -> float:
    """The two-sided standard normal quantile: 1.96 for 0.95."""
    return float(ndtri(0.5 + confidence / 2))


def wilson(successes: float, trials: float, confidence: float = 0.95) -> Interval:
    """Wilson score interval of a share (Wilson 1927; holds its level near 0 and 1).

    `successes` and `trials` may be fractional (effective numbers). No trials: unknown.
    """
    if trials <= 0:
        return UNKNOWN
    z, share = z_value(confidence), min(1.0, max(0.0, successes / trials))
    scale = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / scale
    half = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / scale
    low = 0.0 if share == 0 else max(0.0, float(centre - half))
    high = 1.0 if share == 1 else min(1.0, float(centre + half))
    return Interval(value=share, low=low, high=high)


def design_effect(groups: Sequence[Sequence[float]]) -> float:
    """How many answers weigh as much as one independent answer (Kish 1965), at least 1.

    1 + (k - 1) * ICC, with k the mean group size and the intraclass correlation by one-way
    analysis of variance. Groups of one answer, or scores all alike, give no ICC: then it is 1
    for single answers and k for answers that are alike within every prompt.
    """
    sizes = np.array([len(g) for g in groups if len(g)], dtype=float)
    if sizes.size < 2 or sizes.sum() <= sizes.size:
        return float(max(1.0, sizes.mean())) if sizes.size else 1.0
    means = np.array([np.mean(g) for g in groups if len(g)])
    flat = np.concatenate([np.asarray(g, dtype=float) for g in groups if len(g)])
    within = float(((flat - np.repeat(means, sizes.astype(int))) ** 2).sum())
    between = float((sizes * (means - flat.mean()) ** 2).sum())
    ms_within = within / (sizes.sum() - sizes.size)
    ms_between = between / (sizes.size - 1)
    k = float((sizes.sum() - (sizes**2).sum() / sizes.sum()) / (sizes.size - 1))
    spread = ms_between + (k - 1) * ms_within
    icc = 1.0 if spread <= 0 else float(np.clip((ms_between - ms_within) / spread, 0, 1))
    return 1 + (float(sizes.mean()) - 1) * icc


def clustered_share(hits: Sequence[Sequence[float]], confidence: float = 0.95) -> Interval:
    """Wilson interval of a share of answers, with trials divided by the design effect.

    `hits` holds 0 or 1 per answer, one sequence per prompt.
    """
    trials = sum(len(g) for g in hits)
    if not trials:
        return UNKNOWN
    share = sum(float(sum(g)) for g in hits) / trials
    effective = trials / design_effect(hits)
    return wilson(share * effective, effective, confidence)


def resampled(
    count: int, statistic: Callable[[NDArray[np.intp]], Floats], *, seed: int = 0
) -> Floats:
    """`statistic` over RESAMPLES draws of `count` units with replacement.

    It is given an index array (draws, count) and returns one number per draw.
    """
    rng = np.random.default_rng(seed)
    rows = max(1, min(RESAMPLES, _CHUNK // max(1, count)))
    parts = []
    for start in range(0, RESAMPLES, rows):
        size = (min(rows, RESAMPLES - start), count)
        parts.append(statistic(rng.integers(0, count, size=size)))
    return np.concatenate(parts)


def percentile_interval(value: float, draws: Floats, confidence: float = 0.95) -> Interval:
    """The percentile bootstrap interval around `value` (Efron 1979); widened to contain it."""
    tail = (1 - confidence) / 2
    finite = draws[np.isfinite(draws)]
    if not finite.size:
        return UNKNOWN
    low, high = np.quantile(finite, [tail, 1 - tail])
    return Interval(value=value, low=min(value, float(low)), high=max(value, float(high)))


def widened(interval: Interval, units: int, confidence: float = 0.95) -> Interval:
    """The interval stretched about its value for few units, where percentiles are too narrow.

    Factor t(n-1) / z * sqrt(n / (n-1)): the expanded percentile interval of Hesterberg (2015).
    """
    if interval.value is None or interval.low is None or interval.high is None or units < 2:
        return interval
    quantile = float(stdtrit(units - 1, 0.5 + confidence / 2))
    stretch = quantile / z_value(confidence) * (units / (units - 1)) ** 0.5
    return Interval(
        value=interval.value,
        low=interval.value - stretch * (interval.value - interval.low),
        high=interval.value + stretch * (interval.high - interval.value),
    )


def bootstrap_mean(
    groups: Sequence[Sequence[float]], *, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Mean of all scores (0 to 1) with a bootstrap interval over prompts, within 0 and 1.

    Where all prompts have the same mean a bootstrap would claim certainty; the Wilson interval
    of that mean over the number of prompts stands in (conservative for scores in [0, 1]).
    """
    sums = np.array([float(sum(g)) for g in groups if len(g)])
    sizes = np.array([len(g) for g in groups if len(g)], dtype=float)
    if not sizes.size:
        return UNKNOWN
    value = float(sums.sum() / sizes.sum())
    if np.ptp(sums / sizes) < 1e-12:
        return wilson(value * sizes.size, sizes.size, confidence)
    draws = resampled(sizes.size, lambda i: sums[i].sum(axis=1) / sizes[i].sum(axis=1), seed=seed)
    found = widened(percentile_interval(value, draws, confidence), sizes.size, confidence)
    return found.model_copy(
        update={"low": max(0.0, found.low or 0.0), "high": min(1.0, found.high or 0.0)}
    )


def bootstrap_std(
    groups: Sequence[Sequence[float]], *, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Standard deviation of all scores (population formula), bootstrapped over prompts."""
    kept = [np.asarray(g, dtype=float) for g in groups if len(g)]
    if not kept:
        return UNKNOWN
    sizes = np.array([g.size for g in kept], dtype=float)
    shift = float(np.concatenate(kept).mean())  # centred first, else the squares cancel badly
    sums = np.array([(g - shift).sum() for g in kept])
    squares = np.array([((g - shift) ** 2).sum() for g in kept])

    def std(i: NDArray[np.intp]) -> Floats:
        n = sizes[i].sum(axis=1)
        variance = squares[i].sum(axis=1) / n - (sums[i].sum(axis=1) / n) ** 2
        return np.asarray(np.sqrt(np.maximum(0.0, variance)))

    value = float(std(np.arange(sizes.size)[None, :])[0])
    return percentile_interval(value, resampled(sizes.size, std, seed=seed), confidence)


def paired_bootstrap(
    differences: Sequence[float], *, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Mean of paired differences (one per prompt, -1 to 1) with a bootstrap interval.

    Differences that are all alike would make a bootstrap certain; the Wilson interval of the mean
    mapped to 0..1 stands in.
    """
    values = np.asarray(differences, dtype=float)
    if not values.size:
        return UNKNOWN
    value = float(values.mean())
    if np.ptp(values) < 1e-12:
        flat = wilson((value + 1) / 2 * values.size, values.size, confidence)
        return Interval(value=value, low=2 * (flat.low or 0) - 1, high=2 * (flat.high or 0) - 1)
    draws = resampled(values.size, lambda i: values[i].mean(axis=1), seed=seed)
    return widened(percentile_interval(value, draws, confidence), values.size, confidence)
