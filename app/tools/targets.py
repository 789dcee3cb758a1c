"""What the topics should have: shares and quotas, read from the tree, and the tools that set them."""

import math
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

from app.domain.coverage import Targets as Shares
from app.domain.coverage import own_shares
from app.domain.topics import TopicPath, leaf_paths, shown
from app.domain.wording import count
from app.errors import ToolError
from app.store import meta, topics
from app.store.database import Tx
from app.tools.base import Card, Context, tool
from app.tools.cards import UNDO

Targets = Literal["uniform", "as_imported"] | dict[int, float]


@dataclass(frozen=True)
class Aims:
    """By the names of the leaves: `shares` wished, and the `quotas` that differ from `quota`."""

    quota: int
    shares: Shares = None
    quotas: dict[str, int] = field(default_factory=dict)


class QuotaSet(BaseModel):
    quota: int


def read_aims(tx: Tx, paths: dict[int, TopicPath], quota: int) -> Aims:
    """The aims of the leaves at `paths`; `quota` is the one of a dataset that has none."""
    rows = {t.id: t for t in topics.all_topics(tx) if t.id in paths}
    names = {i: shown(path) for i, path in paths.items()}
    kind = meta.get(tx, "targets", "uniform")
    shares: Shares = None if kind == "uniform" else "as_imported"
    if kind == "own":
        shares = own_shares({names[i]: t.target for i, t in rows.items()})
    own = {names[i]: t.quota for i, t in rows.items() if t.quota is not None}
    return Aims(quota=meta.get(tx, "quota", quota), shares=shares, quotas=own)


async def _quota_card(ctx: Context, quota: int) -> Card:
    before = await ctx.open.store.read(meta.get, "quota", ctx.settings.quota)
    rows = [("Records a topic", f"{before:,} now, {quota:,} then"), UNDO]
    return Card(
        tool="set_quota", title="Change the quota?", rows=rows, verb="Change it", reversible=True
    )


@tool("guarded", card=_quota_card)
async def set_quota(ctx: Context, quota: int) -> QuotaSet:
    """Set how many records each topic should have; a topic with a quota of its own keeps that."""
    if quota < 1:
        raise ToolError("quota is at least 1 record.")
    await ctx.write(f"Quota {quota}", meta.put, "quota", quota)
    return QuotaSet(quota=quota)


async def _targets_card(ctx: Context, targets: Targets) -> Card:
    then = targets.replace("_", " ") if isinstance(targets, str) else f"of {len(targets):,} topics"
    rows = [("Shares of the topics", then), UNDO]
    return Card(
        tool="set_targets", title="Change the targets?", rows=rows, verb="Change", reversible=True
    )


@tool("guarded", card=_targets_card)
async def set_targets(ctx: Context, targets: Targets) -> QuotaSet:
    """Set the wished shares of the topics: uniform, as imported, or a share (0 to 1) by topic id;
    topics without one then share evenly what is left. Shares over 1 in all are scaled to 1."""
    if isinstance(targets, str):
        shares, label = {}, f"Targets {targets.replace('_', ' ')}"
    else:
        shares = await ctx.open.store.read(_checked, targets)
        label = f"Target shares of {count(len(shares), 'topic')}"
    kind = targets if isinstance(targets, str) else "own"
    await ctx.write(label, _put, kind, shares)
    return QuotaSet(quota=await ctx.open.store.read(meta.get, "quota", ctx.settings.quota))


def _checked(tx: Tx, wished: dict[int, float]) -> dict[int, float]:
    """The shares with a sum of at most 1; raises ToolError naming what cannot be."""
    leaves = leaf_paths(topics.all_topics(tx))
    for topic_id, share in wished.items():
        if topic_id not in leaves:
            name = topics.get(tx, topic_id).name
            raise ToolError(f"“{name}” has topics below it. Give shares to those.")
        if not math.isfinite(share) or share < 0:
            name = shown(leaves[topic_id])
            raise ToolError(f"The share of “{name}” is {share}. Give a number from 0 to 1.")
    total = sum(wished.values())
    if not math.isfinite(total) or (total == 0 and len(wished) == len(leaves)):
        raise ToolError("The shares come to no sum. Give at least one topic a share above 0.")
    return {i: share / max(1.0, total) for i, share in wished.items()}


def _put(tx: Tx, kind: str, shares: dict[int, float]) -> None:
    """The kind and the leaves' shares; without own targets no topic keeps one."""
    meta.put(tx, "targets", kind)
    tx.sql("UPDATE topic SET target = NULL WHERE target IS NOT NULL")
    rows = [(share, topic_id) for topic_id, share in shares.items()]
    tx.db.connection().executemany("UPDATE topic SET target = ? WHERE id = ?", rows)
