"""How a turn is drawn: Markdown that does nothing, JSON opened, other parts named, hits marked."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCharFormat
from PySide6.QtWidgets import QApplication, QTextEdit
from pytestqt.qtbot import QtBot

from app.domain.records import Message
from app.domain.search_words import Terms, terms_of
from app.ui import kit
from app.ui.kit.markdown import fragments
from app.ui.records.turns import part_words, turn
from app.ui.records.words import SHOWN_MARKDOWN, JsonText, broken_lines, mark, words

TEXT = """# Head
Some **bold** and `code`
on two lines

```python
x = 1
```

[here](https://example.org/a) ![a chart](https://evil.example/x.png) <script>alert(1)</script>"""


def blocks(view: QTextEdit) -> list[str]:
    return view.toPlainText().replace("\u2028", "\n").splitlines()


def every_format(view: QTextEdit) -> list[tuple[int, int, QTextCharFormat]]:
    found, block = [], view.document().begin()
    while block.isValid():
        found += fragments(block)
        block = block.next()
    return found


def test_markdown_is_laid_out_and_does_nothing(themed: QApplication, qtbot: QtBot) -> None:
    view = kit.Markdown(broken_lines(TEXT), "text")
    qtbot.addWidget(view)
    lines = blocks(view)
    assert lines[:4] == ["Head", "Some bold and code", "on two lines", "x = 1"]
    said = lines[4]
    assert "[image: a chart, https://evil.example/x.png]" in said
    assert "<script>alert(1)</script>" in said  # shown as it is written
    document = view.document()
    assert not any(found.isImageFormat() for _, _, found in every_format(view))
    code = document.find("x = 1").block()
    assert code.blockFormat().background().style() != Qt.BrushStyle.NoBrush
    assert not code.blockFormat().nonBreakableLines()
    assert code.begin().fragment().charFormat().font().family() == "JetBrains Mono"
    view.anchorClicked.emit("https://example.org/a")
    assert QGuiApplication.clipboard().text() == "https://example.org/a"


def test_lines_end_where_they_were_written_to_end() -> None:
    assert broken_lines("a\nb\n\nc") == "a  \nb\n\nc"
    assert broken_lines("```\na\nb\n```\nc") == "```\na\nb\n```  \nc"


def test_each_paragraph_has_its_own_direction(themed: QApplication, qtbot: QtBot) -> None:
    text = "שלום עולם\n\nhello\n\nمرحبا 123"
    left, right = Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft
    for view in (kit.Markdown(text, "text"), kit.Prose(text, "text")):
        qtbot.addWidget(view)
        view.resize(300, 100)
        found = []
        block = view.document().begin()
        while block.isValid():
            if block.text():
                found.append(block.textDirection())
                line = block.layout().lineAt(0)
                at_right = line.naturalTextRect().left() > 60
                assert at_right == (found[-1] == right)
            block = block.next()
        assert found == [right, left, right]


def test_json_is_opened_and_coloured(themed: QApplication, qtbot: QtBot) -> None:
    for view in (
        words('{"a": 1, "b": "a long text that fills a line", "c": null}', "x", markdown=True),
        words('{"a": 1, "b": "a long text that fills a line", "c": null}', "x", code=True),
    ):
        qtbot.addWidget(view)
        assert isinstance(view, JsonText)
        assert '\n  "a": 1,' in view.toPlainText()
        line = view.document().findBlockByNumber(1)
        qtbot.waitUntil(lambda line=line: len(line.layout().formats()) >= 2)
    plain = words("[not json", "x", markdown=True)
    qtbot.addWidget(plain)
    assert isinstance(plain, kit.Markdown)


def test_a_long_text_is_cut_until_asked_for(themed: QApplication, qtbot: QtBot) -> None:
    text = "word " * 4_000
    holder = words(text, "x", markdown=True)
    qtbot.addWidget(holder)
    view = holder.findChild(kit.Markdown)
    assert len(view.toPlainText()) <= SHOWN_MARKDOWN
    (more,) = [b for b in holder.children() if hasattr(b, "click")]
    assert more.text() == f"Show {len(text) - SHOWN_MARKDOWN:,} more characters"
    more.click()
    assert len(view.toPlainText()) == len(text.strip())


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 45_336}},
            "Image, PNG, 34 KB",
        ),
        ({"type": "image_url", "image_url": "https://x.y/a.png"}, "Image at https://x.y/a.png"),
        ({"type": "image_url"}, "Image without an address"),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            "Audio, WAV, 3 bytes",
        ),
        ({"type": "file", "file": {"filename": "report.pdf"}}, "File report.pdf"),
        ({"type": "refusal", "refusal": "no"}, "Part of the kind “refusal”, 33 bytes"),
        ({}, "Part of the kind “part”, 2 bytes"),
    ],
)
def test_parts_are_named(part: dict, said: str) -> None:
    assert part_words(part) == said


def test_a_turn_shows_its_parts_in_order(themed: QApplication, qtbot: QtBot) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x.y/a.png"}}
    message = Message(role="user", content=[{"type": "text", "text": "<b>look</b>"}, image])
    shown = turn(message, markdown=True)
    qtbot.addWidget(shown)
    texts = [view.toPlainText() for view in shown.findChildren(QTextEdit)]
    assert texts == ["<b>look</b>", "Image at https://x.y/a.png"]


def test_hits_are_marked_where_they_stand(themed: QApplication, qtbot: QtBot) -> None:
    view = kit.Prose("😀😀 a Refund for 😀 the réfund", "x")
    qtbot.addWidget(view)
    assert mark(view, terms_of('"refund"'))
    assert [s.cursor.selectedText() for s in view.extraSelections()] == ["Refund", "réfund"]
    assert not mark(view, Terms())
    assert view.extraSelections() == []


def test_a_table_begins_with_its_first_cell(themed: QApplication, qtbot: QtBot) -> None:
    view = kit.Markdown("| a | b |\n|---|---|\n| 1 | 2 |", "text")
    qtbot.addWidget(view)
    assert [line for line in blocks(view) if line] == ["a", "b", "1", "2"]
    assert view.document().find("a").block().blockFormat().topMargin() == 0
    cell = view.document().find("a").currentTable().cellAt(0, 0)
    assert cell.firstCursorPosition().block().text() == "a"
