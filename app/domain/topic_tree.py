"""What edits of stored topics come to, worked out on the rows alone: who is below whom, what a move or
a merge does; no I/O."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.domain.topics import MAX_DEPTH, Topic, clean, key
from app.errors import ToolError


class Tree:
    """The rows of all topics, by id and by parent; siblings in their order."""

    def __init__(self, rows: Iterable[Topic]) -> None:
        ordered = sorted(rows, key=lambda topic: (topic.position, topic.id))
        self.by_id = {topic.id: topic for topic in ordered}
        self._below: dict[int | None, list[Topic]] = defaultdict(list)
        for topic in ordered:
            self._below[self.parent(topic)].append(topic)

    def parent(self, topic: Topic) -> int | None:
        """The id of the topic above; None at the top, also where the parent is lost."""
        return topic.parent_id if topic.parent_id in self.by_id else None

    def children(self, topic_id: int | None) -> list[Topic]:
        return self._below.get(topic_id, [])

    def get(self, topic_id: int) -> Topic:
        """Raises ToolError where there is none."""
        if (topic := self.by_id.get(topic_id)) is None:
            raise ToolError(f"There is no topic {topic_id}. It may have been deleted.")
        return topic

    def subtree(self, topic_ids: Iterable[int]) -> list[int]:
        """These topics and all below them, each once, parents first."""
        found: dict[int, None] = {}
        stack = list(topic_ids)[::-1]
        while stack:
            topic_id = stack.pop()
            if topic_id not in found:
                found[topic_id] = None
                stack += [child.id for child in reversed(self.children(topic_id))]
        return list(found)

    def above(self, topic_id: int) -> list[int]:
        """The topics above one, the nearest first."""
        parent = self.parent(self.get(topic_id))
        return [] if parent is None else [parent, *self.above(parent)]

    def tops(self, topic_ids: Iterable[int]) -> list[int]:
        """Those that no other of them is above, in the order of the tree."""
        wanted, found = set(topic_ids), []
        stack = [topic.id for topic in reversed(self.children(None))]
        while stack:
            topic_id = stack.pop()
            if topic_id in wanted:
                found.append(topic_id)
            else:
                stack += [child.id for child in reversed(self.children(topic_id))]
        return found

    def depth(self, topic_id: int | None) -> int:
        """1 for a topic at the top, 0 for None."""
        return 0 if topic_id is None else 1 + len(self.above(topic_id))

    def height(self, topic_id: int) -> int:
        """Levels that a topic and what is below it take: 1 for a leaf."""
        return 1 + max((self.height(child.id) for child in self.children(topic_id)), default=0)


def order_after_move(
    tree: Tree, topic_ids: Sequence[int], parent_id: int | None, position: int
) -> list[int]:
    """The children of `parent_id` once these topics stand there at `position` among those that stay.

    Raises ToolError where a topic would come below itself, too deep, or beside one of its name.
    """
    moved = tree.tops(tree.get(topic_id).id for topic_id in topic_ids)
    itself = [] if parent_id is None else {parent_id, *tree.above(parent_id)} & set(moved)
    if itself:
        raise ToolError(f"“{tree.get(min(itself)).name}” cannot be moved below itself.")
    going = set(moved)
    stay = [topic.id for topic in tree.children(parent_id) if topic.id not in going]
    taken = {key(tree.get(i).name) for i in stay}
    for topic in map(tree.get, moved):
        _check_depth(tree, topic, parent_id)
        if key(topic.name) in taken:
            raise ToolError(
                f"There is already a topic “{topic.name}” there. Rename one, or merge them."
            )
        taken.add(key(topic.name))
    at = max(0, min(position, len(stay)))
    return [*stay[:at], *moved, *stay[at:]]


def _check_depth(tree: Tree, topic: Topic, parent_id: int | None) -> None:
    if tree.depth(parent_id) + tree.height(topic.id) > MAX_DEPTH:
        raise ToolError(f"“{topic.name}” would be more than {MAX_DEPTH} levels deep there.")


@dataclass
class Merge:
    """What a merge does: `leaves` whose records go to another, topics that get another parent, those
    that go."""

    leaves: dict[int, int] = field(default_factory=dict)
    parents: dict[int, int] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    names: dict[int, dict[str, int]] = field(default_factory=dict)  # what then is below a group


def plan_merge(tree: Tree, topic_ids: Sequence[int], into: int) -> Merge:
    """Several topics into one. A leaf takes the records of all that is below them; a group takes the
    topics of other groups, those of a name of its own merged with it.

    Raises ToolError for a topic above `into`, and for a leaf into a group.
    """
    target = tree.get(into)
    sources = tree.tops(tree.get(i).id for i in topic_ids if i != into)
    if above := set(sources).intersection(tree.above(into)):
        raise ToolError(
            f"“{target.name}” is below “{tree.get(min(above)).name}”. Merge into a topic outside of it."
        )
    plan = Merge()
    _merge(tree, sources, into, plan)
    return plan


def _merge(tree: Tree, sources: Sequence[int], into: int, plan: Merge) -> None:
    going = set(sources)
    found = {key(t.name): t.id for t in tree.children(into) if t.id not in going}
    stay = plan.names.setdefault(into, found)
    if not stay:
        inside = tree.subtree(sources)
        plan.leaves |= {i: into for i in inside if not tree.children(i)}
        plan.gone += inside
        return
    for source in map(tree.get, sources):
        if not tree.children(source.id):
            raise ToolError(
                f"“{tree.get(into).name}” has topics below it and holds no records itself. Merge "
                f"“{source.name}” into one of those."
            )
        for child in tree.children(source.id):
            same = stay.get(key(child.name))
            if same is None:
                _check_depth(tree, child, into)
                plan.parents[child.id] = into
                stay[key(child.name)] = child.id
            else:
                _merge(tree, [child.id], same, plan)
        plan.gone.append(source.id)


def checked_name(name: str, longest: int) -> str:
    """The name on one line. Raises ToolError where there is none, or it is longer."""
    name = clean(name)
    if not name:
        raise ToolError("A topic needs a name.")
    if len(name) > longest:
        raise ToolError(
            f"A name has at most {longest:,} characters; “{name[:40]}…” has {len(name):,}. Shorten "
            "it, and put the rest into the description."
        )
    return name
