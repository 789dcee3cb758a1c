"""What a dataset's card in the library shows: its steps as letters, a few words, a tone."""

from typing import Any

from app.domain.steps import STEPS, TITLES
from app.domain.workflow import Workflow
from app.store import records
from app.tools.session import Session

LETTERS = {"completed": "d", "skipped": "d", "stale": "s"}


async def summary_of(session: Session) -> dict[str, Any]:
    """Values for Library.summarise, from the dataset's present state."""
    flow = await session.workflow()
    stats = await session.store.read(records.stats)
    letters = [LETTERS.get(step.status, ".") for step in flow.steps]
    if flow.current is not None and letters[STEPS.index(flow.current)] == ".":
        letters[STEPS.index(flow.current)] = "c"
    status, tone = _words(flow)
    if stats.invalid and not flow.done:
        status, tone = f"{stats.invalid:,} invalid records", "bad"
    return {
        "records": stats.records,
        "invalid": stats.invalid,
        "steps": "".join(letters),
        "status": status,
        "tone": tone,
    }


def _words(flow: Workflow) -> tuple[str, str]:
    for step in flow.steps:
        if step.status == "failed":
            return f"{step.title}: {step.reading}", "bad"
        if step.status == "stale":
            return f"{step.title} out of date", "warn"
    if flow.current is None:
        return "All steps done", "good"
    done = [step for step in flow.steps if step.status == "completed"]
    if not done:
        return "Ready to begin", "muted"
    return f"{done[-1].title} done, next: {TITLES[flow.current]}", "info"
