"""Where moved topics go: a drop, a paste or a key as the arguments of move_topics; nothing is done."""

from collections.abc import Collection
from dataclasses import dataclass

from app.domain.topic_tree import Tree, order_after_move
from app.errors import ToolError


@dataclass(frozen=True)
class Move:
    """These topics below `parent_id` (None: the top) at `position` among the children that stay."""

    topic_ids: tuple[int, ...]
    parent_id: int | None
    position: int


def before(tree: Tree, ids: Collection[int], parent: int | None, sibling: int | None) -> Move:
    """The move to the place just before `sibling` (None: the last) below `parent`."""
    moved = tree.tops(ids)
    children = [topic.id for topic in tree.children(parent)]
    end = len(children) if sibling is None else children.index(sibling)
    return Move(tuple(moved), parent, sum(child not in moved for child in children[:end]))


def beside(tree: Tree, ids: Collection[int], topic_id: int) -> Move:
    """The move to the place just after this topic, below the same parent."""
    parent = tree.parent(tree.get(topic_id))
    children = [topic.id for topic in tree.children(parent)]
    after = children[children.index(topic_id) + 1 :]
    return before(tree, ids, parent, after[0] if after else None)


def shifted(tree: Tree, ids: Collection[int], by: int) -> Move | None:
    """One place up (-1) or down (1) among the siblings; None where there is no such place."""
    if (found := _block(tree, ids)) is None:
        return None
    parent, stay, at = found
    moved = tree.tops(ids)
    children = [topic.id for topic in tree.children(parent)]
    if children[at : at + len(moved)] == moved and not 0 <= at + by <= len(stay):
        return None
    return Move(tuple(moved), parent, max(0, min(len(stay), at + by)))


def indented(tree: Tree, ids: Collection[int]) -> Move | None:
    """Below the topic above them, as its last; None where nothing stands above."""
    if (found := _block(tree, ids)) is None:
        return None
    _, stay, at = found
    return before(tree, ids, stay[at - 1], None) if at else None


def outdented(tree: Tree, ids: Collection[int]) -> Move | None:
    """Just after the topic they are below; None at the top."""
    found = _block(tree, ids)
    return None if found is None or found[0] is None else beside(tree, ids, found[0])


def refusal(tree: Tree, move: Move) -> str:
    """Why the move cannot be made, in words; empty where it can."""
    try:
        order_after_move(tree, move.topic_ids, move.parent_id, move.position)
    except ToolError as error:
        return str(error)
    return ""


def changes(tree: Tree, move: Move) -> bool:
    """Whether anything stands elsewhere after it; raises ToolError where it cannot be made."""
    after = order_after_move(tree, move.topic_ids, move.parent_id, move.position)
    return after != [topic.id for topic in tree.children(move.parent_id)]


def _block(tree: Tree, ids: Collection[int]) -> tuple[int | None, list[int], int] | None:
    """The common parent of these topics, its children that stay, and how many of those come before
    the first; None where they have different parents."""
    moved = tree.tops(ids)
    parents = {tree.parent(tree.get(topic_id)) for topic_id in moved}
    if len(parents) != 1:
        return None
    parent = parents.pop()
    children = [topic.id for topic in tree.children(parent)]
    first = min(children.index(topic_id) for topic_id in moved)
    return parent, [child for child in children if child not in moved], first
