"""What the training panel shows, read from the store; the run's own events are read apart."""

from dataclasses import dataclass, field
from typing import Any

from app.store import records, results
from app.store.database import Tx
from app.store.records import RecordFilter
from app.store.results import State
from app.tools.report import Report


@dataclass(frozen=True)
class TrainingSnapshot:
    """The newest run, None before one. `wanted` is what it was asked to become (paused, stopped);
    `outdated` says what changed since it began."""

    missing: tuple[str, ...] = ()
    splits: dict[str, int] = field(default_factory=dict)
    openings: int = 0
    run_id: int | None = None
    state: State | None = None
    wanted: str = ""
    error: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    grader_version: int | None = None
    baseline: float | None = None
    report: Report | None = None
    outdated: str = ""

    @property
    def steps(self) -> int:
        return int(self.params.get("steps", 0))

    @property
    def facts(self) -> str:
        """`Run 2: starter model, group size 8, local CPU, grader v3.`"""
        size = self.params.get("group_size", "n/a")
        grader = f", grader v{self.grader_version}" if self.grader_version else ""
        return f"Run {self.run_id}: starter model, group size {size}, local CPU{grader}."


async def read_snapshot(session: Any) -> TrainingSnapshot:
    """The newest run of the open dataset and what a new one still needs. Raises StoreError."""
    step = (await session.workflow())["training"]
    outdated = step.reason if step.status == "stale" else ""
    missing = tuple(await session.missing_for("training"))
    found: TrainingSnapshot = await session.store.read(_read, missing, outdated)
    return found


def _read(tx: Tx, missing: tuple[str, ...], outdated: str) -> TrainingSnapshot:
    counts = {
        split: records.count(tx, RecordFilter(valid=True, split=split))
        for split in ("train", "validation", "test")
    }
    openings = results.test_openings(tx)
    result = results.latest(tx, "training")
    if result is None:
        return TrainingSnapshot(missing=missing, splits=counts, openings=openings)
    data = result.data
    report = data.get("report")
    return TrainingSnapshot(
        missing=missing,
        splits=counts,
        openings=openings,
        run_id=result.id,
        state=result.state,
        wanted=data.get("wanted", ""),
        error=data.get("error", ""),
        params=data.get("params", {}),
        grader_version=data.get("grader_version"),
        baseline=data.get("baseline"),
        report=Report.model_validate(report) if report else None,
        outdated=outdated,
    )
