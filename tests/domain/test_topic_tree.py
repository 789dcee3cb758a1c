"""What a move or a merge of stored topics comes to: nothing is lost, and the tree stays valid."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.topic_tree import Tree, checked_name, order_after_move, plan_merge
from app.domain.topics import (
    MAX_NAME,
    MAX_TOPICS,
    Topic,
    TopicNode,
    build_tree,
    validate_hierarchy,
    walk,
)
from app.errors import ToolError
from tests.domain.topic_trees import numbered, trees


def rows_of(nodes: list[TopicNode]) -> list[Topic]:
    found, above = [], {id(c): n.id for _, n in walk(nodes) for c in n.children}
    for position, (_, node) in enumerate(walk(nodes)):
        parent = above.get(id(node))
        found.append(Topic(id=node.id or 0, name=node.name, parent_id=parent, position=position))
    return found


@st.composite
def stored(draw: Any) -> list[Topic]:
    return rows_of(numbered(draw(trees(most=14))))


def some(draw: Any, rows: list[Topic], most: int) -> list[int]:
    ids = st.sampled_from([row.id for row in rows])
    return list(draw(st.lists(ids, min_size=1, max_size=most)))


@given(stored(), st.data())
@settings(max_examples=300, deadline=None)
def test_a_move_keeps_all_topics_in_a_valid_tree(rows: list[Topic], data: Any) -> None:
    tree, moved = Tree(rows), some(data.draw, rows, 3)
    parent = data.draw(st.none() | st.sampled_from(sorted(tree.by_id)))
    position = data.draw(st.integers(-1, 9))
    try:
        order = order_after_move(tree, moved, parent, position)
    except ToolError:
        return
    places = {topic_id: place for place, topic_id in enumerate(order)}
    after = [
        t.model_copy(update={"parent_id": parent, "position": places[t.id]})
        if t.id in places
        else t
        for t in rows
    ]
    nodes = validate_hierarchy(build_tree(after), max_leaves=MAX_TOPICS)
    assert sorted(n.id or 0 for _, n in walk(nodes)) == sorted(tree.by_id)
    stay = [t.id for t in tree.children(parent) if t.id not in tree.tops(moved)]
    assert [i for i in order if i in stay] == stay
    at = max(0, min(position, len(stay)))
    assert order[at : at + len(tree.tops(moved))] == tree.tops(moved)


@given(stored(), st.data())
@settings(max_examples=300, deadline=None)
def test_a_merge_gives_every_leaf_that_goes_a_leaf_that_stays(rows: list[Topic], data: Any) -> None:
    tree, sources = Tree(rows), some(data.draw, rows, 3)
    (into,) = some(data.draw, rows, 1)
    try:
        plan = plan_merge(tree, sources, into)
    except ToolError:
        return
    gone = set(plan.gone)
    assert into not in gone
    after = [
        t.model_copy(update={"parent_id": plan.parents.get(t.id, t.parent_id)})
        for t in rows
        if t.id not in gone
    ]
    kept = Tree(after)
    assert all(t.parent_id is None or t.parent_id in kept.by_id for t in after), "no orphans"
    assert validate_hierarchy(build_tree(after), max_leaves=MAX_TOPICS)
    lost = {i for i in gone if not tree.children(i)}
    assert lost == set(plan.leaves)
    assert all(i in kept.by_id and not kept.children(i) for i in plan.leaves.values())


CARDS = [
    TopicNode(name="Cards", children=[TopicNode(name="Lost"), TopicNode(name="New")]),
    TopicNode(name="Card help", children=[TopicNode(name="lost"), TopicNode(name="Stolen")]),
    TopicNode(name="Fees"),
]


def cards() -> Tree:
    """Cards 1 (Lost 2, New 3), Card help 4 (lost 5, Stolen 6), Fees 7."""
    return Tree(rows_of(numbered([node.model_copy(deep=True) for node in CARDS])))


def test_groups_become_one_with_the_topics_of_a_name_together() -> None:
    plan = plan_merge(cards(), [4], 1)
    assert (plan.leaves, plan.parents, sorted(plan.gone)) == ({5: 2}, {6: 1}, [4, 5])


def test_a_leaf_takes_all_that_is_below_a_group_and_a_group_its_own_topics() -> None:
    plan = plan_merge(cards(), [1, 4], 7)
    assert set(plan.leaves.items()) == {(2, 7), (3, 7), (5, 7), (6, 7)}
    assert sorted(plan.gone) == [1, 2, 3, 4, 5, 6]
    inside = plan_merge(cards(), [2, 3], 1)
    assert (inside.leaves, sorted(inside.gone)) == ({2: 1, 3: 1}, [2, 3])


@pytest.mark.parametrize(
    ("sources", "into", "said"),
    [
        ([7], 1, "“Cards” has topics below it and holds no records itself. Merge “Fees” into one"),
        ([1], 2, "“Lost” is below “Cards”"),
        ([99], 1, "There is no topic 99"),
    ],
)
def test_merges_that_cannot_be_are_told(sources: list[int], into: int, said: str) -> None:
    with pytest.raises(ToolError, match=said):
        plan_merge(cards(), sources, into)


def test_moves_that_cannot_be_are_told() -> None:
    with pytest.raises(ToolError, match="“Cards” cannot be moved below itself"):
        order_after_move(cards(), [1], 2, 0)
    with pytest.raises(ToolError, match="already a topic “lost” there"):
        order_after_move(cards(), [5], 1, 0)
    deep = Tree([Topic(id=i, name=f"T{i}", parent_id=i - 1 or None) for i in range(1, 6)])
    with pytest.raises(ToolError, match="more than 5 levels deep"):
        order_after_move(Tree([*deep.by_id.values(), Topic(id=9, name="New")]), [9], 5, 0)


def test_a_name_too_long_is_refused_not_cut() -> None:
    whole = "W" * MAX_NAME
    assert checked_name(f" {whole} ", MAX_NAME) == whole
    assert validate_hierarchy([TopicNode(name=whole)])[0].name == whole
    said = "at most 500 characters.*has 501.*description"
    with pytest.raises(ToolError, match=said):
        checked_name(whole + "Z", MAX_NAME)
    with pytest.raises(ToolError, match=said):
        validate_hierarchy([TopicNode(name=whole + "Z")])
