"""Learnability reproduces the simulated populations, pass/fail and graded, and stays in bounds."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from app.domain.learnability import (
    is_graded,
    learnability,
    odd_ones_out,
    pass_at_k,
    signal_threshold,
)

Population = Callable[[np.random.Generator, int], np.ndarray]

POPULATIONS: dict[str, tuple[Population, float]] = {
    "all at 0.45": (lambda rng, n: np.full(n, 0.45), 0.990),
    "always or never": (lambda rng, n: (rng.random(n) < 0.45).astype(float), 0.0),
    "Beta(.5,.6)": (lambda rng, n: rng.beta(0.5, 0.6, n), 0.629),
    "Beta(1,9)": (lambda rng, n: rng.beta(1, 9, n), 0.471),
    "Beta(.3,5)": (lambda rng, n: rng.beta(0.3, 5, n), 0.259),
    "Beta(8,1)": (lambda rng, n: rng.beta(8, 1, n), 0.500),
}


def draw(population: Population, rng: np.random.Generator, n: int = 200, k: int = 4) -> np.ndarray:
    return (rng.random((n, k)) < population(rng, n)[:, None]).astype(float)


@pytest.mark.parametrize("name", POPULATIONS)
@pytest.mark.parametrize("graded", [False, True])
def test_the_populations_are_recovered(name: str, graded: bool) -> None:
    """True L at G = 8 within 0.04 on average, and inside 95 % intervals about that often."""
    population, truth = POPULATIONS[name]
    rng = np.random.default_rng(11)
    found, inside, runs = [], 0, 60
    for _ in range(runs):
        scores = draw(population, rng)
        if graded:
            scores = 0.2 + 0.5 * scores
        result = learnability(scores.tolist())
        assert result is not None
        assert result.graded == graded
        found.append(result.value)
        inside += result.low - 0.005 <= truth <= result.high + 0.005
    assert np.mean(found) == pytest.approx(truth, abs=0.04)
    assert inside >= 52


def test_the_raw_share_of_mixed_groups_would_be_biased() -> None:
    rng = np.random.default_rng(5)
    scores = draw(POPULATIONS["Beta(.5,.6)"][0], rng, n=4000)
    mixed = np.mean((scores.sum(axis=1) > 0) & (scores.sum(axis=1) < 4))
    assert mixed == pytest.approx(0.47, abs=0.03)
    assert learnability(scores.tolist()).value == pytest.approx(0.629, abs=0.03)  # type: ignore[union-attr]


def test_one_answer_per_prompt_says_nothing() -> None:
    assert learnability([[1.0], [0.0]]) is None
    assert learnability([]) is None
    assert learnability([[], []]) is None


def test_no_success_at_all_leaves_room_by_sample_size() -> None:
    small, large = learnability([[0.0] * 2] * 50), learnability([[0.0] * 4] * 200)
    assert small is not None
    assert large is not None
    assert large.high < small.high < 0.10
    assert large.cost_multiplier is None


@pytest.mark.parametrize("seed", range(15))
def test_bounds_hold_for_any_scores(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = [
        rng.choice([0, 0.2, 0.5, 1.0, rng.random()], rng.integers(0, 7)).tolist()
        for _ in range(int(rng.integers(1, 30)))
    ]
    result = learnability(scores, noise_std=float(rng.random() / 10))
    if result is None:
        assert all(len(g) < 2 for g in scores)
        return
    for point in result.curve:
        assert 0 <= point.low <= point.value <= point.high <= 1
    values = [p.value for p in result.curve]
    assert values == sorted(values)  # a larger group can only carry more signal


def test_graded_signal_is_judged_against_noise() -> None:
    scores = [[0.40, 0.46, 0.43, 0.45], [0.5, 0.52, 0.49, 0.51]] * 50
    quiet = learnability(scores)
    assert quiet is not None
    assert quiet.high < 0.10  # std 0.02: below 0.05
    spread = [[0.3, 0.5, 0.4, 0.7]] * 100
    clear, noisy = learnability(spread, noise_std=0.01), learnability(spread, noise_std=0.2)
    assert clear is not None
    assert noisy is not None
    assert clear.low > 0.9
    assert noisy.high < 0.10
    assert signal_threshold(0.1) == pytest.approx(0.2)
    assert signal_threshold(None) == pytest.approx(0.05)


def test_odd_ones_out_by_hand() -> None:
    assert odd_ones_out([0.5, 0.5, 0.5, 0.5], 0.05) == 0
    assert odd_ones_out([0.0, 0.5, 0.5, 0.5], 0.05) == 1
    assert odd_ones_out([0.0, 0.2, 0.5, 1.0], 0.05) == 2
    assert odd_ones_out([0.0, 0.0, 1.0, 1.0], 0.05) == 2


def test_pass_at_k_counts_prompts() -> None:
    interval = pass_at_k([[0.0, 1.0], [0.0, 0.0], [1.0, 1.0], []])
    assert interval.value == pytest.approx(2 / 3)
    assert pass_at_k([[0.8, 0.1]], pass_score=0.8).value == 1.0
    assert not is_graded([[0.0, 1.0]])


def test_a_dry_run_of_the_usual_size_takes_under_half_a_second() -> None:
    scores = draw(POPULATIONS["Beta(1,9)"][0], np.random.default_rng(0)).tolist()
    start = time.perf_counter()
    learnability(scores)
    assert time.perf_counter() - start < 0.5
