"""The painted parts: what they say to a screen reader, how they answer keys, and that they paint."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QApplication, QTableView, QWidget
from pytestqt.qtbot import QtBot

from app.domain.tiles import Tile
from app.ui.kit import fill_item
from app.ui.parts import (
    Badge,
    BadgeCell,
    BarCell,
    CellDelegate,
    IntervalRow,
    MiniBar,
    NumberCell,
    Spark,
    StackBar,
    Step,
    StepDots,
    Stepper,
    TwoLineCell,
    VerdictStamp,
    VerdictTile,
)
from app.ui.theme import Mode, Theme
from app.ui.theme_switch import use

STEPS = [
    Step("Topics", "done", "14 leaves"),
    Step("Categorise", "stale", "topics changed", "Topics changed since."),
    Step("Coverage", "failed", "stopped"),
    Step("Grader", "current", "ready"),
    Step("Dry run", "running", "40 of 200"),
    Step("Training", "blocked", "needs a GO", "Needs a fresh GO."),
    Step("Deployment", "skipped", "skipped"),
]


def tile(**changes: object) -> Tile:
    values: dict[str, object] = {
        "key": "mean",
        "name": "Mean score",
        "value": 0.41,
        "low": 0.37,
        "high": 0.45,
        "band": (0.25, 0.65),
        "tone": "good",
        "note": "healthy 0.25 to 0.65",
        "explain": "The average score of all answers.",
    }
    return Tile.model_validate({**values, **changes})


def parts() -> list[QWidget]:
    return [
        Stepper(STEPS, 3),
        Badge("Good start", "good", "check"),
        MiniBar(0.4, target=0.5, name="Share"),
        StackBar([("Valid", 2668, "good"), ("Invalid", 31, "bad")]),
        StackBar(),
        StepDots("dddcsfk"),
        Spark([0.1, 0.4, 0.3]),
        VerdictStamp("NO-GO"),
        IntervalRow("Tuned", 0.79, (0.75, 0.83), reference=0.41, strong=True),
        VerdictTile(tile()),
        VerdictTile(tile(value=None, low=None, high=None, tone="none", note="not measured")),
        VerdictTile(tile(tone="warn", note="below its band")),
    ]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_part_paints_and_has_a_name(themed: QApplication, mode: Mode) -> None:
    use(themed, Theme(mode, reduced_motion=True))
    for part in parts():
        part.resize(400, part.height())
        picture = part.grab().toImage()
        across, down = range(0, picture.width(), 3), range(0, picture.height(), 3)
        colors = {picture.pixelColor(x, y).rgb() for x in across for y in down}
        assert len(colors) > 1 or isinstance(part, StackBar), part
        assert part.accessibleName() or isinstance(part, StackBar)


@pytest.mark.usefixtures("themed")
def test_parts_speak_in_words_and_numbers() -> None:
    said = [part.accessibleName() for part in parts()]
    assert "Mean score: 0.41, 95 % interval 0.37 – 0.45, healthy 0.25 to 0.65." in said
    assert "Tuned: 0.79, 95 % interval 0.75 to 0.83" in said
    assert "Valid 2,668, Invalid 31" in said
    assert "3 of 7 steps done, 1 current, 1 out of date, 1 failed, 1 skipped" in said
    assert "Share 40 %, target 50 %" in said


@pytest.mark.usefixtures("themed")
def test_the_stepper_follows_keys_and_clicks(qtbot: QtBot) -> None:
    stepper = Stepper(STEPS, 3)
    qtbot.addWidget(stepper)
    stepper.resize(700, 84)
    stepper.show()
    qtbot.keyClick(stepper, Qt.Key.Key_Right)
    assert stepper.selected == 4
    assert stepper.accessibleDescription() == "Step 5 of 7: Dry run, running, 40 of 200."
    with qtbot.waitSignal(stepper.activated) as opened:
        qtbot.keyClick(stepper, Qt.Key.Key_Return)
    assert opened.args == [4]
    with qtbot.waitSignal(stepper.activated) as opened:
        qtbot.mouseClick(
            stepper, Qt.MouseButton.LeftButton, pos=stepper._cell(1).center().toPoint()
        )
    assert opened.args == [1]


@pytest.mark.usefixtures("themed")
def test_a_small_part_of_the_whole_stays_visible() -> None:
    bar = StackBar([("Valid", 100_000, "good"), ("Invalid", 1, "bad")])
    bar.resize(200, 8)
    widths = bar.widths()
    assert min(widths) >= 4
    assert sum(widths) == pytest.approx(200 - 2)


@pytest.mark.usefixtures("themed")
def test_cells_are_drawn_and_read_out() -> None:
    model = QStandardItemModel(0, 4)
    cells = [
        TwoLineCell("a", "b"),
        NumberCell("0.41"),
        BarCell(0.4, 0.5, add=0.2),
        BadgeCell("thin"),
    ]
    model.appendRow([fill_item(cell) for cell in cells])
    view = QTableView()
    view.setModel(model)
    view.setItemDelegate(CellDelegate(view))
    view.resize(500, 120)
    assert not view.grab().isNull()
    said = [model.item(0, column).accessibleText() for column in range(4)]
    assert said == ["a", "0.41", "40 %", "thin"]
