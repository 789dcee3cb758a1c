"""The written forms of a hierarchy: what comes back, what people paste, what is refused and where."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.topic_text import from_json, from_text, to_json, to_text
from app.domain.topics import TopicNode, clean, walk
from app.errors import ToolError
from tests.domain.topic_trees import trees

TRICKY = [
    "1. Cards", "- Lost", "# Top", "a :: b", 'say "x"', '"quoted"', "{locked}", "**x**", "---", "a) b",
    "[x] y", "1.2 z", "`code`", "•", "*", "", "x {}", "x {color 99}", "\\", "::", "a ::", "日本 💳",
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(TRICKY), st.text(max_size=12)).map(clean)


@st.composite
def described(draw: Any) -> list[TopicNode]:
    made = draw(trees(TEXTS.filter(bool)))
    for _, node in walk(made):
        node.description = draw(TEXTS)
        node.color = draw(st.integers(0, 8))
        node.target = draw(st.none() | st.floats(0, 1))
        node.quota = draw(st.none() | st.integers(1, 10**6))
        node.locked = draw(st.booleans())
    return list(made)


@given(described())
@settings(max_examples=300, deadline=None)
def test_both_forms_come_back_whole(tree: list[TopicNode]) -> None:
    assert from_text(to_text(tree)) == tree
    assert from_json(to_json(tree)) == tree


def shape(text: str) -> Any:
    def plain(nodes: list[TopicNode]) -> Any:
        return [(n.name, plain(n.children)) if n.children else n.name for n in nodes]

    return plain(from_text(text))


CARDS = [("Cards", ["Lost card", "New card"]), "Fees"]


@pytest.mark.parametrize(
    "text",
    [
        "Cards\n  Lost card\n  New card\nFees",
        "- Cards\n\t- Lost card\n\t- New card\n- Fees",
        "* Cards\n    * Lost card\n\n    * New card\n* Fees\n",
        "1. Cards\n   1. Lost card\n   2. New card\n2. Fees",
        "1. Cards\n1.1 Lost card\n1.2 New card\n2. Fees",
        "1) Cards\n  a) Lost card\n  b) New card\n2) Fees",
        "# Cards\n- Lost card\n- New card\n# Fees",
        "## Cards\n\n### Lost card\n\n### New card\n\n## Fees",
        "• Cards\n  ◦ Lost card\n  ◦ New card\n• Fees",
        "\ufeffCards\r\n\u00a0\u00a0Lost card\r\n\u00a0\u00a0New card\r\nFees\r\n",
        "```\n- [ ] Cards\n  - [x] **Lost card**\n  - `New card`\n---\n- Fees\n```",
        "- **Cards**: all about cards\n  - Lost card :: gone\n  - New card\n- Fees",
    ],
)
def test_what_people_paste_is_understood(text: str) -> None:
    assert shape(text) == CARDS


def test_descriptions_and_settings_are_read() -> None:
    (node,) = from_text("- **Cards** – all about cards {colour 3, target 12.5 %, quota 40, locked}")
    assert (node.name, node.description) == ("Cards", "all about cards")
    assert (node.color, node.target, node.quota, node.locked) == (3, 0.125, 40, True)
    (plain,) = from_text("24 hour service {name}")
    assert (plain.name, plain.color) == ("24 hour service {name}", 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- Cards\n  - Lost\n\n  - lost", "Line 4: two topics under Cards are both named 'lost'"),
        ("a\n b\n  c\n   d\n    e\n     f", "Line 6: 'f' is too deep"),
        ("Cards\n" + "x" * 501, "Line 2: the name 'xxx.*longer than 500"),
        ("Cards {color 9}", "Line 1: There is no colour 9"),
        ("Cards\nFees {target 3}", "Line 2: “3” is no target"),
        ("Cards {quota 0}", "Line 1: A quota is at least 1"),
        ("Cards\n- **  **", "Line 2: a topic at the top level has no name"),
    ],
)
def test_a_line_that_cannot_be_is_named(text: str, said: str) -> None:
    with pytest.raises(ToolError, match=said):
        from_text(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"name": "Cards"},\n {"name": }]', "Line 2: this is no JSON"),
        ('[{"title": "Cards"}]', "cannot be read: Field required .name of topic 1"),
        ('[{"name": "A", "children": [{"name": 3}]}]', "name of topic 1 of topic 1"),
        ('{"a": 1}', "the whole text"),
        ('[{"name": "A", "color": 9}]', "color of topic 1"),
    ],
)
def test_json_that_cannot_be_read_is_told(text: str, said: str) -> None:
    with pytest.raises(ToolError, match=said):
        from_json(text)


def test_an_object_with_topics_is_read_too() -> None:
    assert from_json('{"topics": [{"name": "Cards"}]}') == [TopicNode(name="Cards")]
