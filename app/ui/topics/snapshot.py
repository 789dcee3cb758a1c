"""What the topics panel shows: the tree with its figures, a pending proposal; no widget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.coverage import own_shares
from app.domain.thresholds import DEFAULTS
from app.domain.topic_tree import Tree
from app.domain.topics import Topic, build_tree, leaves
from app.store import meta, records, topics
from app.store.database import Tx
from app.store.records import RecordFilter, RecordStats
from app.store.stats import topic_scores
from app.tools.proposals import Proposal, as_of_now
from app.ui.topics.choices import TopicChoice, choices
from app.ui.topics.lines import (
    Figures,
    Known,
    Line,
    Lines,
    Mark,
    arrange,
    proposed_lines,
    stored_lines,
)

EXAMPLES = 2


@dataclass(frozen=True)
class TopicsSnapshot:
    """`lines` are the stored topics, `proposed` those of the pending proposal, each with their
    arrangement; `tree` the stored rows, which say what an edit may do."""

    lines: tuple[Line, ...] = ()
    arranged: Lines = field(default_factory=Lines)
    tree: Tree = field(default_factory=lambda: Tree(()))
    topics: tuple[TopicChoice, ...] = ()
    leaves: int = 0
    stats: RecordStats = field(default_factory=RecordStats)
    quota: int = DEFAULTS.quota
    own_targets: bool = False
    proposal: Proposal | None = None
    proposed: tuple[Line, ...] = ()
    arranged_proposal: Lines = field(default_factory=Lines)

    @property
    def uncategorised(self) -> int:
        return self.stats.valid - self.stats.categorised

    @property
    def scored(self) -> bool:
        """Whether a dry run has graded answers to records of these topics."""
        return any(line.figures.scored for line in self.lines)

    @property
    def facts(self) -> str:
        """«14 leaves in 4 groups», or what there is instead."""
        if not self.lines:
            return "None yet" if self.proposal is None else "A proposal waits for your yes"
        groups = sum(1 for line in self.lines if not line.leaf)
        said = f"{self.leaves:,} {'leaf' if self.leaves == 1 else 'leaves'}"
        return said + (f" in {groups:,} {'group' if groups == 1 else 'groups'}" if groups else "")


def read_snapshot(tx: Tx, proposal: Proposal | None) -> TopicsSnapshot:
    """The state of the topics in one transaction; the proposal was read from its file before."""
    proposal = proposal and as_of_now(tx, proposal)
    rows = topics.all_topics(tx)
    tree = build_tree(rows)
    quota, targets = int(meta.get(tx, "quota", DEFAULTS.quota)), meta.get(tx, "targets", "uniform")
    lines = stored_lines(
        tree,
        Known(
            figures=_figures(tx),
            marks={t.id: Mark(t.color, t.locked, t.target, t.quota) for t in rows},
            goals=_goals({n.id or 0: None for _, n in leaves(tree)}, rows, targets),
            quota=quota,
        ),
    )
    proposed = proposed_lines(proposal.hierarchy) if proposal else ()
    return TopicsSnapshot(
        lines=lines,
        arranged=arrange(lines),
        tree=Tree(rows),
        topics=choices(rows),
        leaves=len(leaves(tree)),
        stats=records.stats(tx),
        quota=quota,
        own_targets=targets == "own",
        proposal=proposal,
        proposed=proposed,
        arranged_proposal=arrange(proposed),
    )


def _figures(tx: Tx) -> dict[int, Figures]:
    counts, means, scores = topics.counts(tx), topics.means(tx), topic_scores(tx)
    none: tuple[float | None, int] = (None, 0)
    return {
        topic_id: Figures(counts.get(topic_id, 0), means.get(topic_id), *scores.get(topic_id, none))
        for topic_id in {*counts, *scores}
        if topic_id is not None
    }


def _goals(
    ends: Mapping[int, float | None], rows: Sequence[Topic], targets: object
) -> dict[int, float]:
    """The share each leaf should have, by id; none where the records are to stay as imported."""
    if targets == "as_imported":
        return {}
    wished = {t.id: t.target for t in rows if t.id in ends} if targets == "own" else ends
    return own_shares(wished)


def read_examples(tx: Tx, leaf_ids: Sequence[int]) -> tuple[str, ...]:
    """The last user turns of the surest records on these leaves."""
    spec = RecordFilter(topic_ids=tuple(leaf_ids), valid=True)
    found = records.page(tx, spec, "probability", True, limit=EXAMPLES)
    return tuple(row.preview for row in records.rows(tx, found))
