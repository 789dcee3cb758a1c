"""The topic tree as lines with figures, and where each line stands; no widget, nothing is read."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.domain.topics import TopicNode, leaves

Key = int | tuple[str, ...]


@dataclass(frozen=True)
class Mark:
    """What the user set on a stored topic: its colour, lock, own target share and own count."""

    color: int = 0
    locked: bool = False
    target: float | None = None
    quota: int | None = None


@dataclass(frozen=True)
class Figures:
    """Of one topic or of all below it: records, their mean probability, and the mean score of
    `scored` records in the newest dry run; None where there is none."""

    records: int = 0
    sure: float | None = None
    score: float | None = None
    scored: int = 0


@dataclass(frozen=True)
class Line:
    """A topic in the tree. `share` is of the categorised records, `goal` the share it should have,
    None where no target is in force; `wanted` the records it should have at least. `key` tells lines
    apart: the stored topic's id, in a proposal the path."""

    key: Key
    path: tuple[str, ...]
    figures: Figures = Figures()
    share: float = 0.0
    children: tuple["Line", ...] = ()
    exemplars: tuple[str, ...] = ()
    description: str = ""
    mark: Mark = Mark()
    goal: float | None = None
    wanted: int = 0

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def leaf(self) -> bool:
        return not self.children

    @property
    def records(self) -> int:
        return self.figures.records

    @property
    def sure(self) -> float | None:
        return self.figures.sure

    @property
    def thin(self) -> bool:
        """Whether it is a leaf with fewer records than wanted."""
        return self.leaf and self.records < self.wanted


@dataclass(frozen=True)
class Lines:
    """The lines by key, with their order: `below` has the children's keys (None: the top's),
    `above` the parent's, `order` a line's place from the top of the whole tree."""

    by_key: Mapping[Key, Line] = field(default_factory=dict)
    below: Mapping[Key | None, tuple[Key, ...]] = field(default_factory=dict)
    above: Mapping[Key, Key | None] = field(default_factory=dict)
    order: Mapping[Key, int] = field(default_factory=dict)
    largest_group: float = 1.0  # the share that fills the bar of a group
    largest_leaf: float = 1.0  # the share, or the share wanted, that fills the bar of a leaf
    colored: bool = False  # whether any has a colour

    def __len__(self) -> int:
        return len(self.by_key)

    def children(self, key: Key | None) -> tuple[Key, ...]:
        return self.below.get(key, ())

    def ancestors(self, key: Key) -> Iterator[Key]:
        """Its parent, the parent's parent, up to the top."""
        parent = self.above.get(key)
        while parent is not None:
            yield parent
            parent = self.above.get(parent)


def arrange(lines: Sequence[Line]) -> Lines:
    """Index the lines of a tree."""
    by_key: dict[Key, Line] = {}
    below: dict[Key | None, tuple[Key, ...]] = {None: tuple(line.key for line in lines)}
    above: dict[Key, Key | None] = {}
    waiting: list[tuple[Line, Key | None]] = [(line, None) for line in reversed(lines)]
    while waiting:
        line, parent = waiting.pop()
        by_key[line.key], above[line.key] = line, parent
        if line.children:
            below[line.key] = tuple(child.key for child in line.children)
            waiting += [(child, line.key) for child in reversed(line.children)]
    order = {key: place for place, key in enumerate(by_key)}
    ends = [max(line.share, line.goal or 0.0) for line in by_key.values() if line.leaf]
    return Lines(
        by_key,
        below,
        above,
        order,
        largest_group=max((ln.share for ln in by_key.values() if not ln.leaf), default=0) or 1.0,
        largest_leaf=max(ends, default=0.0) or 1.0,
        colored=any(line.mark.color for line in by_key.values()),
    )


def matching(lines: Lines, text: str) -> list[Key]:
    """The topics whose names contain the text, whatever its case, from the top down."""
    wanted = text.casefold()
    return [key for key, line in lines.by_key.items() if wanted in line.name.casefold()]


def narrowed(lines: Lines, found: Collection[Key]) -> Lines:
    """Only these and the groups they stand in."""
    kept = set(found)
    kept.update(ancestor for key in found for ancestor in lines.ancestors(key))
    below = {
        parent: some
        for parent, keys in lines.below.items()
        if (parent is None or parent in kept) and (some := tuple(k for k in keys if k in kept))
    }
    return replace(lines, below=below)


