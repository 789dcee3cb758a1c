"""The seven steps as the stepper, the gates and the assistant see them: derived, never stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from app.domain.gates import changed_since, missing_for
from app.domain.steps import SKIP_CONSEQUENCES, STEPS, TITLES, State, Step
from app.domain.wording import count, joined, number

Status = Literal["pending", "in_progress", "completed", "failed", "skipped", "stale", "blocked"]


class StepState(BaseModel):
    """One station: its status, the short reading below it, and the reason shown on hover."""

    model_config = ConfigDict(frozen=True)

    step: Step
    title: str
    status: Status
    reading: str
    reason: str = ""
    missing: tuple[str, ...] = ()


class Workflow(BaseModel):
    """All seven steps; `current` is the first that is not done, None when all are."""

    model_config = ConfigDict(frozen=True)

    workflow_id: str | None
    steps: tuple[StepState, ...]
    current: Step | None

    def __getitem__(self, step: Step) -> StepState:
        return self.steps[STEPS.index(step)]

    @property
    def done(self) -> int:
        """How many steps are completed or skipped, for "5 of 7 steps"."""
        return sum(s.status in {"completed", "skipped"} for s in self.steps)


_Found = tuple[Status, str, str]  # status, reading, reason


def workflow(state: State) -> Workflow:
    """Derive every step's status from the facts and their fingerprints."""
    steps = tuple(_step(step, state) for step in STEPS)
    current = next((s.step for s in steps if s.status not in {"completed", "skipped"}), None)
    return Workflow(workflow_id=state.workflow_id, steps=steps, current=current)


def _step(step: Step, state: State) -> StepState:
    missing = missing_for(step, state)
    status, reading, reason = _find(step, state, missing)
    return StepState(
        step=step,
        title=TITLES[step],
        status=status,
        reading=reading,
        reason=reason,
        missing=tuple(missing),
    )


def _find(step: Step, state: State, missing: list[str]) -> _Found:
    if (progress := state.running.get(step)) is not None:
        return "in_progress", progress or "running", ""
    if (found := _FACTS[step](state)) is not None:
        return found
    if step in state.skipped:
        return "skipped", "skipped", SKIP_CONSEQUENCES.get(step, "")
    if missing:
        return "blocked", _needs(step, state), f"Missing: {'; '.join(missing)}."
    return "pending", _ready(step, state), ""


def _stale(step: Step, changed: list[str], consequence: str) -> _Found:
    what = joined(changed).removeprefix("the ") if len(changed) == 1 else "data"
    return "stale", f"{what} changed", f"{joined(changed).capitalize()} changed. {consequence}"


def _topics(state: State) -> _Found | None:
    if not state.leaves:
        return None
    reading = count(state.leaves, "leaf", "leaves")
    return "completed", f"{reading}, 1 proposal" if state.proposal else reading, ""


def _categorize(state: State) -> _Found | None:
    done = state.categorised
    if done is None or not state.leaves:
        return None
    if changed := changed_since("categorize", done.fingerprint, state):
        return _stale("categorize", changed, "Categorise again.")
    return "completed", f"{100 * done.placed:.1f} % placed", ""


def _coverage(state: State) -> _Found | None:
    done = state.covered
    if done is None or not state.leaves:
        return None
    if changed := changed_since("coverage_generation", done.fingerprint, state):
        return _stale("coverage_generation", changed, "Analyse coverage again.")
    reading = f"balance {number(done.balance)}"
    fair = done.grade in {"fair", "poor"}
    return "completed", f"{reading}, {done.grade}" if fair else reading, ""


def _grader(state: State) -> _Found | None:
    if state.grader is None:
        return None
    return "completed", f"v{state.grader.version}, {state.grader.kind}", ""


