"""A leaf topic divided into parts: the new topics, and where its records go."""

from collections.abc import Sequence

import orjson

from app.domain.topic_tree import Tree
from app.domain.topics import MAX_DEPTH, TopicNode, free_name, key
from app.errors import ToolError
from app.store import topics
from app.store.database import Tx
from app.store.tables import Topic

REST = """UPDATE record SET topic_id = ?, topic_source = 'proposal', probability = NULL, fit = NULL
  WHERE topic_id = ?"""
PLACE = f"{REST} AND id IN (SELECT value FROM json_each(?))"


def split(tx: Tx, topic_id: int, parts: Sequence[TopicNode]) -> list[int]:
    """Put `parts` (names with record ids, the largest first) below a leaf, each of its records in one.

    Where that would be too deep the parts stand beside each other in its place. What the user
    confirmed, or a label said, spoke of the whole topic: which part a record is in is the app's guess,
    so none stays confirmed. Records that came to the topic meanwhile go to the largest part; a target
    share and a quota (rounded up) are divided evenly, a lock is handed on. Returns the ids of the
    parts. Raises ToolError where the topic has others below it by now.
    """
    tree = Tree(topics.all_topics(tx))
    leaf = tree.get(topic_id)
    if tree.children(topic_id):
        raise ToolError(f"“{leaf.name}” has topics below it. Split one of those.")
    deep = tree.depth(topic_id) >= MAX_DEPTH
    above = tree.parent(leaf) if deep else topic_id
    order = [topic.id for topic in tree.children(above)]
    taken = {key(topic.name) for topic in tree.children(above) if topic.id != topic_id}
    share = None if leaf.target is None else leaf.target / len(parts)
    quota = None if leaf.quota is None else -(-leaf.quota // len(parts))
    kept = {"target": share, "quota": quota, "locked": leaf.locked, "color": leaf.color}
    made = []
    for part in parts:
        name = free_name(part.name, taken)
        taken.add(key(name))
        row = Topic.insert(name=name, parent_id=above, **kept)
        made.append(int(row.execute(tx.db)))
    at = order.index(topic_id) if deep else 0
    topics.put_in_order(tx, [*order[:at], *made, *order[at + 1 :]])
    _place(tx, topic_id, made, parts)
    if deep:
        topics.delete(tx, [topic_id])
    else:
        topics.put(tx, [topic_id], target=None, quota=None)
    return made


def _place(tx: Tx, leaf: int, made: Sequence[int], parts: Sequence[TopicNode]) -> None:
    for topic_id, part in zip(made, parts, strict=True):
        tx.sql(PLACE, (topic_id, leaf, orjson.dumps(part.record_ids).decode()))
    tx.sql(REST, (made[0], leaf))
