"""More records for topics of the user's choice: from the menu over the dialog to what waits."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from app.ui.coverage.more_dialog import MoreDialog
from app.ui.coverage_panel import CoveragePanel
from tests.tools.writer import generator
from tests.ui.conftest import ShowPanel, Until


def test_topics_are_ticked_by_key_and_none_cannot_be_asked_for(themed: Any) -> None:
    dialog = MoreDialog(None, ["A › Open", "B › Open"])
    assert not dialog.ok.isEnabled()
    dialog.topics.setCurrentRow(1)
    QTest.keyClick(dialog.topics, Qt.Key.Key_Space)
    assert dialog.ok.isEnabled()
    names = [strategy.name for strategy in dialog.strategies]
    dialog.strategy.setCurrentIndex(names.index("scenario_expansion"))
    dialog.strategy.activated.emit(dialog.strategy.currentIndex())
    assert "edge cases" in dialog.about.text()
    assert dialog.wish == {
        "strategy": "scenario_expansion",
        "target_topics": ["B › Open"],
        "count_per_topic": 20,
    }
    dialog.deleteLater()


async def test_more_is_written_for_a_topic_that_lacks_nothing(
    tmp_path: Path, themed: QApplication, show_panel: ShowPanel, until: Until
) -> None:
    async with generator(tmp_path, quota=5) as (app, _):
        panel = await show_panel(app, CoveragePanel)
        await until(lambda: panel.snapshot.report is not None and panel.snapshot.offer is not None)
        assert not panel.snapshot.report.plan.add, "nothing is thin"
        rows = panel.topics.table.topics.rows
        panel.topics.table.selectRow([row.topic for row in rows].index("Refund"))
        buttons = panel.offers.findChildren(QPushButton)
        menu = next(b for b in buttons if b.text() == "Generate").menu()
        next(a for a in menu.actions() if a.text() == "For chosen topics…").trigger()

        def dialogs() -> list[MoreDialog]:
            found = QApplication.topLevelWidgets()
            return [w for w in found if isinstance(w, MoreDialog) and w.isVisible()]

        await until(dialogs)
        (dialog,) = dialogs()
        assert dialog.ticked == ["Refund"], "the one that was selected"
        names = [strategy.name for strategy in dialog.strategies]
        dialog.strategy.setCurrentIndex(names.index("few_shot"))
        dialog.number.setValue(3)
        dialog.ok.click()
        await until(lambda: panel.snapshot.waiting and panel.snapshot.waiting.total)
        assert panel.snapshot.waiting.waiting == {"Refund": 3}
        card = next(c for c in app.cards if c.tool == "generate_synthetic_data")  # type: ignore[attr-defined]
        assert ("Records", "3: 3 Refund") in card.rows
        panel.hide()
