"""A topic in finer pieces by the merge tree of its proposal."""

from app.embedding.proposal import NodeText, Proposal
from app.embedding.subdivide import subdivide

# Groups 0 and 1 join to 4, 2 and 3 to 5, both to 6.
FOUND = Proposal(
    record_ids=list(range(10, 20)),
    groups=[0, 0, 0, 1, 1, 2, 2, 2, 2, 3],
    merges=[(0, 1), (2, 3), (4, 5)],
    nodes=[NodeText(names=[name], exemplars=[name]) for name in "abcdefg"],
    suggested=2,
)


def pieces(record_ids: list[int], parts: int) -> list[tuple[str, list[int]]]:
    return [(node.name, node.record_ids) for node in subdivide(FOUND, record_ids, parts)]


def test_the_last_merges_are_undone_first_and_the_largest_piece_leads():
    every = list(range(10, 20))
    assert pieces(every, 2) == [("e", every[:5]), ("f", every[5:])]
    assert pieces(every, 3) == [("e", every[:5]), ("c", every[5:9]), ("d", [19])]


def test_a_topic_of_two_branches_has_those_as_parts():
    assert pieces([10, 11, 12, 19], 2) == [("a", [10, 11, 12]), ("d", [19])]


def test_it_is_no_finer_than_the_tree_and_knows_only_its_own():
    assert [name for name, _ in pieces([13, 14], 5)] == ["b"]
    assert pieces([99], 3) == []
