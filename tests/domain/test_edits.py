"""Edits as values: read off two states, tried on other records, never touching what is not meant."""

from app.domain.edits import Edit, changed_phrase, edits_between, text_of, with_text
from app.domain.fixes import Turns
from app.domain.records import Message

SYSTEM = "You route bank tickets. Answer in JSON."


def turns(*spec: tuple[str, str], reply: str | None = None) -> Turns:
    said = tuple(Message(role=role, content=text) for role, text in spec)
    return Turns(said, Message(role="assistant", content=reply) if reply is not None else None)


def test_a_changed_turn_is_the_whole_turn_and_the_phrase() -> None:
    before = turns(("system", SYSTEM), ("user", "hello"))
    after = turns(("system", SYSTEM.replace("bank", "card shop")), ("user", "hello"))
    found = edits_between(before, after)
    assert [(e.kind, e.old, e.new) for e in found] == [
        ("turn", SYSTEM, after.messages[0].text),
        ("phrase", "bank", "card shop"),
    ]
    for edit in found:
        assert edit.apply(before) == after
        assert edit.apply(after) is None
    other = turns(("system", "For a bank."), ("user", "my bank"))
    assert found[0].apply(other) is None
    assert found[1].apply(other) == turns(("system", "For a card shop."), ("user", "my bank"))


def test_a_phrase_is_whole_words_and_taken_literally() -> None:
    edit = Edit(kind="phrase", role="user", old="cat", new=r"\1 dog")
    assert edit.apply(turns(("user", "category"))) is None
    assert edit.apply(turns(("user", "a cat."))) == turns(("user", r"a \1 dog."))
    assert changed_phrase("same", "same") is None
    assert changed_phrase("a b", "a, b") is None  # nothing to look for
    assert changed_phrase("all of it", "else") is None  # the whole turn says that


def test_a_removed_turn() -> None:
    before = turns(("user", "a"), ("assistant", "thanks"))
    (edit,) = edits_between(before, turns(("user", "a")))
    assert edit.kind == "remove"
    assert edit.apply(turns(("user", "b"), ("assistant", "thanks"))) == turns(("user", "b"))
    assert edit.apply(turns(("assistant", "thanks"))) is None  # nothing would be left


def test_a_role_is_offered_only_when_it_was_unknown() -> None:
    (edit,) = edits_between(turns(("bot", "a")), turns(("assistant", "a")))
    assert edit.apply(turns(("user", "x"), ("bot", "y"))) == turns(
        ("user", "x"), ("assistant", "y")
    )
    assert not edits_between(turns(("user", "a")), turns(("assistant", "a")))


def test_the_reply_takes_part() -> None:
    (edit,) = edits_between(turns(reply="yes"), turns(reply="no"))
    assert edit.apply(turns(("user", "a"), reply="yes")) == turns(("user", "a"), reply="no")


def test_parts_that_are_no_text_stay_in_place() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    message = Message(role="user", content=[image, {"type": "text", "text": "what is this?"}])
    assert text_of(message) == "what is this?"
    assert with_text(message, "and this?").content == [image, {"type": "text", "text": "and this?"}]
    assert with_text(message, "").content == [image]
    edit = Edit(kind="phrase", role="user", old="this", new="that")
    after = edit.apply(Turns((message,)))
    assert after is not None
    assert after.messages[0].content[1]["text"] == "what is that?"
