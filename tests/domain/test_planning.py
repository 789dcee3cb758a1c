"""The plan: how many for which topic, the exact figures afterwards, and honest offers."""

import numpy as np
import pytest

from app.domain.coverage import balance
from app.domain.planning import plan, reachable_quota, synthetic_cap

PICTURE = [446, 418, 327, 323, 298, 251, 138, 96, 81, 63, 42, 37, 34, 12]


def test_fill_to_the_quota_within_the_cap() -> None:
    counts = {f"t{i}": n for i, n in enumerate(PICTURE)}
    result = plan(counts, counts, quota=100)
    assert list(result.add.values()) == [4, 19, 37, 42, 37, 34, 12]
    assert result.total == 185
    assert result.balance_before == pytest.approx(0.68, abs=0.01)
    assert result.balance_after == pytest.approx(0.77, abs=0.01)
    assert result.coverage_after == pytest.approx(0.89, abs=0.01)
    assert [t.topic for t in result.topics if t.short] == ["t10", "t11", "t12", "t13"]
    assert result.reachable_quota == 24
    assert any("Merge t13" in offer for offer in result.offers)
    assert "Lower the quota to 24: the records allow that in every topic." in result.offers


def test_balanced_data_generates_nothing() -> None:
    result = plan({"a": 150, "b": 170}, {"a": 150, "b": 170})
    assert (result.total, result.offers) == (0, ())
    assert result.balance_after == result.balance_before


def test_uneven_data_is_raised_no_further_than_good() -> None:
    counts = {"big": 1000, **{f"t{i}": 200 for i in range(4)}}
    before = balance(counts)
    assert before is not None
    assert before < 0.75
    result = plan(counts, counts)
    assert result.balance_after == pytest.approx(0.75, abs=0.01)
    assert result.balance_after is not None
    assert result.balance_after >= 0.75
    assert "big" not in result.add


def test_the_cap_counts_what_is_synthetic_already() -> None:
    assert synthetic_cap({"a": 60, "b": 10}, {"a": 40, "b": 10}) == {"a": 20, "b": 10}
    assert synthetic_cap({"a": 90}, {"a": 40}) == {"a": 0}
    assert reachable_quota({"a": 60, "b": 10}, {"a": 20, "b": 10}) == 20
    assert reachable_quota({}, {}) == 0


def test_an_empty_topic_cannot_be_generated_into() -> None:
    result = plan({"a": 200, "new": 0}, {"a": 200, "new": 0})
    assert result.add == {}
    assert result.offers[-1] == "Write or collect 100 more real records for new."
    assert not any(o.startswith("Lower") for o in result.offers)


def test_target_zero_gets_nothing() -> None:
    result = plan(
        {"a": 80, "b": 80, "old": 1}, {"a": 80, "b": 80, "old": 1}, targets={"a": 1, "b": 1}
    )
    assert result.add == {"a": 20, "b": 20}


def test_a_topic_is_filled_to_its_own_quota() -> None:
    counts = {"a": 30, "b": 30, "c": 30}
    result = plan(counts, counts, quota=50, quotas={"a": 40, "b": 90})
    assert result.add == {"a": 10, "b": 30, "c": 20}
    assert {t.topic: t.quota for t in result.topics} == {"a": 40, "b": 90, "c": 50}
    assert result.short == 30
    assert result.reachable_quota == 60  # of c alone: the others do not follow the dataset's
    assert result.offers[0].startswith("1 topic cannot reach 90")
    assert not any(o.startswith("Lower") for o in result.offers)


@pytest.mark.parametrize("seed", range(20))
def test_the_forecast_is_exact_and_the_cap_holds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    real = {f"t{i}": int(n) for i, n in enumerate(rng.integers(0, 400, 8))}
    counts = {t: n + int(rng.integers(0, n + 1)) for t, n in real.items()}
    cap = synthetic_cap(counts, real)
    result = plan(counts, real, cap=cap)
    after = {t: n + result.add.get(t, 0) for t, n in counts.items()}
    assert result.balance_after == balance(after)
    assert all(0 <= result.add.get(t, 0) <= cap[t] for t in counts)
    assert (result.coverage_after or 0) >= (result.coverage_before or 0)
