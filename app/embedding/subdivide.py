"""A part of a topic proposal in finer pieces, by its merge tree; nothing is clustered anew."""

from collections.abc import Collection

from app.domain.topics import TopicNode
from app.embedding.proposal import Proposal, members, unique_names


def subdivide(found: Proposal, record_ids: Collection[int], parts: int) -> list[TopicNode]:
    """These records, which are whole groups of the finest cut, as so many topics, the last merges
    undone first; fewer where the tree is no finer there, and none where they are not of it."""
    group_of = dict(zip(found.record_ids, found.groups, strict=True))
    wanted = set(record_ids) & group_of.keys()
    groups = {group_of[record] for record in wanted}
    under = members(found.merges)
    chosen = _tops([set(below) <= groups for below in under], found)
    while len(chosen) < parts and max(chosen, default=0) >= found.finest:
        last = max(chosen)
        chosen.remove(last)
        chosen += found.merges[last - found.finest]
    place = {group: node for node in chosen for group in under[node]}
    of: dict[int, list[int]] = {node: [] for node in chosen}
    for record in found.record_ids:
        if record in wanted:
            of[place[group_of[record]]].append(record)
    chosen.sort(key=lambda node: (-len(of[node]), node))
    names = unique_names([found.nodes[node].names for node in chosen])
    return [
        TopicNode(name=name, record_ids=of[node], exemplars=found.nodes[node].exemplars)
        for name, node in zip(names, chosen, strict=True)
    ]


def _tops(inside: list[bool], found: Proposal) -> list[int]:
    """The highest nodes of the tree that are inside."""
    below = {
        child
        for number, pair in enumerate(found.merges)
        if inside[found.finest + number]
        for child in pair
    }
    return [node for node, is_in in enumerate(inside) if is_in and node not in below]
