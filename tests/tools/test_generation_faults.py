"""What goes wrong around a generation: the dataset is closed, the endpoint goes, the disk fails, and the
user does two things at once. Nothing is paid twice, and nothing enters the data twice."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from app.errors import Stopped, StoreError, ToolError
from app.generation.asking import CONCURRENCY
from app.store import results
from app.wiring import App
from tests.llm.scripted import says, scripted
from tests.tools.writer import GOOD, Writer, connect, generator, item_of


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def state_of(app: App) -> tuple[str, str]:
    """Of the newest generation: its state and error."""
    assert app.session is not None
    found = (await app.session.store.read(results.of_kind, "generation"))[0]
    return found.state, found.data.get("error", "")


def journal_of(home: Path) -> Path:
    return next(home.rglob("answers.jsonl"))


async def test_whatever_cuts_it_off_it_is_resumed_and_nothing_is_paid_twice(tmp_path, user_home):
    async with generator(tmp_path, quota=20) as (app, writer), AsyncExitStack() as stack:
        planned = (await app.call("analyze_coverage")).plan.add
        dataset = app.session.dataset_id
        server = await stack.enter_async_context(scripted())
        first = Writer(server)
        connect(app, server)
        first.hold_after = 2
        work = asyncio.ensure_future(app.call("generate_synthetic_data", strategy="few_shot"))
        await until(lambda: list(user_home.rglob("answers.jsonl")))
        kept = journal_of(user_home)
        await until(lambda: kept.read_bytes().count(b'"prompt_tokens"') == 2)
        await app.close_dataset()
        with pytest.raises(Stopped):
            await work
        await app.open(dataset)
        assert (await state_of(app))[0] == "paused"

        asked = len(server.requests)
        work = asyncio.ensure_future(app.call("resume_generation"))
        await until(lambda: len(server.requests) > asked)
        await stack.aclose()
        with pytest.raises(ToolError, match=r"cannot be reached.* Resume the generation"):
            await work
        state, error = await state_of(app)
        assert state == "paused"
        assert "cannot be reached" in error

        connect(app, writer.server)
        writer.pools = first.pools
        paid, usual = [*first.finished], writer.answer

        def broken(body: dict[str, Any]) -> Any:
            if kept.is_file():
                kept.rename(kept.with_name("aside"))
                kept.mkdir()
            return says('{"items": []}')

        writer.server.by = broken
        with pytest.raises(StoreError, match="generation-"):
            await app.call("resume_generation")
        assert (await state_of(app))[0] == "paused"
        assert len(writer.server.requests) <= CONCURRENCY, "no more is asked than can be kept"
        kept.rmdir()
        kept.with_name("aside").rename(kept)

        writer.server.by = usual
        lost = len(writer.server.requests)
        made = await app.call("resume_generation")
        assert made.waiting == planned
        sent = [b["messages"][-1]["content"] for b in writer.server.requests[lost:]]
        assert not {*sent} & {*paid}
        assert made.requests == len(paid) + len(sent)


async def test_a_stop_in_the_check_keeps_what_came_in_and_haste_does_nothing_twice(tmp_path):
    async with generator(tmp_path, quota=10) as (app, writer):
        writer.bad = [
            ("good", item_of(GOOD["Refund"][0], "Refund")),
            ("duplicate", item_of(GOOD["Refund"][0], "Refund")),
        ]
        writer.pools["Refund"].pop(0)

        def stop(job: Any) -> None:
            if job.name == "Generate records" and "checking" in job.text and job.stop_hook:
                job.stop()

        unsubscribe = app.jobs.subscribe(stop)
        wish = {"target_topics": ["Refund"], "count_per_topic": 6}
        made = await app.call("generate_synthetic_data", strategy="few_shot", **wish)
        unsubscribe()
        assert made.state == "stopped"
        assert made.waiting["Refund"] >= 3

        (copy,) = (await app.call("review_generated", state="refused", reason="duplicate")).items
        first, *_, last = (await app.call("review_generated")).items
        edits = [
            app.call("edit_generated", id=each.id, text=GOOD["Refund"][15]) for each in (copy, last)
        ]
        found = await asyncio.gather(*edits)
        assert sorted(e.reason for e in found) == ["", "duplicate"], "only one may say it"

        waiting = (await app.call("review_generated")).total
        late = asyncio.ensure_future(
            app.call("edit_generated", id=first.id, text=GOOD["Refund"][14])
        )
        await until(lambda: any(job.name == "Check the record" for job in app.jobs.active))
        twice = await asyncio.gather(
            app.call("accept_generated"), app.call("accept_generated"), return_exceptions=True
        )
        (refused,) = [e for e in twice if isinstance(e, ToolError)]
        assert "nothing waits" in str(refused)
        with pytest.raises(ToolError, match="is in the data"):
            await late
        assert (await app.call("get_dataset_stats")).generated == waiting
        assert (await app.call("review_generated")).total == 0
