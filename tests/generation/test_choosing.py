"""What a request about records says, and what an answer to it is taken for."""

import json
from typing import Any

import pytest

from app.domain.records import Message, Record
from app.generation.base import Brief
from app.generation.choosing import Choosing, units

LEAVES = {3: (("Cards", "Lost"), "About a lost card."), 5: (("Bills",), "")}
RECORDS = tuple(
    Record(id=i, messages=(Message(role="user", content=f"<b> text {i} " + "x" * 900),))
    for i in (1, 2)
)


def test_a_request_says_topics_once_and_cuts_the_records():
    ask = Choosing(LEAVES).ask(Brief(topic="", count=1, seeds=RECORDS), model="m", structured=True)
    said = ask.messages[1]["content"]
    assert said.count("About a lost card.") == said.count("Cards › Lost") == 1
    assert "<b>" not in said
    assert "x" * 601 not in said
    assert ask.response_format is not None
    bare = Choosing(LEAVES, described=False).ask(
        Brief(topic="", count=1, seeds=RECORDS), model="m", structured=False
    )
    assert "About a lost card." not in bare.messages[1]["content"]
    assert bare.response_format is None


@pytest.mark.parametrize(
    ("items", "chosen"),
    [
        ([{"id": 1, "topic": "T3"}, {"id": 2, "topic": "none"}], {1: 3, 2: None}),
        ([{"id": "1", "topic": " T5 "}], {1: 5}),
        ([{"id": 1, "topic": "T3"}, {"id": 1, "topic": "T3"}], {1: 3}),
        ([{"id": 1, "topic": "T3"}, {"id": 1, "topic": "T5"}], {}),
        ([{"id": 9, "topic": "T3"}, {"id": 1, "topic": "T4"}, {"id": 2}, 5, None], {}),
        ([{"id": True, "topic": "T3"}, {"id": 2, "topic": 3}], {}),
        ([{"id": "1" * 5_000, "topic": "T3"}, {"id": 1, "topic": "T5"}], {1: 5}),
    ],
)
def test_only_what_was_asked_about_is_read(items: list[Any], chosen: dict[int, int | None]):
    assert Choosing(LEAVES).read({1, 2}, json.dumps({"items": items})) == chosen


def test_a_number_without_end_costs_only_what_follows_it():
    items = '{"id": 1, "topic": "T3"}, {"id": ' + "1" * 5_000 + ', "topic": "T3"}'
    assert Choosing(LEAVES).read({1, 2}, f'{{"items": [{items}]}}') == {1: 3}


def test_a_refusal_chooses_nothing_and_the_limit_is_told_a_fair_room():
    assert Choosing(LEAVES).read({1}, "I'm sorry, I cannot do that.") == {}
    assert units(1) == 1
    assert 16 * 20 <= units(20) * 120 < 16 * 20 + 120
