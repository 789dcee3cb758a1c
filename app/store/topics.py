"""Topics in a dataset: the tree as rows, its edits, and what happens to the records on a topic."""

from typing import Any

import orjson

from app.domain.topics import MAX_NAME, TopicNode, TopicPath, build_tree, clean, key, walk
from app.domain.topics import Topic as TopicValue
from app.errors import ToolError
from app.store.database import Tx
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
                _release(tx, topic_id)
                place(node.children, topic_id, path)
            else:
                placed[path] = topic_id
                _propose(tx, node.record_ids, topic_id)

    place(nodes, None, ())
    for topic_id in known - kept:
        if topic_id is not None:
            _drop(tx, topic_id)
    return placed


def add(tx: Tx, name: str, parent_id: int | None = None, description: str = "") -> int:
    """Add one topic last among its siblings; the rest stays. Raises ToolError on a duplicate name."""
    name = _free_name(tx, name, parent_id)
    if parent_id is not None:
        _release(tx, get(tx, parent_id).id)
    position = tx.sql("SELECT COALESCE(MAX(position), -1) + 1 FROM topic")[0][0]
    row = Topic.insert(name=name, parent_id=parent_id, description=description, position=position)
    return int(row.execute(tx.db))


def rename(tx: Tx, topic_id: int, name: str) -> None:
    topic = get(tx, topic_id)
    name = _free_name(tx, name, topic.parent_id, but=topic_id)
    Topic.update(name=name).where(Topic.id == topic_id).execute(tx.db)


def describe(tx: Tx, topic_id: int, **values: Any) -> None:
    """Set description, target or locked."""
    Topic.update(**values).where(Topic.id == get(tx, topic_id).id).execute(tx.db)


def move(tx: Tx, topic_id: int, parent_id: int | None, position: int) -> None:
    """Put a topic (with all below it) under another parent at `position` among its siblings."""
    topic = get(tx, topic_id)
    ancestor = parent_id
    while ancestor is not None:
        if ancestor == topic_id:
            raise ToolError(f"“{topic.name}” cannot be moved below itself.")
        ancestor = get(tx, ancestor).parent_id
    _free_name(tx, topic.name, parent_id, but=topic_id)
    if parent_id is not None:
        _release(tx, parent_id)
    siblings = [t.id for t in all_topics(tx) if t.parent_id == parent_id and t.id != topic_id]
    siblings.insert(max(0, min(position, len(siblings))), topic_id)
    Topic.update(parent_id=parent_id).where(Topic.id == topic_id).execute(tx.db)
    for place, sibling in enumerate(siblings):
        query = Topic.update(position=place).where(
            (Topic.id == sibling) & (Topic.position != place)
        )
        query.execute(tx.db)


def merge(tx: Tx, topic_ids: list[int], into: int) -> int:
    """Move the records of several leaves into one and delete the others; returns records moved."""
    target = get(tx, into)
    moved = 0
    for topic_id in topic_ids:
        if topic_id == target.id:
            continue
        if any(t.parent_id == topic_id for t in all_topics(tx)):
            raise ToolError(f"“{get(tx, topic_id).name}” has topics below it. Merge its leaves.")
        query = Record.update(topic_id=into).where(Record.topic_id == topic_id)
        moved += int(query.execute(tx.db))
        Topic.delete().where(Topic.id == topic_id).execute(tx.db)
    return moved


def delete(tx: Tx, topic_id: int) -> int:
    """Delete a topic and all below it; their records become uncategorised. Returns how many."""
    get(tx, topic_id)
    released = 0
    for child in [t.id for t in all_topics(tx) if t.parent_id == topic_id]:
        released += delete(tx, child)
    return released + _drop(tx, topic_id)


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


def _drop(tx: Tx, topic_id: int) -> int:
    released = _release(tx, topic_id)
    Topic.delete().where(Topic.id == topic_id).execute(tx.db)
    return released


def _release(tx: Tx, topic_id: int) -> int:
    """Records on a topic that is no longer a leaf become uncategorised."""
    query = Record.update(topic_id=None, topic_source=None, probability=None, fit=None)
    return int(query.where(Record.topic_id == topic_id).execute(tx.db))


def _free_name(tx: Tx, name: str, parent_id: int | None, *, but: int | None = None) -> str:
    name = clean(name)[:MAX_NAME]
    if not name:
        raise ToolError("A topic needs a name.")
    for topic in all_topics(tx):
        same = topic.parent_id == parent_id and topic.id != but
        if same and key(topic.name) == key(name):
            raise ToolError(f"There is already a topic “{topic.name}” here. Choose another name.")
    return name
