"""What the topics panel shows: the tree with its figures, a pending proposal, the queue; no widget."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.thresholds import DEFAULTS
from app.domain.topics import TopicNode, build_tree, leaves
from app.store import meta, records, topics
from app.store.database import Tx
from app.store.records import RecordFilter, RecordStats
from app.tools.proposals import Proposal
from app.ui.topics.choices import TopicChoice, choices

QUEUE = 20  # records read ahead, so that skipping is instant
OPTIONS = 3
EXAMPLES = 2


@dataclass(frozen=True)
class Line:
    """A topic in the tree. `share` is of the categorised records, `sure` their mean probability,
    None where there is none; `key` tells lines apart: the stored topic's id, in a proposal the path."""

    key: int | tuple[str, ...]
    path: tuple[str, ...]
    records: int
    share: float
    sure: float | None
    children: tuple["Line", ...] = ()
    exemplars: tuple[str, ...] = ()
    description: str = ""

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def leaf(self) -> bool:
        return not self.children


@dataclass(frozen=True)
class Review:
    """A record whose topic is uncertain: its words, and (id, name, probability) of the likeliest."""

    record_id: int
    text: str
    options: tuple[tuple[int, str, float], ...]


@dataclass(frozen=True)
class TopicsSnapshot:
    """`lines` are the stored topics, `proposed` those of the pending proposal."""

    lines: tuple[Line, ...] = ()
    topics: tuple[TopicChoice, ...] = ()
    leaves: int = 0
    stats: RecordStats = field(default_factory=RecordStats)
    quota: int = DEFAULTS.quota
    proposal: Proposal | None = None
    proposed: tuple[Line, ...] = ()
    queue: tuple[Review, ...] = ()

    @property
    def uncategorised(self) -> int:
        return self.stats.valid - self.stats.categorised

    @property
    def facts(self) -> str:
        """«14 leaves in 4 groups», or what there is instead."""
        if not self.lines:
            return "None yet" if self.proposal is None else "A proposal waits for your yes"
        groups = sum(1 for line in self.lines if not line.leaf)
        said = f"{self.leaves} {'leaf' if self.leaves == 1 else 'leaves'}"
        return said + (f" in {groups} {'group' if groups == 1 else 'groups'}" if groups else "")


def read_snapshot(tx: Tx, proposal: Proposal | None) -> TopicsSnapshot:
    """The state of the topics in one transaction; the proposal was read from its file before."""
    rows = topics.all_topics(tx)
    tree, stats = build_tree(rows), records.stats(tx)
    counts, means = topics.counts(tx), topics.means(tx)
    return TopicsSnapshot(
        lines=stored_lines(tree, counts, means),
        topics=choices(rows),
        leaves=len(leaves(tree)),
        stats=stats,
        quota=int(meta.get(tx, "quota", DEFAULTS.quota)),
        proposal=proposal,
        proposed=proposed_lines(proposal.hierarchy) if proposal else (),
        queue=read_queue(tx),
    )


def read_queue(tx: Tx) -> tuple[Review, ...]:
    """The least certain records, the least certain first."""
    names = {topic.id: topic.name for topic in topics.all_topics(tx)}
    found = records.page(tx, RecordFilter(review=True), "probability", limit=QUEUE)
    queue = []
    for row in records.rows(tx, found):
        likely = [(t, p) for t, p in records.alternatives(tx, row.id) if t in names]
        if row.topic_id in names and row.topic_id not in [t for t, _ in likely]:
            likely.append((row.topic_id, row.probability or 0.0))
        likely.sort(key=lambda pair: -pair[1])
        options = tuple((t, names[t], p) for t, p in likely[:OPTIONS])
        queue.append(Review(row.id, row.preview, options))
    return tuple(queue)


def read_examples(tx: Tx, leaf_ids: Sequence[int]) -> tuple[str, ...]:
    """The last user turns of the surest records on these leaves."""
    spec = RecordFilter(topic_ids=tuple(leaf_ids), valid=True)
    found = records.page(tx, spec, "probability", True, limit=EXAMPLES)
    return tuple(row.preview for row in records.rows(tx, found))


def stored_lines(
    tree: Sequence[TopicNode],
    counts: Mapping[int | None, int],
    means: Mapping[int, float],
) -> tuple[Line, ...]:
    """The stored tree with its figures; a group has the sums and means of its leaves."""

    def figures(node: TopicNode) -> tuple[int, float | None]:
        return counts.get(node.id, 0), None if node.id is None else means.get(node.id)

    total = sum(n for topic, n in counts.items() if topic is not None)
    return _lines(tree, figures, total)


def proposed_lines(tree: Sequence[TopicNode]) -> tuple[Line, ...]:
    """A proposal's tree with the records each leaf would get."""
    total = sum(len(node.record_ids) for _, node in leaves(tree))
    return _lines(tree, lambda node: (len(node.record_ids), None), total)


def _lines(
    tree: Sequence[TopicNode],
    figures: Callable[[TopicNode], tuple[int, float | None]],
    total: int,
    above: tuple[str, ...] = (),
) -> tuple[Line, ...]:
    made = []
    for node in tree:
        path = (*above, node.name)
        below = _lines(node.children, figures, total, path)
        records_here, sure = figures(node)
        if below:
            records_here = sum(line.records for line in below)
            known = [(line.sure, line.records) for line in below if line.sure is not None]
            weight = sum(n for _, n in known)
            sure = sum(s * n for s, n in known) / weight if weight else None
        made.append(
            Line(
                key=path if node.id is None else node.id,
                path=path,
                records=records_here,
                share=records_here / total if total else 0.0,
                sure=sure,
                children=below,
                exemplars=tuple(node.exemplars),
                description=node.description,
            )
        )
    return tuple(made)


def leaf_lines(lines: Sequence[Line]) -> list[Line]:
    """The leaves, in the order of the tree."""
    return [leaf for line in lines for leaf in ([line] if line.leaf else leaf_lines(line.children))]
