"""The review of generated records in the coverage panel: keys, a score to accept from, the refused."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.domain.diversity import Diversity
from app.store import generated, results, topics
from app.store.generated import GeneratedItem
from app.tools.reviewing import Review, ReviewItem
from app.ui.coverage.figures import figures, tile
from app.ui.coverage.review import GeneratedCard
from app.ui.coverage_panel import CoveragePanel
from tests.programs import add_dataset


def item(number: int, score: float = 0.9, **more: Any) -> ReviewItem:
    messages = [{"role": "user", "content": f"wish {number}"}]
    return ReviewItem(
        id=number, state="waiting", topic="Cards › Lost", score=score, preview=f"wish {number}",
        messages=messages, **more,
    )  # fmt: skip


def review(items: list[ReviewItem], **more: Any) -> Review:
    return Review(
        total=len(items), offset=0, items=items, waiting={}, refused={"off_topic": 1},
        balance=0.5, balance_after=0.75, **more,
    )  # fmt: skip


def test_one_key_decides_on_the_record_in_front(themed: Any) -> None:
    keys_for = QWidget()
    made = GeneratedCard(keys_for)
    told: list[Any] = []
    made.accepted.connect(lambda ids: told.append(("accept", ids)))
    made.rejected.connect(lambda ids: told.append(("reject", ids)))
    made.edited.connect(lambda *given: told.append(("edit", given)))
    made.accepted_from.connect(lambda bar: told.append(("from", bar)))
    bad = item(9, reason="off_topic", why="outside their topic")
    made.show()
    made.show_review(review([item(1), item(2, 0.6)]), review([bad]))
    made.press("A")
    made.table.selectRow(1)
    made.press("R")
    made.press("E")
    for action in made.all.menu().actions():
        action.trigger()
    assert told[:3] == [("accept", [1]), ("reject", [2]), ("edit", (2, "wish 2"))]
    assert told[3:5] == [("from", 0.0), ("from", 0.5)]
    assert [a.text() for a in made.all.menu().actions()][1:3] == [
        "From score 0.50 (2)", "From score 0.80 (1)",
    ]  # fmt: skip
    told.clear()
    made.sides.select(1)
    made.sides.chosen.emit(1)
    assert made.table.text(0, 2) == "off topic"
    made.press("A")
    assert told == [], "a refused record is not accepted"
    made.press("E")
    assert told == [("edit", (9, "wish 9"))]
    made.show_review(review([]), review([]))
    assert made.shown is None
    told.clear()
    made.show_review(review([item(1)]), review([]))
    made.hide()
    made.press("A")
    assert told == [], "nobody sees what it would accept"
    made.start_over()
    made.show()
    made.press("A")
    assert made.shown is None
    assert told == []
    made.deleteLater()


def test_the_figures_of_the_round_are_amber_where_they_warn(themed: Any) -> None:
    found = Diversity(
        judged=12, kept=9, copies_of_data=1, copies_of_new=1, nearest=0.634, validation=0.71,
        distinct_2=0.9, distinct_2_real=0.62, fidelity=0.9,
    )  # fmt: skip
    shown = figures(found)
    assert [(f.name, f.value) for f in shown] == [
        ("In their topic", "90 %"), ("Copies", "2"), ("Nearest record", "0.63"),
        ("To validation", "0.71"), ("Variety", "0.90"),
    ]  # fmt: skip
    assert not any(f.warns for f in shown)
    bad = found.model_copy(
        update={
            "fidelity": 0.6, "copies_of_new": 3, "nearest": 0.9, "validation": 0.93,
            "distinct_2": 0.5,
        }
    )  # fmt: skip
    assert all(f.warns for f in figures(bad))
    assert tile(figures(bad)[3]).accessibleName() == (
        "To validation: 0.93, largest cosine, a warning"
    )
    assert len(figures(found.model_copy(update={"validation": None}))) == 4
    assert figures(Diversity()) == []


async def test_what_waits_is_shown_decided_on_and_goes(
    open_app: Any, show_panel: Any, make_rows: Any, until: Any
) -> None:
    async with open_app(make_rows(12), quota=50) as app:
        panel = await show_panel(app, CoveragePanel)
        ids = [(await app.call("add_topic", name=name)).topic_id for name in ("Cards", "Fees")]
        store = app.session.store
        await store.write("Sort", lambda tx: topics.assign(tx, range(1, 13), ids[0], source="user"))
        await until(lambda: panel.work.isVisible())
        assert not panel.review.isVisible()

        def bring(tx: Any) -> None:
            run = results.add(tx, "generation", data={"requested": {"Cards": 2}, "text": ""})
            made = [
                GeneratedItem(
                    run_id=run, topic_id=ids[0], score=0.9, preview=f"new {n}",
                    item={"messages": [{"role": "user", "content": f"new {n}"}]},
                )
                for n in range(3)
            ]  # fmt: skip
            generated.add(tx, made)

        await store.transaction(bring)
        await until(lambda: panel.review.isVisible() and panel.review.table.row_count == 3)
        panel.review.table.setFocus()
        QTest.keyClick(panel.review.table, Qt.Key.Key_R)
        await until(lambda: panel.review.table.row_count == 2)
        panel.review.press("A")
        await until(lambda: panel.review.table.row_count == 1)
        assert (await app.call("get_dataset_stats")).generated == 1
        panel.review.accepted_from.emit(0.0)
        await until(lambda: not panel.review.isVisible())
        stats = await app.call("get_dataset_stats")
        assert (stats.records, stats.generated) == (14, 2)
        assert stats.splits["train"] == 4 + 2
        await app.call("undo")
        await until(lambda: panel.review.isVisible() and panel.review.table.row_count == 1)
        await app.open(await add_dataset(app, make_rows(12), "other", goal="answer"))
        panel.start_over()
        assert panel.review.shown is None
        await until(panel.none.isVisible)
        assert panel.review.shown is None
