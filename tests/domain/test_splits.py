"""Splits by a stable hash of the duplicate cluster, and dealt by topic: shares, grouping, and that
nothing else counts."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.splits import BUCKETS, cluster_id, deal, split_of, split_of_cluster

HELD_OUT = ("validation", "test")
# Records of a topic; of a cluster.
TOPICS = st.lists(st.integers(0, 60), max_size=12)
CLUSTERS = st.lists(st.lists(st.integers(1, 9), max_size=30), max_size=6)


def numbered(sizes: Iterable[Iterable[int]]) -> list[tuple[str, str]]:
    """The records of topics whose clusters have these sizes, as `deal` reads them."""
    return [
        (cluster_id(f"{topic} {number}"), f"topic {topic}")
        for topic, clusters in enumerate(sizes)
        for number, size in enumerate(clusters)
        for _ in range(size)
    ]


def by_topic(records: Iterable[tuple[str, str]]) -> dict[str, Counter[str]]:
    """How many records of each topic were dealt to each split."""
    records = list(records)
    dealt, found = deal(records), defaultdict[str, Counter[str]](Counter)
    for cluster, topic in records:
        found[topic][dealt[cluster]] += 1
    return found


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


@settings(deadline=None)
@given(TOPICS)
def test_each_topic_has_its_tenth_of_validation_and_of_test(sizes: list[int]) -> None:
    """To the record, also of topics so small that chance would often give them none."""
    found = by_topic(numbered([1] * n for n in sizes))
    assert all(
        abs(found[f"topic {topic}"][split] - n / 10) < 1
        for topic, n in enumerate(sizes)
        for split in HELD_OUT
    )
    for split in HELD_OUT:
        assert abs(sum(counts[split] for counts in found.values()) - sum(sizes) / 10) < 1


@settings(deadline=None)
@given(CLUSTERS)
def test_of_a_topic_a_tenth_of_the_clusters_is_held_out_whatever_their_sizes(
    sizes: list[list[int]],
) -> None:
    dealt = deal(numbered(sizes))
    for topic, clusters in enumerate(sizes):
        found = Counter(dealt[cluster_id(f"{topic} {n}")] for n in range(len(clusters)))
        assert all(abs(found[split] - len(clusters) / 10) < 1 for split in HELD_OUT)


@settings(deadline=None)
@given(CLUSTERS, st.randoms(use_true_random=False))
def test_the_order_of_the_records_does_not_matter(
    sizes: list[list[int]], chance: random.Random
) -> None:
    records = numbered(sizes)
    assert deal(chance.sample(records, len(records))) == deal(records)


def test_a_cluster_is_of_the_topic_of_most_of_its_records() -> None:
    """Of ten clusters one is for test and one for validation; one that reaches over from another topic
    changes nothing there."""
    records = [(cluster_id(str(n)), "cards") for n in range(10)]
    over = [("f" * 16, "bills"), ("f" * 16, "cards"), ("f" * 16, "bills")]
    alone = deal(records)
    assert Counter(alone.values()) == {"train": 8, "validation": 1, "test": 1}
    assert deal([*records, *over]) == {**alone, "f" * 16: "train"}


def test_dealing_moves_few_from_where_their_hash_put_them() -> None:
    """What was held out by the hash mostly stays so: 34 % would move if each topic were shuffled."""
    records = numbered([[1] * 100] * 40)
    moved = sum(split != split_of_cluster(cluster) for cluster, split in deal(records).items())
    assert 0 < moved / len(records) < 0.08
