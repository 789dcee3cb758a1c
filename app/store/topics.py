"""Topics in a dataset: the tree as rows, its edits, and what happens to the records on a topic."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from app.domain.topic_tree import Tree, checked_name, order_after_move, plan_merge
from app.domain.topics import (
    MAX_DEPTH,
    MAX_NAME,
    TopicNode,
    TopicPath,
    build_tree,
    clean,
    key,
    walk,
)
from app.domain.topics import Topic as TopicValue
from app.errors import ToolError
from app.store.database import Tx
from app.store.filters import CHOSEN
from app.store.tables import Record, Topic


def all_topics(tx: Tx) -> list[TopicValue]:
    """Every topic, parents before children, siblings in their order."""
    rows = Topic.select().order_by(Topic.position, Topic.id).dicts().execute(tx.db)
    return [TopicValue(**row) for row in rows]


def counts(tx: Tx) -> dict[int | None, int]:
    """Valid records by topic id; None holds the uncategorised."""
    query = "SELECT topic_id, COUNT(*) FROM record WHERE valid GROUP BY +topic_id"
    return tx.cached("topic counts", lambda: dict(tx.sql(query)))


def means(tx: Tx) -> dict[int, float]:
    """Mean probability of each topic's valid records; what the user confirmed is certain.

    A record without a probability (put there by a proposal or a label) says nothing; a topic with
    none but such records is left out.
    """
    sure = "CASE WHEN topic_source IS 'user' THEN 1.0 ELSE probability END"
    query = (
        f"SELECT topic_id, AVG({sure}) FROM record WHERE valid AND topic_id IS NOT NULL "
        f"GROUP BY +topic_id HAVING AVG({sure}) IS NOT NULL"  # the plus: a scan, not the index
    )
    return tx.cached("topic means", lambda: dict(tx.sql(query)))


def apply_hierarchy(tx: Tx, nodes: list[TopicNode]) -> dict[TopicPath, int]:
    """Replace the tree by `nodes`; a topic known by its id, else by its path, keeps its records.

    Leaves with `record_ids` (a proposal's members) get those records, except the ones that the user
    put somewhere by hand. Returns the id of every leaf by path.
    """
    old = {path: node.id for path, node in walk(build_tree(all_topics(tx)))}
    known = set(old.values())
    kept: set[int] = set()
    placed: dict[TopicPath, int] = {}

    def place(items: list[TopicNode], parent: int | None, above: TopicPath) -> None:
        for position, node in enumerate(items):
            path = (*above, node.name)
            topic_id = node.id if node.id in known else old.get(path)
            topic_id = _place(tx, topic_id, node, parent, position)
            kept.add(topic_id)
            if node.children:
                _release(tx, [topic_id])
                place(node.children, topic_id, path)
            else:
                placed[path] = topic_id
                _propose(tx, node.record_ids, topic_id)

    place(nodes, None, ())
    _drop(tx, (topic_id for topic_id in known - kept if topic_id is not None))
    return placed


def add(tx: Tx, name: str, parent_id: int | None = None, description: str = "") -> int:
    """Add one topic last among its siblings; the rest stays. Raises ToolError on a duplicate name, and
    where it would be too deep."""
    name = _free_name(tx, name, parent_id)
    if parent_id is not None:
        if Tree(all_topics(tx)).depth(parent_id) >= MAX_DEPTH:
            raise ToolError(f"“{name}” would be more than {MAX_DEPTH} levels deep there.")
        _release(tx, [parent_id])
    position = tx.sql("SELECT COALESCE(MAX(position), -1) + 1 FROM topic")[0][0]
    row = Topic.insert(
        name=name, parent_id=parent_id, description=clean(description), position=position
    )
    return int(row.execute(tx.db))


def rename(tx: Tx, topic_id: int, name: str) -> None:
    topic = get(tx, topic_id)
    name = _free_name(tx, name, topic.parent_id, but=topic_id)
    Topic.update(name=name).where(Topic.id == topic_id).execute(tx.db)


def put(tx: Tx, topic_ids: Sequence[int], **values: Any) -> None:
    """Set columns of these topics, the same of all. Raises ToolError for one that is not there."""
    tree = Tree(all_topics(tx))
    ids = _json(tree.get(topic_id).id for topic_id in topic_ids)
    setting = ", ".join(f"{column} = ?" for column in values)
    tx.sql(f"UPDATE topic SET {setting} WHERE {CHOSEN}", (*values.values(), ids))


def move(tx: Tx, topic_ids: Sequence[int], parent_id: int | None, position: int) -> None:
    """Put topics (with all below them) under another parent, at `position` among those that stay."""
    tree = Tree(all_topics(tx))
    order = order_after_move(tree, topic_ids, parent_id, position)
    if parent_id is not None:
        _release(tx, [parent_id])
    tx.sql(f"UPDATE topic SET parent_id = ? WHERE {CHOSEN}", (parent_id, _json(order)))
    tx.sql(
        "UPDATE topic SET position = place.key FROM json_each(?) place "
        "WHERE topic.id = place.value AND position <> place.key",
        (_json(order),),
    )


def merge(tx: Tx, topic_ids: Sequence[int], into: int) -> int:
    """Move the records of topics and of all below them into one, and delete those; into a group other
    groups (see `plan_merge`). Returns records moved."""
    plan = plan_merge(Tree(all_topics(tx)), topic_ids, into)
    pairs = "FROM json_each(?) pair WHERE {} = CAST(pair.key AS INTEGER)"
    setting = f"UPDATE record SET topic_id = pair.value {pairs.format('topic_id')}"
    moved = tx.db.execute_sql(setting, (_json(plan.leaves),)).rowcount
    setting = f"UPDATE topic SET parent_id = pair.value {pairs.format('topic.id')}"
    tx.sql(setting, (_json(plan.parents),))
    tx.sql(f"DELETE FROM topic WHERE {CHOSEN}", (_json(plan.gone),))
    return int(moved)


def delete(tx: Tx, topic_ids: Sequence[int]) -> int:
    """Delete topics and all below them; their records become uncategorised. Returns how many."""
    tree = Tree(all_topics(tx))
    return _drop(tx, tree.subtree(tree.get(topic_id).id for topic_id in topic_ids))


def get(tx: Tx, topic_id: int) -> TopicValue:
    row = Topic.select().where(Topic.id == topic_id).dicts().first(tx.db)
    if row is None:
        raise ToolError(f"There is no topic {topic_id}. It may have been deleted.")
    return TopicValue(**row)


def assign(tx: Tx, record_ids: list[int], topic_id: int | None, *, source: str) -> None:
    """Put records on a topic; by the user it is certain, so probability and fit are dropped."""
    values: dict[str, Any] = {"topic_id": topic_id, "topic_source": source}
    if source == "user":
        values |= {"probability": None, "fit": None, "alternatives": "[]"}
    for start in range(0, len(record_ids), 500):
        ids = record_ids[start : start + 500]
        Record.update(**values).where(Record.id.in_(ids)).execute(tx.db)


def _place(tx: Tx, known: int | None, node: TopicNode, parent: int | None, position: int) -> int:
    values = {"parent_id": parent, "position": position, "name": node.name}
    if node.description:
        values["description"] = node.description
    if known is None:
        return int(Topic.insert(**values).execute(tx.db))
    Topic.update(**values).where(Topic.id == known).execute(tx.db)
    return known


def _propose(tx: Tx, record_ids: list[int], topic_id: int) -> None:
    ids_json = orjson.dumps(record_ids).decode()
    tx.sql(
        "UPDATE record SET topic_id = ?, topic_source = 'auto', probability = NULL, fit = NULL "
        "WHERE id IN (SELECT value FROM json_each(?)) AND topic_source IS NOT 'user'",
        (topic_id, ids_json),
    )


def _drop(tx: Tx, topic_ids: Iterable[int]) -> int:
    ids = list(topic_ids)
    released = _release(tx, ids)
    tx.sql(f"DELETE FROM topic WHERE {CHOSEN}", (_json(ids),))
    return released


def _release(tx: Tx, topic_ids: Iterable[int]) -> int:
    """Records on topics that are no longer leaves become uncategorised; returns how many."""
    query = (
        "UPDATE record SET topic_id = NULL, topic_source = NULL, probability = NULL, fit = NULL "
        "WHERE topic_id IN (SELECT value FROM json_each(?))"
    )
    return int(tx.db.execute_sql(query, (_json(topic_ids),)).rowcount)


def _free_name(tx: Tx, name: str, parent_id: int | None, *, but: int | None = None) -> str:
    name = checked_name(name, MAX_NAME)
    for topic_id, taken in tx.sql("SELECT id, name FROM topic WHERE parent_id IS ?", (parent_id,)):
        if topic_id != but and key(taken) == key(name):
            raise ToolError(f"There is already a topic “{taken}” here. Choose another name.")
    return name


def _json(value: Iterable[int] | Mapping[int, int]) -> str:
    kept = dict(value) if isinstance(value, Mapping) else list(value)
    return orjson.dumps(kept, option=orjson.OPT_NON_STR_KEYS).decode()
