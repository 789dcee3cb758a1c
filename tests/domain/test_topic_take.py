"""Parts of a proposal: all is the proposal, none the present tree, any choice a valid tree."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.topic_diff import diff_hierarchies
from app.domain.topic_take import take
from app.domain.topics import MAX_TOPICS, TopicNode, validate_hierarchy, walk
from app.errors import ToolError
from tests.domain.topic_trees import numbered, trees


@st.composite
def pairs(draw: Any) -> tuple[list[TopicNode], list[TopicNode]]:
    """A stored tree and a proposal: some of its topics are stored ones by id, some by name only."""
    present, proposal = numbered(draw(trees())), draw(trees())
    ids = draw(st.permutations([node.id for _, node in walk(present)]))
    for (_, node), known in zip(walk(proposal), ids, strict=False):
        node.id = known if draw(st.booleans()) else None
    for number, (_, node) in enumerate(walk(present)):
        node.record_ids = [2 * number, 2 * number + 1]
    for _, node in walk(proposal):
        node.record_ids = draw(st.sampled_from([[], [0, 1], [2, 3], [4, 5, 6]]))
    return present, proposal


def bare(nodes: list[TopicNode]) -> list[Any]:
    return [(node.name, bare(node.children)) for node in nodes]


def lines(nodes: list[TopicNode]) -> list[tuple[str, ...]]:
    return sorted(path for path, _ in walk(nodes))


@given(pairs())
@settings(max_examples=100, deadline=None)
def test_all_changes_are_the_proposal_and_none_the_present_tree(pair: Any) -> None:
    present, proposal = pair
    diff = diff_hierarchies(present, proposal)
    every = [entry.id for entry in diff.entries]
    assert len(set(every)) == len(every)
    assert bare(take(present, proposal)) == bare(proposal)
    assert lines(take(present, proposal, every)) == lines(proposal)
    none = take(present, proposal, [])
    assert bare(none) == bare(present)
    assert [n.id for _, n in walk(none)] == [n.id for _, n in walk(present)]


@given(pairs(), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_any_choice_is_a_valid_tree_that_loses_nothing_else(pair: Any, random: Any) -> None:
    present, proposal = pair
    entries = diff_hierarchies(present, proposal).entries
    chosen = [entry for entry in entries if random.random() < 0.5]
    made = take(present, proposal, [entry.id for entry in chosen])
    assert validate_hierarchy(made, max_leaves=MAX_TOPICS)
    removable = {entry.old for entry in chosen if entry.kind == "removed"}
    stays = {node.id for path, node in walk(present) if path not in removable}
    assert stays <= {node.id for _, node in walk(made)}
    added = sum(node.id is None for _, node in walk(made))
    assert added >= sum(entry.kind == "added" for entry in chosen)


@given(pairs(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_locked_topic_and_all_below_it_stay_where_they_are(pair: Any, data: Any) -> None:
    present, proposal = pair
    walked = list(walk(present))
    _, locked = data.draw(st.sampled_from(walked))
    locked.locked = True
    entries = [e.id for e in diff_hierarchies(present, proposal).entries]
    chosen = data.draw(st.none() | st.sets(st.sampled_from(entries) if entries else st.nothing()))
    made = take(present, proposal, chosen)
    assert validate_hierarchy(made, max_leaves=MAX_TOPICS)
    same = next(node for _, node in walk(made) if node.id == locked.id)
    assert same.locked
    if not any(len(path) == 5 for path, _ in walk(made)):  # else some may stand higher
        assert bare([same]) == bare([locked])
        assert [n.id for _, n in walk([same])] == [n.id for _, n in walk([locked])]
        owner = {id(c): node.id for _, node in walk(present) for c in node.children}
        now = {c.id: node.id for _, node in walk(made) for c in node.children}
        assert now.get(locked.id) == owner.get(id(locked))


def test_an_addition_brings_its_group_and_a_removal_waits_for_what_is_below() -> None:
    present = numbered([TopicNode(name="Old", children=[TopicNode(name="Lost")])])
    lost = TopicNode(name="Lost", id=2)
    new = TopicNode(name="Stolen", record_ids=[7])
    proposal = [TopicNode(name="Cards", children=[lost, new])]
    diff = diff_hierarchies(present, proposal)
    by_kind = {(e.kind, (e.new or e.old or ())[-1]): e.id for e in diff.entries}
    assert set(by_kind) == {
        ("added", "Cards"), ("added", "Stolen"), ("moved", "Lost"), ("removed", "Old"),
    }  # fmt: skip
    made = take(present, proposal, [by_kind["added", "Stolen"], by_kind["removed", "Old"]])
    assert bare(made) == [("Old", [("Lost", [])]), ("Cards", [("Stolen", [])])]
    assert made[1].children[0].record_ids == [7]
    moved = take(present, proposal, [by_kind["moved", "Lost"], by_kind["removed", "Old"]])
    assert bare(moved) == [("Cards", [("Lost", [])])]
    assert moved[0].children[0].id == 2


def test_a_newcomer_gives_way_to_the_name_that_is_there() -> None:
    present = numbered([TopicNode(name="Cards"), TopicNode(name="Fees")])
    proposal = [TopicNode(name="Cards", id=2)]
    (rename,) = [e.id for e in diff_hierarchies(present, proposal).entries if e.kind == "renamed"]
    assert bare(take(present, proposal, [rename])) == [("Cards", []), ("Cards 2", [])]


def test_a_change_that_is_not_there_any_more_is_told() -> None:
    with pytest.raises(ToolError, match="changed meanwhile"):
        take([TopicNode(name="Cards", id=1)], [TopicNode(name="Fees")], ['added:["Gone"]'])
