"""Which prompts are for training, validation and test: by a stable hash, the same on every machine."""

import hashlib

from app.domain.records import Split

# 80/10/10: of ten buckets, the last two are held out.
BUCKETS: tuple[Split, ...] = ("train",) * 8 + ("validation", "test")


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
    return BUCKETS[int(cluster[:8], 16) % 10]
