"""What a new hierarchy changes against the topics in use: an entry for each difference, so that parts of
a proposal can be taken; no I/O."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict

from app.domain.topics import TopicNode, TopicPath, key, walk

RENAME_OVERLAP = 0.5  # a leaf that keeps half of its records (Jaccard) is the same leaf renamed
Kind = Literal["added", "removed", "renamed", "moved"]
_Walked = list[tuple[TopicPath, TopicNode]]
_Rule = Callable[[TopicPath, TopicNode], Hashable]


class DiffEntry(BaseModel):
    """One change that can be taken or left. `old` is the topic's path now, `new` the one it would have;
    `id` is the same as long as both are. A topic that is renamed and moved counts as renamed."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: Kind
    old: TopicPath | None = None
    new: TopicPath | None = None


class HierarchyDiff(BaseModel):
    """What applying a new hierarchy changes; every path is the topic's names from the root."""

    model_config = ConfigDict(frozen=True)

    added: list[TopicPath] = []
    removed: list[TopicPath] = []
    renamed: list[tuple[TopicPath, TopicPath]] = []
    moved: list[tuple[TopicPath, TopicPath]] = []
    kept: int = 0

    @property
    def empty(self) -> bool:
        return not (self.added or self.removed or self.renamed or self.moved)

    @property
    def entries(self) -> list[DiffEntry]:
        """Each change with its id, as `apply_topic_hierarchy` takes them."""
        return [
            *(_entry("added", None, new) for new in self.added),
            *(_entry("removed", old, None) for old in self.removed),
            *(_entry("renamed", old, new) for old, new in self.renamed),
            *(_entry("moved", old, new) for old, new in self.moved),
        ]

    @property
    def summary(self) -> str:
        """One line for the proposal card: «30 added, 2 removed, 1 renamed, 5 unchanged»."""
        counts = {
            "added": len(self.added),
            "removed": len(self.removed),
            "renamed": len(self.renamed),
            "moved": len(self.moved),
            "unchanged": self.kept,
        }
        said = ", ".join(f"{n:,} {word}" for word, n in counts.items() if n)
        return said or "no topics"


def _entry(kind: Kind, old: TopicPath | None, new: TopicPath | None) -> DiffEntry:
    path = orjson.dumps(new if old is None else old).decode()
    return DiffEntry(id=f"{kind}:{path}", kind=kind, old=old, new=new)


def diff_hierarchies(old: Sequence[TopicNode], new: Sequence[TopicNode]) -> HierarchyDiff:
    """What became of each topic: matched by stored id, then path, then name, then shared records.

    A matched topic under another parent was moved, under another name renamed (a topic that did
    both counts as renamed). Children that only followed their parent count as unchanged, and so do
    locked topics with all below them: a proposal cannot change those, nor add below them.
    """
    found = compare(old, new)
    return HierarchyDiff(
        added=[e.new for e, _ in found.changes if e.kind == "added" and e.new],
        removed=[e.old for e, _ in found.changes if e.kind == "removed" and e.old],
        renamed=[
            (e.old, e.new) for e, _ in found.changes if e.kind == "renamed" and e.old and e.new
        ],
        moved=[(e.old, e.new) for e, _ in found.changes if e.kind == "moved" and e.old and e.new],
        kept=found.kept,
    )


@dataclass(eq=False)
class Comparison:
    """Two trees side by side. Nodes are told apart by identity, as keys by `id()`."""

    before: _Walked
    after: _Walked
    old_of: dict[int, TopicNode]  # new node -> the old one that it is
    new_of: dict[int, TopicNode]
    above: dict[int, TopicNode]  # child -> parent, in both trees
    fixed: set[int]  # locked topics, all below them, and what a proposal has in their place
    changes: list[tuple[DiffEntry, TopicNode]] = field(default_factory=list)
    kept: int = 0

    @cached_property
    def paths(self) -> dict[int, TopicPath]:
        return {id(node): path for path, node in self.before + self.after}

    def moved(self, old: TopicNode, new: TopicNode) -> bool:
        """Whether it stands under another topic than before."""
        was, now = self.above.get(id(old)), self.above.get(id(new))
        if was is None or now is None:
            return was is not now
        return self.old_of.get(id(now)) is not was


