"""What the frame around the panels shows of the open dataset, read in one go; draws nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.domain.steps import STEPS, TITLES
from app.domain.workflow import StepState as WorkflowStep
from app.domain.workflow import run_reading
from app.store import changes, meta, records
from app.store.database import Tx
from app.ui.parts.stepper import Step, StepState
from app.workers import Status

QUESTIONS = (
    "opens with a file",
    "where records belong",
    "enough of each?",
    "what is good",
    "can it learn?",
    "make it better",
    "use it",
)
"""What stands under each step before a dataset is open."""
STATES: dict[str, StepState] = {
    "completed": "done",
    "in_progress": "running",
    "failed": "failed",
    "skipped": "skipped",
    "stale": "stale",
    "blocked": "blocked",
}


@dataclass(frozen=True)
class Overview:
    """`current` is the first step not done (the last when all are). `undo` and `redo` are
    the labels of what would be undone or redone, or empty."""

    steps: Sequence[Step]
    current: str
    done: int
    stats: records.RecordStats
    goal: str
    undo: str
    redo: str


def no_steps() -> list[Step]:
    """The stepper before a dataset is open."""
    titles = (TITLES[name] for name in STEPS)
    return [Step(title, "pending", q) for title, q in zip(titles, QUESTIONS, strict=True)]


async def read_overview(session: Any) -> Overview:
    """The steps of the session's workflow and the figures beside them. Raises StoreError."""
    workflow = await session.workflow()
    stats, goal, undo, redo = await session.store.read(_read)
    return Overview(
        steps=[_station(step, workflow.current) for step in workflow.steps],
        current=workflow.current or STEPS[-1],
        done=workflow.done,
        stats=stats,
        goal=goal,
        undo=undo,
        redo=redo,
    )


def with_run(steps: Sequence[Step], status: Status) -> list[Step]:
    """The same stations, the running training's with where its worker stands now."""
    reading = run_reading(int(status.done), int(status.total))
    training = TITLES["training"]
    return [
        replace(s, reading=reading) if reading and (s.name, s.state) == (training, "running") else s
        for s in steps
    ]


def _station(step: WorkflowStep, current: str | None) -> Step:
    pending: StepState = "current" if step.step == current else "pending"
    state = STATES.get(step.status, pending)
    return Step(step.title, state, step.reading, step.reason)


def _read(tx: Tx) -> tuple[records.RecordStats, str, str, str]:
    undo, redo = changes.next_undo(tx), changes.next_redo(tx)
    return (
        records.stats(tx),
        meta.get(tx, "goal", ""),
        undo.label if undo else "",
        redo.label.removeprefix("Undo: ") if redo else "",
    )
