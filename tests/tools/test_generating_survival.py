"""A real program that generates is killed in the middle; another goes on without asking, or paying for,
what had come in."""

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest

from app.errors import ToolError
from app.store import results
from app.wiring import App
from tests.llm.scripted import scripted
from tests.tools.writer import Writer, connect, generator

PROGRAM = """
import asyncio, sys
from app.wiring import App

async def main():
    app = await App.start()
    async def yes(card):
        return True
    app.approve = yes
    await app.open(sys.argv[1])
    await app.call("generate_synthetic_data", strategy="few_shot")

asyncio.run(main())
"""
HELD_BACK = 2  # answers that came in before the kill


async def until_answered(home: Path, number: int) -> None:
    """Until the journal holds so many answers."""
    async with asyncio.timeout(120):
        while True:
            journals = list(home.rglob("answers.jsonl"))
            if journals and journals[0].read_bytes().count(b'"prompt_tokens"') >= number:
                return
            await asyncio.sleep(0.05)


def end(process: asyncio.subprocess.Process) -> None:
    """Kill it with its children, as a crash of the machine would."""
    family = psutil.Process(process.pid).children(recursive=True)
    for each in [psutil.Process(process.pid), *family]:
        each.kill()


async def test_a_killed_generation_is_resumed_without_copies_or_a_second_bill(
    tmp_path: Path, user_home: Path
) -> None:
    async with generator(tmp_path, quota=20) as (app, _):
        assert app.session is not None
        dataset = app.session.dataset_id
        planned = (await app.call("analyze_coverage")).plan.add  # type: ignore[attr-defined]
    async with scripted() as server:
        writer = Writer(server)
        writer.hold_after = HELD_BACK
        app = await App.start()
        connect(app, server)
        await app.close()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, dataset, env={**os.environ}
        )
        await until_answered(user_home, HELD_BACK)
        end(process)
        await process.wait()
        paid = list(writer.finished)
        assert len(paid) == HELD_BACK
        writer.hold_after = None
        app = await App.start()
        cards = []

        async def yes(card: object) -> bool:
            cards.append(card)
            return True

        app.approve = yes
        try:
            session = await app.open(dataset)
            (found,) = await session.store.read(results.of_kind, "generation")
            assert found.state == "paused"
            assert (await session.store.read(results.usage)).tokens == 150 * HELD_BACK
            assert (await app.call("review_generated")).paused  # type: ignore[attr-defined]
            before = len(server.requests)
            made = await app.call("resume_generation")
            assert cards[0].rows[0] == ("Already there", "2 answers, not asked or paid again")
            asked = [b["messages"][-1]["content"] for b in server.requests[before:]]
            assert asked
            assert not set(asked) & set(paid)
            assert made.waiting == planned  # type: ignore[attr-defined]
            assert made.requests == len(writer.finished)  # type: ignore[attr-defined]
            usage = await session.store.read(results.usage)
            assert usage.tokens == 150 * len(writer.finished)
            review = await app.call("review_generated", limit=100)
            texts = [item.preview for item in review.items]  # type: ignore[attr-defined]
            assert len(texts) == len(set(texts)) == sum(planned.values())
            with pytest.raises(ToolError, match="none to resume"):
                await app.call("resume_generation")
        finally:
            await app.close()