def compare(old: Sequence[TopicNode], new: Sequence[TopicNode]) -> Comparison:
    """The trees with what differs, in the order of the new tree, then of what is removed."""
    before = list(walk(old))
    after = list(walk([_copy(node) for node in new]))
    pairs = _match(before, after)
    above = {id(child): node for _, node in before + after for child in node.children}
    found = Comparison(
        before, after, {id(b): a for a, b in pairs}, {id(a): b for a, b in pairs}, above, set()
    )
    _fix(found)
    for _, node in after:
        _note_new(found, node)
    for path, node in before:
        if id(node) not in found.new_of and not _holds_fixed(found, node):
            found.changes.append((_entry("removed", path, None), node))
        elif id(node) in found.fixed or id(node) not in found.new_of:
            found.kept += 1
    return found


def _copy(node: TopicNode) -> TopicNode:
    """Another node of the same, since nodes are told apart by identity (a deep copy takes longer)."""
    return node.model_copy(update={"children": [_copy(child) for child in node.children]})


def _fix(found: Comparison) -> None:
    for _, node in found.before:
        above = found.above.get(id(node))
        if node.locked or (above is not None and id(above) in found.fixed):
            found.fixed.add(id(node))
    for _, node in found.after:
        above, old = found.above.get(id(node)), found.old_of.get(id(node))
        if (old is not None and id(old) in found.fixed) or (above and id(above) in found.fixed):
            found.fixed.add(id(node))


def _holds_fixed(found: Comparison, node: TopicNode) -> bool:
    return any(id(inner) in found.fixed for _, inner in walk([node]))


def _note_new(found: Comparison, node: TopicNode) -> None:
    old, path = found.old_of.get(id(node)), found.paths[id(node)]
    if id(node) in found.fixed:
        found.kept += old is not None and id(old) not in found.fixed
    elif old is None:
        found.changes.append((_entry("added", None, path), node))
    elif old.name != node.name or found.moved(old, node):
        kind: Kind = "moved" if old.name == node.name else "renamed"
        found.changes.append((_entry(kind, found.paths[id(old)], path), node))
    else:
        found.kept += 1


def _match(before: _Walked, after: _Walked) -> list[tuple[TopicNode, TopicNode]]:
    pairs: list[tuple[TopicNode, TopicNode]] = []
    rules: tuple[_Rule, ...] = (
        lambda path, node: node.id,
        lambda path, node: tuple(map(key, path)),
        lambda path, node: key(node.name),
    )
    for rule in rules:
        left = _unique(before, rule)
        for value, b in _unique(after, rule).items():
            if a := left.get(value):
                pairs.append((a, b))
        before, after = _rest(before, after, pairs)
    return pairs + _match_records(before, after)


def _match_records(before: _Walked, after: _Walked) -> list[tuple[TopicNode, TopicNode]]:
    """Each new topic with the old one that shares most of its records, where that is enough."""
    nodes = [node for _, node in before]
    holders: dict[int, list[int]] = defaultdict(list)
    for place, node in enumerate(nodes):
        for record in set(node.record_ids):
            holders[record].append(place)
    pairs, taken = [], set[int]()
    for _, b in after:
        records = set(b.record_ids)
        shared = Counter(p for record in records for p in holders[record] if p not in taken)
        for place, common in shared.most_common(1):
            size = len(set(nodes[place].record_ids)) + len(records) - common
            if common >= RENAME_OVERLAP * size:
                pairs.append((nodes[place], b))
                taken.add(place)
    return pairs


def _unique(walked: _Walked, rule: _Rule) -> dict[Hashable, TopicNode]:
    found: dict[Hashable, list[TopicNode]] = {}
    for path, node in walked:
        value = rule(path, node)
        if value is not None:
            found.setdefault(value, []).append(node)
    return {value: nodes[0] for value, nodes in found.items() if len(nodes) == 1}


def _rest(
    before: _Walked, after: _Walked, pairs: list[tuple[TopicNode, TopicNode]]
) -> tuple[_Walked, _Walked]:
    done = {id(node) for pair in pairs for node in pair}
    return [w for w in before if id(w[1]) not in done], [w for w in after if id(w[1]) not in done]
