"""Tools on topic proposals: make one, cut it anew, drop it, apply it."""

import asyncio
from typing import Literal

from pydantic import BaseModel

from app.domain.topic_diff import HierarchyDiff, diff_hierarchies
from app.domain.topic_take import take
from app.domain.topics import (
    MAX_DEPTH,
    MAX_LEAVES,
    MAX_TOPICS,
    TopicNode,
    TopicPath,
    leaves,
    validate_hierarchy,
)
from app.domain.wording import count
from app.embedding.templates import load_template, template_title
from app.errors import ToolError
from app.store import changes as timeline
from app.store import results, topics
from app.store.database import Tx
from app.store.events import TopicsChanged
from app.tools import categories, model_topics, proposals
from app.tools.base import Card, Context, tool
from app.tools.coverage import CoverageReport, analyze_coverage
from app.tools.proposals import Proposal
from app.tools.topic_edits import Moved


class Applied(BaseModel):
    """What applying did; categorisation and coverage follow at once, since they are free."""

    topics: int
    leaves: int
    categorised: categories.Categorised | None = None
    balance: float | None = None
    coverage: float | None = None


Method = Literal["auto", "template", "manual", "labels", "model"]


async def _generate_card(
    ctx: Context,
    dataset_id: str = "",
    method: Method = "auto",
    template_name: str = "",
    max_depth: int = 3,
    instructions: str = "",
) -> Card | None:
    """None where no model is asked: that is free."""
    wish = _wish(method, max_depth, instructions)
    if not wish and method != "model":
        return None
    return await model_topics.card(
        ctx, fresh=method != "model", instructions=wish, max_depth=max_depth
    )


@tool("consequential", card=_generate_card, ask_user=True)
async def generate_topics(
    ctx: Context,
    dataset_id: str = "",
    method: Method = "auto",
    template_name: str = "",
    max_depth: int = 3,
    instructions: str = "",
) -> Proposal:
    """Propose a topic hierarchy, without applying it. auto: from the data; template: a shipped one;
    labels: from a label field of the records; manual: an empty start; model: the connected model
    names, describes and groups the pending proposal, else the topics in use, else those it finds.
    `instructions` ("merge the payment ones") let the model rework what the method found; billed."""
    wish = _wish(method, max_depth, instructions)
    if method == "model":
        model_topics.connected(ctx)
        base = await model_topics.present(ctx)
        base = base or await model_topics.proposed(ctx, await proposals.from_data(ctx))
        return await model_topics.rework(ctx, base, instructions=wish, max_depth=max_depth)
    if wish:
        model_topics.connected(ctx)
    proposal = await _propose(ctx, method, template_name, max_depth)
    if not wish:
        return proposal
    base = await model_topics.proposed(ctx, proposal)
    return await model_topics.rework(ctx, base, instructions=wish, max_depth=max_depth)


async def _propose(ctx: Context, method: Method, template_name: str, max_depth: int) -> Proposal:
    """Without a model."""
    if method == "auto":
        return await proposals.from_data(ctx)
    if method == "labels":
        return await proposals.from_labels(ctx, max_depth)
    nodes: list[TopicNode] = []
    if method == "template":
        nodes = (await asyncio.to_thread(load_template, template_name)).children
    note = f"From the template “{template_title(template_name)}”." if template_name else ""
    return await proposals.keep(ctx, method, nodes, note=note)


def _wish(method: Method, max_depth: int, instructions: str) -> str:
    """The instructions on one line; raises ToolError for arguments that make no sense."""
    if not 1 <= max_depth <= MAX_DEPTH:
        raise ToolError(f"max_depth is 1 to {MAX_DEPTH}.")
    wish = " ".join(instructions.split())
    if wish and method == "manual":
        raise ToolError("An empty start has nothing to rework. Leave the instructions out.")
    return wish


@tool()
async def recut_proposal(ctx: Context, k: int) -> Proposal:
    """Cut the proposal from the data into `k` topics; instant, nothing is applied."""
    return await proposals.recut(ctx, k)


