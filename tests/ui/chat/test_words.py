"""Long and growing texts: where they are cut, that finished parts stay, that nothing is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QApplication

from app.ui import kit
from app.ui.chat.words import MOST, PART, Linked, Words, first_cut, plain_cut

PARAGRAPH = "The base model solves these tasks sometimes, and that is what training needs. " * 4
LONG = "\n\n".join(f"{n}. paragraph: {PARAGRAPH}".replace(". ", " ", 1) for n in range(20))


def markdown(text: str = "") -> Words:
    return Words(text, lambda part: Linked(part, "Assistant", lambda url: None), markdown=True)


def settle() -> None:
    while kit.pending():
        QApplication.processEvents()


def cuts(text: str) -> list[str]:
    parts, fence = [], ""
    while (cut := first_cut(text, fence)) is not None:
        parts.append(text[: cut.length])
        text, fence = text[cut.length :], cut.fence
    return [*parts, text]


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        "W" * 10_000,
        "line\n" * 3_000,
        "- item of a list\n" * 500,
        "```python\n" + "x = 1\n" * 2_000 + "```\n\nafter\n",
        "😀" * 5_000,
        "\n\n" * 4_000,
    ],
)
def test_nothing_is_lost_and_no_part_is_long(text: str) -> None:
    parts = cuts(text)
    assert "".join(parts) == text
    assert all(0 < len(part) <= MOST for part in parts[:-1])
    plain = text
    while (cut := plain_cut(plain)) is not None:
        assert 0 < cut.length <= MOST
        plain = plain[cut.length :]
    assert len(plain) <= MOST


def test_a_cut_stands_between_blocks_and_never_in_a_list_or_a_fence() -> None:
    listed = "a" * PART + "\n\n- one\n\n- two\n\nafter the list\n"
    assert cuts(listed) == ["a" * PART + "\n\n- one\n\n- two\n\n", "after the list\n"]
    fenced = "a" * PART + "\n\n```\n\ncode\n\n```\n\nafter\n"
    assert cuts(fenced)[1].startswith("```")
    inside = "```py\n" + "y = 2\n" * 600 + "```\n"
    first = first_cut(inside)
    assert first is not None
    assert first.fence == "```py"
    assert first.tight


def test_a_growing_text_is_cut_where_the_whole_one_is() -> None:
    whole = cuts(LONG)
    grown, fence, done = [], "", 0
    for end in range(0, len(LONG) + 1, 7):
        while (cut := first_cut(LONG[done:end], fence)) is not None:
            grown.append(LONG[done : done + cut.length])
            done, fence = done + cut.length, cut.fence
    assert [*grown, LONG[done:]] == whole


async def test_what_is_finished_is_not_drawn_again(show: Any, until: Callable[..., Any]) -> None:
    words = show(markdown())
    half = len(LONG) // 2
    words.add(LONG[:half])
    await until(lambda: len(words.parts) > 1 and not kit.pending())
    kept = words.parts[:-1]
    words.add(LONG[half:])
    await until(lambda: "19 paragraph" in words.drawn)
    words.end(LONG)
    await until(lambda: not kit.pending())
    assert words.parts[: len(kept)] == kept
    assert words.text == LONG
    reference = show(markdown(LONG))
    await until(lambda: not kit.pending())
    assert words.drawn == reference.drawn


async def test_many_words_are_drawn_in_one_go(show: Any, until: Callable[..., Any]) -> None:
    words = show(markdown())
    for word in ("one ", "two ", "three"):
        words.add(word)
    assert words.drawn == "", "each word would be drawn by itself"
    await until(lambda: words.drawn)
    assert words.drawn == "one two three"


def test_the_end_puts_right_what_does_not_hold(show: Any) -> None:
    words = show(markdown(LONG))
    settle()
    words.end("Something else.")
    settle()
    assert words.drawn == "Something else."


def test_code_that_is_cut_stays_code(show: Any) -> None:
    words = show(markdown("```py\n" + "value = 1\n" * 800 + "```\n\nafter"))
    settle()
    assert len(words.parts) > 2
    for part in words.parts[:-1]:
        assert part.document().begin().blockFormat().background().style().value
    assert "```" not in words.drawn
    assert words.drawn.count("value = 1") == 800
    assert words.drawn.endswith("after")


def test_a_megabyte_comes_in_turns_and_whole(show: Any) -> None:
    text = "<b>ab</b> 😀 مرحبا " * 60_000
    words = show(Words(text, lambda part: kit.Prose(part, "You"), markdown=False))
    assert len(words.parts) < 10, "all of it at once would stop the window for seconds"
    kit.forget(words)
    short = show(Words(text[:50_000], lambda part: kit.Prose(part, "You"), markdown=False))
    settle()
    assert short.drawn.replace("\n", "") == text[:50_000]


def test_ids_in_words_become_links_and_code_does_not(show: Any) -> None:
    text = "😀 See record 12, records 15 and 20, topic #7. `record 3`, 12 records, record 1.5"
    part = show(Linked(text, "Assistant", lambda url: None))
    html = part.toHtml()
    for address in ("record:12", "record:15", "record:20", "topic:7"):
        assert f'href="{address}"' in html
    assert "record:3" not in html
    assert 'record:1"' not in html
    linked = [fragment for block in _blocks(part) for fragment in _texts(block)]
    assert "record 12" in linked
    assert "records 15" in linked
    assert "20" in linked
    followed: list[QUrl] = []
    link = show(Linked("record 4", "Assistant", followed.append))
    link.anchorClicked.emit(QUrl("record:4"))
    assert followed == [QUrl("record:4")]


def _blocks(part: kit.Prose) -> list[Any]:
    block, found = part.document().begin(), []
    while block.isValid():
        found.append(block)
        block = block.next()
    return found


def _texts(block: Any) -> list[str]:
    at, found = block.begin(), []
    while not at.atEnd():
        if at.fragment().charFormat().isAnchor():
            found.append(at.fragment().text())
        at += 1
    return found
