"""The topic hierarchy as a value: trees, checks, differences, and differences."""

import pytest

from app.domain.topic_diff import diff_hierarchies
from app.domain.topic_text import from_text, to_text
from app.domain.topics import (
    BANDS,
    Topic,
    TopicNode,
    band,
    build_tree,
    leaf_paths,
    validate_hierarchy,
)
from app.errors import ToolError


def test_rows_become_a_tree_in_their_order() -> None:
    rows = [
        Topic(id=3, parent_id=1, name="Lost card", position=1),
        Topic(id=2, parent_id=1, name="New card", position=0),
        Topic(id=1, name="Cards"),
        Topic(id=4, parent_id=99, name="Orphan", position=9),
    ]
    tree = build_tree(rows)
    assert to_text(tree) == "- Cards\n  - New card\n  - Lost card\n- Orphan"
    assert leaf_paths(rows) == {
        2: ("Cards", "New card"),
        3: ("Cards", "Lost card"),
        4: ("Orphan",),
    }
    assert diff_hierarchies(tree, tree).summary == "4 unchanged"


def test_valid_names_are_trimmed_and_kept_whole() -> None:
    odd = "<b>ملف</b> 💳 " + "x" * 470
    names = [
        n.name for n in validate_hierarchy([TopicNode(name="  Lost \n card "), TopicNode(name=odd)])
    ]
    assert names == ["Lost card", odd]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no topics"),
        ("\n".join(f"- t{i}" for i in range(201)), "201 topics"),
    ],
)
def test_wrong_hierarchies_are_refused(text: str, said: str) -> None:
    with pytest.raises(ToolError, match=said):
        validate_hierarchy(from_text(text))


def test_twins_and_what_is_too_deep_are_refused() -> None:
    twins = [TopicNode(name="Lost card"), TopicNode(name="lost  CARD")]
    with pytest.raises(ToolError, match="under Cards are both named 'lost CARD'"):
        validate_hierarchy([TopicNode(name="Cards", children=twins)])
    deep = [TopicNode(name="f")]
    for name in "edcba":
        deep = [TopicNode(name=name, children=deep)]
    with pytest.raises(ToolError, match="too deep"):
        validate_hierarchy(deep)


def test_a_topic_without_a_name_is_refused() -> None:
    with pytest.raises(ToolError, match="under Cards has no name"):
        validate_hierarchy([TopicNode(name="Cards", children=[TopicNode(name=" \t")])])


def test_a_stored_topic_stands_in_one_place_only() -> None:
    with pytest.raises(ToolError, match="two places"):
        validate_hierarchy([TopicNode(name="A", id=1), TopicNode(name="B", id=1)])


def test_difference_by_id_name_and_records() -> None:
    old = [
        TopicNode(name="Cards", id=1, children=[TopicNode(name="Lost card", id=2)]),
        TopicNode(name="Money", id=3, children=[TopicNode(name="Top up", id=4)]),
        TopicNode(name="Pay", id=5, record_ids=[1, 2, 3]),
        TopicNode(name="Gone", id=6),
    ]
    new = [
        TopicNode(name="Cards", id=1),
        TopicNode(
            name="Funds",
            id=3,
            children=[TopicNode(name="Top up"), TopicNode(name="Lost card"), TopicNode(name="New")],
        ),
        TopicNode(name="Pay a bill", record_ids=[1, 2, 3, 4]),
    ]
    diff = diff_hierarchies(old, new)
    assert diff.added == [("Funds", "New")]
    assert diff.removed == [("Gone",)]
    assert diff.renamed == [(("Money",), ("Funds",)), (("Pay",), ("Pay a bill",))]
    assert diff.moved == [(("Cards", "Lost card"), ("Funds", "Lost card"))]
    assert diff.summary == "1 added, 1 removed, 2 renamed, 1 moved, 2 unchanged"
    assert not diff.empty


@pytest.mark.parametrize(
    ("probability", "name"), [(1.0, "high"), (0.8, "high"), (0.79, "medium"), (0.49, "review")]
)
def test_bands(probability: float, name: str) -> None:
    assert band(probability) == name
    assert [least for _, least in BANDS] == sorted((x for _, x in BANDS), reverse=True)
