"""Splits by a stable hash of the duplicate cluster: shares, grouping, and that nothing else counts."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.domain.splits import BUCKETS, cluster_id, split_of, split_of_cluster


@given(st.text())
def test_a_split_follows_from_the_cluster_alone(key: str) -> None:
    assert split_of(key) == split_of_cluster(cluster_id(key)) == split_of(key)
    assert split_of(key) in BUCKETS


def test_known_keys_never_move() -> None:
    """These are in files of users: another hash would train on what was held out."""
    keys = ("hello", "where is my card", "", "größe", "a\nb")
    assert [cluster_id(key)[:8] for key in keys] == [
        "aaf4c61d", "7800a3e0", "da39a3ee", "93c6a3ac", "fcd127ff",
    ]  # fmt: skip


def test_shares_are_kept_in_each_topic() -> None:
    """80/10/10 in every topic, as far as chance allows: four standard deviations."""
    for topic in range(40):
        found = Counter(split_of(f"topic {topic} prompt {n}") for n in range(500))
        assert abs(found["validation"] - 50) <= 4 * (500 * 0.09) ** 0.5
        assert abs(found["test"] - 50) <= 4 * (500 * 0.09) ** 0.5
