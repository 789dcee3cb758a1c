"""The facts a workflow's state is derived from: plain values read from the store, no rules."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.domain.fingerprints import Fingerprint
from app.domain.rules import Ruling

Step = Literal[
    "topics_config",
    "categorize",
    "coverage_generation",
    "grader_config",
    "dry_run",
    "training",
    "deployment",
]
STEPS: tuple[Step, ...] = (
    "topics_config",
    "categorize",
    "coverage_generation",
    "grader_config",
    "dry_run",
    "training",
    "deployment",
)
SKIPPABLE: frozenset[Step] = frozenset({"topics_config", "categorize", "coverage_generation"})
TITLES: dict[Step, str] = {
    "topics_config": "Topics",
    "categorize": "Categorise",
    "coverage_generation": "Coverage",
    "grader_config": "Grader",
    "dry_run": "Dry run",
    "training": "Training",
    "deployment": "Deployment",
}
SKIP_CONSEQUENCES: dict[Step, str] = {
    "topics_config": "Without topics there is no balance and no result by topic.",
    "categorize": "Without categories there is no balance and no result by topic.",
    "coverage_generation": "Thin topics stay thin; the model may learn them less well.",
}

RunStatus = Literal["pending", "running", "paused", "stopped", "completed", "failed", "cancelled"]


class Categorised(BaseModel):
    """The last categorisation. `placed` is the share of records with a topic, 0 to 1."""

    model_config = ConfigDict(frozen=True)

    fingerprint: Fingerprint
    placed: float


class Covered(BaseModel):
    """The last coverage analysis; `balance` None where it does not apply."""

    model_config = ConfigDict(frozen=True)

    fingerprint: Fingerprint
    balance: float | None
    coverage: float | None
    grade: str = "n/a"


class GraderFact(BaseModel):
    """The grader in use."""

    model_config = ConfigDict(frozen=True)

    version: int
    kind: str


class DryRunFact(BaseModel):
    """The last dry run. `accepted`: the user accepted its WARNING on the card."""

    model_config = ConfigDict(frozen=True)

    fingerprint: Fingerprint
    status: RunStatus = "completed"
    verdict: Ruling | None = None
    learnability: float | None = None
    headline: str = ""
    accepted: bool = False
    error: str = ""


class TrainingFact(BaseModel):
    """The last training run. `usable`: it left a checkpoint that can be deployed."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    fingerprint: Fingerprint
    status: RunStatus
    step: int = 0
    steps: int = 0
    base_mean: float | None = None
    tuned_mean: float | None = None
    better: bool | None = None
    usable: bool = False
    error: str = ""


class DeploymentFact(BaseModel):
    """The last deployment, of one training run."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    model_id: str
    running: bool = False
    port: int | None = None
    error: str = ""


class State(BaseModel):
    """Everything the workflow is computed from.

    `expected` holds, per step, the fingerprint a result would have if it were made now; a step
    whose stored fingerprint differs is stale. `running` gives the progress text of a step's job
    ("1,120 of 2,668, 30 s left").
    """

    model_config = ConfigDict(frozen=True)

    workflow_id: str | None = None
    valid_records: int = 0
    train_records: int = 0
    leaves: int = 0
    proposal: bool = False
    categorised: Categorised | None = None
    covered: Covered | None = None
    grader: GraderFact | None = None
    dry_run: DryRunFact | None = None
    training: TrainingFact | None = None
    deployment: DeploymentFact | None = None
    skipped: frozenset[Step] = frozenset()
    running: dict[Step, str] = {}
    expected: dict[Step, Fingerprint] = {}
