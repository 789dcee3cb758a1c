"""Hypothesis strategies of topic hierarchies: few names, so that they meet; depth up to five."""

from typing import Any

from hypothesis import strategies as st

from app.domain.topics import MAX_DEPTH, TopicNode, key, walk

NAMES = st.sampled_from(["Cards", "Fees", "Lost", "Billing", "Loans", "Refunds", "App"])


@st.composite
def trees(draw: Any, names: st.SearchStrategy[str] = NAMES, most: int = 9) -> list[TopicNode]:
    """A valid hierarchy without ids."""
    roots: list[TopicNode] = []
    for _ in range(draw(st.integers(1, most))):
        spots = [roots]
        spots += [n.children for path, n in walk(roots) if len(path) < MAX_DEPTH]
        below = draw(st.sampled_from(spots))
        name = draw(names)
        if key(name) not in {key(node.name) for node in below}:
            below.append(TopicNode(name=name))
    return roots


def numbered(nodes: list[TopicNode], start: int = 1) -> list[TopicNode]:
    """The tree as if it were stored: every topic with an id."""
    for number, (_, node) in enumerate(walk(nodes), start):
        node.id = number
    return nodes
