"""Chance, length effect and noise, by hand and by construction."""

import numpy as np
import pytest

from app.domain.answers import chance_from_shuffle, length_effect, noise_std, within_variance


def test_chance_is_the_mean_of_shuffled_answers() -> None:
    chance = chance_from_shuffle([[1.0, 0.0], [None, 1.0]], [[0.0, 0.0], [1.0, 1.0]])
    assert chance.value == pytest.approx(1 / 3)  # the pair with a grader error is left out
    assert chance.sees_prompt
    assert chance_from_shuffle([], []).value is None


def test_a_grader_that_ignores_the_prompt_has_no_chance_level() -> None:
    scores = [[1.0, 0.0]] * 50
    assert not chance_from_shuffle(scores, scores).sees_prompt
    # Nearly all wrong, and wrong under other prompts too: that is no evidence.
    hard = [[0.0, 0.0]] * 95 + [[1.0, 0.0]] * 5
    wrong = [[0.0, 0.0]] * 100
    assert chance_from_shuffle(hard, wrong).value == 0.0


def test_length_effect_by_hand() -> None:
    longer_is_better = length_effect([[0.1, 0.5, 0.9]] * 10, [[5, 10, 20]] * 10)
    assert longer_is_better.value == pytest.approx(1.0)
    assert length_effect([[0.9, 0.5, 0.1]] * 10, [[5, 10, 20]] * 10).value == pytest.approx(-1.0)
    assert length_effect([[0.5, 0.5]] * 5, [[1, 2]] * 5).value is None
    assert length_effect([[0.5, None]], [[1, 2]]).value is None


def test_length_between_prompts_does_not_count() -> None:
    """Hard prompts with long answers: no effect within prompts, though pooled it looks strong."""
    rng = np.random.default_rng(0)
    scores = [(rng.random(4) * 0.2 + (0.8 if i % 2 else 0.0)).tolist() for i in range(200)]
    lengths = [(rng.random(4) * 5 + (10 if i % 2 else 50)).tolist() for i in range(200)]
    interval = length_effect(scores, lengths)
    assert abs(interval.value or 0) < 0.1
    assert (interval.low or 0) < 0 < (interval.high or 0)


def test_variance_within_prompts_and_noise() -> None:
    assert within_variance([[0.0, 1.0], [0.2, 0.2]]) == pytest.approx(0.25)
    assert within_variance([[1.0]]) is None
    assert noise_std([[0.5, 0.5], [0.1, 0.1]]) == 0.0
    assert noise_std([]) is None
