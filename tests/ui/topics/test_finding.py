"""The search over the topic tree, and what the tree remembers."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.domain.fingerprints import Fingerprint
from app.store import results
from app.store.database import Tx
from app.store.events import ResultsChanged
from app.store.results import AnswerValue
from app.ui.topics.cells import SCORE, SHARE, SURE
from tests.ui.topics.conftest import CTRL, SHIFT, OpenTopics, select

Keys = Qt.Key


async def test_a_search_narrows_the_tree_and_steps_through_it(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        find = hands.panel.pane.finding
        for group in ("Cards", "Money"):
            hands.tree.collapse(hands.index(group))
        hands.press(Keys.Key_F, CTRL)
        assert find.box.hasFocus()
        QTest.keyClicks(find.box, "ES")
        await hands.until(lambda: hands.names() == ["Money", "  Fees", "  Rates"])
        assert hands.tree.isExpanded(hands.index("Money"))
        assert find.count.text() == "1 of 2"
        for key, name in ((Keys.Key_Return, "Rates"), (Keys.Key_Return, "Fees")):
            QTest.keyClick(find.box, key)
            assert hands.tree.current().name == name
        QTest.keyClick(find.box, Keys.Key_Return, SHIFT)
        assert (hands.tree.current().name, find.count.text()) == ("Rates", "2 of 2")
        QTest.keyClick(find.box, Keys.Key_Escape)
        await hands.until(lambda: len(hands.names()) == len(hands.ids))
        assert not hands.tree.isExpanded(hands.index("Cards"))
        assert hands.tree.isExpanded(hands.index("Money"))  # what was gone to stays in view
        assert hands.tree.current().name == "Rates"
        QTest.keyClick(find.box, Keys.Key_Escape)
        assert hands.tree.hasFocus()


async def test_nothing_found_says_so_and_clears(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        pane = hands.panel.pane
        pane.finding.box.setText("zebra")
        await hands.until(lambda: pane.finding.count.text() == "None found")
        assert pane.stack.currentIndex() == 2
        pane.finding.box.clear()
        await hands.until(lambda: pane.stack.currentIndex() == 0)


async def test_a_topic_is_moved_within_what_was_found(open_topics: OpenTopics) -> None:
    """The place is counted among all siblings, not among those that are shown."""
    async with open_topics() as hands:
        hands.panel.pane.finding.box.setText("s")
        await hands.until(lambda: "Other" not in hands.names())
        hands.click("Rates")
        assert not hands.drag(hands.edge("Stolen", below=False))
        await hands.until(lambda: "  Rates" in hands.names()[1:3])
        hands.panel.pane.finding.box.clear()
        await hands.until(lambda: "Other" in hands.names())
        assert hands.names()[:4] == ["Cards", "  Lost", "  Rates", "  Stolen"]


async def test_edits_keep_what_is_folded_and_selected(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        hands.tree.collapse(hands.index("Money"))
        hands.tree.pick(hands.ids["Lost"])
        select(hands.tree, [hands.ids["Stolen"], hands.ids["Other"]])
        await hands.app.call("move_topics", topic_ids=[hands.ids["Cards"]], position=5)
        await hands.until(lambda: hands.names()[0] == "Money")
        assert [line.name for line in hands.tree.selected()] == ["Other", "Lost", "Stolen"]
        assert not hands.tree.isExpanded(hands.index("Money"))
        assert hands.tree.isExpanded(hands.index("Cards"))


def dry_run(tx: Tx) -> None:
    """Two answers to each of records 1, 6 and 7."""
    result = results.add(tx, "dry_run", fingerprint=Fingerprint().model_dump_json())
    given = {1: (0.0, 0.5), 6: (1.0, 0.5), 7: (0.25, None)}
    results.add_answers(
        tx,
        result,
        [
            AnswerValue(record_id=i, k=k, text="x", score=score)
            for i, scores in given.items()
            for k, score in enumerate(scores)
        ],
    )
    tx.emit(ResultsChanged(tx.dataset_id))


async def test_the_newest_dry_runs_scores_stand_beside_the_topics(
    open_topics: OpenTopics,
) -> None:
    async with open_topics() as hands:
        assert hands.tree.isColumnHidden(SCORE)
        await hands.app.session.store.transaction(dry_run)
        await hands.until(lambda: not hands.tree.isColumnHidden(SCORE))
        lines = hands.panel.snapshot.arranged.by_key
        assert lines[hands.ids["Lost"]].figures.score == 0.25
        assert lines[hands.ids["Fees"]].figures.score == 0.5
        assert (
            lines[hands.ids["Money"]].figures.scored,
            lines[hands.ids["Other"]].figures.score,
        ) == (
            2,
            None,
        )


async def test_figures_give_way_to_the_names(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        tree = hands.tree
        assert not tree.isColumnHidden(SURE)
        assert tree.columnWidth(0) >= 128
        tree.setFixedWidth(240)
        await hands.until(lambda: tree.isColumnHidden(SURE))
        assert tree.isColumnHidden(SHARE)
        tree.setFixedWidth(500)
        await hands.until(lambda: not tree.isColumnHidden(SURE))
