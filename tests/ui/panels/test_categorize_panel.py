"""The categorise panel: the review by keys, those alike, the least fit, the reliability diagram."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QWidget
from pytestqt.qtbot import QtBot

from app.domain.reliability import reliability
from app.domain.topics import TopicNode
from app.store import changes, records, results
from app.store.records import RecordFilter, RecordStats
from app.ui import kit
from app.ui.categorize_panel import CategorizePanel
from app.ui.topics.queue import Queue, Review
from app.ui.topics.reliability_card import ReliabilityCard, in_words
from app.ui.topics.review import Option, ReviewCard
from app.ui.topics.standing import StandingSnapshot, bands, sentences
from tests.programs import add_dataset
from tests.ui.panels.conftest import record

ITEMS = (
    Review(1, "first", ((11, "Cards", 0.4), (12, "Fees", 0.3)), 0.5, ((5, "fifth"), (6, "sixth"))),
    Review(2, "second", ((12, "Fees", 0.45),), 0.6),
)
QUEUE = Queue(ITEMS, 2, ((11, "Money › Cards"), (12, "Money › Fees"), (13, "Account › Log-in")))


async def placed(app: Any) -> dict[str, int]:
    """Lost and Fees; records 1-5 lost, 6-8 fees; 3, 4 and 5 are unsure of Lost, 7 of Fees."""
    ids = {n: (await app.call("add_topic", name=n)).topic_id for n in ("Lost", "Fees")}
    rows = [
        {
            "id": i,
            "topic_id": ids["Lost" if i <= 5 else "Fees"],
            "probability": {3: 0.41, 4: 0.43, 5: 0.45, 7: 0.48}.get(i, 0.9),
            "fit": 0.2 + i / 10,
            "alternatives": [(ids["Lost" if i <= 5 else "Fees"], 0.45), (ids["Fees"], 0.3)],
        }
        for i in range(1, 9)
    ]
    await app.session.store.write("Categorise", records.store_assignments, rows)
    data = {"threshold": 0.2, "calibrated": 0.2}
    inputs = (await app.session.expected("categorize")).model_dump_json()
    store = app.session.store
    await store.transaction(results.add, "categorisation", fingerprint=inputs, data=data)
    return ids


def words(count: int) -> list[dict[str, Any]]:
    """Records of two more kinds, so that there is something to learn."""
    rows = []
    for number in range(100, 100 + count):
        text = f"my card is lost, case {number}" if number % 2 else f"will it rain on day {number}"
        rows.append(
            record(number) | {"messages": [{"role": "user", "content": text}], "preview": text}
        )
    return rows


@pytest.fixture
def card(themed: Any, qtbot: QtBot) -> Iterator[ReviewCard]:
    host = QWidget()
    made = ReviewCard(host, large=True)
    host.setLayout(kit.column(made))
    qtbot.addWidget(host)
    host.show()
    made.show_queue(QUEUE)
    yield made
    host.close()  # until here something must hold it


def heard(card: ReviewCard) -> list[tuple[tuple[int, ...], int | None]]:
    decided: list[tuple[tuple[int, ...], int | None]] = []
    card.decided.connect(lambda ids, topic: decided.append((ids, topic)))
    return decided


def options(card: ReviewCard) -> list[str]:
    shown = [card.body.itemAt(i).widget() for i in range(card.body.count())]
    return [widget.accessibleName() for widget in shown if isinstance(widget, Option)]


def test_skip_puts_a_record_last_and_a_second_press_waits(card: ReviewCard) -> None:
    decided = heard(card)
    card.press("S")
    assert card.shown is ITEMS[1]
    card.press("3")
    assert decided == []
    card.press("1")
    card.press("1")
    assert decided == [((2,), 12)]
    card.release()
    card.press("0")
    assert decided[-1] == ((2,), None)
    card.show_queue(QUEUE)
    assert card.shown is ITEMS[1]


def test_beside_a_tree_the_keys_are_heard_in_the_card_alone(themed: Any, qtbot: QtBot) -> None:
    host, made, tree = QWidget(), ReviewCard(), QListWidget()
    host.setLayout(kit.column(tree, made))
    qtbot.addWidget(host)
    host.show()
    host.activateWindow()
    made.show_queue(QUEUE)
    decided = heard(made)
    tree.setFocus()
    qtbot.waitUntil(tree.hasFocus)
    qtbot.keyClick(tree, Qt.Key.Key_1)
    assert decided == []
    first = made.findChildren(Option)[0]
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_1)
    assert decided == [((1,), 11)]
    made.show_queue(replace(QUEUE, items=ITEMS[1:]))
    assert made.hasFocus(), "the next key is a decision too"
    qtbot.keyClick(made, Qt.Key.Key_1)
    assert decided[1:] == [((2,), 12)]


def test_those_alike_are_shown_before_and_taken_along(card: ReviewCard) -> None:
    decided = heard(card)
    assert card.alike.text().startswith("Same for the 2 like it")
    card.press("A")
    shown = [label.full_text for label in card.findChildren(kit.ElidedLabel)]
    assert shown == ["5: fifth", "6: sixth"]
    card.press("2")
    assert decided == [((1, 5, 6), 12)]
    card.done((1, 5, 6))
    card.show_queue(replace(QUEUE, items=ITEMS[1:]))
    assert not card.alike.isVisible()
    card.press("A")
    card.press("1")
    assert decided[-1] == ((2,), 12), "alone again"


def test_any_topic_is_found_by_typing_and_offered_again(card: ReviewCard, qtbot: QtBot) -> None:
    decided = heard(card)
    qtbot.keyClicks(card.search, "LOG")
    assert card.search.found() == ["Account › Log-in"]
    qtbot.keyClick(card.search, Qt.Key.Key_Return)
    assert decided == [((1,), 13)]
    assert card.search.text() == ""
    card.done((1,))
    card.show_queue(replace(QUEUE, items=ITEMS[1:]))
    assert options(card) == ["1: Fees, probability 0.45", "2: Log-in, chosen before"]
    card.press("2")
    assert decided[-1] == ((2,), 13)


def test_what_is_looked_at_stays_and_what_was_undone_comes_first(card: ReviewCard) -> None:
    sooner = Review(3, "third", ((11, "Cards", 0.1),))
    card.show_queue(replace(QUEUE, items=(sooner, *ITEMS)))
    assert card.shown is ITEMS[0], "though another is less certain"
    card.press("1")
    card.done((1,))
    assert 1 in card.wanted
    card.show_queue(replace(QUEUE, items=(sooner, ITEMS[1])))
    assert card.shown is sooner
    card.show_queue(replace(QUEUE, items=(sooner, *ITEMS)))
    assert card.shown is ITEMS[0], "its decision was undone"


async def test_the_stored_counts_are_shown(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(10)) as app:
        panel = await show_panel(app, CategorizePanel)
        assert panel.none.isVisible()
        await placed(app)
        await until(lambda: panel.work.isVisible() and panel.snapshot.review == 4)
        assert [(band.name, band.records) for band in bands(panel.snapshot)] == [
            ("High", 4),
            ("Medium", 0),
            ("Review", 4),
            ("Uncategorised", 2),
        ]
        asked: list[Any] = []
        panel.go.connect(lambda *to: asked.append(to))
        panel.lost.click()
        assert asked == [("records", {"uncategorised": True})]


async def test_one_decision_for_all_alike_is_one_undo(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(10)) as app:
        await placed(app)
        lines = [{"id": 3, "like": [4, 5, 7]}, {"id": 33, "like": [3]}]
        data = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        app.session.similar_file.write_bytes(data)
        panel = await show_panel(app, CategorizePanel)
        card = panel.review
        await until(lambda: card.shown is not None)
        assert card.shown.record_id == 3
        assert [i for i, _ in card.shown.like] == [4, 5], "7 is likelier elsewhere"
        before = await held(app)
        card.press("A")
        card.press("1")
        await until(lambda: panel.snapshot.stats.confirmed == 3)
        await until(lambda: card.shown is not None and card.shown.record_id == 7)
        await app.call("undo")
        await until(lambda: card.shown is not None and card.shown.record_id == 3)
        assert await held(app) == before


async def test_decisions_improve_the_rest_after_a_pause(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app([*make_rows(12), *words(24)]) as app:
        nodes = [TopicNode(name=name).model_dump() for name in ("Questions", "Cards", "Weather")]
        await app.call("apply_topic_hierarchy", hierarchy=nodes)
        panel = await show_panel(app, CategorizePanel)
        before, store = await held(app), app.session.store
        panel.review.decided.emit((1, 2, 3), 3)
        await until(lambda: panel.snapshot.stats.confirmed == 3)
        decided = await held(app)
        await app.jobs.wait()
        await until(lambda: (app.session.folder / "runs" / "improve" / "status.json").exists())
        await app.jobs.wait()
        improved = await held(app)
        assert improved != decided
        assert [row[1:3] for row in improved[:3]] == [(3, "user")] * 3
        (last,) = await store.read(changes.timeline, 1)
        assert last.tool == "assign_topic", "it is a part of the decision"
        await app.call("undo")
        assert await held(app) == before


async def test_another_dataset_gets_nothing_of_what_was_decided_before(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(10)) as app:
        await placed(app)
        panel = await show_panel(app, CategorizePanel)
        card = panel.review
        await until(lambda: card.shown is not None and panel.fit.slider.value() == 20)
        card.press("S")
        card.press("1")
        await until(lambda: panel.snapshot.stats.confirmed == 1)
        await app.jobs.wait()
        card.search.setText("Lo")
        panel.fit.slider.setValue(50)
        assert panel.deciding.waits
        assert 4 in card.wanted
        other = await add_dataset(app, make_rows(10), "other", goal="answer")
        await app.open(other)
        panel.start_over()
        assert card.wanted == ()
        assert not panel.deciding.waits
        assert not card.search.text()
        await placed(app)
        await app.jobs.wait()
        panel.start_over()
        await until(lambda: card.shown is not None and card.shown.record_id == 3)
        await until(lambda: panel.fit.slider.value() == 20)


async def test_a_drag_is_a_choice_only_when_it_ends_elsewhere(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(10)) as app:
        await placed(app)
        panel = await show_panel(app, CategorizePanel)
        fit = panel.fit
        await until(lambda: fit.slider.value() == 20)
        fit.slider.setSliderDown(True)
        fit.slider.setValue(50)
        assert not fit.waits
        fit.show_snapshot(panel.snapshot)
        assert fit.slider.value() == 50, "it is in someone's hand"
        fit.slider.setValue(20)
        fit.slider.setSliderDown(False)
        assert not fit.waits
        fit.slider.setSliderDown(True)
        fit.slider.setValue(50)
        fit.slider.setSliderDown(False)
        await until(lambda: panel.snapshot.uncategorised == 4)


async def test_the_slider_says_what_it_does_and_does_it(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(10)) as app:
        await placed(app)
        panel = await show_panel(app, CategorizePanel)
        await until(lambda: panel.fit.slider.value() == 20)
        panel.fit.slider.setValue(50)
        assert panel.fit.effect.text() == "At 0.50: 4 uncategorised (40.0\u00a0%)."
        assert panel.snapshot.uncategorised == 2, "not done yet"
        await until(lambda: panel.snapshot.uncategorised == 4)
        assert panel.fit.source.text == "yours"
        assert panel.fit.reset.isVisible()
        panel.fit.reset.click()
        await until(lambda: panel.snapshot.uncategorised == 2)
        assert panel.fit.slider.value() == 20


def test_the_diagram_says_what_it_shows(themed: Any, qtbot: QtBot) -> None:
    card = ReliabilityCard()
    qtbot.addWidget(card)
    card.show()
    few = reliability([1] * 8, [1] * 8, [0.9] * 8, [0.5] * 8)
    card.show_reliability(few, {1: "Cards"})
    assert not card.chart.isVisible()
    assert "Confirm 12 more" in card.verdict.text()
    told = [1] * 40 + [2] * 10
    guessed = [1] * 40 + [1] * 5 + [2] * 5
    known = reliability(told, guessed, [0.95] * 40 + [0.55] * 10, [0.5] * 50)
    card.show_reliability(known, {1: "Cards", 2: "Fees"})
    assert card.chart.isVisible()
    assert card.plot.accessibleDescription() == in_words(known)
    assert "Predicted 0.55: 5 of 10 right (0.24 to 0.76)." in in_words(known)
    asked: list[Any] = []
    card.look_at.connect(asked.append)
    (pair,) = card.findChildren(kit.Clickable)
    assert "Cards and Fees: 5 times" in pair.accessibleName()
    pair.clicked.emit()
    assert asked == [(1, 2)]


def test_a_stale_categorisation_keeps_its_facts() -> None:
    snapshot = StandingSnapshot(stats=RecordStats(valid=10, categorised=9), leaves=2, done=True)
    assert replace(snapshot, stale="Topics changed.").facts.startswith("9 of 10 records in 2")


def test_one_of_a_thing_is_said_as_one() -> None:
    stats = RecordStats(valid=1, categorised=1)
    snapshot = StandingSnapshot(stats=stats, leaves=1, by_model=1, done=True)
    assert snapshot.facts.startswith("1 of 1 record in 1 topic,")
    said = " ".join(sentences(snapshot))
    assert "1 was placed by a model and stays there until it is edited." in said
    many = " ".join(sentences(replace(snapshot, by_model=2)))
    assert "2 were placed by a model and stay there until they are edited." in many


async def held(app: Any) -> list[Any]:
    names = ("id", "topic_id", "topic_source", "probability", "fit", "alternatives")
    return await app.session.store.read(lambda tx: list(records.columns(tx, RecordFilter(), names)))
