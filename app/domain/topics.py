"""Topics as values: the stored rows, and the hierarchy that one proposes; no I/O."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.domain.thresholds import DEFAULTS
from app.errors import ToolError

MAX_DEPTH = 5  # product definition: depth 1 to 5, at most 200 leaves proposed
MAX_LEAVES = 200
MAX_TOPICS = 10_000  # of a tree that is a person's own work: imported, or edited
MAX_NAME = 500
COLORS = 8  # of the design, by number; 0 is none

Band = Literal["high", "medium", "review"]
# The least probability of each band, highest first.
BANDS: tuple[tuple[Band, float], ...] = (
    ("high", DEFAULTS.topic_high),
    ("medium", DEFAULTS.topic_review),
    ("review", 0.0),
)

TopicPath = tuple[str, ...]


class TopicNode(BaseModel):
    """One topic of a hierarchy as given to apply_topic_hierarchy or shown as a proposal.

    `id` is the stored topic it stands for, None for a new one. `record_ids` are the records a
    proposal would put there, `exemplars` the texts of three typical ones. `was` is the name of the
    proposal's topic whose records it takes, where it was given another. The rest is as in `Topic`.
    """

    name: str
    description: str = ""
    children: list[TopicNode] = []
    id: int | None = None
    record_ids: list[int] = []
    exemplars: list[str] = []
    was: str = ""
    target: Annotated[float, Field(ge=0)] | None = None
    quota: Annotated[int, Field(ge=1)] | None = None
    locked: bool = False
    color: Annotated[int, Field(ge=0, le=COLORS)] = 0


_NODES = TypeAdapter(list[TopicNode])


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


def build_tree(rows: Iterable[Topic]) -> list[TopicNode]:
    """The hierarchy of stored topics, siblings by position; orphans of a lost parent are roots."""
    ordered = sorted(rows, key=lambda t: (t.position, t.id))
    nodes = {t.id: node for t, node in zip(ordered, _nodes(ordered), strict=True)}
    roots: list[TopicNode] = []
    for topic in ordered:
        parent = nodes.get(topic.parent_id) if topic.parent_id is not None else None
        (parent.children if parent else roots).append(nodes[topic.id])
    return roots


def _nodes(rows: Sequence[Topic]) -> list[TopicNode]:
    """Made all at once: 10,000 one by one take six times as long."""
    return _NODES.validate_python([vars(topic) for topic in rows])


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
    name = clean(name)
    return (name if name.isascii() else unicodedata.normalize("NFKC", name)).casefold()


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, with a number where its key is among those `taken`."""
    free, number = name[:MAX_NAME], 1
    while key(free) in taken:
        number += 1
        free = f"{name[: MAX_NAME - 6]} {number}"
    return free


def clean(text: str) -> str:
    """The text on one line, without control characters and surplus spaces."""
    if text.isprintable():
        return " ".join(text.split())
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
                f"A name has at most {MAX_NAME} characters; “{name[:40]}…” {where} has {len(name):,}. "
                "Shorten it, and put the rest into the description."
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


def band(probability: float) -> Band:
    """high, medium or review, by the table above."""
    return next(name for name, least in BANDS if probability >= least)
