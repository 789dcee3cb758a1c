"""Balance and coverage by hand, at their bounds, and where they do not apply."""

import math

import numpy as np
import pytest

from app.domain.coverage import (
    analyse,
    balance,
    effective_topics,
    filled,
    normalised_entropy,
    own_shares,
    target_shares,
)


def topics(*counts: int) -> dict[str, int]:
    return {f"t{i}": n for i, n in enumerate(counts)}


def test_uniform_targets_count_the_effective_topics() -> None:
    counts = topics(910, *[10] * 9)
    p = np.array([0.91] + [0.01] * 9) / 1.0
    p /= p.sum()
    n_eff = math.exp(-(p * np.log(p)).sum())
    assert effective_topics(counts) == pytest.approx(n_eff)
    assert balance(counts) == pytest.approx((n_eff - 1) / 9)
    assert balance(topics(90, 10)) == pytest.approx(math.exp(0.325083) - 1, abs=1e-5)
    assert balance(topics(50, 50)) == pytest.approx(1.0)
    assert balance(topics(100, 0)) == pytest.approx(0.0)


def test_balance_against_own_targets_by_hand() -> None:
    counts, targets = {"a": 50, "b": 50}, {"a": 3, "b": 1}
    divergence = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    assert balance(counts, targets) == pytest.approx((math.exp(-divergence) - 0.25) / 0.75)
    assert balance({"a": 75, "b": 25}, targets) == pytest.approx(1.0)
    assert balance({"a": 0, "b": 9}, targets) == pytest.approx(0.0)


def test_topics_with_target_zero_leave_both() -> None:
    counts = {"a": 50, "b": 50, "old": 900}
    assert balance(counts, {"a": 1, "b": 1, "old": 0}) == pytest.approx(1.0)
    result = analyse(counts, targets={"a": 1, "b": 1, "old": 0}, quota=50)
    assert result.coverage == 1.0
    assert result.leaves.thin == ()
    assert result.leaves.effective == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("counts", "targets"),
    [
        ({}, None),
        ({"a": 10}, None),
        ({"a": 0, "b": 0}, None),
        ({"a": 5, "b": 5}, "as_imported"),
        ({"a": 5, "b": 5}, {"a": 0, "b": 0}),
        ({"a": 5, "b": 5}, {"a": 1}),
        ({"a": 0, "b": 5}, {"a": 1, "c": 1}),
    ],
)
def test_where_balance_does_not_apply(counts: dict[str, int], targets: object) -> None:
    assert balance(counts, targets) is None  # type: ignore[arg-type]
    result = analyse(counts, targets=targets)  # type: ignore[arg-type]
    assert result.grade == "n/a"
    assert not result.recommended
    assert "nan" not in result.model_dump_json().lower()


def test_as_imported_reads_no_target_set() -> None:
    assert analyse({"a": 1, "b": 9}, targets="as_imported").note.startswith("No target set")


def test_coverage_and_grades() -> None:
    assert filled(topics(50, 200), {"t0": 100, "t1": 100}) == pytest.approx(0.75)
    good = analyse(topics(100, 110, 120))
    assert (good.grade, good.coverage, good.recommended) == ("good", 1.0, False)
    blocked = analyse(topics(100, 110, 120), uncategorised=40)
    assert blocked.grade == "fair"
    assert "fit no topic" in blocked.note
    poor = analyse(topics(910, *[10] * 9))
    assert (poor.grade, poor.recommended) == ("poor", True)


def test_thin_is_below_quota_and_below_share_only_while_uneven() -> None:
    level = analyse(topics(199, 201), quota=100).leaves
    assert level.thin == ()
    assert level.topics[0].below_share
    uneven = analyse(topics(10_000, *[100] * 9), quota=100).leaves
    assert len(uneven.thin) == 9
    assert analyse(topics(99, 500, 500)).leaves.thin == ("t0",)


def test_parents_sum_their_leaves() -> None:
    counts = {"lost": 100, "broken": 100, "late": 100, "fee": 100}
    parents = {"lost": "Cards", "broken": "Cards", "late": "Cards", "fee": "Money"}
    result = analyse(counts, groups=[parents], quotas={"fee": 40})
    (level,) = result.groups
    assert level.balance == pytest.approx(1.0)
    assert level.coverage == 1.0
    assert {t.topic: t.records for t in level.topics} == {"Cards": 300, "Money": 100}
    assert {t.topic: t.quota for t in level.topics} == {"Cards": 300, "Money": 40}


def test_a_quota_of_its_own_takes_the_place_of_the_datasets() -> None:
    result = analyse({"a": 50, "b": 50}, quota=100, quotas={"a": 40})
    assert result.coverage == pytest.approx(0.75)
    assert result.leaves.thin == ("b",)
    assert [t.quota for t in result.leaves.topics] == [40, 100]


@pytest.mark.parametrize(
    ("wished", "shares"),
    [
        ({"a": None, "b": None}, {"a": 0.5, "b": 0.5}),
        ({"a": 0.6, "b": None, "c": None}, {"a": 0.6, "b": 0.2, "c": 0.2}),
        ({"a": 0.0, "b": None}, {"a": 0.0, "b": 1.0}),
        ({"a": 0.0, "b": 0.0}, {"a": 0.0, "b": 0.0}),
        ({"a": 0.9, "b": 0.6, "c": None}, {"a": 0.6, "b": 0.4, "c": 0.0}),
        ({"a": 0.3, "b": 0.1}, {"a": 0.75, "b": 0.25}),
        ({}, {}),
    ],
)
def test_topics_without_a_share_divide_what_is_left(
    wished: dict[str, float | None], shares: dict[str, float]
) -> None:
    assert own_shares(wished) == pytest.approx(shares)


def test_target_shares_sum_to_one() -> None:
    assert target_shares(["a", "b"], None) == {"a": 0.5, "b": 0.5}
    assert target_shares(["a", "b"], {"a": 30, "b": 10}) == {"a": 0.75, "b": 0.25}


@pytest.mark.parametrize("seed", range(20))
def test_figures_stay_in_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = topics(*(int(n) for n in rng.integers(0, 300, int(rng.integers(1, 12)))))
    targets = {t: float(rng.integers(0, 4)) for t in counts} if seed % 2 else None
    result = analyse(counts, targets=targets, quota=int(rng.integers(1, 200)))
    for figure in (result.balance, result.coverage, result.leaves.entropy):
        assert figure is None or 0 <= figure <= 1
    assert normalised_entropy(counts) is None or 0 <= (normalised_entropy(counts) or 0) <= 1
