"""Quick actions: two to four for every step and state, each a line that the guide understands."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from app.agent import talk
from app.agent.actions import ACTIONS
from app.agent.commands import parse
from app.agent.quick import SITUATIONS, Quick, quick_actions, situation
from app.domain.fingerprints import Fingerprint
from app.domain.steps import (
    Categorised,
    Covered,
    DeploymentFact,
    DryRunFact,
    GraderFact,
    State,
    TrainingFact,
)
from app.registry import load_family

OpenTalk = Callable[..., AbstractAsyncContextManager[Any]]
OLD, NOW = Fingerprint(parts={"records": "1"}), Fingerprint(parts={"records": "2"})
RECORDS = {"valid_records": 50, "train_records": 40}
TOPICS = RECORDS | {"leaves": 3}
SORTED = TOPICS | {"categorised": Categorised(fingerprint=NOW, placed=1.0)}
COVERED = SORTED | {"covered": Covered(fingerprint=NOW, balance=0.8, coverage=0.5)}
GRADED = COVERED | {"grader": GraderFact(version=1, kind="string_check")}
GO = GRADED | {"dry_run": DryRunFact(fingerprint=NOW, verdict="GO", learnability=0.9)}
RUN = TrainingFact(run_id="1", fingerprint=NOW, status="completed", usable=True)
TRAINED = GO | {"training": RUN}
SERVED = DeploymentFact(run_id="1", model_id="m", running=True)
EXPECTED = dict.fromkeys(("categorize", "coverage_generation", "dry_run", "training"), NOW)


def run(status: str) -> TrainingFact:
    return RUN.model_copy(update={"status": status})


def dry_run(**values: Any) -> DryRunFact:
    return DryRunFact(fingerprint=NOW, **values)


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({}, "no records"),
        (RECORDS, "topics_config"),
        (RECORDS | {"proposal": True}, "proposal"),
        (RECORDS | {"running": {"topics_config": "10 s left"}}, "running"),
        (TOPICS, "categorize"),
        (SORTED | {"categorised": Categorised(fingerprint=OLD, placed=1.0)}, "categorize stale"),
        (SORTED, "coverage_generation"),
        (
            COVERED | {"covered": Covered(fingerprint=OLD, balance=0.8, coverage=0.5)},
            "coverage_generation stale",
        ),
        (COVERED, "grader_config"),
        (GRADED, "dry_run"),
        (GRADED | {"dry_run": dry_run(status="failed")}, "dry_run failed"),
        (GRADED | {"dry_run": dry_run(status="running")}, "running"),
        (GRADED | {"dry_run": dry_run(verdict="NO-GO")}, "NO-GO"),
        (GRADED | {"dry_run": dry_run(verdict="WARNING")}, "WARNING"),
        (GRADED | {"dry_run": DryRunFact(fingerprint=OLD, verdict="GO")}, "dry_run stale"),
        (GO, "training"),
        (GO | {"training": run("running")}, "training runs"),
        (GO | {"running": {"training": "step 3 of 40"}}, "training runs"),
        (GO | {"training": run("paused")}, "training waits"),
        (GO | {"training": run("stopped")}, "training waits"),
        (GO | {"training": run("failed")}, "training failed"),
        (
            GO | {"training": RUN.model_copy(update={"fingerprint": OLD})},
            "training stale",
        ),
        (TRAINED, "deployment"),
        (
            TRAINED | {"deployment": SERVED.model_copy(update={"run_id": "0"})},
            "deployment stale",
        ),
        (
            TRAINED | {"deployment": SERVED.model_copy(update={"error": "The port is taken."})},
            "deployment failed",
        ),
        (TRAINED | {"deployment": SERVED}, "in service"),
        (
            TRAINED | {"deployment": SERVED.model_copy(update={"running": False})},
            "out of service",
        ),
    ],
)
def test_every_step_and_state_has_its_own(facts: dict[str, Any], found: str) -> None:
    state = State(**facts, expected=EXPECTED)
    assert situation(state, goal=True, tested=True) == found
    assert found in SITUATIONS


def test_a_grader_that_was_not_tested_is_tested_first() -> None:
    state = State(**GRADED, expected=EXPECTED)
    assert situation(state, goal=True, tested=False) == "untested"
    assert situation(state, goal=False, tested=True) == "no goal"


@pytest.mark.parametrize("name", SITUATIONS)
def test_each_is_a_line_the_guide_knows(name: str) -> None:
    load_family(talk)
    found = SITUATIONS[name]
    assert 2 <= len(found) <= 4
    assert len({quick.label for quick in found}) == len(found)
    for quick in found:
        action, arguments = parse(quick.text)
        assert action in ACTIONS
        assert action != "unknown"
        assert "panel" not in arguments or len(quick.text.split()) <= 3
        assert len(quick.label) <= 22


async def test_a_fresh_dataset_asks_for_its_goal(
    talk: OpenTalk, rows: list[dict[str, Any]]
) -> None:
    async with talk(rows) as t:
        assert Quick("Set the goal", "Set the goal") in await quick_actions(t.app.session)
        await t.app.call("start_finetune_workflow", training_goals="Route it")
        assert (await quick_actions(t.app.session))[0].text == "Propose topics"
