"""Which prompts are for training, validation and test: whole duplicate clusters, by a stable hash, the
same on every machine; once there are topics, dealt so that each has its share."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from app.domain.records import Split

# 80/10/10: of ten buckets, the last two are held out.
BUCKETS: tuple[Split, ...] = ("train",) * 8 + ("validation", "test")
TEN = len(BUCKETS)
# From which of ten on a tenth is rounded up; at one place, small topics would get both or neither.
TEST_FROM, VALIDATION_FROM = 4, 6


def cluster_id(key: str) -> str:
    """A short name of a duplicate cluster: 16 hex digits of SHA-1 of its key."""
    return hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()[:16]


def split_of(cluster_key: str) -> Split:
    """The split of a duplicate cluster: `int(sha1(key)[:8], 16) % 10`, 0-7 train, 8 validation, 9 test.

    The key is `app.domain.normalise.cluster_key` of the cluster's first record.
    """
    return split_of_cluster(cluster_id(cluster_key))


def split_of_cluster(cluster: str) -> Split:
    """The same from a stored cluster id."""
    return BUCKETS[_bucket(cluster)]


def deal(records: Iterable[tuple[str, str]]) -> dict[str, Split]:
    """The split of every cluster, from the (cluster id, topic path or "") of each record, in any order.

    Of a topic of n clusters n / 10 are for validation and n / 10 for test, rounded up or down so that
    all topics together have a tenth too. A cluster is of the topic of most of its records. The highest
    buckets are held out first, so that most keep the split that their hash gives.
    """
    found: dict[str, Split] = {}
    before = 0
    for clusters in _by_topic(records):
        after = before + len(clusters)
        test = _tenths(after, TEST_FROM) - _tenths(before, TEST_FROM)
        validation = _tenths(after, VALIDATION_FROM) - _tenths(before, VALIDATION_FROM)
        found |= dict.fromkeys(clusters, "train")
        found |= dict.fromkeys(clusters[:test], "test")
        found |= dict.fromkeys(clusters[test : test + validation], "validation")
        before = after
    return found


def _by_topic(records: Iterable[tuple[str, str]]) -> Iterator[list[str]]:
    """The clusters of each topic, those to be held out first in front."""
    votes: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for (cluster, topic), number in Counter(records).items():
        votes[cluster].append((number, topic))
    topics: dict[str, list[list[str]]] = defaultdict(lambda: [[] for _ in BUCKETS])
    for cluster, numbers in votes.items():
        topics[max(numbers)[1]][_bucket(cluster)].append(cluster)
    for _, buckets in sorted(topics.items()):  # sorted in ten parts: all at once stalled the window
        yield [cluster for bucket in reversed(buckets) for cluster in sorted(bucket)]


def _tenths(number: int, up_from: int) -> int:
    return (number + TEN - up_from) // TEN


def _bucket(cluster: str) -> int:
    return int(cluster[:8], 16) % TEN
