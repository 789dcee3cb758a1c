"""Advantages, by hand."""

import pytest

from app.training.advantages import advantages


def test_with_std_scaling() -> None:
    # mean 0.5, std of (1, 0) with n - 1 is 0.70711
    assert advantages([1.0, 0.0]) == pytest.approx((0.5 / 0.70721, -0.5 / 0.70721), abs=1e-4)


def test_without_scaling() -> None:
    assert advantages([1.0, 0.0, 0.2, 0.0], scale="none") == pytest.approx((0.7, -0.3, -0.1, -0.3))


def test_no_signal() -> None:
    assert advantages([0.4, 0.4, 0.4]) == (0.0, 0.0, 0.0)
    assert advantages([1.0]) == (0.0,)


def test_an_answer_that_could_not_be_graded_is_left_out() -> None:
    assert advantages([1.0, None, 0.0], scale="none") == (0.5, 0.0, -0.5)
    assert advantages([1.0, None]) == (0.0, 0.0)
