"""The topics panel: the ways to begin, proposals, the review queue."""

from typing import Any

from pytestqt.qtbot import QtBot

from app.store import records, topics
from app.ui.topics.choices import choices
from app.ui.topics.snapshot import read_snapshot
from app.ui.topics_panel import TopicsPanel


async def placed(app: Any) -> dict[str, int]:
    """Cards (Lost, Stolen) and Fees; records 1-3 lost, 4 stolen, 5-6 fees, two of them unsure."""
    ids = {"Cards": (await app.call("add_topic", name="Cards")).topic_id}
    for name in ("Lost", "Stolen"):
        made = await app.call("add_topic", name=name, parent_id=ids["Cards"])
        ids[name] = made.topic_id
    ids["Fees"] = (await app.call("add_topic", name="Fees")).topic_id
    homes = ["Lost"] * 3 + ["Stolen"] + ["Fees"] * 2
    rows = [
        {
            "id": i,
            "topic_id": ids[name],
            "probability": {3: 0.45, 6: 0.4}.get(i, 0.9),
            "fit": 0.8,
            "alternatives": [(ids[name], 0.45), (ids["Stolen"], 0.3)],
        }
        for i, name in enumerate(homes, 1)
    ]
    await app.session.store.write("Categorise", records.store_assignments, rows)
    return ids


def names(panel: TopicsPanel) -> list[str]:
    return [line.name for line in panel.pane.tree.topics.lines.by_key.values()]


async def test_empty_state_offers_the_ways_to_begin(
    open_app: Any, show_panel: Any, make_rows: Any
) -> None:
    async with open_app(make_rows(8)) as app:
        panel = await show_panel(app, TopicsPanel)
        assert panel.pane.stack.currentIndex() == 1
        assert not panel.review.isVisible()
        starts = [action.text() for action in panel.start_from.menu().actions()]
        assert starts == [
            "The data",
            "A template",
            "A label field of the records",
            "With the model…",
            "A list of my own…",
            "A file of topics…",
        ]


async def test_review_by_key_is_stored_and_can_be_undone(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any, qtbot: QtBot
) -> None:
    async with open_app(make_rows(8)) as app:
        ids = await placed(app)
        panel = await show_panel(app, TopicsPanel)
        assert [item.record_id for item in panel.review._queue] == [6, 3]
        panel.review.press("2")
        await until(lambda: panel.review.shown.record_id == 3)
        moved = await app.session.store.read(records.get, 6)
        assert (moved.topic_id, moved.topic_source) == (ids["Stolen"], "user")
        panel.review.press("0")
        await until(lambda: panel.review.shown is None)
        assert panel.review.left.text == "none left"
        await app.session.store.undo()
        await until(lambda: panel.review.shown is not None)


async def test_labels_are_proposed_and_accepted(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    rows = [
        {**row, "extra": {"area": ("cards", "fees")[i % 2]}} for i, row in enumerate(make_rows(8))
    ]
    async with open_app(rows) as app:
        panel = await show_panel(app, TopicsPanel)
        panel._generate("labels")
        await until(lambda: panel.proposal.isVisible())
        assert names(panel) == ["Cards", "Fees"]
        assert panel.pane.proposed
        assert await app.session.store.read(topics.all_topics) == []
        panel._discard()
        await until(lambda: not panel.proposal.isVisible())
        assert panel.pane.stack.currentIndex() == 1


async def test_choices_know_their_leaves(open_app: Any, make_rows: Any) -> None:
    async with open_app(make_rows(8)) as app:
        ids = await placed(app)
        found = choices(await app.session.store.read(topics.all_topics))
        assert found[0].leaves == (ids["Lost"], ids["Stolen"])
        assert not found[0].leaf
        assert found[1].words == "Cards › Lost"
        snapshot = await app.session.store.read(read_snapshot, None)
        assert snapshot.uncategorised == 2
