"""Finding a command by a few letters, by keyboard alone."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.ui.palette import Entry, Palette, matching

NAMES = ("Open a file…", "Propose topics", "Dry run", "Train", "Keyboard shortcuts")
ENTRIES = [Entry(name, "", lambda: None) for name in NAMES]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("dry", "Dry run"),
        ("TOPIC", "Propose topics"),
        ("shortcuts", "Keyboard shortcuts"),
        ("fiel", "Open a file…"),
    ],
)
def test_letters_find_their_command(typed: str, first: str) -> None:
    assert matching(ENTRIES, typed)[0].words == first


def test_nothing_typed_shows_all_and_nonsense_none() -> None:
    assert [entry.words for entry in matching(ENTRIES, " ")] == list(NAMES)
    assert matching(ENTRIES, "qqqqqq") == []


@pytest.mark.usefixtures("themed")
def test_arrows_and_return(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    palette = Palette(parent, ENTRIES)
    palette.show()
    qtbot.keyClicks(palette.search, "r")
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    second = palette._shown[1]
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette.chosen == second
    assert not palette.isVisible()
