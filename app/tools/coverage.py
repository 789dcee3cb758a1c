"""The tool on coverage: how evenly and how fully the topics are covered, and what to add where."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from app.domain.coverage import Coverage, analyse, balance
from app.domain.planning import Plan, plan, synthetic_cap
from app.domain.topics import Topic, TopicPath, leaf_paths, shown
from app.store import changes, meta, results, topics
from app.store.changes import ChangeInfo
from app.store.database import Tx
from app.store.results import ResultValue
from app.tools.base import Context, tool
from app.tools.targets import read_aims

CHANGES_READ = 2000  # of the timeline, for what was done between rounds


class Round(BaseModel):
    """One analysis; `done` are the changes since the one before it, as the timeline names them."""

    at: float
    balance: float | None
    coverage: float | None
    done: list[str] = []


class CoverageReport(BaseModel):
    """Balance and coverage now, the plan to fill the thin topics, and the rounds so far."""

    coverage: Coverage
    plan: Plan
    quota: int
    targets: str = "uniform"  # or "as_imported" or "own"
    topic_ids: dict[str, int]  # of the leaves that coverage and plan speak of
    group_ids: dict[str, int] = {}
    rounds: list[Round] = []


@tool(step="coverage_generation")
async def analyze_coverage(ctx: Context, dataset_id: str = "") -> CoverageReport:
    """Balance (how evenly the topics are filled, 0 to 1) and coverage (how close each is to its
    quota), which topics are thin, and a plan with the exact figures afterwards."""
    return await analysed(ctx)


async def analysed(ctx: Context) -> CoverageReport:
    """The report on the present assignments, kept as a round where these were not measured yet."""
    fingerprint = (await ctx.open.expected("coverage_generation")).model_dump_json()
    report = await ctx.open.store.read(measure, ctx)
    latest = await ctx.open.store.read(results.latest, "coverage")
    if latest is None or latest.fingerprint != fingerprint:
        data = report.model_dump(mode="json", exclude={"rounds"}) | {"actor": ctx.actor}
        await ctx.open.store.transaction(_keep, fingerprint, data)
    return await ctx.open.store.read(measure, ctx)


def measure(tx: Tx, ctx: Context) -> CoverageReport:
    """The report on the present assignments; stores nothing."""
    rows = topics.all_topics(tx)
    paths = leaf_paths(rows)
    names = {i: shown(path) for i, path in paths.items()}
    counted = topics.counts(tx)
    counts = {name: counted.get(i, 0) for i, name in names.items()}
    aims = read_aims(tx, paths, ctx.settings.quota)
    thresholds = ctx.open.thresholds
    found = analyse(
        counts,
        groups=levels(list(paths.values())),
        targets=aims.shares,
        quota=aims.quota,
        quotas=aims.quotas,
        uncategorised=counted.get(None, 0),
        thresholds=thresholds,
    )
    real = _train_counts(tx, names, "AND source <> 'generated'")
    planned = plan(
        counts,
        real,
        quota=aims.quota,
        quotas=aims.quotas,
        cap=synthetic_cap(_train_counts(tx, names, ""), real, thresholds),
        targets=aims.shares,
        thresholds=thresholds,
    )
    above = {t.id: t for t in rows}
    return CoverageReport(
        coverage=found,
        plan=planned,
        quota=aims.quota,
        targets=meta.get(tx, "targets", "uniform"),
        topic_ids={name: i for i, name in names.items()},
        group_ids={
            shown(path[: len(path) - up]): group
            for i, path in paths.items()
            for up, group in enumerate(_ancestors(above, i), 1)
        },
        rounds=_rounds(results.of_kind(tx, "coverage"), changes.timeline(tx, CHANGES_READ)),
    )


def levels(paths: list[TopicPath]) -> list[dict[str, str]]:
    """Leaf -> group, by shown path, for each level above the leaves that has several groups and
    fewer than leaves; from the top."""
    deepest = max((len(path) for path in paths), default=0)
    found = []
    for depth in range(1, deepest):
        groups = {shown(path): shown(path[:depth]) for path in paths}
        if 1 < len(set(groups.values())) < len(groups):
            found.append(groups)
    return found


def forecast(tx: Tx, added: Mapping[int, int]) -> tuple[float | None, float | None]:
    """Balance now, and with so many more records by topic id."""
    paths = leaf_paths(topics.all_topics(tx))
    counted, shares = topics.counts(tx), read_aims(tx, paths, 1).shares
    now = {shown(path): counted.get(i, 0) for i, path in paths.items()}
    after = {shown(path): counted.get(i, 0) + added.get(i, 0) for i, path in paths.items()}
    return balance(now, shares), balance(after, shares)


def _ancestors(rows: Mapping[int, Topic], topic_id: int) -> list[int]:
    """The ids above a topic, its parent first."""
    found = []
    parent = rows[topic_id].parent_id
    while parent is not None and parent in rows:
        found.append(parent)
        parent = rows[parent].parent_id
    return found


def _rounds(found: list[ResultValue], timeline: list[ChangeInfo]) -> list[Round]:
    """Oldest first, each with what was changed (and still holds) since the one before."""
    kept = [c for c in reversed(timeline) if c.undoes is None and not c.undone]
    rounds: list[Round] = []
    before = float("-inf")
    for result in reversed(found):
        leaves = result.data["coverage"]["leaves"]
        rounds.append(
            Round(
                at=result.created,
                balance=leaves["balance"],
                coverage=leaves["coverage"],
                done=[c.label for c in kept if before < c.at <= result.created],
            )
        )
        before = result.created
    return rounds


def _train_counts(tx: Tx, names: dict[int, str], condition: str) -> dict[str, int]:
    where = f"valid AND split = 'train' {condition}"
    query = f"SELECT topic_id, COUNT(*) FROM record WHERE {where} GROUP BY +topic_id"
    found = tx.cached(("train counts", condition), lambda: dict(tx.sql(query)))
    return {name: found.get(i, 0) for i, name in names.items()}


def _keep(tx: Tx, fingerprint: str, data: dict[str, Any]) -> None:
    results.add(tx, "coverage", fingerprint=fingerprint, data=data)
    results.add_point(tx, "coverage_generation", "Coverage analysed")
