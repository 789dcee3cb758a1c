"""Groups to a question, an answer to places, places to a tree: without a network."""

import json
from typing import Any

import pytest

from app.domain.topics import TopicNode, leaves
from app.generation.arranging import arrange, complete, groups_of
from app.generation.grouping import Conversation, Place
from tests.tools.arranger import item

NODES = [
    TopicNode(name="Card", record_ids=[1, 2], exemplars=["a" * 500, "b", "c", "d"], id=7),
    TopicNode(
        name="Money",
        children=[
            TopicNode(name="Bill", record_ids=[3], description="Bills."),
            TopicNode(name="Fee", record_ids=[4, 5]),
        ],
    ),
]
LEAVES = {n: node for n, (_, node) in enumerate(leaves(NODES), 1)}


def asked(**more: Any) -> Conversation:
    return Conversation(groups_of(NODES), **{"wish": "", "max_depth": 3, **more})


def read(*items: Any, **more: Any) -> Any:
    return asked(**more).read(json.dumps({"items": items}))


def test_leaves_are_numbered_with_their_place_and_cut_examples():
    groups = groups_of(NODES, locked={7})
    assert [(g.id, g.path, g.records) for g in groups] == [
        (1, ("Card",), 2), (2, ("Money", "Bill"), 1), (3, ("Money", "Fee"), 2),
    ]  # fmt: skip
    assert [len(text) for text in groups[0].examples] == [160, 1, 1]
    assert [g.locked for g in groups] == [True, False, False]
    assert [g.described for g in groups] == [False, True, False]


def test_an_answer_becomes_a_tree_in_its_order_with_ids_and_records():
    found = read(item(2, "Bills", "Pay"), item("3", "bills", "pay"), item(1, "Cards", "Things"))
    assert found.faults == []
    tree = arrange(LEAVES, found.places)
    assert [(path, node.record_ids, node.id) for path, node in leaves(tree)] == [
        (("Pay", "Bills"), [3, 4, 5], None), (("Things", "Cards"), [1, 2], 7),
    ]  # fmt: skip
    assert leaves(tree)[0][1].description == "Bills."
    assert LEAVES[2].record_ids == [3]


def test_those_left_out_keep_their_place_beside_what_took_it():
    places = complete(groups_of(NODES), {1: Place(path=("Money", "Bill")), 3: Place(path=("X",))})
    assert places[2].path == ("Money", "Bill 2")
    assert list(places) == [1, 2, 3]


@pytest.mark.parametrize(
    ("items", "fault"),
    [
        ([item(1, "A")], "2 of 3 ids are left out"),
        ([item(1, "A"), item(2, "B", "A"), item(3, "C")], "parent of others"),
        ([{"id": 1, "name": "A", "parents": "B"}, item(2, "B"), item(3, "C")], "no list of names"),
        (["A", item(2, "B"), item(3, "C")], "no id A"),
        ([item(True, "A"), item(2, "B"), item(3, "C")], "no id True"),
    ],
)
def test_what_is_wrong_is_said(items: list[Any], fault: str):
    assert fault in " ".join(read(*items).faults)


def test_parts_are_asked_for_only_where_a_split_is_possible_and_kept_in_bounds():
    items = [item(1, "A", parts=99), item(2, "B", parts="x"), item(3, "C", parts=2)]
    assert {p.parts for p in read(*items).places.values()} == {1}
    found = read(*items, can_split=True, wish="split")
    assert [found.places[n].parts for n in (1, 2, 3)] == [6, 1, 2]


def test_a_repair_shows_the_last_answer_and_less_can_be_shown():
    talk = asked(wish="w" * 9_000)
    talk.object_to("nonsense", ["It is wrong."])
    ask = talk.ask(talk.brief, model="m", structured=True)
    assert [m["role"] for m in ask.messages] == ["system", "user", "assistant", "user"]
    assert "It is wrong." in ask.messages[-1]["content"]
    assert len(ask.messages[1]["content"]) < 4_000
    shown = 0
    while talk.show_less():
        shown += 1
    assert shown == 3
    assert all(not group.examples for group in talk.groups)