@tool()
async def discard_proposal(ctx: Context) -> Moved:
    """Drop the proposal that was not applied."""
    await proposals.discard(ctx)
    return Moved(records=0)


async def _apply_card(
    ctx: Context, hierarchy: list[TopicNode] | None = None, changes: list[str] | None = None
) -> Card:
    nodes, diff, _ = await _to_apply(ctx, hierarchy, changes)
    stale = [
        name
        for name, kind in (("Coverage", "coverage"), ("Dry run", "dry_run"))
        if await ctx.open.store.read(results.latest, kind)  # type: ignore[arg-type]
    ]
    rows = [("Topics", f"{len(leaves(nodes)):,}"), ("Changes", diff.summary)]
    if stale:
        rows.append(("Out of date after", ", ".join(stale)))
    rows.append(("Cost", "Free, on this computer"))
    return Card(
        tool="apply_topic_hierarchy",
        title="Apply the new topics?",
        rows=rows,
        verb="Apply",
        note="can be undone",
    )


@tool("consequential", card=_apply_card)
async def apply_topic_hierarchy(
    ctx: Context, hierarchy: list[TopicNode] | None = None, changes: list[str] | None = None
) -> Applied:
    """Apply a hierarchy the user agreed to (without one: the pending proposal), or only these `changes`
    of it: kind and path, such as added:["Cards","Lost"] (removed, renamed, moved: the path now). Topics
    that stay keep their records, locked ones stay as they are; categorising and coverage follow, undone
    with it."""
    nodes, _, labelled = await _to_apply(ctx, hierarchy, changes)
    label = f"Apply {count(len(leaves(nodes)), 'topic')}"
    placed, change = await ctx.write(label, _apply, nodes, labelled)
    await proposals.discard(ctx)
    categorised = await categories.categorise(ctx, scope="all", since=change)
    report = await analyze_coverage(ctx)
    assert isinstance(report, CoverageReport)
    return Applied(
        topics=len(await ctx.open.store.read(topics.all_topics)),
        leaves=len(placed),
        categorised=categorised,
        balance=report.coverage.balance,
        coverage=report.coverage.coverage,
    )


async def _to_apply(
    ctx: Context, hierarchy: list[TopicNode] | None, changes: list[str] | None
) -> tuple[list[TopicNode], HierarchyDiff, bool]:
    """The tree as it will be, how that differs from the topics in use now, and whether the records
    come to their topics by their own labels."""
    pending = await asyncio.to_thread(proposals.pending, ctx.open)
    if hierarchy is None and pending is None:
        raise ToolError("There is no proposal to apply. Generate topics first, or give some.")
    nodes, diff = await ctx.open.store.read(_taken, hierarchy, pending, changes)
    return nodes, diff, pending is not None and pending.method == "labels"


def _taken(
    tx: Tx,
    hierarchy: list[TopicNode] | None,
    pending: Proposal | None,
    changes: list[str] | None,
) -> tuple[list[TopicNode], HierarchyDiff]:
    """A tree that is written into a call has at most MAX_LEAVES; a proposal has its own limit."""
    most = MAX_TOPICS if hierarchy is None else MAX_LEAVES
    if hierarchy is None:
        hierarchy = pending.hierarchy if pending else []
    elif pending is not None:
        hierarchy = proposals.with_members(hierarchy, pending)
    proposed = validate_hierarchy(hierarchy, max_leaves=most)
    present = proposals.present_tree(tx, proposed)
    nodes = validate_hierarchy(take(present, proposed, changes), max_leaves=MAX_TOPICS)
    return nodes, diff_hierarchies(present, nodes)


def _apply(tx: Tx, nodes: list[TopicNode], labelled: bool) -> tuple[dict[TopicPath, int], int]:
    """The leaves' ids by path, and the id of the Change being written."""
    placed = topics.apply_hierarchy(tx, nodes, labelled=labelled)
    results.add_point(tx, "topics_config", f"{len(placed)} topics applied")
    tx.emit(TopicsChanged(tx.dataset_id))
    return placed, timeline.latest_id(tx)