def heir(before: Lines, now: Lines, gone: Key) -> Key | None:
    """What stands where a line was shown: the next of its siblings that is left, else the one before,
    else its parent, else what stands where that was; None where nothing of these is left."""
    for key in (gone, *before.ancestors(gone)):
        parent = before.above.get(key)
        if key in now.children(now.above.get(key)):
            return key
        siblings, left = before.children(parent), {*now.children(parent)}
        at = siblings.index(key)
        for other in (*siblings[at + 1 :], *reversed(siblings[:at])):
            if other in left:
                return other
    return None


@dataclass(frozen=True)
class Known:
    """What is known of the stored topics, by id. `goals` are the shares in force."""

    figures: Mapping[int, Figures] = field(default_factory=dict)
    marks: Mapping[int, Mark] = field(default_factory=dict)
    goals: Mapping[int, float] = field(default_factory=dict)
    quota: int = 0


def stored_lines(tree: Sequence[TopicNode], known: Known) -> tuple[Line, ...]:
    """The stored tree with its figures; a group has the sums and means of its leaves."""
    total = sum(known.figures.get(node.id or 0, Figures()).records for _, node in leaves(tree))

    def line(node: TopicNode, path: tuple[str, ...], below: tuple[Line, ...]) -> Line:
        topic_id = node.id or 0
        figures = pooled(below) if below else known.figures.get(topic_id, Figures())
        mark = known.marks.get(topic_id, Mark())
        return Line(
            key=topic_id,
            path=path,
            figures=figures,
            share=figures.records / total if total else 0.0,
            children=below,
            exemplars=tuple(node.exemplars),
            description=node.description,
            mark=mark,
            goal=known.goals.get(topic_id),
            wanted=known.quota if mark.quota is None else mark.quota,
        )

    return _lines(tree, line)


def proposed_lines(tree: Sequence[TopicNode]) -> tuple[Line, ...]:
    """A proposal's tree with the records each leaf would get."""
    total = sum(len(node.record_ids) for _, node in leaves(tree))

    def line(node: TopicNode, path: tuple[str, ...], below: tuple[Line, ...]) -> Line:
        figures = pooled(below) if below else Figures(len(node.record_ids))
        return Line(
            key=path,
            path=path,
            figures=figures,
            share=figures.records / total if total else 0.0,
            children=below,
            exemplars=tuple(node.exemplars),
            description=node.description,
        )

    return _lines(tree, line)


_Make = Callable[[TopicNode, tuple[str, ...], tuple[Line, ...]], Line]


def _lines(tree: Sequence[TopicNode], make: _Make, above: tuple[str, ...] = ()) -> tuple[Line, ...]:
    made = []
    for node in tree:
        path = (*above, node.name)
        made.append(make(node, path, _lines(node.children, make, path)))
    return tuple(made)


def pooled(lines: Sequence[Line]) -> Figures:
    """The figures of several lines as one: sums, and means weighted by their records."""
    sure = [(one.sure, one.records) for one in lines if one.sure is not None]
    scores = [(f.score, f.scored) for one in lines if (f := one.figures).score is not None]
    return Figures(
        records=sum(line.records for line in lines),
        sure=_mean(sure),
        score=_mean(scores),
        scored=sum(n for _, n in scores),
    )


def _mean(weighted: Sequence[tuple[float | None, int]]) -> float | None:
    weight = sum(n for _, n in weighted)
    return sum((value or 0.0) * n for value, n in weighted) / weight if weight else None


def leaf_lines(lines: Sequence[Line]) -> list[Line]:
    """The leaves, in the order of the tree."""
    return [leaf for line in lines for leaf in ([line] if line.leaf else leaf_lines(line.children))]


def exemplars(line: Line, most: int) -> tuple[str, ...]:
    """The typical records of a topic; of a group those of its largest topics, at most so many."""
    if line.leaf:
        return line.exemplars
    ends = sorted(leaf_lines(line.children), key=lambda end: -end.records)
    return tuple(end.exemplars[0] for end in ends if end.exemplars)[:most]
