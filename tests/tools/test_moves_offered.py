"""Moves offered into thin topics: only of records that nobody, no label and no lock holds."""

from functools import partial
from typing import Any

import orjson

from app.store import results
from app.store.database import Tx
from app.tools.generation import offers
from tests.tools.conftest import OpenApp


def _start(tx: Tx, rich: int, held: int, thin: int) -> None:
    """All on Rich, the first five unsure of it and likely on Thin; one of those in a held topic."""
    tx.sql("UPDATE record SET topic_id = ?, topic_source = 'auto', probability = 0.9", (rich,))
    likely = orjson.dumps([(thin, 0.4)]).decode()
    for record_id, source in enumerate(("auto", "user", "label", "model", "auto"), 1):
        tx.sql(
            "UPDATE record SET topic_id = ?, topic_source = ?, probability = 0.3, alternatives = ? "
            "WHERE id = ?",
            (held if record_id == 5 else rich, source, likely, record_id),
        )


async def test_what_is_decided_or_below_a_lock_is_not_offered(program: OpenApp) -> None:
    async with program() as app:

        async def add(name: str, parent: int | None = None) -> int:
            return int((await app.call("add_topic", name=name, parent_id=parent)).topic_id)

        rich, thin, group = [await add(name) for name in ("Rich", "Thin", "Group")]
        held = await add("Held", group)
        await app.session.store.transaction(_start, rich, held, thin)

        async def offered() -> list[Any]:
            fresh = (await app.session.expected("categorize")).model_dump_json()
            add_result = partial(results.add, fingerprint=fresh, data={"threshold": 0.3})
            await app.session.store.transaction(add_result, "categorisation")
            moves = (await offers(app.context(), ["Thin"], 40)).moves
            return sorted(move.record_id for move in moves)

        assert await offered() == [1, 5]
        await app.call("set_topics", topic_ids=[group], locked=True)
        assert await offered() == [1]
