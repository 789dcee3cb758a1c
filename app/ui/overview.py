"""What the frame around the panels shows of the open dataset, read in one go; draws nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.store import changes, meta, records
from app.store.database import Tx
from app.ui.parts.stepper import Step

STEPS = (
    ("topics_config", "Topics", "opens with a file"),
    ("categorize", "Categorise", "where records belong"),
    ("coverage_generation", "Coverage", "enough of each?"),
    ("grader_config", "Grader", "what is good"),
    ("dry_run", "Dry run", "can it learn?"),
    ("training", "Training", "make it better"),
    ("deployment", "Deployment", "use it"),
)
"""Internal name, title, and what stands under it before a dataset is open."""
STEP_NAMES = tuple(name for name, _, _ in STEPS)


@dataclass(frozen=True)
class Overview:
    """`undo` and `redo` are the labels of what would be undone or redone, or empty."""

    steps: Sequence[Step]
    current: int
    stats: records.RecordStats
    goal: str
    undo: str
    redo: str


def no_steps() -> list[Step]:
    """The stepper before a dataset is open."""
    return [Step(title, "pending", reading) for _, title, reading in STEPS]


async def read_overview(session: Any) -> Overview:
    """The steps of the session's workflow and the figures beside them. Raises StoreError."""
    workflow = await session.workflow()
    stats, goal, undo, redo = await session.store.read(_read)
    steps = [
        Step(title, step.status, step.reading, step.reason)
        for (_, title, _), step in zip(STEPS, workflow.steps, strict=True)
    ]
    current = next((i for i, step in enumerate(steps) if step.state in ("current", "running")), 0)
    return Overview(steps=steps, current=current, stats=stats, goal=goal, undo=undo, redo=redo)


def _read(tx: Tx) -> tuple[records.RecordStats, str, str, str]:
    undo, redo = changes.next_undo(tx), changes.next_redo(tx)
    return (
        records.stats(tx),
        meta.get(tx, "goal", ""),
        undo.label if undo else "",
        redo.label.removeprefix("Undo: ") if redo else "",
    )
