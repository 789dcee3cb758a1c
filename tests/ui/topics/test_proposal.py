"""The card of a proposal: what it changes, accepted whole, in parts, or not."""

from typing import Any

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.domain.topic_diff import HierarchyDiff
from app.domain.topic_text import from_text
from app.domain.topics import TopicNode
from app.tools.proposals import Proposal
from app.ui.topics.lines import proposed_lines
from app.ui.topics.proposal import ProposalCard, changes, sentences
from tests.ui.topics.conftest import Hands, OpenTopics

NEW = "Cards\n  Lost\n  Broken\nMoney\n  Charges\n  Rates\nTravel"


def proposal(*, english: bool = True, note: str = "", **diff: Any) -> Proposal:
    nodes = [TopicNode(name="Cards", record_ids=[1, 2]), TopicNode(name="New", record_ids=[3])]
    made = HierarchyDiff(**diff)
    return Proposal(
        method="auto", hierarchy=nodes, leaves=2, k=2, finest=9, diff=made, english=english,
        note=note,
    )  # fmt: skip


def test_changes_in_words() -> None:
    made = proposal(
        added=[("New",)], renamed=[(("Old",), ("Cards",))], removed=[("Gone",)], moved=[]
    )
    assert [(change.words, change.sub) for change in changes(made)] == [
        ("New", "1 record"),
        ("Gone", "removed"),
        ("Old to Cards", "renamed"),
    ]
    said = sentences(made, has_topics=True, confirmed=41)
    assert any("Confirmed by you: 41 records" in words for words in said)
    assert [line.records for line in proposed_lines(made.hierarchy)] == [2, 1]


def test_some_of_the_changes_are_chosen(themed: Any, qtbot: QtBot) -> None:
    card = ProposalCard()
    qtbot.addWidget(card)
    made = proposal(added=[("New",), ("More",)], removed=[("Gone",)], note="Mostly French.")
    card.show_proposal(made, has_topics=True, confirmed=0)
    card.show()
    assert not card.take.isEnabled()
    card.changes.setFocus()
    card.changes.setCurrentIndex(card.changes.model().index(1, 0))
    qtbot.keyClick(card.changes, Qt.Key.Key_Space)
    assert card.take.text() == "Accept 2 chosen"
    with qtbot.waitSignal(card.taken) as told:
        card.take.click()
    assert told.args == [[made.diff.entries[0].id, made.diff.entries[2].id]]
    card.show_proposal(made, has_topics=True, confirmed=0)
    assert card.take.text() == "Accept 2 chosen"  # a refresh forgets no choice
    card.check.click()
    assert (card.accept.text(), card.take.isEnabled()) == ("Accept all", False)
    card.check.click()
    assert card.changes.chosen() == []
    assert not card.take.isEnabled()


async def propose(hands: Hands) -> ProposalCard:
    hands.panel.act(hands.panel.editing.propose(from_text(NEW)))
    card = hands.panel.proposal
    await hands.until(card.isVisible)
    return card


async def test_parts_are_taken_and_the_rest_stays(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        card = await propose(hands)
        rows = {change.words: row for row, change in enumerate(card.changes._changes)}
        assert set(rows) == {"Broken", "Charges", "Travel", "Stolen", "Fees", "Other"}
        for name in ("Broken", "Charges", "Stolen", "Fees"):
            card.changes._items.item(rows[name], 0).setCheckState(Qt.CheckState.Unchecked)
        card.take.click()
        await hands.until(lambda: "Travel" in hands.names())
        assert "Other" not in hands.names()
        assert hands.names()[:6] == ["Cards", "  Lost", "  Stolen", "Money", "  Fees", "  Rates"]
        await hands.until(card.isHidden)


async def test_keeping_mine_drops_it(open_topics: OpenTopics) -> None:
    async with open_topics() as hands:
        before = await hands.state()
        card = await propose(hands)
        card.compare.click()
        assert hands.names()[-1] == "Travel"
        assert not hands.panel.pane.edits.isVisible()
        card.discard.click()
        await hands.until(card.isHidden)
        assert await hands.state() == before
        assert hands.names()[-1] == "Other"
