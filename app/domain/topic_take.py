"""Parts of a proposal taken into the topics in use: a pure function from trees to a tree."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.domain.topic_diff import Comparison, compare
from app.domain.topics import MAX_DEPTH, TopicNode, free_name, key
from app.errors import ToolError


@dataclass(eq=False)
class _Place:
    """A topic of the result: what it is, and what it stands under."""

    node: TopicNode
    above: "_Place | None"
    stays: bool  # where it was, with the name it had: others give way to it


def take(
    present: Sequence[TopicNode],
    proposal: Sequence[TopicNode],
    chosen: Collection[str] | None = None,
) -> list[TopicNode]:
    """The present tree with these changes of the proposal (ids of `DiffEntry`), or with all of them.

    What is not chosen stays as it is. Where a choice alone makes no tree: a topic added below one
    that is not chosen brings that one along; a removed topic stays while something below it stays; a
    move below itself is left out; what would be too deep stands higher; a newcomer whose name is
    taken gets a number. Locked topics, all below them and their places stay whatever is chosen.
    Topics that stay keep their ids. With all changes topics also take the proposal's order, texts and
    records; with chosen ones only what is added brings records. Raises ToolError for an unknown id.
    """
    found = compare(present, proposal)
    ids = {entry.id for entry, _ in found.changes}
    if unknown := set(chosen or ()) - ids:
        raise ToolError(
            f"{len(unknown)} of the chosen changes are not in the proposal any more: the topics "
            "changed meanwhile. Look at it again and choose anew."
        )
    return _Taking(found, ids if chosen is None else set(chosen), whole=chosen is None).result()


class _Taking:
    def __init__(self, found: Comparison, chosen: set[str], *, whole: bool) -> None:
        self.found, self.whole = found, whole
        self.wanted = {id(node) for entry, node in found.changes if entry.id in chosen}
        self.places: dict[int, _Place] = {}
        for _, node in found.before:
            above = found.above.get(id(node))
            under = None if above is None else self.places[id(above)]
            self.places[id(node)] = _Place(_bare(node, node), under, stays=True)

    def result(self) -> list[TopicNode]:
        for _, node in self.found.after:
            if id(node) not in self.found.fixed:
                self._take(node)
        self._remove()
        return _built(self._ordered(), None, 1)

    def _take(self, node: TopicNode) -> None:
        old = self.found.old_of.get(id(node))
        if old is None:
            if id(node) in self.wanted:
                self._place_of(node)
            return
        place = self.places[id(old)]
        if self.whole:
            place.node = _bare(old, node)
        place.node.name = old.name
        if id(node) not in self.wanted:
            return
        place.stays = False
        place.node.name = node.name
        if self.found.moved(old, node):
            above = self.found.above.get(id(node))
            under = None if above is None else self._place_of(above)
            if not _is_within(under, place):
                place.above = under

    def _place_of(self, node: TopicNode) -> _Place:
        """Where a topic of the proposal stands in the result; one that is added is put there."""
        old = self.found.old_of.get(id(node))
        known = self.places.get(id(node if old is None else old))
        if known is not None:
            return known
        above = self.found.above.get(id(node))
        under = None if above is None else self._place_of(above)
        made = _Place(_bare(None, node), under, stays=False)
        self.places[id(node)] = made
        return made

    def _remove(self) -> None:
        holding: dict[int, int] = defaultdict(int)
        for place in self.places.values():
            holding[id(place.above)] += 1
        for _, node in reversed(self.found.before):
            place = self.places[id(node)]
            if id(node) in self.wanted and not holding[id(place)]:
                holding[id(place.above)] -= 1
                del self.places[id(node)]

    def _ordered(self) -> dict[int, list[_Place]]:
        """The places by what they stand under; as in the proposal where all of it is taken."""
        first = self.found.after if self.whole else []
        free = [node for _, node in first if id(node) not in self.found.fixed]
        keys = [id(self.found.old_of.get(id(node), node)) for node in free]
        keys = list(dict.fromkeys([*keys, *self.places]))
        below: dict[int, list[_Place]] = defaultdict(list)
        for name in keys:
            if (place := self.places.get(name)) is not None:
                below[id(place.above)].append(place)
        return below


def _bare(old: TopicNode | None, new: TopicNode) -> TopicNode:
    """The new node without what is below it; where it says nothing, as the old one."""
    made = new.model_copy(update={"children": []})
    if old is None:
        return made.model_copy(update={"id": None})
    kept = {
        "id": old.id,
        "description": new.description or old.description,
        "target": old.target if new.target is None else new.target,
        "quota": old.quota if new.quota is None else new.quota,
        "color": new.color or old.color,
        "locked": new.locked or old.locked,
    }
    return made.model_copy(update=kept | ({"record_ids": []} if old is new else {}))


def _is_within(place: _Place | None, other: _Place) -> bool:
    while place is not None:
        if place is other:
            return True
        place = place.above
    return False


def _built(below: dict[int, list[_Place]], above: _Place | None, depth: int) -> list[TopicNode]:
    places = below.get(id(above), [])
    if depth == MAX_DEPTH:  # what would be deeper stands beside
        places = [each for place in places for each in _flat(below, place)]
    taken = {key(place.node.name) for place in places if place.stays}
    made = []
    for place in places:
        node = place.node
        if not place.stays:
            node.name = free_name(node.name, taken)
            taken.add(key(node.name))
        if depth < MAX_DEPTH:
            node.children = _built(below, place, depth + 1)
        made.append(node)
    return made


def _flat(below: dict[int, list[_Place]], place: _Place) -> list[_Place]:
    inner = [each for child in below.get(id(place), []) for each in _flat(below, child)]
    for each in inner:
        each.stays = False
    return [place, *inner]
