"""A topic proposal as a file: the merge tree with names, to be cut at any granularity at once."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from app.domain.topics import TopicNode
from app.errors import InputError
from app.workers import write_atomic

MIN_CUT = 2


class NodeText(BaseModel):
    """What a node of the merge tree would be called, best first, and three typical texts."""

    names: list[str] = []
    exemplars: list[str] = []


class Proposal(BaseModel):
    """Topics found in records, at every granularity from 2 to `finest`.

    `record_ids[i]` is in group `groups[i]` of the finest cut; `merges` joins two nodes into the
    next one, numbered from `finest` on; `nodes` has a text for each. `suggested` is the number of
    topics the data shows. `english` is False where the encoder cannot be trusted.
    """

    record_ids: list[int]
    groups: list[int]
    merges: list[tuple[int, int]]
    nodes: list[NodeText]
    suggested: int
    english: bool = True

    @property
    def finest(self) -> int:
        return len(self.merges) + 1

    def cut(self, topics: int | None = None) -> list[TopicNode]:
        """That many topics (default: the suggested number) as a flat list, the largest first.

        Names are unique; the number is brought into what the data allows.
        """
        wanted = max(1, min(topics or self.suggested, self.finest))
        chosen = nodes_of_cut(self.merges, wanted)
        under = members(self.merges)
        topic_of = {group: node for node in chosen for group in under[node]}
        records: dict[int, list[int]] = {node: [] for node in chosen}
        for record, group in zip(self.record_ids, self.groups, strict=True):
            records[topic_of[group]].append(record)
        chosen.sort(key=lambda node: (-len(records[node]), node))
        names = unique_names([self.nodes[node].names for node in chosen])
        return [
            TopicNode(name=name, record_ids=records[node], exemplars=self.nodes[node].exemplars)
            for name, node in zip(names, chosen, strict=True)
        ]

    def save(self, path: Path) -> None:
        write_atomic(path, self.model_dump_json().encode())


def load_proposal(path: Path) -> Proposal:
    """Raises InputError when the file is gone or not a proposal."""
    try:
        return Proposal.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(
            f"The topic proposal {path} cannot be read. Propose topics again."
        ) from error


def recut(path: Path, topics: int | None = None) -> list[TopicNode]:
    """The proposal of that file at another granularity."""
    return load_proposal(path).cut(topics)


def nodes_of_cut(merges: Sequence[tuple[int, int]], groups: int) -> list[int]:
    """The tree nodes that make up a cut into `groups`; nodes 0..m-1 are the finest groups."""
    finest = len(merges) + 1
    alive = dict.fromkeys(range(finest))
    for i, (a, b) in enumerate(merges[: finest - groups]):
        del alive[a], alive[b]
        alive[finest + i] = None
    return list(alive)


def members(merges: Sequence[tuple[int, int]]) -> list[list[int]]:
    """For every tree node the finest groups under it."""
    under = [[group] for group in range(len(merges) + 1)]
    for a, b in merges:
        under.append(under[a] + under[b])
    return under


def unique_names(candidates: Sequence[Sequence[str]]) -> list[str]:
    """One name per topic, no two alike (case aside): the best still free, else one with a number."""
    taken: set[str] = set()
    names = []
    for number, options in enumerate(candidates, 1):
        first = options[0] if options else f"Topic {number}"
        name = next((o for o in options if o.casefold() not in taken), first)
        suffix = 2
        while name.casefold() in taken:
            name, suffix = f"{first} {suffix}", suffix + 1
        taken.add(name.casefold())
        names.append(name)
    return names
