"""Tools on coverage: how evenly and how fully the topics are covered, and what to add where."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from app.domain.coverage import Coverage, analyse, balance
from app.domain.coverage import Targets as Shares
from app.domain.planning import Plan, plan
from app.domain.topics import leaf_paths, shown
from app.errors import ToolError
from app.store import meta, results, topics
from app.store.database import Tx
from app.tools.base import Card, Context, tool
from app.tools.cards import UNDO


class CoverageReport(BaseModel):
    """Balance and coverage now, the plan to fill the thin topics, and the rounds so far."""

    coverage: Coverage
    plan: Plan
    quota: int
    topic_ids: dict[str, int]  # of the names that coverage and plan speak of
    rounds: list[dict[str, Any]] = []


class QuotaSet(BaseModel):
    quota: int


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


async def _quota_card(ctx: Context, quota: int) -> Card:
    before = await ctx.open.store.read(meta.get, "quota", ctx.settings.quota)
    rows = [("Records a topic", f"{before:,} now, {quota:,} then"), UNDO]
    return Card(
        tool="set_quota", title="Change the quota?", rows=rows, verb="Change it", reversible=True
    )


@tool("guarded", card=_quota_card)
async def set_quota(ctx: Context, quota: int) -> QuotaSet:
    """Set how many records each topic should have."""
    if quota < 1:
        raise ToolError("quota is at least 1 record.")
    await ctx.write(f"Quota {quota}", meta.put, "quota", quota)
    return QuotaSet(quota=quota)


Targets = Literal["uniform", "as_imported"] | dict[int, float]


async def _targets_card(ctx: Context, targets: Targets) -> Card:
    then = targets.replace("_", " ") if isinstance(targets, str) else f"of {len(targets):,} topics"
    rows = [("Shares of the topics", then), UNDO]
    return Card(
        tool="set_targets", title="Change the targets?", rows=rows, verb="Change", reversible=True
    )


@tool("guarded", card=_targets_card)
async def set_targets(ctx: Context, targets: Targets) -> QuotaSet:
    """Set the wished shares of the topics: uniform, as imported, or a share by topic id."""
    await ctx.write("Set the targets", meta.put, "targets", targets)
    return QuotaSet(quota=await ctx.open.store.read(meta.get, "quota", ctx.settings.quota))


def measure(tx: Tx, ctx: Context) -> CoverageReport:
    """The report on the present assignments; stores nothing."""
    rows = topics.all_topics(tx)
    names = {i: shown(path) for i, path in leaf_paths(rows).items()}
    counted = topics.counts(tx)
    counts = {name: counted.get(i, 0) for i, name in names.items()}
    parents = {shown(p): shown(p[:-1]) for p in leaf_paths(rows).values() if len(p) > 1}
    quota = meta.get(tx, "quota", ctx.settings.quota)
    targets = _targets(tx, names)
    real = _train_counts(tx, names, "AND source <> 'generated'")
    in_train = _train_counts(tx, names, "")
    thresholds = ctx.open.thresholds
    found = analyse(
        counts,
        parents=parents if len(set(parents.values())) > 1 else None,
        targets=targets,
        quota=quota,
        uncategorised=counted.get(None, 0),
        thresholds=thresholds,
    )
    cap = {t: max(0, real[t] - (in_train[t] - real[t])) for t in counts}
    planned = plan(counts, real, quota=quota, cap=cap, targets=targets, thresholds=thresholds)
    return CoverageReport(
        coverage=found,
        plan=planned,
        quota=quota,
        topic_ids={name: i for i, name in names.items()},
        rounds=[
            {"at": r.created, "balance": _balance(r.data), "coverage": _coverage(r.data)}
            for r in reversed(results.of_kind(tx, "coverage"))
        ],
    )


def forecast(tx: Tx, added: Mapping[int, int]) -> tuple[float | None, float | None]:
    """Balance now, and with so many more records by topic id."""
    names = {i: shown(path) for i, path in leaf_paths(topics.all_topics(tx)).items()}
    counted, targets = topics.counts(tx), _targets(tx, names)
    now = {name: counted.get(i, 0) for i, name in names.items()}
    after = {name: now[name] + added.get(i, 0) for i, name in names.items()}
    return balance(now, targets), balance(after, targets)


def _targets(tx: Tx, names: dict[int, str]) -> Shares:
    """The wished shares as the domain has them: by name."""
    wished = meta.get(tx, "targets", "uniform")
    if isinstance(wished, dict):
        return {names[int(i)]: share for i, share in wished.items() if int(i) in names}
    return None if wished == "uniform" else "as_imported"


def _train_counts(tx: Tx, names: dict[int, str], condition: str) -> dict[str, int]:
    where = f"valid AND split = 'train' {condition}"
    query = f"SELECT topic_id, COUNT(*) FROM record WHERE {where} GROUP BY +topic_id"
    found = tx.cached(("train counts", condition), lambda: dict(tx.sql(query)))
    return {name: found.get(i, 0) for i, name in names.items()}


def _keep(tx: Tx, fingerprint: str, data: dict[str, Any]) -> None:
    results.add(tx, "coverage", fingerprint=fingerprint, data=data)
    results.add_point(tx, "coverage_generation", "Coverage analysed")


def _balance(data: dict[str, Any]) -> float | None:
    value: float | None = data["coverage"]["leaves"]["balance"]
    return value


def _coverage(data: dict[str, Any]) -> float | None:
    value: float | None = data["coverage"]["leaves"]["coverage"]
    return value
