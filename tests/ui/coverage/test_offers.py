"""The card of what helps thin topics is right about topics with quotas of their own and names alike."""

from typing import Any

from PySide6.QtWidgets import QLabel, QPushButton

from app.domain.coverage import analyse
from app.domain.planning import plan
from app.tools.coverage import CoverageReport
from app.tools.generation import GenerationOffer, ProposedMove
from app.ui.coverage.offers import OffersCard, merge_words
from app.ui.coverage.snapshot import weight_words
from app.ui.parts import Badge

COUNTS = {"Web › Open": 90, "Shop › Open": 6, "Shop › Shut": 4}


def report(**quotas: int) -> CoverageReport:
    real = {topic: n * 8 // 10 for topic, n in COUNTS.items()}
    return CoverageReport(
        coverage=analyse(COUNTS, quota=50, quotas=quotas),
        plan=plan(COUNTS, real, quota=50, quotas=quotas, cap=real),
        quota=50,
        topic_ids=dict(zip(COUNTS, (1, 2, 3), strict=True)),
    )


def offer(**more: Any) -> GenerationOffer:
    known = {"text": "", "moves": [], "weights": {}, "todo_markdown": "", "todo_csv": ""}
    return GenerationOffer(**(known | {"needed": {"Shop › Open": 44}} | more))


def said(card: OffersCard) -> str:
    return "\n".join(label.text() for label in card.findChildren(QLabel))


def test_topics_that_stay_short_are_told_with_their_own_quotas(themed: Any) -> None:
    card = OffersCard()
    card.show_offer(offer(), report())
    assert "2 topics cannot reach 50 records." in said(card)
    card.show_offer(offer(), report(**{"Shop › Open": 30}))
    assert "2 topics cannot reach their quotas." in said(card)
    assert "in every topic that follows it" in said(card)
    assert merge_words([1]) == "1 topic cannot reach 1 record."


def test_topics_of_one_name_are_told_apart(themed: Any) -> None:
    words = weight_words({"Web › Open": 0.4, "Shop › Open": 3.0, "Shop › Shut": 4.0})
    assert "Shut 4.0 times, Shop › Open 3.0 times" in words
    assert weight_words({"a": 1.0, "b": 0.9}) == ""
    move = ProposedMove(
        record_id=1, preview="x", source=None, target="Shop › Open", target_id=2, probability=0.4
    )
    card = OffersCard()
    card.show_offer(offer(moves=[move]), report())
    assert "Shop › Open" in [badge.text for badge in card.findChildren(Badge)]


def test_what_was_left_in_one_dataset_is_offered_in_the_next(themed: Any) -> None:
    move = ProposedMove(
        record_id=1, preview="x", source=None, target="Shop › Open", target_id=2, probability=0.4
    )
    card = OffersCard()
    card.show_offer(offer(moves=[move]), report())
    whole = card.body.count()
    leave = next(b for b in card.findChildren(QPushButton) if b.text() == "Leave")
    leave.click()
    assert card.body.count() < whole
    card.start_over()
    card.show_offer(offer(moves=[move]), report())
    assert card.body.count() == whole
