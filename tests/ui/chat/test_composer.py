"""The line to write in: what sends, what begins a line, what comes back."""

from typing import Any

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.ui.chat.composer import LINES, Composer


def test_return_sends_and_a_blank_message_does_not(show: Any, qtbot: QtBot) -> None:
    line, sent = show(Composer("Message"), 300, 60), []
    line.submitted.connect(sent.append)
    for blank in ("", "  ", "\n\n \t"):
        line.take(blank)
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert sent == []
    line.take("hello")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert sent == ["hello"]


def test_shift_and_alt_begin_a_line(show: Any, qtbot: QtBot) -> None:
    line, sent = show(Composer("Message"), 300, 60), []
    line.submitted.connect(sent.append)
    for modifier in (Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier):
        qtbot.keyClicks(line, "a")
        qtbot.keyClick(line, Qt.Key.Key_Return, modifier)
    qtbot.keyClicks(line, "b")
    qtbot.keyClick(line, Qt.Key.Key_Enter)
    assert sent == ["a\na\nb"]


def test_it_grows_with_its_lines_and_then_scrolls(show: Any) -> None:
    line = show(Composer("Message"), 300, 60)
    heights = []
    for count in (1, 2, LINES, LINES + 5):
        line.take("\n".join("x" * count))
        heights.append(line.height())
    assert heights[0] < heights[1] < heights[2] == heights[3]
    assert line.verticalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAsNeeded


def test_up_brings_the_last_message_back_only_into_an_empty_line(show: Any, qtbot: QtBot) -> None:
    line = show(Composer("Message"), 300, 60)
    line.last = "explain balance"
    line.take("half")
    qtbot.keyClick(line, Qt.Key.Key_Up)
    assert line.text() == "half"
    line.clear()
    qtbot.keyClick(line, Qt.Key.Key_Up)
    assert line.text() == "explain balance"


def test_tab_leaves_it_and_escape_cancels(show: Any, qtbot: QtBot) -> None:
    line, cancelled = show(Composer("Message"), 300, 60), []
    line.cancelled.connect(lambda: cancelled.append(True))
    assert line.tabChangesFocus()
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert cancelled == [True]
