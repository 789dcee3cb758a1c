"""The records whose topic is not certain, and where a connected model put them."""

from collections.abc import Mapping

import orjson
from pydantic import BaseModel

from app.domain.thresholds import DEFAULTS
from app.store.database import Tx
from app.store.filters import CHOSEN, FREE

UNCERTAIN = (
    "valid AND COALESCE(topic_source, '') NOT IN ('user', 'label', 'model') "
    f"AND (topic_id IS NULL OR probability < ?) AND {FREE}"
)
# The probability the app had measured for the topic chosen, which is then its own no longer if it
# is not among the likeliest: unknown, not made up.
PLACE = """UPDATE record SET topic_id = :topic, topic_source = 'model', probability = CASE
    WHEN :topic IS NULL OR topic_id IS :topic THEN probability
    ELSE (SELECT json_extract(value, '$[1]') FROM json_each(alternatives)
      WHERE json_extract(value, '$[0]') = :topic) END
  WHERE id = :id AND COALESCE(topic_source, '') NOT IN ('user', 'label')
    AND (:topic IS NULL OR EXISTS (SELECT 1 FROM topic WHERE id = :topic)
      AND NOT EXISTS (SELECT 1 FROM topic WHERE parent_id = :topic))"""


class Placed(BaseModel):
    """What placing came to: records put on a topic, those of them that had another before, and those
    that fit none."""

    placed: int = 0
    moved: int = 0
    none: int = 0


def count(tx: Tx) -> int:
    """Valid records without a topic, or less sure of it than the threshold `topic_review`; what the
    user, a label or a model decided is not among them, nor what is in a locked topic."""
    query = f"SELECT COUNT(*) FROM record WHERE {UNCERTAIN}"
    values = (DEFAULTS.topic_review,)
    return int(tx.cached("uncertain", lambda: tx.sql(query, values)[0][0], ("records", "topics")))


def placed(tx: Tx) -> int:
    """How many valid records are on a topic that a model chose."""
    query = "SELECT COUNT(*) FROM record WHERE valid AND topic_id > 0 AND topic_source = 'model'"
    return int(tx.cached("by model", lambda: tx.sql(query)[0][0]))


def ask_again(tx: Tx) -> int:
    """Take back that a model found records to fit none, so that they are tried again like any other
    that fits none; returns how many."""
    query = (
        "UPDATE record SET topic_source = 'auto' WHERE topic_source = 'model' AND topic_id IS NULL"
    )
    return int(tx.db.execute_sql(query).rowcount)


def ids(tx: Tx, most: int) -> list[int]:
    """Of at most so many of them, the least certain first."""
    query = f"SELECT id FROM record WHERE {UNCERTAIN} ORDER BY COALESCE(probability, 0), id LIMIT ?"
    return [record_id for (record_id,) in tx.sql(query, (DEFAULTS.topic_review, most))]


def place(tx: Tx, choices: Mapping[int, int | None]) -> Placed:
    """Put records on the topics a model chose (None: on none). What the user or a label decided
    meanwhile is left alone, what is in a topic locked meanwhile, and a record whose chosen topic is no
    leaf any more."""
    query = f"SELECT id, topic_id FROM record WHERE {CHOSEN}"
    before = dict(tx.sql(f"{query} AND {FREE}", (orjson.dumps(list(choices)).decode(),)))
    wanted = orjson.dumps(list(before)).decode()
    values = [{"id": record, "topic": choices[record]} for record in before]
    tx.db.connection().executemany(PLACE, values)
    query = f"{query} AND topic_source = 'model'"
    after = dict(tx.sql(query, (wanted,)))
    there = {record: topic for record, topic in after.items() if topic is not None}
    return Placed(
        placed=len(there),
        moved=sum(before[record] not in (None, topic) for record, topic in there.items()),
        none=len(after) - len(there),
    )
