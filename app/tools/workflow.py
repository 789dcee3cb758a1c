"""Tools on the seven steps: begin, look, go on, go back."""

from typing import Any

from pydantic import BaseModel

from app.domain.steps import SKIPPABLE, STEPS, TITLES, Step
from app.domain.workflow import StepState, context, workflow
from app.errors import GateError, ToolError
from app.store import changes, meta, records, results, topics
from app.store.database import Tx
from app.tools import proposals
from app.tools.base import Card, Context, tool
from app.tools.records import put_goal

# What else the steps left behind; targets are by topic, and the topics go.
CLEARED_BY_RESET = (
    "grader", "skipped", "workflow", "accepted_warning", "confirmed_test", "targets",
)  # fmt: skip


class WorkflowStatus(BaseModel):
    """The seven steps, the goal, and the context block that the assistant sees."""

    workflow_id: str
    goal: str
    current_step: str | None
    steps: list[StepState]
    context: dict[str, Any] | None


class Point(BaseModel):
    snapshot_id: int
    step: str
    at: float
    label: str


class RolledBack(BaseModel):
    """The points one can go back to, or what going back did."""

    points: list[Point] = []
    undone: int = 0
    restored: str = ""


class Done(BaseModel):
    done: bool = True


@tool()
async def start_finetune_workflow(
    ctx: Context,
    training_goals: str,
    dataset_id: str = "",
    start_step: Step = "topics_config",
) -> WorkflowStatus:
    """Begin the seven steps with the training goal. `start_step=grader_config` skips topics,
    categories and coverage (the quick road)."""
    store = ctx.open.store
    workflow_id = ctx.open.workflow_id

    def work(tx: Tx) -> None:
        put_goal(tx, training_goals)
        meta.put(tx, "workflow", {"id": workflow_id, "started": tx.now, "start_step": start_step})
        passed = STEPS[: STEPS.index(start_step)]
        meta.put(tx, "skipped", [s for s in passed if s in SKIPPABLE])

    missing = [m for step in STEPS[: STEPS.index(start_step)] if step not in SKIPPABLE
               for m in await ctx.open.missing_for(start_step)]  # fmt: skip
    if missing:
        raise GateError(start_step, list(dict.fromkeys(missing)))
    await ctx.write("Start the workflow", work)
    await store.transaction(results.add_point, "start", "Workflow started")
    return await _status(ctx)


@tool("read")
async def get_workflow_status(ctx: Context, workflow_id: str = "") -> WorkflowStatus:
    """Where each of the seven steps stands, with its number or the reason why it is blocked."""
    return await _status(ctx)


@tool()
async def advance_to_step(ctx: Context, step: Step) -> WorkflowStatus:
    """Go on to a step. Topics, categories and coverage that are passed over count as skipped; what
    is missing for the step is listed, all of it, and then nothing is changed."""
    if missing := await ctx.open.missing_for(step):
        raise GateError(step, missing)
    flow = await ctx.open.workflow()
    passed = [s for s in STEPS[: STEPS.index(step)] if flow[s].status in ("pending", "blocked")]

    def work(tx: Tx) -> None:
        before = meta.get(tx, "skipped", [])
        meta.put(tx, "skipped", [*before, *(s for s in passed if s not in before)])

    if any(s in SKIPPABLE for s in passed):
        names = ", ".join(TITLES[s].lower() for s in passed)
        await ctx.write(f"Skip {names}", work)
    return await _status(ctx)


async def _rollback_card(
    ctx: Context, step: Step | None = None, snapshot_id: int | None = None
) -> Card | None:
    if step is None and snapshot_id is None:
        return None
    point = await _point(ctx, step, snapshot_id)
    timeline = await ctx.open.store.read(changes.timeline)
    later = [c for c in timeline if c.id > point["change_id"] and not c.undone and c.undoes is None]
    return Card(
        tool="rollback_to_step",
        title=f"Go back to “{point['label']}”?",
        rows=[
            ("Changes taken back", f"{len(later)}"),
            *[("", change.label) for change in later[:5]],
            ("Kept", "all results, runs and models"),
        ],
        verb="Go back",
        note="can itself be undone",
    )


@tool("consequential", card=_rollback_card, ask_user=True)
async def rollback_to_step(
    ctx: Context, step: Step | None = None, snapshot_id: int | None = None
) -> RolledBack:
    """Restore topics, assignments, records and grader as they were when a step was completed (or at
    a snapshot). With neither it lists the points. All results stay; it can be undone."""
    if step is None and snapshot_id is None:
        return RolledBack(points=await _points(ctx))
    point = await _point(ctx, step, snapshot_id)
    label = f"Back to “{point['label']}”"
    undone = await ctx.write(label, changes.roll_back_to, point["change_id"])
    return RolledBack(undone=undone, restored=point["label"])


async def _reset_card(ctx: Context) -> Card:
    stats = await ctx.open.store.read(records.stats)
    leaves = await ctx.open.store.read(topics.all_topics)
    return Card(
        tool="reset_pipeline",
        title="Reset the pipeline?",
        rows=[
            ("Cleared", f"{len(leaves):,} topics, {stats.categorised:,} assignments, the grader"),
            ("Not counted any more", "all results up to now; they stay in the history"),
            ("Kept", f"{stats.records:,} records, the goal, all runs and models"),
        ],
        verb="Reset",
        note="can be undone",
    )


@tool("consequential", card=_reset_card)
async def reset_pipeline(ctx: Context) -> Done:
    """Begin the seven steps anew: topics, categories, grader and results are cleared, the records
    stay. One change, which can be undone; runs, models and the history of results are kept."""
    if busy := await ctx.open.store.read(results.running):
        raise ToolError(f"A {busy[0].replace('_', ' ')} is running. Stop it or wait for its end.")
    if ctx.open.endpoint() is not None:
        raise ToolError("The endpoint serves this dataset's model. Stop it first.")
    await ctx.write("Reset the pipeline", _reset)
    await proposals.discard(ctx)
    return Done()


def _reset(tx: Tx) -> None:
    tx.sql(
        "UPDATE record SET topic_id = NULL, topic_source = NULL, probability = NULL, "
        "fit = NULL, alternatives = '[]' WHERE topic_id IS NOT NULL"
    )
    tx.sql("DELETE FROM topic")
    for key in CLEARED_BY_RESET:
        tx.sql("DELETE FROM meta WHERE key = ?", (key,))
    results.forget(tx)


async def _status(ctx: Context) -> WorkflowStatus:
    state = await ctx.open.state()
    flow = workflow(state)
    return WorkflowStatus(
        workflow_id=ctx.open.workflow_id,
        goal=await ctx.open.store.read(meta.get, "goal", ""),
        current_step=flow.current,
        steps=list(flow.steps),
        context=context(state),
    )


async def _points(ctx: Context) -> list[Point]:
    found = await ctx.open.store.read(results.points)
    return [Point(snapshot_id=p["id"], step=p["step"], at=p["at"], label=p["label"]) for p in found]


async def _point(ctx: Context, step: Step | None, snapshot_id: int | None) -> dict[str, Any]:
    found = await ctx.open.store.read(results.points)
    for point in found:
        if point["id"] == snapshot_id or (snapshot_id is None and point["step"] == step):
            return point
    known = ", ".join(f"{p['id']} ({p['label']})" for p in found) or "none yet"
    raise ToolError(f"There is no such point to go back to. Known: {known}.")
