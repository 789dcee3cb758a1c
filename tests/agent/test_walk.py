"""“What next?” in every state of every step: words of the state, and a button that leads on."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from app.agent.actions import ACTIONS
from app.agent.quick import quick_actions
from app.store import results
from tests.agent.conftest import row
from tests.agent.test_talk import GRADER, params, report, store_result, with_verdict

OpenTalk = Callable[..., AbstractAsyncContextManager[Any]]
Rows = list[dict[str, Any]]


async def topics(t: Any) -> None:
    await t.send("add topic Odd", "add topic Even")


async def sorted_(t: Any) -> None:
    await topics(t)
    await t.app.call("categorize_records")


async def sorted_stale(t: Any) -> None:
    await sorted_(t)
    await t.send("add topic Third")


async def covered(t: Any) -> None:
    await sorted_(t)
    await t.app.call("analyze_coverage")


async def graded(t: Any) -> None:
    await covered(t)
    await t.app.call("configure_grader", grader=GRADER)


async def confirmed(t: Any) -> None:
    await graded(t)
    await t.app.call("confirm_grader_test")


async def dry_run(t: Any, state: str) -> None:
    await t.app.call("configure_grader", grader=GRADER)
    await t.app.call("confirm_grader_test")
    await store_result(t, "dry_run", {"error": "The disk is full."}, state)


async def trained(t: Any, state: str, **data: Any) -> None:
    await with_verdict(t, "GO")
    given = {"params": params(), "model": "m", "base_model": "starter", **data}
    run = await store_result(t, "training", given, "completed")
    await t.app.session.store.transaction(results.update, run, state=state, data={})


CASES: dict[str, tuple[Any, str, str]] = {
    "topics pending": (lambda t: t.send("status"), "cannot propose topics", "by_hand"),
    "categorise pending": (topics, "sort the records into the topics", "categorise"),
    "categorise stale": (sorted_stale, "changed since they were last sorted", "categorise"),
    "coverage pending": (sorted_, "Balance", "next_after_coverage"),
    "grader pending": (covered, "What makes a good answer?", "write_grader"),
    "grader untested": (graded, "Shall we test it on 5", "test_grader"),
    "dry run pending": (confirmed, "Now the dry run", "start_dry_run"),
    "dry run running": (lambda t: dry_run(t, "running"), "under way", "is_it_done"),
    "dry run failed": (lambda t: dry_run(t, "failed"), "The disk is full.", "start_dry_run"),
    "dry run stopped": (lambda t: dry_run(t, "stopped"), "dry run stopped", "start_dry_run"),
    "GO": (lambda t: with_verdict(t, "GO"), "Training can start", "train"),
    "WARNING": (lambda t: with_verdict(t, "WARNING"), "**WARNING", "accept_warning"),
    "NO-GO": (lambda t: with_verdict(t, "NO-GO"), "**NO-GO", "write_grader"),
    "training paused": (lambda t: trained(t, "paused"), "The run paused", "resume"),
    "training stopped": (lambda t: trained(t, "stopped"), "The run stopped", "train"),
    "training failed": (
        lambda t: trained(t, "failed", error="The worker died."),
        "The worker died.",
        "resume",
    ),
    "trained, better": (
        lambda t: trained(t, "completed", report=report(better=True)),
        "Better than base",
        "deploy",
    ),
    "trained, not better": (
        lambda t: trained(t, "completed", report=report(better=False)),
        "Not better than base",
        "write_grader",
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_what_next(talk: OpenTalk, rows: Rows, name: str) -> None:
    prepare, words, offered = CASES[name]
    few = [row(n) for n in range(1, 4)] if name == "topics pending" else rows
    async with talk(few, goal="Route it") as t:
        await prepare(t)
        t.clear()
        await t.send("what next?")
        told = f"{t.text}\n{t.question.text}"
        assert words.casefold() in told.casefold()
        actions = [option.action for option in t.question.options]
        assert offered in actions
        assert all(action in ACTIONS for action in actions)
        assert 2 <= len(await quick_actions(t.app.session)) <= 4


async def test_no_valid_record_leads_to_the_records(talk: OpenTalk, rows: Rows) -> None:
    async with talk([row(n, valid=False) for n in range(1, 4)], goal="Route it") as t:
        await t.send("what next?")
        assert "valid records: import a file or mend the invalid ones" in t.text
        assert t.question.options
        assert (await quick_actions(t.app.session))[0].text == "Show invalid records"
