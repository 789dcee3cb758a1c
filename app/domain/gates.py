"""What is missing before a step may start: the one function that gates, stepper and chat read."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.fingerprints import Fingerprint
from app.domain.steps import State, Step
from app.domain.wording import joined


def changed_since(step: Step, stored: Fingerprint, state: State) -> list[str]:
    """What changed since a result of `step` was made, in words; empty when it is fresh."""
    now = state.expected.get(step)
    return [] if now is None else stored.changed(now)


def missing_for(step: Step, state: State) -> list[str]:
    """All that is missing before `step` may start, in the order it is to be done.

    NO-GO cannot be bypassed; a WARNING must have been accepted; a stale dry run must be run
    again. Topics, categories and coverage are never required by the later steps.
    """
    return list(_MISSING[step](state))


def _records(state: State) -> Iterator[str]:
    if not state.valid_records:
        yield "valid records: import a file or mend the invalid ones"


def _topics(state: State) -> Iterator[str]:
    yield from _records(state)


def _categorize(state: State) -> Iterator[str]:
    yield from _records(state)
    if not state.leaves:
        yield "topics: accept a proposal or make your own"


def _coverage(state: State) -> Iterator[str]:
    yield from _categorize(state)
    if not state.categorised:
        yield "categories: sort the records into the topics"
    elif changed := changed_since("categorize", state.categorised.fingerprint, state):
        yield f"fresh categories: {joined(changed)} changed since"


def _dry_run(state: State) -> Iterator[str]:
    yield from _records(state)
    if state.valid_records and not state.train_records:
        yield "records in the training split: add more records"
    if not state.grader:
        yield "a grader: say what makes a good answer"


def _training(state: State) -> Iterator[str]:
    yield from _dry_run(state)
    run = state.dry_run
    if run is None or run.status in {"failed", "cancelled", "stopped"} or run.verdict is None:
        waiting = run is not None and run.status in {"running", "pending", "paused"}
        yield "the end of the dry run that is under way" if waiting else "a dry run that ends in GO"
        return
    if changed := changed_since("dry_run", run.fingerprint, state):
        yield f"a fresh dry run: {joined(changed)} changed since the last one"
    elif run.verdict == "NO-GO":
        yield (
            "a dry run that ends in GO: the last one said NO-GO. Change the grader, the data or "
            "the base model and run it again"
        )
    elif run.verdict == "WARNING" and not run.accepted:
        yield "your acceptance of the dry run's WARNING, on its card"


def _deployment(state: State) -> Iterator[str]:
    if state.training is not None and state.training.usable:
        return  # a trained model stays deployable whatever changed after it
    yield from _training(state)
    if state.training is not None and state.training.status in {"running", "pending", "paused"}:
        yield "the end of the training that is under way"
    else:
        yield "a training run that left a model"


_MISSING = {
    "topics_config": _topics,
    "categorize": _categorize,
    "coverage_generation": _coverage,
    "grader_config": _records,
    "dry_run": _dry_run,
    "training": _training,
    "deployment": _deployment,
}


def may_skip(step: Step, state: State) -> bool:
    """Whether the step can be skipped now: it is optional and not done."""
    done = {
        "topics_config": state.leaves > 0,
        "categorize": state.categorised is not None,
        "coverage_generation": state.covered is not None,
    }
    return not done.get(step, True)


def needs_second_yes(state: State) -> bool:
    """Whether deploying would put a model up that was not shown to be better than its base."""
    return state.training is not None and state.training.better is not True
