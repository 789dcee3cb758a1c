"""The outlook card: what it says, how it folds, how its cells wrap."""

from typing import Any

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.domain.outlook import Cell, Outlook
from app.ui import kit
from app.ui.outlook import OutlookCard


@pytest.fixture
def outlook() -> Outlook:
    titles = ("Data", "Grader", "Base model", "Not here")
    cells = tuple(Cell(title=title, tone="info", text=f"About {title}.") for title in titles)
    return Outlook.model_construct(word="Good start", tone="good", cells=cells)


def card(qtbot: QtBot, width: int) -> OutlookCard:
    made = OutlookCard()
    qtbot.addWidget(made)
    made.resize(width, 160)
    made.show()
    return made


def test_says_its_cells_and_wraps_when_narrow(themed: Any, qtbot: QtBot, outlook: Outlook) -> None:
    wide, narrow = card(qtbot, 800), card(qtbot, 600)
    for shown in (wide, narrow):
        shown.show_outlook(outlook)
        qtbot.waitUntil(lambda: not kit.pending())
        words = [label.text() for label in shown.findChildren(QLabel) if not label.isHidden()]
        assert "About Not here." in words
        assert "Base model: About Base model." in shown.accessibleName()
    assert wide._columns == 4
    assert narrow._columns == 2


def test_folds_once_the_pipeline_began_unless_the_user_decided(
    themed: Any, qtbot: QtBot, outlook: Outlook
) -> None:
    shown = card(qtbot, 800)
    shown.settle(begun=False)
    assert shown.wants_reading
    shown.settle(begun=True)
    assert not shown.wants_reading
    assert shown.chip.isHidden()  # nothing reads it, so it must not say so
    shown.toggle.click()
    shown.settle(begun=True)
    assert shown.wants_reading
