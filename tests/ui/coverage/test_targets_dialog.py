"""The dialog of wished shares: typed in percent, the sum and the balance told while typing."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from app.domain.coverage import analyse
from app.domain.planning import plan
from app.tools.coverage import CoverageReport
from app.ui.coverage.rows import levels_of
from app.ui.coverage.shares import SHARE
from app.ui.coverage.targets_dialog import TargetsDialog

COUNTS = {"A": 60, "B": 30, "C": 10}


@pytest.fixture
def dialog(qtbot: Any, themed: Any) -> TargetsDialog:
    found = CoverageReport(
        coverage=analyse(COUNTS),
        plan=plan(COUNTS, COUNTS),
        quota=100,
        topic_ids={"A": 1, "B": 2, "C": 3},
    )
    made = TargetsDialog(None, levels_of(found)[0].rows, {1: 0.6})
    qtbot.addWidget(made)
    made.show()
    return made


def type_into(dialog: TargetsDialog, row: int, text: str) -> None:
    model = dialog.model
    model.setData(model.index(row, SHARE), text)


def test_what_is_not_set_shares_the_rest(dialog: TargetsDialog) -> None:
    assert dialog.targets == {1: 0.6}
    assert dialog.model.shares == [0.6, 0.2, 0.2]
    assert dialog.live.text().startswith(
        "Set: 60 % in 1 topic. 2 topics without a share get 20 % each. Balance 0.9"
    )
    type_into(dialog, 1, "30 %")
    type_into(dialog, 2, "10")
    assert dialog.live.text() == "Set: 100 % in 3 topics. Balance 1.00."
    assert dialog.targets == pytest.approx({1: 0.6, 2: 0.3, 3: 0.1})


def test_digits_typed_in_the_table_are_a_share_and_delete_takes_it_away(
    dialog: TargetsDialog, qtbot: Any
) -> None:
    table = dialog.table
    table.selectRow(1)
    QTest.keyClick(table, Qt.Key.Key_2)
    editor = table.findChild(QLineEdit)
    assert editor is not None
    QTest.keyClicks(editor, "5")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.model.wished == [0.6, 0.25, None])
    table.selectRow(0)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert dialog.model.wished == [None, 0.25, None]


@pytest.mark.parametrize("text", ["many", "-1", "101", "nan", "inf"])
def test_what_is_no_share_is_left_as_it_was(dialog: TargetsDialog, text: str) -> None:
    type_into(dialog, 0, text)
    assert dialog.model.wished == [0.6, None, None]


def test_too_much_is_scaled_and_said(dialog: TargetsDialog) -> None:
    type_into(dialog, 1, "60")
    assert "120 % in 2 topics. They are scaled to 100 %. 1 topic get" in dialog.live.text()
    for row in range(3):
        type_into(dialog, row, "0")
    assert not dialog.ok.isEnabled()
    type_into(dialog, 2, "")
    assert dialog.ok.isEnabled()


def test_present_shares_and_the_rest_evened_out(dialog: TargetsDialog) -> None:
    dialog.present.click()
    assert dialog.model.wished == [0.6, 0.3, 0.1]
    dialog.table.selectRow(1)
    dialog.even.click()
    assert dialog.targets == pytest.approx({2: 0.3})
    assert dialog.model.shares == pytest.approx([0.35, 0.3, 0.35])


def test_the_other_kinds_need_no_table(dialog: TargetsDialog) -> None:
    for index, kind in ((0, "uniform"), (1, "as_imported")):
        dialog.kinds.select(index)
        dialog.kinds.chosen.emit(index)
        assert dialog.targets == kind
        assert not dialog.table.isEnabled()
