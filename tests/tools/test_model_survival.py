"""A real program that asks a model about uncertain records is killed in the middle; another goes on
without asking, or paying for, what had come in."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from app.store import results
from app.wiring import App
from tests.llm.scripted import Answer, chunk, scripted
from tests.tools.arranger import answer, told
from tests.tools.test_generating_survival import end, until_answered
from tests.tools.test_model_categories import sorts, unsure
from tests.tools.writer import connect

PROGRAM = """
import asyncio, sys
from app.wiring import App

async def main():
    app = await App.start()
    async def yes(card):
        return True
    app.approve = yes
    await app.open(sys.argv[1])
    await app.call("categorize_uncertain")

asyncio.run(main())
"""


async def test_a_killed_run_is_gone_on_with_and_nothing_is_paid_twice(
    tmp_path: Path, user_home: Path
) -> None:
    async with unsure(tmp_path) as (app, _, ids):
        assert app.session is not None
        dataset = app.session.dataset_id
    async with scripted() as server:

        def held(body: dict[str, Any]) -> Answer:
            if len(server.requests) > 1:
                return Answer([chunk({"content": "{"})], hold=True)
            return answer(sorts(body, ids))

        server.by = held
        app = await App.start()
        connect(app, server)
        await app.close()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, dataset, env={**os.environ}
        )
        await until_answered(user_home, 1)
        end(process)
        await process.wait()
        paid = {record["id"] for record in told(server.requests[0], "records")}
        server.by = lambda body: answer(sorts(body, ids))
        app = await App.start()
        cards: list[Any] = []

        async def yes(card: Any) -> bool:
            cards.append(card)
            return True

        app.approve = yes
        try:
            session = await app.open(dataset)
            (found,) = await session.store.read(results.of_kind, "model_categories")
            assert found.state == "paused"
            assert (await session.store.read(results.usage)).tokens == 150
            before = len(server.requests)
            made: Any = await app.call("categorize_uncertain")
            asked = {r["id"] for b in server.requests[before:] for r in told(b, "records")}
            assert cards[0].title.startswith("Go on asking")
            rows = dict(cards[0].rows)
            assert rows["Records"] == "30 uncertain records", "the 20 answered are not in the price"
            assert rows["Already there"].startswith("20 records")
            assert len(paid) == 20
            assert not asked & paid
            assert (made.run_id, made.placed, made.left) == (found.id, 50, 0)
            assert (await session.store.read(results.usage)).tokens == 450
        finally:
            await app.close()
