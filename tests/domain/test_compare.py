"""Paired comparison: better only above zero, format apart, few prompts never sure."""

import numpy as np
import pytest

from app.domain.compare import Scored, compare, difference, smallest_detectable, stalled


def model(scores: list[float | None], **extra: object) -> dict[int, Scored]:
    return {i: Scored(score=s, **extra) for i, s in enumerate(scores)}  # type: ignore[arg-type]


def test_the_difference_is_paired() -> None:
    rng = np.random.default_rng(0)
    base = rng.random(200) * 0.8
    tuned = base + 0.1 + rng.normal(0, 0.05, 200)
    result = compare(model(base.tolist()), model(tuned.tolist()))
    assert result.score.mean == pytest.approx(0.1, abs=0.02)
    assert result.better
    assert (result.score.high or 0) - (result.score.low or 0) < 0.03
    assert (result.old.high or 0) - (result.old.low or 0) > 0.05  # unpaired it would not show
    assert result.score.n == 200


def test_only_shared_scored_prompts_count() -> None:
    old, new = model([0.0, None, 1.0, 0.5]), model([1.0, 1.0, None])
    result = compare(old, new)
    assert result.score.n == 1
    assert result.score.low is None
    assert not result.better
    assert compare({}, {}).score.mean is None
    assert compare({}, {}).score.text == "n/a"


def test_few_prompts_are_never_sure() -> None:
    assert not difference([0.5, 0.5]).better  # alike, but two
    assert difference([0.5] * 200).better
    assert not difference([0.0] * 100).better
    assert not difference([0.0] * 100).worse


def test_nothing_gained_says_what_could_have_been_seen() -> None:
    rng = np.random.default_rng(1)
    draws = rng.normal(0, 0.3, 267)
    result = difference((draws - draws.mean()).tolist())
    assert result.detectable == pytest.approx(2.80 * 0.3 / 267**0.5, abs=0.005)
    assert "We could have seen 0.05" in result.text
    assert difference([0.4, 0.5] * 50).text.startswith("+0.45 (0.4")
    assert smallest_detectable([1.0]) is None


def test_format_is_apart_from_correctness() -> None:
    """The tuned model learned to write JSON and nothing else."""
    old = {i: Scored(score=0.5 if i % 4 == 0 else 0.0, format_ok=i % 4 == 0) for i in range(200)}
    new = {i: Scored(score=0.5, format_ok=True) for i in range(200)}
    result = compare(old, new)
    assert result.score.mean == pytest.approx(0.375)
    assert result.format.mean == pytest.approx(0.75)
    assert result.correctness.mean == pytest.approx(0.0)
    assert not result.correctness.better


def test_topics_with_few_prompts_are_left_out() -> None:
    old = {i: Scored(score=0.0, topic="a" if i < 30 else "b") for i in range(40)}
    new = {i: Scored(score=1.0, topic="x") for i in range(40)}
    assert [t.topic for t in compare(old, new).by_topic] == ["a"]


def test_the_interval_holds_its_level_for_few_prompts() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(200):
        found = difference(rng.normal(0.1, 0.2, 10).tolist())
        inside += (found.low or 0) <= 0.1 <= (found.high or 0)
    assert inside >= 180


def test_stall() -> None:
    assert stalled([0.2, 0.01, -0.03])
    assert not stalled([0.01, 0.2])
    assert not stalled([0.01])
