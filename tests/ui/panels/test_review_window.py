"""What a model wrote, reviewed in the real window by keys, menu and dialog; the endpoint is scripted."""

import asyncio
import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog

from app.store import generated, topics
from app.tools.orders import usable_seeds
from app.ui.coverage_panel import CoveragePanel
from app.ui.main_window import MainWindow
from tests.tools.writer import GOOD, generator, item_of


async def answer(text: str, until: Any) -> None:
    """Write into the dialog that is open, and accept it."""

    def dialogs() -> list[QInputDialog]:
        found = QApplication.topLevelWidgets()
        return [w for w in found if isinstance(w, QInputDialog) and w.isVisible()]

    await until(dialogs)
    dialogs()[0].setTextValue(text)
    dialogs()[0].accept()


async def test_records_are_decided_on_by_keys_a_bar_and_a_reason(
    themed: Any, user_home: Path, tmp_path: Path, until: Any
) -> None:
    async with generator(tmp_path, quota=20) as (app, writer):
        assert app.session is not None
        dataset, yes = app.session.dataset_id, app.approve
        await app.close_dataset()
        window = MainWindow(app)
        app.approve = yes
        try:
            window.resize(1280, 800)
            window.show()
            await app.open(dataset)
            window.go("coverage_generation", {})
            panel: Any = window.centre.panel("coverage_generation")
            assert isinstance(panel, CoveragePanel)
            writer.bad = [("off_topic", item_of("the espresso machine is leaking", "Refund"))]
            await app.call("generate_synthetic_data", target_topics=["Refund"], strategy="few_shot")
            review = panel.review
            await until(lambda: review.isVisible() and review.table.row_count > 5)
            total = review.table.row_count
            review.table.setFocus()
            first, second, third = [review.table.text(row, 0) for row in range(3)]
            QTest.keyClick(review.table, Qt.Key.Key_A)
            await until(lambda: review.table.row_count == total - 1)
            QTest.keyClick(review.table, Qt.Key.Key_R)
            await until(lambda: review.table.row_count == total - 2)
            QTest.keyClick(review.table, Qt.Key.Key_E)
            changed = GOOD["Refund"][-1]
            await answer(changed, until)
            await until(lambda: changed in _texts(review))
            assert not {first, second, third} & {*_texts(review)}
            stats = await app.call("get_dataset_stats")
            assert stats.generated == 1  # type: ignore[attr-defined]

            review.sides.select(1)
            review.sides.chosen.emit(1)
            QTest.mouseClick(review.others, Qt.MouseButton.LeftButton)
            await answer("Write of money, not of machines.", until)
            await until(lambda: len(app.jobs.active) == 0 and replaced_shown(panel))
            told = [b["messages"][1]["content"] for b in writer.server.requests]
            assert any("Write of money, not of machines." in text for text in told)

            review.sides.select(0)
            review.sides.chosen.emit(0)
            bar = next(a for a in review.all.menu().actions() if "0.50" in a.text())
            bar.trigger()
            await until(lambda: _settled(review))
            assert app.session is not None
            left = await app.session.store.read(generated.page)
            assert all(item.score < 0.5 for item in left)
            stats = await app.call("get_dataset_stats")
            assert stats.generated > 5  # type: ignore[attr-defined]
        finally:
            window.closed = True
            window.close()
            window.deleteLater()
            await asyncio.sleep(0)


def _texts(review: Any) -> list[str]:
    return [review.table.text(row, 0) for row in range(review.table.row_count)]


def replaced_shown(panel: Any) -> bool:
    """Whether the refused that others were written for are out of the way."""
    refused = panel.snapshot.refused
    return refused is not None and all("espresso" not in i.preview for i in refused.items)


def _settled(review: Any) -> bool:
    """Whether none that waits reaches the bar."""
    return not review.isVisible() or all(
        float(review.table.text(row, 2)) < 0.5 for row in range(review.table.row_count)
    )


async def test_variants_are_written_of_the_selected_training_records(
    themed: Any, user_home: Path, tmp_path: Path, until: Any
) -> None:
    async with generator(tmp_path, quota=10) as (app, writer):
        assert app.session is not None
        dataset, yes = app.session.dataset_id, app.approve
        await app.close_dataset()
        window = MainWindow(app)
        app.approve = yes
        try:
            window.show()
            await app.open(dataset)
            window.go("records", {"topic": await topic_id(app, "Refund")})
            panel: Any = window.centre.panel("records")
            await until(lambda: window.centre.name == "records")
            await until(lambda: panel.list.model.rowCount() == 12)
            panel.list.table.selectAll()
            texts = GOOD["Refund"][:12]
            items = [{"of": n, "text": text} for n, text in enumerate(texts[:5], 1)]
            writer.raw = [json.dumps({"items": items})]
            panel.list.foot.variants_asked.emit()
            coverage: Any = window.centre.panel("coverage_generation")
            await until(lambda: writer.finished and coverage.review.isVisible())
            assert window.centre.name == "coverage_generation"
            review = await app.call("review_generated")
            assert review.total > 0  # type: ignore[attr-defined]
            parents = {p for item in review.items for p in item.parents}  # type: ignore[attr-defined]
            seeds = await app.session.store.read(usable_seeds, range(1, 13))
            assert parents <= {*seeds}
            assert len(seeds) < 12, "some are held out"
        finally:
            window.closed = True
            window.close()
            window.deleteLater()
            await asyncio.sleep(0)


async def topic_id(app: Any, name: str) -> int:
    tree = await app.session.store.read(topics.all_topics)
    return next(node.id for node in tree if node.name == name)
