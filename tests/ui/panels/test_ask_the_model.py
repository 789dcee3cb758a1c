"""Where the panels offer the connected model: what is missing is said, what it places is shown."""

from functools import partial
from typing import Any

from PySide6.QtWidgets import QInputDialog

from app.store import topics
from app.ui.categorize_panel import CategorizePanel
from app.ui.topics_panel import TopicsPanel
from tests.llm.scripted import scripted
from tests.tools.arranger import answer, item, told
from tests.tools.writer import connect


async def two_topics(app: Any) -> dict[str, int]:
    """Two topics; no record is on one, so all are uncertain."""
    return {n: (await app.call("add_topic", name=n)).topic_id for n in ("Cards", "Bills")}


async def test_uncertain_records_are_placed_by_a_button(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(9)) as app, scripted() as server:
        ids = await two_topics(app)
        panel = await show_panel(app, CategorizePanel)
        await until(lambda: panel.ask.isVisible())
        assert panel.ask.text() == "Connect a model…"
        assert panel.ask.accessibleName() == "Connect a model that could place 9 uncertain records"
        went: list[str] = []
        panel.go.connect(lambda name, _: went.append(name))
        panel.ask.click()
        assert went == ["connections"]

        async def yes(card: Any) -> bool:
            return True

        app.approve = yes
        await app.clients.change(connect, app, server)
        assert panel.ask.text() == "Ask the model about 9…"
        assert panel.ask.accessibleName() == "Ask the model about 9 uncertain records"
        server.by = lambda body: answer(
            [{"id": r["id"], "topic": f"T{ids['Cards']}"} for r in told(body, "records")]
        )
        panel.ask.click()
        await until(lambda: panel.ask.isHidden())
        assert not panel.errors
        assert (await app.session.store.read(topics.counts)) == {ids["Cards"]: 9}


async def test_topics_are_reworked_by_a_wish_that_is_asked_for(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(9)) as app, scripted() as server:
        await two_topics(app)
        panel = await show_panel(app, TopicsPanel)
        menu = {action.text(): action for action in panel.start_from.menu().actions()}
        menu["With the model…"].trigger()
        await until(lambda: "act" in panel.errors)
        assert "open Connections" in panel.errors["act"].text.text()

        async def yes(card: Any) -> bool:
            return True

        app.approve = yes
        connect(app, server)
        server.by = lambda body: answer([item(1, "Karten"), item(2, "Rechnungen")])
        menu["With the model…"].trigger()
        asks = partial(panel.findChild, QInputDialog)
        await until(lambda: asks() is not None and asks().isVisible())
        asks().setTextValue("Use German names.")
        asks().accept()
        await until(lambda: panel.snapshot.proposal is not None)
        assert told(server.requests[0], "wish") == "Use German names."
        proposal = panel.snapshot.proposal
        assert [node.name for node in proposal.hierarchy] == ["Karten", "Rechnungen"]
        assert [t.name for t in await app.session.store.read(topics.all_topics)] == [
            "Cards", "Bills",
        ]  # fmt: skip