def _dry_run(state: State) -> _Found | None:
    run = state.dry_run
    if run is None:
        return None
    if run.status in {"pending", "running", "paused"}:
        return "in_progress", run.status, ""
    if run.status in {"failed", "cancelled", "stopped"} or run.verdict is None:
        return "failed", run.status, run.error or "The dry run did not finish. Run it again."
    if changed := changed_since("dry_run", run.fingerprint, state):
        return _stale("dry_run", changed, "The dry run is out of date: run it again.")
    reading = f"{run.verdict}, learnability {number(run.learnability)}"
    if run.verdict == "NO-GO":
        return "failed", reading, run.headline
    if run.verdict == "WARNING" and not run.accepted:
        return "in_progress", reading, "Accept the warning on its card, or change something."
    return "completed", reading, run.headline


def run_reading(step: int, steps: int) -> str:
    """How far a running training is, as its station says it; empty before its plan is known."""
    return f"step {step} of {steps}" if steps else ""


def _training(state: State) -> _Found | None:
    run = state.training
    if run is None:
        return None
    if run.status in {"running", "pending"}:
        return "in_progress", run_reading(run.step, run.steps) or run.status, ""
    if run.status in {"paused", "stopped", "cancelled"}:
        return "in_progress", f"{run.status} at step {run.step}", "Resume it, or start anew."
    if run.status == "failed":
        return "failed", "failed", run.error or "The training failed. Start a new run."
    if changed := changed_since("training", run.fingerprint, state):
        return _stale("training", changed, "The trained model is kept; its figures are older.")
    if run.base_mean is not None and run.tuned_mean is not None:
        return "completed", f"{number(run.base_mean)} to {number(run.tuned_mean)}", ""
    return "completed", "trained", ""


def _deployment(state: State) -> _Found | None:
    done = state.deployment
    if done is None:
        return None
    if done.error:
        return "failed", "failed", done.error
    if (
        state.training is not None
        and state.training.usable
        and state.training.run_id != done.run_id
    ):
        return "stale", "older model", "A newer training run exists: deploy it to replace this one."
    if done.running:
        return "completed", f"running, :{done.port}" if done.port else "running", ""
    return "completed", "stopped", "The model is kept; start its endpoint to use it."


_FACTS: dict[Step, Callable[[State], _Found | None]] = {
    "topics_config": _topics,
    "categorize": _categorize,
    "coverage_generation": _coverage,
    "grader_config": _grader,
    "dry_run": _dry_run,
    "training": _training,
    "deployment": _deployment,
}


def _needs(step: Step, state: State) -> str:
    """The first thing missing, in two or three words, for under the station."""
    if not state.valid_records:
        return "needs records"
    if step in {"categorize", "coverage_generation"}:
        return "needs topics" if step == "categorize" else "needs categories"
    if step == "dry_run":
        return "needs a grader" if state.grader is None else "needs records"
    if step == "deployment":
        return "needs training"
    run = state.dry_run
    if run is None or run.verdict is None:
        return "needs a GO"
    if changed_since("dry_run", run.fingerprint, state):
        return "needs a fresh GO"
    return "NO-GO: change something" if run.verdict == "NO-GO" else "needs your yes"


def _ready(step: Step, state: State) -> str:
    if step == "topics_config":
        return "1 proposal" if state.proposal else "ready to propose"
    if step == "training":
        return "ready to set up"
    return "ready" if step == "deployment" else "can start now"


def context(state: State) -> dict[str, Any] | None:
    """The `finetune_workflow` block of the assistant's context; None without a workflow.

    `coverage` is the balance score. `blocked` is told as `pending`, its reason is in the status
    tool.
    """
    if state.workflow_id is None:
        return None
    flow = workflow(state)
    return {
        "workflow_id": state.workflow_id,
        "current_step": flow.current,
        "step_status": {
            s.step: "pending" if s.status == "blocked" else s.status for s in flow.steps
        },
        "coverage": state.covered.balance if state.covered else None,
        "coverage_quota": state.covered.coverage if state.covered else None,
        "has_grader": state.grader is not None,
        "dry_run_verdict": state.dry_run.verdict if state.dry_run else None,
        "training_status": _training_status(state),
    }


def _training_status(state: State) -> str | None:
    if state.training is None:
        return None
    return "stopped" if state.training.status == "cancelled" else state.training.status
