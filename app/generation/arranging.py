"""Between a hierarchy and what a model is shown of it: leaves as groups, and places back as a tree."""

from collections.abc import Collection, Mapping, Sequence

from app.domain.records import preview_of
from app.domain.topics import TopicNode, TopicPath, leaves
from app.generation.grouping import Group, Place, keys_of

EXAMPLES = 3
EXAMPLE_CHARS = 160


def groups_of(nodes: Sequence[TopicNode], locked: Collection[int] = ()) -> list[Group]:
    """The leaves as a model sees them, numbered from 1; `locked` are ids of stored topics."""
    return [
        Group(
            id=number,
            name=node.name,
            above=path[:-1],
            records=len(node.record_ids),
            examples=tuple(preview_of(text)[:EXAMPLE_CHARS] for text in node.exemplars[:EXAMPLES]),
            described=bool(node.description),
            locked=node.id in locked,
        )
        for number, (path, node) in enumerate(leaves(nodes), 1)
    ]


def complete(groups: Sequence[Group], places: Mapping[int, Place]) -> dict[int, Place]:
    """A place for every group: those left out keep name and place, with a number where it is taken."""
    done = dict(places)
    for group in groups:
        if group.id in done:
            continue
        path, number = group.path, 2
        while _taken(path, done):
            path, number = (*group.above, f"{group.name} {number}"), number + 1
        done[group.id] = Place(path=path)
    return {group.id: done[group.id] for group in groups}


def arrange(nodes: Mapping[int, TopicNode], places: Mapping[int, Place]) -> list[TopicNode]:
    """The tree of these leaves at their places; those of one place become one. Parents stand where
    the first topic below them does."""
    roots: list[TopicNode] = []
    known: dict[TopicPath, TopicNode] = {}
    for number, place in places.items():
        siblings = roots
        for depth in range(1, len(place.path)):
            keys = keys_of(place.path[:depth])
            if keys not in known:
                known[keys] = TopicNode(name=place.path[depth - 1])
                siblings.append(known[keys])
            siblings = known[keys].children
        keys = keys_of(place.path)
        if keys in known:
            _join(known[keys], nodes[number], place)
        else:
            known[keys] = _leaf(nodes[number], place)
            siblings.append(known[keys])
    return roots


def _leaf(node: TopicNode, place: Place) -> TopicNode:
    about = place.description or node.description
    update = {"name": place.path[-1], "description": about, "record_ids": list(node.record_ids)}
    return node.model_copy(update=update)


def _join(into: TopicNode, other: TopicNode, place: Place) -> None:
    """Put another leaf's records into this one, which stays the stored topic it stands for."""
    into.record_ids.extend(other.record_ids)
    into.id = other.id if into.id is None else into.id
    into.description = into.description or place.description
    into.exemplars = into.exemplars or other.exemplars


def _taken(path: TopicPath, places: Mapping[int, Place]) -> bool:
    """Whether a topic stands at this path, at one of its parents or below it."""
    wanted = keys_of(path)
    there = (keys_of(place.path) for place in places.values())
    return any(all(a == b for a, b in zip(keys, wanted, strict=False)) for keys in there)
