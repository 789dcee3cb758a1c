"""Work in turns: others come between, what is void is dropped, contents are replaced in place."""

from functools import partial

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from app.ui import kit
from app.ui.kit import turns
from app.ui.kit.turns import forget
from tests.ui.conftest import Until


def words(refill: kit.Refill) -> list[str]:
    labels = refill.findChildren(QLabel)
    return [label.text() for label in sorted(labels, key=lambda x: x.y()) if not label.isHidden()]


async def test_others_come_between_two_turns(
    themed: QApplication, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SECONDS", 0)
    owner = QObject()
    told: list[str] = []

    def piece(n: int) -> None:
        told.append(f"piece {n}")
        QTimer.singleShot(0, lambda: told.append(f"other {n}"))

    kit.in_turn(owner, partial(piece, 1), partial(piece, 2))
    kit.in_turn(QObject(owner), partial(piece, 3))
    assert told == []
    await until(lambda: len(told) == 6)
    assert told == ["piece 1", "other 1", "piece 2", "other 2", "piece 3", "other 3"]
    monkeypatch.setattr(turns, "SECONDS", 60)
    told.clear()
    kit.in_turn(owner, partial(piece, 1), partial(piece, 2))
    await until(lambda: len(told) == 4)
    assert told == ["piece 1", "piece 2", "other 1", "other 2"]


async def test_what_its_owner_does_not_live_to_see_is_dropped(
    themed: QApplication, until: Until
) -> None:
    gone, left, kept = kit.Refill(), QObject(), QObject()
    told: list[str] = []
    for owner, name in ((gone, "gone"), (left, "left"), (kept, "kept")):
        kit.in_turn(owner, partial(told.append, name))
    delete(gone)
    forget(left)
    await until(lambda: not kit.pending())
    assert told == ["kept"]


async def test_a_piece_that_fails_does_not_end_the_others(
    themed: QApplication, until: Until, qtbot: QtBot
) -> None:
    owner = QObject()
    told: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError("a bug")

    with qtbot.captureExceptions() as caught:
        kit.in_turn(owner, fail, partial(told.append, "after"))
        await until(lambda: told == ["after"])
    assert [kind for kind, _, _ in caught] == [ZeroDivisionError]


async def test_contents_are_replaced_piece_by_piece(
    themed: QApplication, until: Until, qtbot: QtBot
) -> None:
    refill = kit.Refill(*(kit.label(f"old {n}") for n in range(4)))
    qtbot.addWidget(refill)
    refill.show()
    seen = []

    def make(name: str) -> QLabel:
        seen.append(words(refill))
        return kit.label(name)

    refill.show_in_turns(*(partial(make, f"new {n}") for n in range(2)))
    await until(lambda: not kit.pending())
    assert words(refill) == ["new 0", "new 1"]
    assert seen == [["old 0", "old 1", "old 2", "old 3"], ["new 0", "old 1", "old 2", "old 3"]]


@pytest.mark.parametrize("later", [0, 1, 3])
async def test_the_last_contents_asked_for_win(
    themed: QApplication, until: Until, qtbot: QtBot, later: int
) -> None:
    refill = kit.Refill()
    qtbot.addWidget(refill)
    refill.show_in_turns(*(partial(kit.label, f"first {n}") for n in range(3)))
    refill.show_in_turns(*(partial(kit.label, f"second {n}") for n in range(later)))
    refill.adjustSize()
    await until(lambda: not kit.pending())
    assert words(refill) == [f"second {n}" for n in range(later)]
