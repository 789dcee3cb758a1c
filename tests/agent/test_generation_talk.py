"""The guide on generation: it says how to connect a model, and with one leads from card to records."""

from pathlib import Path

from app.agent.speaker import GUIDED
from tests.agent.conftest import Talk
from tests.tools.writer import generator


async def test_the_guide_generates_what_the_plan_lacks_with_a_card_and_takes_it_on_request(
    tmp_path: Path,
) -> None:
    async with generator(tmp_path, quota=16) as (app, writer):
        app.settings.agent = GUIDED
        t = Talk.over(app)
        await t.send("what helps the thin topics?")
        assert "Writer can write records" in t.text
        assert "**Generate**" in t.text
        await t.choose("Generate what the plan lacks")
        (card,) = t.cards
        assert card.yes
        assert len(writer.server.requests) > 0
        assert "8 new records of 8 wait for you" in t.text
        await t.choose("Accept 8 records")
        assert "8 generated records accepted. Balance went from" in t.text
        assert (await app.call("get_dataset_stats")).generated == 8  # type: ignore[attr-defined]


async def test_without_a_model_the_guide_says_to_connect_one(tmp_path: Path) -> None:
    async with generator(tmp_path) as (app, writer):
        app.connections.remove("writer")
        t = Talk.over(app)
        await t.send("what helps the thin topics?")
        assert "open Connections and add one" in t.text
        assert "**Your own generator**" in t.text
        await t.choose("Connect a model")
        assert t.panels[-1] == "connections"
        assert writer.server.requests == []
