"""The facts behind the seven steps, read from a dataset's store in one transaction."""

from collections.abc import Mapping
from typing import Any

from app.domain import fingerprints
from app.domain.fingerprints import Fingerprint
from app.domain.steps import (
    Categorised,
    Covered,
    DeploymentFact,
    DryRunFact,
    GraderFact,
    State,
    Step,
    TrainingFact,
)
from app.domain.topics import TopicPath, build_tree, leaf_paths, walk
from app.store import meta, records, results, topics
from app.store.database import Tx
from app.store.results import ResultValue
from app.store.stats import Sums


def read_state(
    tx: Tx, base_model: str, proposal: bool, running: Mapping[Step, str], alive: bool
) -> State:
    """The workflow's State. `alive`: whether the deployed endpoint answers now."""
    values = meta.get_all(tx)
    rows = topics.all_topics(tx)
    grader = results.current_grader(tx)
    sums = records.content_sums(tx)
    leaves = leaf_paths(rows)
    expected = _expected(sums, rows, leaves, values, grader.config if grader else None, base_model)
    return State(
        workflow_id=(values.get("workflow") or {}).get("id"),
        valid_records=sum(number for number, _ in sums.values()),
        train_records=sum(n for (split, _), (n, _) in sums.items() if split == "train"),
        leaves=len(leaves),
        proposal=proposal,
        categorised=_categorised(tx, sums, expected["categorize"]),
        covered=_covered(tx, expected["coverage_generation"]),
        grader=GraderFact(version=grader.version, kind=grader.config["type"]) if grader else None,
        dry_run=_dry_run(tx, values.get("accepted_warning")),
        training=_training(tx),
        deployment=_deployment(tx, alive),
        skipped=frozenset(values.get("skipped", [])),
        running=dict(running),
        expected=expected,
    )


def _expected(
    sums: Sums,
    rows: list[Any],
    leaves: dict[int, TopicPath],
    values: dict[str, Any],
    grader: dict[str, Any] | None,
    base_model: str,
) -> dict[Step, Fingerprint]:
    """What each step's result would be computed from if it were made now."""
    bare = fingerprints.of_groups(("", "", *sum_) for sum_ in sums.values())
    plain = fingerprints.of_groups((split, "", *sum_) for (split, _), sum_ in sums.items())
    placed = fingerprints.of_groups(
        (split, "/".join(leaves.get(topic, ())) if topic else "", *sum_)
        for (split, topic), sum_ in sums.items()
    )
    tree = fingerprints.of_topics((path, node.description) for path, node in walk(build_tree(rows)))
    aim = _aim(rows, leaves, values)
    dry_run = fingerprints.dry_run(
        records=plain, grader=fingerprints.of_value(grader), base_model=base_model
    )
    return {
        "categorize": fingerprints.categorisation(records=bare, topics=tree),
        "coverage_generation": fingerprints.coverage(records=placed, topics=tree, targets=aim),
        "dry_run": dry_run,
        "training": dry_run,
    }


def _aim(rows: list[Any], leaves: dict[int, TopicPath], values: dict[str, Any]) -> dict[str, Any]:
    """What coverage is measured against; what no topic has of its own is left out."""
    wished = values.get("targets", "uniform")
    own = [t for t in rows if t.id in leaves]
    aim: dict[str, Any] = {"quota": values.get("quota"), "targets": wished}
    if wished == "own":
        aim["shares"] = sorted((leaves[t.id], t.target) for t in own if t.target is not None)
    if quotas := sorted((leaves[t.id], t.quota) for t in own if t.quota is not None):
        aim["quotas"] = quotas
    return aim


def _categorised(tx: Tx, sums: Sums, expected: Fingerprint) -> Categorised | None:
    """By a result of just these records and topics where there is one, else by the newest."""
    fresh = results.matching(tx, "categorisation", expected.model_dump_json())
    result = fresh or results.latest(tx, "categorisation", "completed")
    if result is None:
        return None
    placed = sum(number for (_, topic), (number, _) in sums.items() if topic is not None)
    valid = sum(number for number, _ in sums.values())
    share = placed / valid if valid else 0.0
    return Categorised(fingerprint=_stored(result), placed=share)


def _covered(tx: Tx, expected: Fingerprint) -> Covered | None:
    fresh = results.matching(tx, "coverage", expected.model_dump_json())
    result = fresh or results.latest(tx, "coverage", "completed")
    if result is None:
        return None
    found = result.data["coverage"]
    return Covered(
        fingerprint=_stored(result),
        balance=found["leaves"]["balance"],
        coverage=found["leaves"]["coverage"],
        grade=found["grade"],
    )


def _dry_run(tx: Tx, accepted: int | None) -> DryRunFact | None:
    result = results.latest(tx, "dry_run")
    if result is None:
        return None
    verdict = result.data.get("verdict") or {}
    learn = (verdict.get("figures") or {}).get("learnability") or {}
    return DryRunFact(
        fingerprint=_stored(result),
        status=result.state,
        verdict=verdict.get("verdict"),
        learnability=learn.get("value"),
        headline=verdict.get("headline", ""),
        accepted=accepted == result.id,
        error=result.data.get("error", ""),
    )


def _training(tx: Tx) -> TrainingFact | None:
    result = results.latest(tx, "training")
    if result is None:
        return None
    report = result.data.get("report") or {}
    means = {row["key"]: row["mean"] for row in report.get("rows", [])}
    return TrainingFact(
        run_id=str(result.id),
        fingerprint=_stored(result),
        status=result.state,
        step=result.data.get("step", 0),
        steps=result.data.get("params", {}).get("steps", 0),
        base_mean=means.get("base"),
        tuned_mean=means.get("tuned"),
        better=report.get("better"),
        usable=bool(report),
        error=result.data.get("error", ""),
    )


def _deployment(tx: Tx, alive: bool) -> DeploymentFact | None:
    result = results.latest(tx, "deployment")
    if result is None:
        return None
    return DeploymentFact(
        run_id=str(result.data["run"]),
        model_id=result.data["model_id"],
        running=alive,
        port=result.data.get("port"),
    )


def _stored(result: ResultValue) -> Fingerprint:
    return Fingerprint.model_validate_json(result.fingerprint)
