"""Balance, coverage and plan hold for any counts, targets and quotas, not only for chosen ones."""

import math
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.coverage import analyse, balance, own_shares, target_shares
from app.domain.planning import Plan, plan, synthetic_cap

Counts = dict[str, int]
counts_of = st.dictionaries(st.sampled_from("abcdefghijkl"), st.integers(0, 5000), max_size=12)
weights = st.floats(0, 1e9, allow_nan=False, allow_subnormal=True)
same = pytest.approx


@st.composite
def cases(draw: st.DrawFn) -> tuple[Counts, dict[str, float] | None, Counts]:
    """Counts, targets (or none: uniform) and quotas of some topics."""
    counts = draw(counts_of)
    targets = draw(st.none() | st.fixed_dictionaries(dict.fromkeys(counts, weights)))
    quotas = {t: draw(st.integers(1, 300)) for t in counts if draw(st.booleans())}
    return counts, targets, quotas


def figures(counts: Counts, targets: dict[str, float] | None, quotas: Counts) -> list[float | None]:
    found = analyse(counts, targets=targets, quotas=quotas)
    level = found.leaves
    return [level.balance, level.coverage, level.effective, level.entropy]


@given(cases())
def test_every_figure_is_within_its_range_or_na(
    case: tuple[Counts, dict[str, float], Counts],
) -> None:
    counts, targets, quotas = case
    score, coverage, effective, entropy = figures(*case)
    assert all(x is None or 0 <= x <= 1 for x in (score, coverage, entropy))
    assert effective is None or 1 - 1e-9 <= effective <= len(counts) + 1e-9
    text = analyse(counts, targets=targets, quotas=quotas).model_dump_json()
    assert "nan" not in text.lower()
    assert "inf" not in text.lower()


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_topics_is_no_matter(
    case: tuple[Counts, dict[str, float] | None, Counts], random: Random
) -> None:
    counts, targets, quotas = case
    names = list(counts)
    random.shuffle(names)
    moved = figures({t: counts[t] for t in names}, targets, quotas)
    assert moved == [same(x, abs=1e-9) for x in figures(*case)]


@given(cases(), st.integers(2, 50))
def test_replicating_all_records_changes_no_share(
    case: tuple[Counts, dict[str, float] | None, Counts], times: int
) -> None:
    counts, targets, _ = case
    quotas = dict.fromkeys(counts, 7)
    more = {t: n * times for t, n in counts.items()}
    wanted = {t: n * times for t, n in quotas.items()}
    assert figures(more, targets, wanted) == [
        same(x, abs=1e-9) for x in figures(counts, targets, quotas)
    ]


@given(cases(), st.integers(0, 5000))
def test_a_topic_with_target_zero_counts_in_nothing(
    case: tuple[Counts, dict[str, float] | None, Counts], records: int
) -> None:
    counts, targets, quotas = case
    wished = targets if targets is not None else dict.fromkeys(counts, 1.0)
    assume(target_shares(list(counts), wished))
    with_it = figures(counts | {"old": records}, wished | {"old": 0.0}, quotas)
    without = figures(counts, wished, quotas)
    assert with_it[:3] == [same(x, abs=1e-9) for x in without[:3]]


@given(counts_of)
def test_one_topic_and_no_records_have_no_balance(counts: Counts) -> None:
    assert balance(dict.fromkeys(counts, 0)) is None
    assert balance(dict(list(counts.items())[:1])) is None


@given(st.integers(2, 12), st.integers(1, 5000))
def test_equal_topics_are_perfect_and_one_full_topic_is_zero(topics: int, records: int) -> None:
    names = [f"t{i}" for i in range(topics)]
    assert balance(dict.fromkeys(names, records)) == same(1.0)
    assert balance(dict.fromkeys(names, 0) | {"t0": records}) == same(0.0, abs=1e-9)


@given(st.dictionaries(st.sampled_from("abcdef"), st.none() | weights, max_size=6))
def test_own_shares_are_shares(wished: dict[str, float | None]) -> None:
    shares = own_shares(wished)
    total = sum(shares.values())
    assert all(0 <= s <= 1 + 1e-9 and math.isfinite(s) for s in shares.values())
    assert total == same(1.0) or (total == 0 and not any(wished.values()))
    left = {s for t, s in shares.items() if wished[t] is None}
    assert len(left) <= 1


@st.composite
def planned(draw: st.DrawFn) -> tuple[Counts, Counts, dict[str, float] | None, Counts, Plan]:
    """Counts with synthetic records among them, real ones of the training split, and the plan."""
    counts, targets, quotas = draw(cases())
    real = {t: draw(st.integers(0, n)) for t, n in counts.items()}
    size = draw(st.integers(1, 300))
    return (
        counts,
        real,
        targets,
        quotas,
        plan(counts, real, quota=size, quotas=quotas, targets=targets),
    )


@given(planned())
def test_the_forecast_is_what_is_measured_after_accepting_all(
    case: tuple[Counts, Counts, dict[str, float] | None, Counts, Plan],
) -> None:
    counts, _, targets, quotas, found = case
    after = {t: n + found.add.get(t, 0) for t, n in counts.items()}
    measured = analyse(after, targets=targets, quota=found.quota, quotas=quotas)
    assert measured.balance == same(found.balance_after, abs=1e-9)
    if target_shares(list(counts), targets) is not None:
        assert measured.coverage == same(found.coverage_after, abs=1e-9)
    lacking = sum(max(0, t.quota - after[t.topic]) for t in found.topics)
    assert found.short == lacking


@given(planned())
def test_no_topic_gets_more_than_its_cap_or_without_a_target(
    case: tuple[Counts, Counts, dict[str, float] | None, Counts, Plan],
) -> None:
    counts, real, targets, _, found = case
    cap = synthetic_cap(counts, real)
    shares = target_shares(list(counts), targets)
    assert all(0 < n <= cap[t] for t, n in found.add.items())
    assert shares is None or set(found.add) <= set(shares)
    assert found.total == sum(found.add.values())


@given(cases(), st.integers(1, 5000))
def test_full_and_balanced_data_plans_nothing(
    case: tuple[Counts, dict[str, float] | None, Counts], records: int
) -> None:
    even = dict.fromkeys(case[0], records)
    found = plan(even, even, quota=records)
    assert (found.total, found.offers) == (0, ())
    assert found.balance_after == found.balance_before
