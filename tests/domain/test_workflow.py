"""The seven steps: every gate, every status, and the readings under the stations."""

from typing import Any

import pytest

from app.domain.fingerprints import Fingerprint, dry_run
from app.domain.gates import may_skip, missing_for, needs_second_yes
from app.domain.steps import (
    STEPS,
    Categorised,
    Covered,
    DeploymentFact,
    DryRunFact,
    GraderFact,
    State,
    TrainingFact,
)
from app.domain.workflow import context, workflow

RUN = dry_run(records="r", grader="g", base_model="m")
CATEGORIES = Fingerprint.of(records="r", topics="t")
COVERAGE = Fingerprint.of(records="r", topics="t", targets="u")
EXPECTED = {
    "categorize": CATEGORIES,
    "coverage_generation": COVERAGE,
    "dry_run": RUN,
    "training": RUN,
}


def go(**changes: Any) -> DryRunFact:
    usual: dict[str, Any] = {"fingerprint": RUN, "verdict": "GO", "learnability": 0.67}
    return DryRunFact(**{**usual, **changes})


def trained(**changes: Any) -> TrainingFact:
    usual: dict[str, Any] = {
        "run_id": "run-1",
        "fingerprint": RUN,
        "status": "completed",
        "base_mean": 0.41,
        "tuned_mean": 0.79,
        "better": True,
        "usable": True,
    }
    return TrainingFact(**{**usual, **changes})


def full(**changes: Any) -> State:
    facts: dict[str, Any] = {
        "workflow_id": "w",
        "valid_records": 2668,
        "train_records": 2134,
        "leaves": 14,
        "categorised": Categorised(fingerprint=CATEGORIES, placed=0.962),
        "covered": Covered(fingerprint=COVERAGE, balance=0.77, coverage=0.89, grade="good"),
        "grader": GraderFact(version=3, kind="script"),
        "dry_run": go(),
        "training": trained(),
        "deployment": DeploymentFact(run_id="run-1", model_id="bank-v1", running=True, port=8377),
        "expected": EXPECTED,
    }
    return State(**{**facts, **changes})


def statuses(state: State) -> list[str]:
    return [s.status for s in workflow(state).steps]


def readings(state: State) -> list[str]:
    return [s.reading for s in workflow(state).steps]


def test_the_finished_road_reads_as_in_the_picture() -> None:
    assert readings(full()) == [
        "14 leaves",
        "96.2 % placed",
        "balance 0.77",
        "v3, script",
        "GO, learnability 0.67",
        "0.41 to 0.79",
        "running, :8377",
    ]
    flow = workflow(full())
    assert set(statuses(full())) == {"completed"}
    assert flow.current is None
    assert flow.done == 7


def test_a_new_dataset() -> None:
    state = State(valid_records=10, train_records=8)
    assert readings(state) == [
        "ready to propose",
        "needs topics",
        "needs categories",
        "can start now",
        "needs a grader",
        "needs a GO",
        "needs training",
    ]
    assert workflow(state).current == "topics_config"


def test_all_missing_prerequisites_are_listed_in_order() -> None:
    assert missing_for("deployment", State()) == [
        "valid records: import a file or mend the invalid ones",
        "a grader: say what makes a good answer",
        "a dry run that ends in GO",
        "a training run that left a model",
    ]
    assert [len(missing_for(s, State())) for s in STEPS] == [1, 2, 3, 1, 2, 3, 4]


def test_topics_are_not_needed_by_the_quick_road() -> None:
    state = State(valid_records=10, train_records=8, grader=GraderFact(version=1, kind="script"))
    assert missing_for("dry_run", state) == []
    skipping = state.model_copy(
        update={"skipped": frozenset({"topics_config", "categorize", "coverage_generation"})}
    )
    assert statuses(skipping)[:3] == ["skipped"] * 3
    assert workflow(skipping).current == "dry_run"
    assert "no balance" in workflow(skipping)["topics_config"].reason
    assert may_skip("categorize", state)
    assert not may_skip("grader_config", state)


@pytest.mark.parametrize(
    ("run", "missing", "status"),
    [
        (go(), "", "completed"),
        (go(verdict="NO-GO"), "the last one said NO-GO", "failed"),
        (go(verdict="NO-GO", accepted=True), "the last one said NO-GO", "failed"),
        (go(verdict="WARNING"), "your acceptance", "in_progress"),
        (go(verdict="WARNING", accepted=True), "", "completed"),
        (go(fingerprint=dry_run(records="r", grader="old", base_model="m")), "the grader", "stale"),
        (go(status="failed", verdict=None), "ends in GO", "failed"),
        (go(status="cancelled", verdict="GO"), "ends in GO", "failed"),
        (go(status="running", verdict=None), "under way", "in_progress"),
        (None, "ends in GO", "pending"),
    ],
)
def test_the_gate_before_training(run: DryRunFact | None, missing: str, status: str) -> None:
    state = full(dry_run=run, training=None, deployment=None)
    found = missing_for("training", state)
    assert bool(found) == bool(missing)
    assert not missing or missing in found[0]
    assert workflow(state)["dry_run"].status == status
    assert workflow(state)["training"].status == ("blocked" if missing else "pending")


def test_an_undo_makes_a_result_fresh_again() -> None:
    other = {**EXPECTED, "dry_run": dry_run(records="r2", grader="g", base_model="m")}
    changed = full(expected=other, training=None, deployment=None)
    assert workflow(changed)["dry_run"].reading == "records changed"
    assert workflow(changed)["training"].reading == "needs a fresh GO"
    assert missing_for("training", full(training=None)) == []


def test_stale_categories_block_coverage_only() -> None:
    other = {**EXPECTED, "categorize": Fingerprint.of(records="r", topics="t2")}
    state = full(expected=other)
    assert workflow(state)["categorize"].reading == "topics changed"
    assert missing_for("coverage_generation", state) == [
        "fresh categories: the topics changed since"
    ]
    assert missing_for("training", state) == []


def test_a_trained_model_stays_deployable() -> None:
    other = {**EXPECTED, "dry_run": Fingerprint(), "training": Fingerprint.of(records="new")}
    state = full(expected=other, deployment=None)
    assert workflow(state)["training"].status == "stale"
    assert missing_for("deployment", state) == []
    assert not needs_second_yes(state)
    assert needs_second_yes(full(training=trained(better=False)))
    failed = full(training=trained(status="failed", usable=False), deployment=None)
    assert missing_for("deployment", failed) == ["a training run that left a model"]


def test_running_jobs_and_new_runs_show() -> None:
    state = full(
        running={"categorize": "1,120 of 2,668"},
        training=trained(run_id="run-2", status="running", step=38, steps=60, usable=False),
    )
    assert workflow(state)["categorize"].reading == "1,120 of 2,668"
    assert workflow(state)["training"].reading == "step 38 of 60"
    newer = full(training=trained(run_id="run-2"))
    assert workflow(newer)["deployment"].status == "stale"


def test_the_assistants_context() -> None:
    assert context(State()) is None
    block = context(full(training=None, deployment=None))
    assert block is not None
    assert block["coverage"] == 0.77
    assert block["coverage_quota"] == 0.89
    assert block["has_grader"] is True
    assert block["dry_run_verdict"] == "GO"
    assert block["training_status"] is None
    assert block["current_step"] == "training"
    allowed = {"pending", "in_progress", "completed", "failed", "skipped", "stale"}
    assert set(block["step_status"].values()) <= allowed
    assert list(block["step_status"]) == list(STEPS)
