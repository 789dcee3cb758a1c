import asyncio
import threading
from functools import partial

import pytest

from app.errors import Stopped
from app.jobs import Jobs


async def test_a_job_returns_its_result_and_is_gone():
    jobs, seen = Jobs(), []
    jobs.subscribe(lambda job: seen.append((job.state, job.done)))

    async def work(job):
        job.progress(1, 2, "half")
        return 7

    assert await jobs.run("count", work) == 7
    assert seen == [("running", 0), ("running", 1), ("done", 1)]
    assert jobs.active == []


async def test_heavy_jobs_wait_their_turn_visibly():
    jobs, order, gate = Jobs(), [], asyncio.Event()

    async def first(job):
        await gate.wait()
        order.append("first")

    async def second(job):
        order.append("second")

    a = jobs.start(jobs.run("one", first, heavy=True))
    b = jobs.start(jobs.run("two", second, heavy=True))
    while len(jobs.active) < 2 or not any(j.text for j in jobs.active):
        await asyncio.sleep(0)
    waiting = next(j for j in jobs.active if j.state == "queued")
    assert waiting.text == "waits for one"
    gate.set()
    await asyncio.gather(a, b)
    assert order == ["first", "second"]


async def test_stop_ends_the_work_and_says_so():
    jobs, ended = Jobs(), []

    async def work(job):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(job.name)

    task = jobs.start(jobs.run("long", work))
    while not jobs.active or jobs.active[0].state != "running":
        await asyncio.sleep(0)
    jobs.active[0].stop()
    with pytest.raises(Stopped, match="long was stopped"):
        await task
    assert ended == ["long"]


async def test_cancelling_the_caller_ends_the_work_first():
    jobs, ended = Jobs(), []

    async def work(job):
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    task = jobs.start(jobs.run("long", work))
    while not jobs.active or jobs.active[0].state != "running":
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


async def test_only_the_work_on_one_dataset_is_cancelled():
    jobs = Jobs()

    async def work(job):
        await asyncio.Event().wait()

    one = jobs.start(jobs.run("a", work, dataset_id="a"))
    other = jobs.start(jobs.run("b", work, dataset_id="b"))
    while len([j for j in jobs.active if j.state == "running"]) < 2:
        await asyncio.sleep(0)
    await jobs.cancel("a")
    with pytest.raises(Stopped):
        await one
    assert not other.done()
    await jobs.close()


def test_nothing_starts_after_the_end_not_even_without_a_loop():
    jobs = Jobs()

    async def never():
        raise AssertionError("it ran")

    asyncio.run(jobs.close())
    assert jobs.closed
    assert jobs.start(never()).cancelled()


async def test_a_background_job_gives_way_and_goes_on():
    jobs, order, begun = Jobs(), [], asyncio.Event()

    async def resumable(job):
        order.append("pass")
        begun.set()
        if order.count("pass") < 3:
            await asyncio.Event().wait()
        return "whole"

    async def urgent(job):
        order.append("urgent")
        while not any(other.text == f"waits for {job.name}" for other in jobs.active):
            await asyncio.sleep(0)

    result = jobs.start(jobs.run("index", resumable, background=True))
    for _ in range(2):
        await begun.wait()
        begun.clear()
        await jobs.run("dry run", urgent, heavy=True)
    assert await result == "whole"
    assert order == ["pass", "urgent", "pass", "urgent", "pass"]
    assert jobs.active == []


async def test_a_background_job_can_be_stopped_while_it_works_and_while_it_waits():
    jobs, begun, gate = Jobs(), asyncio.Event(), asyncio.Event()

    async def endless(job):
        begun.set()
        await asyncio.Event().wait()

    async def long(job):
        await gate.wait()

    working = jobs.start(jobs.run("index", endless, background=True))
    await begun.wait()
    jobs.active[0].stop()
    with pytest.raises(Stopped):
        await working
    heavy = jobs.start(jobs.run("train", long, heavy=True))
    waiting = jobs.start(jobs.run("index", endless, background=True))
    while not any(job.text == "waits for train" for job in jobs.active):
        await asyncio.sleep(0)
    next(job for job in jobs.active if job.name == "index").stop()
    with pytest.raises(Stopped):
        await waiting
    gate.set()
    await heavy


async def test_stopping_background_work_twice_still_waits_for_its_end():
    jobs, begun, may_end, ended = Jobs(), asyncio.Event(), asyncio.Event(), []

    async def work(job):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await may_end.wait()
            ended.append(True)

    running = jobs.start(jobs.run("index", work, dataset_id="d", background=True))
    await begun.wait()
    first = asyncio.ensure_future(jobs.cancel("d"))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(jobs.close())  # both reach the task while its work still closes
    for _ in range(5):
        await asyncio.sleep(0)
    assert not first.done()
    assert not second.done()
    may_end.set()
    await asyncio.gather(first, second)
    assert ended == [True]
    assert running.cancelled()


async def test_work_in_a_thread_tells_its_progress_and_hears_of_a_stop():
    jobs, told, looked, heard = Jobs(), [], threading.Event(), []
    jobs.subscribe(lambda job: told.append(job.text))

    def count(tell):
        tell(1, 4)
        looked.wait(60)
        tell(2, 4)
        heard.append("went on")

    async def work(job):
        in_thread = partial(asyncio.to_thread, count)
        await job.follow(in_thread, "Nothing was changed.", "{done} of {total:,}")

    running = jobs.start(jobs.run("count", work))
    while "1 of 4" not in told:
        await asyncio.sleep(0)
    jobs.active[0].stop()
    looked.set()
    with pytest.raises(Stopped, match=r"^Nothing was changed\.$"):
        await running
    assert not heard
    assert jobs.active == []


async def test_cancelled_work_in_a_thread_has_ended_when_it_is_said_to_have():
    jobs, begun, may_look, told = Jobs(), threading.Event(), threading.Event(), []

    def count(tell):
        begun.set()
        may_look.wait(60)
        tell(1, 4)
        told.append("went on")

    async def work(job):
        try:
            await job.follow(partial(asyncio.to_thread, count), "Nothing was changed.")
        finally:
            told.append("ended")

    running = jobs.start(jobs.run("count", work, dataset_id="d"))
    while not begun.is_set():
        await asyncio.sleep(0)
    closing = asyncio.ensure_future(jobs.cancel("d"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not told
    may_look.set()
    await closing
    assert told == ["ended"]
    with pytest.raises(Stopped):
        await running


async def test_a_stop_as_the_work_begins_begins_nothing():
    jobs, begun = Jobs(), []
    jobs.subscribe(lambda job: job.stop() if job.state == "running" else None)

    async def work(job):
        await job.follow(partial(asyncio.to_thread, begun.append), "Nothing was changed.")

    with pytest.raises(Stopped):
        await jobs.run("count", work)
    assert begun == []
