"""Topics as values: the stored rows, the hierarchy one proposes, and their difference; no I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.domain.thresholds import DEFAULTS
from app.errors import ToolError

MAX_DEPTH = 5  # product definition: depth 1 to 5, at most 200 leaves proposed
MAX_LEAVES = 200
MAX_NAME = 500
COLORS = 8  # of the design, by number; 0 is none
RENAME_OVERLAP = 0.5  # a leaf that keeps half of its records (Jaccard) is the same leaf renamed

Band = Literal["high", "medium", "review"]
# The least probability of each band, highest first.
BANDS: tuple[tuple[Band, float], ...] = (
    ("high", DEFAULTS.topic_high),
    ("medium", DEFAULTS.topic_review),
    ("review", 0.0),
)

TopicPath = tuple[str, ...]
_Walked = list[tuple[TopicPath, "TopicNode"]]
_Rule = Callable[[TopicPath, "TopicNode"], Hashable]


class TopicNode(BaseModel):
    """One topic of a hierarchy as given to apply_topic_hierarchy or shown as a proposal.

    `id` is the stored topic it stands for, None for a new one. `record_ids` are the records a
    proposal would put there, `exemplars` the texts of three typical ones. `was` is the name of the
    proposal's topic whose records it takes, where it was given another.
    """

    name: str
    description: str = ""
    children: list[TopicNode] = []
    id: int | None = None
    record_ids: list[int] = []
    exemplars: list[str] = []
    was: str = ""


class Topic(BaseModel):
    """One topic as the store keeps it.

    `target` is its wished share of the records (0 to 1), `quota` the number of records wanted in it
    in place of the dataset's; None if unset. `color` is 0 for none, else 1 to 8: one of the design's
    categorical colours. A locked topic is left alone when topics are proposed again.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    parent_id: int | None = None
    name: str
    description: str = ""
    position: int = 0
    target: Annotated[float, Field(ge=0)] | None = None
    locked: bool = False
    color: int = 0
    quota: int | None = None


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
    def summary(self) -> str:
        """One line for the proposal card: «30 added, 2 removed, 1 renamed, 5 unchanged»."""
        counts = {
            "added": len(self.added),
            "removed": len(self.removed),
            "renamed": len(self.renamed),
            "moved": len(self.moved),
            "unchanged": self.kept,
        }
        said = ", ".join(f"{n} {word}" for word, n in counts.items() if n)
        return said or "no topics"


def build_tree(rows: Iterable[Topic]) -> list[TopicNode]:
    """The hierarchy of stored topics, siblings by position; orphans of a lost parent are roots."""
    ordered = sorted(rows, key=lambda t: (t.position, t.id))
    nodes = {t.id: TopicNode(name=t.name, description=t.description, id=t.id) for t in ordered}
    roots: list[TopicNode] = []
    for topic in ordered:
        parent = nodes.get(topic.parent_id) if topic.parent_id is not None else None
        (parent.children if parent else roots).append(nodes[topic.id])
    return roots


def walk(
    nodes: Iterable[TopicNode], above: TopicPath = ()
) -> Iterator[tuple[TopicPath, TopicNode]]:
    """Every topic with its path, parents before children."""
    for node in nodes:
        path = (*above, node.name)
        yield path, node
        yield from walk(node.children, path)


def leaves(nodes: Iterable[TopicNode]) -> list[tuple[TopicPath, TopicNode]]:
    """The topics that records can belong to: those without children."""
    return [(path, node) for path, node in walk(nodes) if not node.children]


def leaf_paths(rows: Iterable[Topic]) -> dict[int, TopicPath]:
    """Topic id -> path for the leaves of stored topics, in the order of the tree."""
    return {node.id: path for path, node in leaves(build_tree(rows)) if node.id is not None}


def key(name: str) -> str:
    """Two sibling names with the same key are duplicates."""
    return unicodedata.normalize("NFKC", clean(name)).casefold()


def clean(text: str) -> str:
    """The text on one line, without control characters and surplus spaces."""
    kept = (" " if c.isspace() else c for c in text if c.isspace() or ord(c) >= 32)
    return " ".join("".join(kept).split())


def validate_hierarchy(
    nodes: Sequence[TopicNode], *, max_depth: int = MAX_DEPTH, max_leaves: int = MAX_LEAVES
) -> list[TopicNode]:
    """The hierarchy with trimmed names. Raises ToolError naming the first topic that cannot be."""
    if not nodes:
        raise ToolError("The hierarchy has no topics. Give at least one.")
    checked = _checked(nodes, (), min(max_depth, MAX_DEPTH))
    count = len(leaves(checked))
    if count > max_leaves:
        raise ToolError(
            f"The hierarchy has {count} topics at its ends; at most {max_leaves} are possible. "
            "Merge some of them."
        )
    ids = [node.id for _, node in walk(checked) if node.id is not None]
    if len(set(ids)) < len(ids):
        raise ToolError("The same stored topic stands in two places of the hierarchy. Keep one.")
    return checked


