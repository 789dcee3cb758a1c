"""Dealing in the file: who counts, who goes along, and who stays where they are."""

from pathlib import Path
from typing import Any

from app.domain.splits import BUCKETS, cluster_id, split_of_cluster
from app.store import topics
from app.store.create import create_dataset
from app.store.database import Tx
from app.store.dealing import deal_by_topic
from app.store.store import Store
from tests.store.conftest import row

# Twenty clusters whose hash says train.
KEYS = [k for n in range(100) if split_of_cluster(k := cluster_id(str(n))) == BUCKETS[0]][:20]


LONELY = cluster_id("no other")


def placed(number: int, cluster: str, **more: Any) -> dict[str, Any]:
    return row(number, cluster=cluster, split="train", topic_id=1, **more)


async def test_real_clusters_are_dealt_whole_and_generated_records_stay(tmp_path: Path) -> None:
    """Two of twenty are for test and two for validation; invalid records go along with their cluster but
    make no cluster of their own, and a record without one stays."""
    rows = [
        *(placed(n, key) for n, key in enumerate(KEYS)),
        *(placed(n, key, valid=False) for n, key in enumerate(KEYS, 20)),
        *(placed(n, key, source="generated") for n, key in enumerate(KEYS, 40)),
        placed(60, "", valid=True),
        {**placed(61, LONELY, valid=False), "split": split_of_cluster(LONELY)},
    ]
    create_dataset(tmp_path / "d.sqlite", rows, {})
    store = await Store.open(tmp_path / "d.sqlite", "d1")
    try:
        await store.transaction(topics.add, "Cards")
        assert await store.write("Deal", deal_by_topic) == 8
        found = await store.read(by_id)
        real, invalid, generated = found[:20], found[20:40], found[40:60]
        assert (real.count("test"), real.count("validation")) == (2, 2)
        assert invalid == real
        assert set(generated) == {"train"}
        assert found[60:] == [rows[60]["split"], rows[61]["split"]]
        assert await store.write("Deal again", deal_by_topic) == 0
    finally:
        await store.close()


def by_id(tx: Tx) -> list[str]:
    return [split for (split,) in tx.sql("SELECT split FROM record ORDER BY id")]
