"""The topics and categorise panels: proposals, edits, drag and drop, the review queue."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.domain.topic_diff import HierarchyDiff
from app.domain.topics import TopicNode
from app.store import records, topics
from app.store.records import RecordStats
from app.tools.proposals import Proposal
from app.ui import kit
from app.ui.categorize_panel import CategorizePanel
from app.ui.topics.choices import choices
from app.ui.topics.proposal import changes, sentences
from app.ui.topics.review import ReviewCard
from app.ui.topics.snapshot import Review, proposed_lines, read_snapshot
from app.ui.topics.standing import StandingSnapshot, bands
from app.ui.topics_panel import TopicsPanel

QUEUE = (
    Review(1, "first", ((11, "Cards", 0.4), (12, "Fees", 0.3))),
    Review(2, "second", ((12, "Fees", 0.45),)),
)


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
    return [item.text() for item in panel.pane.tree._items.values()]


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
            "A list of my own…",
        ]


async def test_tree_shows_counts_and_edits_go_through_tools(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(8)) as app:
        ids = await placed(app)
        panel = await show_panel(app, TopicsPanel)
        tree = panel.pane.tree
        assert names(panel) == ["Cards", "Lost", "Stolen", "Fees"]
        assert panel.snapshot.facts == "3 leaves in 1 group"
        assert panel.snapshot.lines[0].records == 4
        tree._items[ids["Fees"]].setText("Charges")
        await until(lambda: panel.snapshot.lines[1].name == "Charges")
        tree.pick(ids["Lost"])
        await until(lambda: panel.examples.title.text() == "Lost")
        flags = QItemSelectionModel.SelectionFlag
        stolen = tree._items[ids["Stolen"]].index()
        tree.selectionModel().select(stolen, flags.Select | flags.Rows)
        assert panel.pane.merge.isEnabled()
        panel.pane.merge_asked.emit()
        await until(lambda: names(panel) == ["Cards", "Lost", "Charges"])
        assert panel.snapshot.lines[0].records == 4
        await app.session.store.undo()
        await until(lambda: names(panel) == ["Cards", "Lost", "Stolen", "Charges"])


async def test_a_refused_name_gives_way_to_the_old_one(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(8)) as app:
        ids = await placed(app)
        panel = await show_panel(app, TopicsPanel)
        panel.pane.tree._items[ids["Fees"]].setText("Cards")
        await until(lambda: names(panel)[-1] == "Fees" and "act" in panel.errors)
        assert "already a topic" in panel.errors["act"].text.text()


async def test_drag_and_drop_between_topics(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(8)) as app:
        ids = await placed(app)
        panel = await show_panel(app, TopicsPanel)
        tree = panel.pane.tree
        tree.dropped.emit(ids["Fees"], ids["Lost"], "below")
        await until(lambda: names(panel) == ["Cards", "Lost", "Fees", "Stolen"])
        tree.dropped.emit(ids["Fees"], None, "below")
        await until(lambda: len(panel.snapshot.lines) == 2)
        tree.dropped.emit(ids["Fees"], ids["Cards"], "on")
        await until(lambda: names(panel) == ["Cards", "Lost", "Stolen", "Fees"])
        counts = await app.session.store.read(topics.counts)
        assert counts[ids["Fees"]] == 2


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


def proposal(**diff: Any) -> Proposal:
    nodes = [TopicNode(name="Cards", record_ids=[1, 2]), TopicNode(name="New", record_ids=[3])]
    return Proposal(
        method="auto", hierarchy=nodes, leaves=2, k=2, finest=9, diff=HierarchyDiff(**diff)
    )


def test_changes_in_words() -> None:
    made = proposal(
        added=[("New",)], renamed=[(("Old",), ("Cards",))], removed=[("Gone",)], moved=[]
    )
    assert [line[2:] for line in changes(made)] == [
        ("New", "1 records"),
        ("Old to Cards", "renamed"),
        ("Gone", "removed"),
    ]
    said = sentences(made, has_topics=True, confirmed=41)
    assert any("41 confirmed" in words for words in said)
    assert [line.records for line in proposed_lines(made.hierarchy)] == [2, 1]


@pytest.fixture
def card(themed: Any, qtbot: QtBot) -> Iterator[ReviewCard]:
    host = QWidget()
    made = ReviewCard(host)
    host.setLayout(kit.column(made))
    qtbot.addWidget(host)
    made.show_queue(QUEUE, 2)
    yield made
    host.close()  # until here something must hold it


def test_skip_puts_a_record_last_and_a_second_press_waits(card: ReviewCard) -> None:
    decided: list[tuple[int, int | None]] = []
    card.decided.connect(lambda record, topic: decided.append((record, topic)))
    card.press("S")
    assert card.shown is QUEUE[1]
    card.press("3")
    assert decided == []
    card.press("1")
    card.press("1")
    assert decided == [(2, 12)]
    card.release()
    card.press("0")
    assert decided[-1] == (2, None)
    card.show_queue(QUEUE, 2)
    assert card.shown is QUEUE[1]


async def test_categorise_panel_shows_the_stored_counts(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(8)) as app:
        panel = await show_panel(app, CategorizePanel)
        assert panel.none.isVisible()
        await placed(app)
        await until(lambda: panel.work.isVisible())
        await until(lambda: panel.snapshot.review == 2)
        assert [(band.name, band.records) for band in bands(panel.snapshot)] == [
            ("High", 4),
            ("Medium", 0),
            ("Review", 2),
            ("Uncategorised", 2),
        ]
        panel.review.press("1")
        await until(lambda: panel.snapshot.stats.confirmed == 1)


def test_stale_categorisation_is_said(qtbot: QtBot) -> None:
    snapshot = StandingSnapshot(stats=RecordStats(valid=10, categorised=9), leaves=2, done=True)
    assert replace(snapshot, stale="Topics changed.").facts.startswith("9 of 10 records in 2")


async def test_choices_know_their_leaves(open_app: Any, make_rows: Any) -> None:
    async with open_app(make_rows(8)) as app:
        ids = await placed(app)
        found = choices(await app.session.store.read(topics.all_topics))
        assert found[0].leaves == (ids["Lost"], ids["Stolen"])
        assert not found[0].leaf
        assert found[1].words == "Cards › Lost"
        snapshot = await app.session.store.read(read_snapshot, None)
        assert snapshot.uncategorised == 2


async def test_f2_opens_the_editor(
    open_app: Any, show_panel: Any, make_rows: Any, qtbot: Any
) -> None:
    async with open_app(make_rows(8)) as app:
        ids = await placed(app)
        panel = await show_panel(app, TopicsPanel)
        panel.pane.tree.pick(ids["Fees"])
        await app.jobs.wait()
        qtbot.keyClick(panel.pane.tree, Qt.Key.Key_F2)
        assert panel.pane.tree.state() == panel.pane.tree.State.EditingState
