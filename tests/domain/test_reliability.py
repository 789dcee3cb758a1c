"""Whether probabilities hold: bins, calibration error, what chance makes, lost and mixed-up records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.reliability import mixed_up, reliability, steps_of


def test_error_of_known_data() -> None:
    """Ten said to be .95, nine right; ten said to be .65, five right: (.05 + .15) / 2."""
    told, guessed = [1] * 20, [1] * 9 + [2] + [1] * 5 + [2] * 5
    found = reliability(told, guessed, [0.95] * 10 + [0.65] * 10, [0.5] * 20)
    assert [(b.n, b.right) for b in found.bins] == [(10, 5), (10, 9)]
    assert found.error == pytest.approx(0.10)
    assert found.measured
    assert found.by_chance == pytest.approx(0.798 * (0.1508 + 0.0689) / 2, abs=1e-3)
    assert "Off by 10 points of 100 on average, over 20 confirmed records." in found.verdict
    low = found.bins[1].accuracy.low
    assert low == pytest.approx(0.596, abs=1e-3), "Wilson, nine of ten"


def test_decisions_on_the_least_certain_say_little_of_the_others() -> None:
    doubtful = reliability([1] * 20, [1] * 20, [0.4] * 20, [0.5] * 20)
    assert "least certain" in doubtful.verdict
    assert "least certain" not in reliability([1] * 20, [1] * 20, [0.9] * 20, [0.5] * 20).verdict


def test_too_few_are_an_estimate() -> None:
    found = reliability([1] * 19, [1] * 19, [0.9] * 19, [0.5] * 19)
    assert not found.measured
    assert "Confirm 1 more" in found.verdict
    assert reliability([], [], [], []).error == 0


def test_lost_counts_what_fits_less() -> None:
    found = reliability([1] * 4, [1] * 4, [0.9] * 4, [0.28, 0.29, 0.2999, 0.3])
    assert [found.lost(x) for x in (0.28, 0.29, 0.3, 0.31)] == [0, 0.25, 0.75, 1]


def test_topics_mixed_up_count_both_ways() -> None:
    told, guessed = [1, 2, 1, 3, 3], [2, 1, 1, 1, 3]
    assert [(m.first, m.second, m.times) for m in mixed_up(told, guessed)] == [(1, 2, 2)]


@given(st.lists(st.integers(-500, 10_000)))
def test_every_fit_has_its_hundredth(tenthousandths: list[int]) -> None:
    counts = steps_of(n / 10_000 for n in tenthousandths)
    for step in range(101):
        assert sum(counts[:step]) == sum(n < step * 100 for n in tenthousandths) or step == 0
    assert sum(counts) == len(tenthousandths)