def _checked(nodes: Sequence[TopicNode], above: TopicPath, room: int) -> list[TopicNode]:
    where = f"under {shown(above)}" if above else "at the top level"
    if room < 1:
        raise ToolError(f"Topics {where} are too deep. Move them up or merge them.")
    seen: dict[str, str] = {}
    result = []
    for node in nodes:
        name = clean(node.name)
        if not name:
            raise ToolError(f"A topic {where} has no name. Name it or remove it.")
        if len(name) > MAX_NAME:
            raise ToolError(
                f"The name {name[:40]!r}… {where} is longer than {MAX_NAME} characters."
            )
        if key(name) in seen:
            raise ToolError(f"Two topics {where} are both named {name!r}. Rename or merge them.")
        seen[key(name)] = name
        children = _checked(node.children, (*above, name), room - 1) if node.children else []
        update = {"name": name, "description": clean(node.description), "children": children}
        result.append(node.model_copy(update=update))
    return result


def shown(path: TopicPath) -> str:
    """A path for people: «Cards › Lost card»."""
    return " › ".join(path)


def diff_hierarchies(old: Sequence[TopicNode], new: Sequence[TopicNode]) -> HierarchyDiff:
    """What became of each topic: matched by stored id, then path, then name, then shared records.

    A matched topic under another parent was moved, under another name renamed (a topic that did
    both counts as renamed). Children that only followed their parent count as unchanged.
    """
    before = list(walk(old))
    after = list(walk([node.model_copy(deep=True) for node in new]))  # told apart by identity
    pairs = _match(before, after)
    parents = {id(child): node for _, node in before + after for child in node.children}
    old_of = {id(b): a for a, b in pairs}
    renamed, moved, kept = [], [], 0
    paths = {id(node): path for path, node in before + after}
    for a, b in pairs:
        change = (paths[id(a)], paths[id(b)])
        above = parents.get(id(b))
        if a.name != b.name:
            renamed.append(change)
        elif parents.get(id(a)) is not (old_of.get(id(above)) if above else None):
            moved.append(change)
        else:
            kept += 1
    gone, come = {id(a) for a, _ in pairs}, {id(b) for _, b in pairs}
    return HierarchyDiff(
        added=[path for path, node in after if id(node) not in come],
        removed=[path for path, node in before if id(node) not in gone],
        renamed=renamed,
        moved=moved,
        kept=kept,
    )


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
    for _, b in after:
        best = max((a for _, a in before), key=lambda a: _overlap(a, b), default=None)
        if best is not None and _overlap(best, b) >= RENAME_OVERLAP:
            pairs.append((best, b))
            before, _ = _rest(before, [], pairs)
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


def _overlap(a: TopicNode, b: TopicNode) -> float:
    """Jaccard overlap of the records; 0 where either has none."""
    left, right = set(a.record_ids), set(b.record_ids)
    return len(left & right) / len(left | right) if left and right else 0.0


def band(probability: float) -> Band:
    """high, medium or review, by the table above."""
    return next(name for name, least in BANDS if probability >= least)


_JSON = TypeAdapter(list[TopicNode])
_LINE = re.compile(r"^(?P<indent>\s*)(?:[-*+]\s+)?(?P<name>.*?)(?:\s+::\s+(?P<description>.*))?$")


def to_json(nodes: Sequence[TopicNode]) -> str:
    """The hierarchy as an indented JSON array; fields at their default are left out."""
    return _JSON.dump_json(list(nodes), indent=2, exclude_defaults=True).decode()


def from_json(text: str | bytes) -> list[TopicNode]:
    """Read what `to_json` writes. Raises ToolError naming the first wrong place."""
    try:
        return _JSON.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole text"
        raise ToolError(f"These topics cannot be read: {first['msg']} (at {where}).") from error


def to_text(nodes: Sequence[TopicNode]) -> str:
    """The hierarchy as an indented list, one topic a line: `  - name :: description`."""
    lines = []
    for path, node in walk(nodes):
        about = f" :: {clean(node.description)}" if node.description else ""
        lines.append(f"{'  ' * (len(path) - 1)}- {clean(node.name)}{about}")
    return "\n".join(lines)


def from_text(text: str) -> list[TopicNode]:
    """Read an indented list; bullets and descriptions are optional, a deeper indent is a child."""
    roots: list[TopicNode] = []
    open_nodes: list[tuple[int, TopicNode]] = []
    for line in text.expandtabs(4).splitlines():
        if not line.strip() or not (found := _LINE.match(line)):
            continue
        indent = len(found["indent"])
        node = TopicNode(name=found["name"].strip(), description=found["description"] or "")
        while open_nodes and open_nodes[-1][0] >= indent:
            open_nodes.pop()
        (open_nodes[-1][1].children if open_nodes else roots).append(node)
        open_nodes.append((indent, node))
    return roots
