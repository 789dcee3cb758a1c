"""The connected assistant has topics reworked, records placed: a card for what is billed."""

from typing import Any

import pytest

from app.agent.entries import CardAsked
from app.store import topics
from app.tools import proposals
from tests.agent.conftest import OpenTalk
from tests.agent.connected import connected
from tests.llm.scripted import Answer, calls, says
from tests.tools.arranger import answer, item, told


class Both:
    """Speaks as the assistant by a script, and does what the tools ask of a model."""

    def __init__(self, *script: Answer) -> None:
        self.script = list(script)
        self.worked = 0

    def __call__(self, body: dict[str, Any]) -> Answer:
        if body.get("tools"):
            return self.script.pop(0)
        self.worked += 1
        if "<records>" in body["messages"][1]["content"]:
            first = told(body)[0]["id"]
            return answer([{"id": r["id"], "topic": first} for r in told(body, "records")])
        return answer([item(1, "Karten"), item(2, "Rechnungen")])


@pytest.mark.parametrize("yes", [True, False])
async def test_a_billed_call_waits_for_a_card_and_a_free_one_does_not(
    talk: OpenTalk, rows: list[dict[str, Any]], yes: bool
) -> None:
    speaks = Both(
        calls("generate_topics", {"method": "manual"}),
        calls("generate_topics", {"method": "model", "instructions": "German names"}, id="call_2"),
        calls("categorize_uncertain", {"most": 5}, id="call_3"),
        says("Done."),
        says("Done."),
    )
    async with connected(talk, rows, goal="x") as (t, server):
        server.by = speaks
        t.yes = yes
        for name in ("Cards", "Bills"):
            await t.app.call("add_topic", name=name)
        await t.send("use German names and place five uncertain records")
        asked = [entry.card.tool for entry in t.of(CardAsked)]
        assert asked == ["generate_topics", "categorize_uncertain"]
        assert t.app.session is not None
        assert speaks.worked == (2 if yes else 0)
        counts = await t.app.session.store.read(topics.counts)
        assert sum(n for topic, n in counts.items() if topic) == (5 if yes else 0)
        pending = proposals.pending(t.app.session)
        names = [node.name for node in pending.hierarchy] if pending else []
        assert names == (["Karten", "Rechnungen"] if yes else [])
        assert [x.name for x in await t.app.session.store.read(topics.all_topics)] == [
            "Cards", "Bills",
        ]  # fmt: skip
