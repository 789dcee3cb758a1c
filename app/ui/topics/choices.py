"""The topics as one chooses among them: by path, leaves marked, and as a menu; nothing is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from app.domain.topics import Topic, build_tree, shown, walk
from app.ui import kit


@dataclass(frozen=True)
class TopicChoice:
    """A topic in the order of the tree; `leaves` are the ids of the leaves at or below it."""

    id: int
    name: str
    path: tuple[str, ...]
    leaves: tuple[int, ...]

    @property
    def leaf(self) -> bool:
        return self.leaves == (self.id,)

    @property
    def words(self) -> str:
        return shown(self.path)


def choices(rows: Sequence[Topic]) -> tuple[TopicChoice, ...]:
    """Every topic, parents before children."""
    return tuple(
        TopicChoice(
            id=node.id or 0,
            name=node.name,
            path=path,
            leaves=tuple(n.id or 0 for _, n in walk([node]) if not n.children),
        )
        for path, node in walk(build_tree(rows))
    )


def leaf_entries(
    topics: Sequence[TopicChoice], on: Callable[[int], object], above: tuple[str, ...] = ()
) -> list[kit.Entry]:
    """The leaves as a menu; each group of topics is a submenu. `on` is called with the id."""
    entries = []
    for topic in topics:
        if topic.path[:-1] != above:
            continue
        if topic.leaf:
            entries.append(kit.Entry(topic.name, partial(on, topic.id)))
        else:
            entries.append(kit.Entry(topic.name, below=leaf_entries(topics, on, topic.path)))
    return entries
