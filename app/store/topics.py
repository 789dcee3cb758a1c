"""Topics in a dataset: the tree as rows, its edits, and what happens to the records on a topic."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from pydantic import TypeAdapter

from app.domain.topic_tree import Tree, checked_name, order_after_move, plan_merge
from app.domain.topics import (
    MAX_DEPTH,
    MAX_NAME,
    TopicNode,
    TopicPath,
    build_tree,
    clean,
    key,
    leaves,
    walk,
)
from app.domain.topics import Topic as TopicValue
from app.errors import ToolError
from app.store.database import Tx
from app.store.filters import CHOSEN, FREE
from app.store.tables import Record, Topic

COLUMNS = tuple(TopicValue.model_fields)
ROWS = TypeAdapter(list[TopicValue])  # all at once: 10,000 one by one take six times as long
INSERT = f"INSERT INTO topic({', '.join(COLUMNS)}) VALUES ({', '.join(f':{c}' for c in COLUMNS)})"
UPDATE = f"UPDATE topic SET {', '.join(f'{c} = :{c}' for c in COLUMNS[1:])} WHERE id = :id"
# One statement for all: the undo triggers cost four times as much by a statement a record.
PLACE = """UPDATE record SET topic_id = place.topic, topic_source = ?, probability = NULL,
  fit = NULL FROM (SELECT json_extract(value, '$[0]') AS topic, json_extract(value, '$[1]') AS record
    FROM json_each(?)) AS place WHERE record.id = place.record"""
PROPOSE = f"{PLACE} AND COALESCE(topic_source, '') NOT IN ('user', ?) AND {FREE}"


def all_topics(tx: Tx) -> list[TopicValue]:
    """Every topic, siblings in their order."""
    query = f"SELECT {', '.join(COLUMNS)} FROM topic ORDER BY position, id"
    return ROWS.validate_python([dict(zip(COLUMNS, row, strict=True)) for row in tx.sql(query)])


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


def apply_hierarchy(
    tx: Tx, nodes: list[TopicNode], *, labelled: bool = False
) -> dict[TopicPath, int]:
    """Replace the tree by `nodes`; a topic known by its id, else by its path, keeps its records.

    What a node says nothing of (description, target, colour ...) stays as it was. Leaves with
    `record_ids` (a proposal's members) get those records; `labelled` says that the records' own labels
    name those leaves. Records of locked topics stay, and those that the user put on a topic that stays;
    so do those that a label put there, unless labels say otherwise now. Where the topic goes, the
    user's records go to the leaf that has them and stay confirmed; a label that named what is gone
    says no more. Returns the id of every leaf by path.
    """
    rows = {topic.id: topic for topic in all_topics(tx)}
    ids = _ids_for(rows, nodes)
    made, changed = [], []
    for parent, position, node in _placed(nodes, None):
        known = rows.get(ids[id(node)])
        above = None if parent is None else ids[id(parent)]
        new = _row(ids[id(node)], node, known, above, position)
        if known is None:
            made.append(new)
        elif new != known:
            changed.append(new)
    gone = rows.keys() - set(ids.values())
    groups = [ids[id(node)] for _, node in walk(nodes) if node.children]
    homeless = _confirmed_on(tx, [*gone, *groups])
    _drop(tx, gone)
    _release(tx, groups)
    connection = tx.db.connection()
    connection.executemany(INSERT, [topic.model_dump() for topic in made])
    connection.executemany(UPDATE, [topic.model_dump() for topic in changed])
    ends = leaves(nodes)
    members = [(ids[id(node)], record) for _, node in ends for record in node.record_ids]
    confirmed = [place for place in members if place[1] in homeless]
    tx.sql(PLACE, ("user", orjson.dumps(confirmed).decode()))
    source, held = ("label", "user") if labelled else ("proposal", "label")
    tx.sql(PROPOSE, (source, orjson.dumps(members).decode(), held))
    return {path: ids[id(node)] for path, node in ends}


def _ids_for(rows: Mapping[int, TopicValue], nodes: list[TopicNode]) -> dict[int, int]:
    """The stored id of each node, by `id()`: its own, else that of its path, else a new one."""
    walked = list(walk(nodes))
    given = {node.id for _, node in walked if node.id in rows}
    free = {p: n.id for p, n in walk(build_tree(rows.values())) if n.id not in given}
    last = max(rows, default=0)
    found: dict[int, int] = {}
    for path, node in walked:
        known = node.id if node.id in rows else free.get(path)
        if known is None:
            known = last = last + 1
        found[id(node)] = known
    return found


def _placed(
    nodes: Sequence[TopicNode], parent: TopicNode | None
) -> Iterator[tuple[TopicNode | None, int, TopicNode]]:
    """Every topic after the one above it, with its place among its siblings."""
    for position, node in enumerate(nodes):
        yield parent, position, node
        yield from _placed(node.children, node)


def _row(
    topic_id: int, node: TopicNode, known: TopicValue | None, parent: int | None, position: int
) -> TopicValue:
    old = known or node
    return TopicValue(
        id=topic_id,
        parent_id=parent,
        position=position,
        name=node.name,
        description=node.description or old.description,
        target=old.target if node.target is None else node.target,
        quota=old.quota if node.quota is None else node.quota,
        locked=node.locked or old.locked,
        color=node.color or old.color,
    )


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
    put_in_order(tx, order)


def put_in_order(tx: Tx, siblings: Sequence[int]) -> None:
    """Give siblings the places of this list."""
    tx.sql(
        "UPDATE topic SET position = place.key FROM json_each(?) place "
        "WHERE topic.id = place.value AND position <> place.key",
        (_json(siblings),),
    )


def merge(tx: Tx, topic_ids: Sequence[int], into: int) -> int:
    """Move the records of topics and of all below them into one, and delete those; into a group other
    groups (see `plan_merge`). Returns records moved.

    Until the next categorisation no least fit decides on them: what they fitted, and what they would
    come back to, is gone."""
    plan = plan_merge(Tree(all_topics(tx)), topic_ids, into)
    pairs = "FROM json_each(?) pair WHERE {} = CAST(pair.key AS INTEGER)"
    setting = f"UPDATE record SET topic_id = pair.value, fit = NULL {pairs.format('topic_id')}"
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


def _drop(tx: Tx, topic_ids: Iterable[int]) -> int:
    ids = list(topic_ids)
    released = _release(tx, ids)
    tx.sql(f"DELETE FROM topic WHERE {CHOSEN}", (_json(ids),))
    return released


def _confirmed_on(tx: Tx, topic_ids: Iterable[int]) -> set[int]:
    """The records that the user put on these topics."""
    query = (
        "SELECT id FROM record WHERE topic_source = 'user' "
        "AND topic_id IN (SELECT value FROM json_each(?))"
    )
    return {record_id for (record_id,) in tx.sql(query, (_json(topic_ids),))}


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
