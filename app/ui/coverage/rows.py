"""A row for each topic or group of a level, as the table and the map show it; no widget here."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.coverage import TopicShare
from app.domain.topic_signals import TopicSignal
from app.domain.topics import Topic, TopicNode, build_tree
from app.domain.treemap import Area
from app.domain.wording import count, number
from app.tools.coverage import CoverageReport

BETWEEN = " › "


@dataclass(frozen=True)
class TopicRow:
    """`after` is the share of the records once the plan is done; `id` None for an unknown topic. `name`
    is the end of the path `topic`, as long as it takes to be told from others.

    `add` records are planned, `short` are lacking of the quota even then.
    """

    topic: str
    name: str
    id: int | None
    records: int
    quota: int
    filled: float
    share: float
    target: float | None
    after: float
    add: int
    short: int
    thin: bool
    signal: TopicSignal | None = None
    color: int = 0

    @property
    def chip(self) -> str:
        return "short" if self.short else "thin" if self.thin else ""

    @property
    def words(self) -> str:
        """«Cards › Lost: 40 of 100 records, 32 planned, 12 % of all, target 33 %»."""
        said = f"{self.topic}: {self.records:,} of {count(self.quota, 'record')}"
        if not self.quota:
            said = f"{self.topic}: {count(self.records, 'record')}, no quota"
        if self.add:
            said += f", {self.add:,} planned"
        return f"{said}, {self.share_words}"

    @property
    def share_words(self) -> str:
        said = f"{number(self.share, '%')} of all"
        said += f", target {number(self.target, '%')}" if self.target is not None else ""
        return said + (f", {number(self.after, '%')} after the plan" if self.add else "")

    @property
    def signal_words(self) -> str:
        """«0.62», or why there is none."""
        if self.signal is None:
            return "not sampled"
        if self.signal.value is None:
            return f"n too small ({self.signal.prompts})"
        return number(self.signal.value)


@dataclass(frozen=True)
class TopicLevel:
    """All rows of one level with its figures; `title` is what its segment says."""

    title: str
    rows: tuple[TopicRow, ...]
    balance: float | None
    coverage: float | None


def levels_of(
    report: CoverageReport,
    signals: Mapping[int, TopicSignal] | None = None,
    colors: Mapping[int, int] | None = None,
) -> tuple[TopicLevel, ...]:
    """The leaves, then the levels above them from the top; each by size."""
    leaves = _leaf_rows(report, signals or {}, colors or {})
    found = report.coverage.leaves
    levels = [TopicLevel("Leaves", _by_size(leaves), found.balance, found.coverage)]
    several = len(report.coverage.groups) > 1
    for place, level in enumerate(report.coverage.groups, 1):
        rows = _group_rows(report, level.topics, leaves)
        title = f"Level {place}" if several else "Groups"
        levels.append(TopicLevel(title, _by_size(rows), level.balance, level.coverage))
    return tuple(levels)


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """The shortest end of each shown path that no other of them has: «by phone», «Open › by phone»."""
    found: dict[str, str] = {}
    left = {path: path.split(BETWEEN) for path in paths}
    for size in range(1, max((len(parts) for parts in left.values()), default=0) + 1):
        ends = {path: BETWEEN.join(parts[-size:]) for path, parts in left.items()}
        times = Counter(ends.values())
        found |= {p: end for p, end in ends.items() if times[end] == 1 or size >= len(left[p])}
        left = {path: parts for path, parts in left.items() if path not in found}
    return found


def areas_of(rows: Sequence[Topic], counts: Mapping[int | None, int]) -> tuple[Area, ...]:
    """The tree as areas by records; one without any has the area of a single record, to be seen."""

    def area(node: TopicNode) -> Area:
        below = tuple(area(child) for child in node.children)
        own = max(1, counts.get(node.id, 0))
        size = sum(a.size for a in below) if below else own
        return Area(node.id or 0, size, below, name=node.name)

    return tuple(area(node) for node in build_tree(rows))


def _leaf_rows(
    report: CoverageReport, signals: Mapping[int, TopicSignal], colors: Mapping[int, int]
) -> list[TopicRow]:
    planned = {topic.topic: topic for topic in report.plan.topics}
    whole = sum(t.after for t in report.plan.topics)
    names = short_names(t.topic for t in report.coverage.leaves.topics)
    rows = []
    for topic in report.coverage.leaves.topics:
        topic_id = report.topic_ids.get(topic.topic)
        row = _row(topic, names[topic.topic], topic_id)
        if plan := planned.get(topic.topic):
            after = plan.after / whole if whole else 0.0
            row = replace(row, after=after, add=plan.add, short=plan.short)
        if topic_id is not None:
            row = replace(row, signal=signals.get(topic_id), color=colors.get(topic_id, 0))
        rows.append(row)
    return rows


def _group_rows(
    report: CoverageReport, groups: Sequence[TopicShare], leaves: Sequence[TopicRow]
) -> list[TopicRow]:
    ids, names = report.topic_ids | report.group_ids, short_names(g.topic for g in groups)
    rows = {g.topic: _row(g, names[g.topic], ids.get(g.topic)) for g in groups}
    for leaf in leaves:
        parts = leaf.topic.split(BETWEEN)
        above = (BETWEEN.join(parts[:n]) for n in range(len(parts), 0, -1))
        if (name := next((a for a in above if a in rows), None)) is not None:
            group = rows[name]
            rows[name] = replace(
                group,
                after=group.after + leaf.after,
                add=group.add + leaf.add,
                short=group.short + leaf.short,
            )
    return list(rows.values())


def _row(topic: TopicShare, name: str, topic_id: int | None) -> TopicRow:
    return TopicRow(
        topic=topic.topic,
        name=name,
        id=topic_id,
        records=topic.records,
        quota=topic.quota,
        filled=topic.filled,
        share=topic.share,
        target=topic.target,
        after=0.0,
        add=0,
        short=0,
        thin=topic.thin,
    )


def _by_size(rows: Iterable[TopicRow]) -> tuple[TopicRow, ...]:
    return tuple(sorted(rows, key=lambda row: -row.records))
