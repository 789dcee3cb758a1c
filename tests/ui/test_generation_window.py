"""Generation worked by hand in the window, with a scripted model: thin topics only, to the forecast."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.ui.coverage_panel import CoveragePanel
from tests.tools.writer import generator
from tests.ui.conftest import ShowPanel, Until


async def test_the_thin_topics_are_filled_and_the_balance_is_as_was_forecast(
    tmp_path: Path, themed: QApplication, show_panel: ShowPanel, until: Until
) -> None:
    async with generator(tmp_path, quota=16) as (app, writer):
        panel = await show_panel(app, CoveragePanel)
        await until(lambda: panel.snapshot.report is not None and panel.snapshot.offer is not None)
        before = panel.snapshot.report
        wanted = before.plan.add
        assert set(wanted) == {"Refund", "Password"}, "the full ones get none"
        panel.offers.generate_asked.emit("few_shot")
        await until(lambda: panel.snapshot.waiting and panel.snapshot.waiting.total)
        assert panel.snapshot.waiting.waiting == wanted
        assert panel.snapshot.report.coverage == before.coverage, "what waits counts nowhere"
        panel.review.accepted_from.emit(0.0)
        await until(lambda: not panel.snapshot.waiting.total)
        await app.jobs.wait()
        after = panel.snapshot.report
        assert after.coverage.leaves.balance == pytest.approx(before.plan.balance_after, abs=1e-9)
        grown = {t.topic: t.records for t in after.plan.topics}
        assert grown == {t.topic: t.records + wanted.get(t.topic, 0) for t in before.plan.topics}
        assert not after.plan.add
        asked = len(writer.server.requests)
        panel.offers.generate_asked.emit("few_shot")
        await app.jobs.wait()
        assert len(writer.server.requests) == asked, "nothing is thin: nothing is asked for"
        panel.hide()
