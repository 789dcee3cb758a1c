"""Deals the records to the splits by topic, once and before anything has used a split; nothing else
decides there."""

import orjson

from app.domain.splits import deal, split_of_cluster
from app.domain.topics import leaf_paths
from app.store import meta
from app.store.database import Tx
from app.store.topics import all_topics

# What reads a split: whoever was in training there has been learned from.
USED = "SELECT 1 FROM result WHERE kind IN ('grader_test', 'generation', 'dry_run', 'training') LIMIT 1"
# Generated records are for training only, so they decide nothing here and stay there.
REAL = """SELECT id, cluster, split, topic_id, valid FROM record
  WHERE source <> 'generated' AND cluster <> ''"""
MOVE = """UPDATE record SET split = place.split
  FROM (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS split
    FROM json_each(?)) AS place WHERE record.id = place.id"""


def deal_by_topic(tx: Tx) -> int:
    """Give every topic its share of validation and test (see `app.domain.splits.deal`); returns how many
    records moved.

    None does where the splits are not all those of the import any more, be it by an earlier dealing or
    by the user; where something has used them; and where near-duplicates are still to be found.
    """
    if meta.get(tx, "near_duplicates", "done") != "done" or tx.sql(USED):
        return 0
    rows = tx.sql(REAL)
    if any(split != split_of_cluster(cluster) for _, cluster, split, _, _ in rows):
        return 0
    paths = {topic_id: "/".join(path) for topic_id, path in leaf_paths(all_topics(tx)).items()}
    dealt = deal((cluster, paths.get(topic, "")) for _, cluster, _, topic, valid in rows if valid)
    moved = [
        (record, to)
        for record, cluster, split, _, _ in rows
        if (to := dealt.get(cluster, split)) != split
    ]
    tx.sql(MOVE, (orjson.dumps(moved).decode(),))
    return len(moved)
