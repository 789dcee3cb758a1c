"""Long work that somebody else began is told at its beginning and end; the assistant's own is not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import pytest

from app.agent import watch_jobs
from app.agent.watch_jobs import LONG, JobWatch
from app.errors import ToolError
from app.jobs import Job

OpenTalk = Callable[..., AbstractAsyncContextManager[Any]]
Rows = list[dict[str, Any]]


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def watched(talk: OpenTalk, rows: Rows) -> AsyncIterator[tuple[Any, Clock]]:
    async with talk(rows, goal="answer") as t:
        clock = Clock()
        watch = JobWatch(t.assistant, t.app.session, clock=clock)
        yield t, clock
        watch.close()


async def work(t: Any, clock: Clock, name: str, seconds: float, error: str = "") -> None:
    async def run(job: Job) -> None:
        job.progress(1, 4)
        clock.now += seconds
        job.progress(2, 4)
        job.progress(3, 4)
        if error:
            raise ToolError(error)

    with pytest.raises(ToolError) if error else nullcontext():
        await t.app.jobs.run(name, run, dataset_id=t.app.session.dataset_id)
    await t.assistant.idle()


async def test_long_work_has_one_line_at_its_beginning_and_one_at_its_end(
    talk: OpenTalk, rows: Rows
) -> None:
    async with watched(talk, rows) as (t, clock):
        await work(t, clock, "Append more.jsonl", 42)
        assert t.text.splitlines() == [
            "**Append more.jsonl** is under way. You can go on meanwhile.",
            "**Append more.jsonl** is done, after 42 s.",
        ]
        t.clear()
        await work(t, clock, "Export all.jsonl", 42, "The disk is full. Free some room.")
        assert "failed after 42 s. The disk is full." in t.text
        assert t.question.options


async def test_short_foreign_and_unknown_work_is_not_told(talk: OpenTalk, rows: Rows) -> None:
    async with watched(talk, rows) as (t, clock):
        await work(t, clock, "Export all.jsonl", LONG - 1)
        await work(t, clock, "Backup of the day", 100)
        await work(t, clock, "Training run 3", 100)
        assert t.text == ""


async def test_what_a_result_tells_at_its_end_is_not_told_twice(talk: OpenTalk, rows: Rows) -> None:
    async with watched(talk, rows) as (t, clock):
        await work(t, clock, "Dry run", 42)
        assert "is under way" in t.text
        assert "is done" not in t.text


async def test_the_assistants_own_work_is_its_turns_to_tell(talk: OpenTalk, rows: Rows) -> None:
    async with watched(talk, rows) as (t, clock):
        t.yes = None
        grader = {"type": "string_check", "name": "exact", "operation": "eq"}
        await t.app.call("configure_grader", grader=grader)
        t.assistant.send("start dry run")
        while not t.assistant.calling:
            await asyncio.sleep(0.005)
        await work_aside(t, clock)
        assert "under way" not in t.text
        t.assistant.stop()
        await t.assistant.idle()


async def work_aside(t: Any, clock: Clock) -> None:
    async def run(job: Job) -> None:
        clock.now += 50
        job.progress(2, 4)

    await t.app.jobs.run("Categorise", run, dataset_id=t.app.session.dataset_id)


async def test_quarters_of_a_long_dry_run_are_of_its_main_part(
    talk: OpenTalk, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(job: Job) -> None:
        job.phase("first look")
        job.progress(99, 100, "first look: 99")
        job.phase("all prompts")
        for done in range(0, 101, 10):
            job.progress(done, 100, "all prompts: answers")

    async with watched(talk, rows) as (t, _):
        dataset = t.app.session.dataset_id
        await t.app.jobs.run("Dry run", run, dataset_id=dataset)
        await t.assistant.idle()
        assert "Dry run" not in t.text, "a short one"
        monkeypatch.setattr(watch_jobs, "LONG_DRY_RUN", 0.0)
        await t.app.jobs.run("Dry run", run, dataset_id=dataset)
        await t.assistant.idle()
        told = [line.split(".")[0] for line in t.text.splitlines()]
        assert told == [
            "Dry run: a quarter is done",
            "Dry run: halfway mark passed",
            "Dry run: three quarters are done",
        ]
