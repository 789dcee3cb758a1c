"""Clusters join what is alike and leave the rest alone."""

import numpy as np

from app.domain.near_duplicates import LARGEST_AT_LEAST, PERMUTATIONS, first_of_cluster


def signatures(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2**32, (count, PERMUTATIONS), dtype=np.uint32)


def near(row: np.ndarray, changed: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    copy = row.copy()
    where = rng.choice(PERMUTATIONS, changed, replace=False)
    copy[where] = rng.integers(0, 2**32, changed, dtype=np.uint32)
    return copy


def test_unlike_rows_stand_alone() -> None:
    assert first_of_cluster(signatures(500)).tolist() == list(range(500))
    assert first_of_cluster(signatures(0)).tolist() == []


def test_like_rows_follow_the_first() -> None:
    rows = signatures(100)
    rows[40] = near(rows[3], 4, seed=1)
    rows[90] = near(rows[40], 4, seed=2)
    firsts = first_of_cluster(rows)
    assert firsts[[3, 40, 90]].tolist() == [3, 3, 3]
    assert len(set(firsts.tolist())) == 98


def test_half_alike_is_not_alike() -> None:
    rows = signatures(50)
    for i in range(1, 20):
        rows[i] = near(rows[0], PERMUTATIONS // 2, seed=i)
    assert first_of_cluster(rows).tolist() == list(range(50))


def test_a_template_is_no_cluster() -> None:
    rows = signatures(200)
    rows[: LARGEST_AT_LEAST + 1] = rows[0]
    assert first_of_cluster(rows).tolist() == list(range(200))
    rows[LARGEST_AT_LEAST] = signatures(1, seed=9)[0]
    assert set(first_of_cluster(rows)[:LARGEST_AT_LEAST].tolist()) == {0}
