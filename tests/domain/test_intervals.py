"""Intervals: hand-computed values, bounds, and that prompts, not answers, are what counts."""

import numpy as np
import pytest

from app.domain.intervals import (
    bootstrap_mean,
    bootstrap_std,
    clustered_share,
    design_effect,
    paired_bootstrap,
    wilson,
)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (0, 200, 0.0, 0.0188),
        (100, 200, 0.4314, 0.5686),
        (200, 200, 0.9812, 1.0),
        (1, 2, 0.0945, 0.9055),
    ],
)
def test_wilson_by_hand(successes: int, trials: int, low: float, high: float) -> None:
    interval = wilson(successes, trials)
    assert interval.low == pytest.approx(low, abs=2e-4)
    assert interval.high == pytest.approx(high, abs=2e-4)


def test_nothing_measured_is_unknown_not_zero() -> None:
    for interval in (wilson(0, 0), clustered_share([]), bootstrap_mean([]), paired_bootstrap([])):
        assert interval.value is None
        assert interval.low is None


def test_answers_that_agree_count_once() -> None:
    alike = [[1.0] * 4, [0.0] * 4] * 50
    assert design_effect(alike) == pytest.approx(4.0)
    apart = [[1.0, 0.0, 1.0, 0.0]] * 100
    assert design_effect(apart) == pytest.approx(1.0)
    assert design_effect([[0.5] * 4] * 10) == pytest.approx(4.0)  # unknown: assume the worst
    wide, narrow = clustered_share(alike), clustered_share(apart)
    assert (wide.high or 0) - (wide.low or 0) > 1.8 * ((narrow.high or 0) - (narrow.low or 0))


def test_the_mean_interval_covers_clustered_data() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(60):
        p = rng.beta(0.5, 0.5, 100)
        scores = (rng.random((100, 4)) < p[:, None]).astype(float)
        interval = bootstrap_mean(scores.tolist())
        inside += (interval.low or 0) <= 0.5 <= (interval.high or 0)
    assert inside >= 53  # 95 % of 60 is 57; under 53 has probability below 0.5 %


def test_the_same_seed_gives_the_same_interval() -> None:
    groups = [[0.1, 0.9], [0.4, 0.2], [1.0, 0.0]]
    assert bootstrap_std(groups, seed=5) == bootstrap_std(groups, seed=5)


def test_std_is_exact_and_bounded() -> None:
    interval = bootstrap_std([[0.0, 1.0]] * 50)
    assert interval.value == pytest.approx(0.5)
    assert bootstrap_std([[0.3, 0.3]] * 5).value == pytest.approx(0.0, abs=1e-9)


def test_certainty_is_not_claimed_when_all_are_alike() -> None:
    assert bootstrap_mean([[0.0] * 4] * 200).high == pytest.approx(0.0188, abs=2e-4)
    assert bootstrap_mean([[1.0]] * 3).low == pytest.approx(0.4385, abs=2e-3)


def test_paired_differences() -> None:
    interval = paired_bootstrap([0.3] * 90 + [0.1] * 10)
    assert interval.value == pytest.approx(0.28)
    assert (interval.low or 0) > 0.26
