"""The ready-made hierarchies: those shipped are whole, the user's own are found and may be broken."""

from pathlib import Path

import pytest

from app.domain.topics import leaves, validate_hierarchy
from app.embedding.templates import broken_templates, load_template, template_names
from app.errors import InputError


def test_those_shipped_are_valid_hierarchies_of_two_levels() -> None:
    names = template_names()
    assert len(names) >= 8
    for name in names:
        template = load_template(name)
        topics = validate_hierarchy(template.children)
        assert template.description
        assert {len(path) for path, _ in leaves(topics)} == {2}
        assert all(node.description for _, node in leaves(topics))
    assert broken_templates() == {}
    with pytest.raises(InputError, match="customer_support"):
        load_template("../encoder/tokenizer")


def test_the_users_own_are_found_and_a_broken_one_is_named(user_home: Path) -> None:
    folder = user_home / "topic_templates"
    folder.mkdir(parents=True)
    (folder / "my_shop.md").write_text("# Orders\n- Late\n- Lost\n")
    (folder / "sales.json").write_text('[{"name": "Mine"}]')
    (folder / "twins.txt").write_text("Cards\ncards\n")
    (folder / "half.json").write_text('{"name": "Half",\n "children": [')
    (folder / "binary.txt").write_bytes(b"\xff\xfe")
    (folder / "notes.pdf").write_text("no template")
    assert {"my_shop", "sales", "twins", "half"} <= set(template_names())
    assert "notes" not in template_names()
    shop = load_template("my_shop")
    assert (shop.name, [path for path, _ in leaves(shop.children)]) == (
        "My shop",
        [("Orders", "Late"), ("Orders", "Lost")],
    )
    assert [node.name for node in load_template("sales").children] == ["Mine"]
    broken = broken_templates()
    assert set(broken) == {"twins", "half", "binary"}
    assert "twins.txt cannot be used. Line 2: two topics" in broken["twins"]
    assert "half.json" in broken["half"]
