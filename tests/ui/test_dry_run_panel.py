"""The dry-run panel: setup and its gate, the verdict and its roads, answers, what did not finish."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QFrame, QPushButton
from pytestqt.qtbot import QtBot

from app.domain.fingerprints import Fingerprint
from app.store import results
from app.ui import kit
from app.ui.dry_run.snapshot import DryRunSnapshot, pick
from app.ui.dry_run.views import Answers, actions, summary
from app.ui.dry_run_panel import DryRunPanel
from app.ui.kit import turns
from app.ui.kit.chart import Plot
from app.ui.parts import IntervalRow, VerdictStamp, VerdictTile
from app.wiring import App
from tests.ui import made
from tests.ui.conftest import OpenApp, ShowPanel, Until

EQUAL = {"type": "string_check", "name": "equal", "operation": "eq"}


def buttons(panel: DryRunPanel) -> list[str]:
    found = panel.body.findChildren(QPushButton) + panel.banners.findChildren(QPushButton)
    return [b.text() for b in found if b.isVisible()]


async def store_run(app: App, kind: str, *, fresh: bool = True, state: Any = "completed") -> None:
    """A stored dry run, of the present inputs when `fresh`."""
    assert app.session is not None
    now = await app.session.expected("dry_run")
    inputs = now if fresh else Fingerprint(parts={**now.parts, "grader": "another"})
    data: dict[str, Any] = {"grader_version": 1, "base_model": "starter"}
    if state == "completed":
        data["verdict"] = made.verdict(kind).model_dump(mode="json")
    else:
        data["error"] = "The worker ended without a word."
    store = app.session.store
    run = await store.transaction(
        results.add, "dry_run", fingerprint=inputs.model_dump_json(), state=state, data=data
    )
    answers = [*made.answers(3, (1.0, 0.0, None, 0.6)), *made.answers(6, (0.0, 0.0))]
    await store.transaction(results.add_answers, run, answers)


def test_which_prompts_are_read_first() -> None:
    prompts = made.dry_run().prompts
    assert [p.record_id for p in pick(prompts, "worst", 2)] == [4, 1]  # errors before zeros
    assert pick(prompts, "best", 1)[0].record_id == 2
    assert pick(prompts, "typical", 1)[0].record_id == 3
    assert pick(prompts, "split", 1)[0].record_id == 3
    assert all(p.mean is not None for p in pick(prompts, "best"))


async def test_an_error_is_shown_as_an_error(
    qtbot: QtBot, themed: QApplication, until: Until
) -> None:
    view = Answers(made.dry_run())
    qtbot.addWidget(view)
    await until(lambda: not kit.pending())
    said = [frame.accessibleName() for frame in view.findChildren(QFrame)]
    assert any(words.startswith("Answer, score error") and "KeyError" in words for words in said)


async def test_charts_come_one_a_turn_into_places_of_their_size(
    qtbot: QtBot, themed: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SECONDS", 0)
    charts = summary(made.verdict("GO"))[-1]()
    assert isinstance(charts, kit.Reflow)
    qtbot.addWidget(charts)
    charts.resize(800, 400)
    charts.show()
    height = charts.sizeHint().height()
    seen, drawn = [0], [0]
    while kit.pending():
        await asyncio.sleep(0)
        plots = charts.findChildren(Plot)
        seen.append(len(plots))
        drawn.append(sum(bool(plot.plotItem.items) for plot in plots))
    assert (seen[-1], drawn[-1]) == (2, 2)
    for before, after in (*pairwise(seen), *pairwise(drawn)):
        assert after - before <= 1
    assert charts.sizeHint().height() == height


def test_the_roads_of_each_verdict() -> None:
    def roads(snapshot: DryRunSnapshot) -> list[str]:
        assert snapshot.verdict is not None
        return [a.step for a in actions(snapshot, snapshot.verdict)]

    assert roads(made.dry_run("GO")) == ["training"]
    assert roads(made.dry_run("NO-GO"))[0] == "grader_config"
    assert "training" not in roads(made.dry_run("WARNING"))
    assert roads(made.dry_run("WARNING", accepted=True))[0] == "training"
    assert "training" not in roads(made.dry_run("GO", outdated="Grader changed"))


async def test_the_setup_says_what_is_missing(open_app: OpenApp, show_panel: ShowPanel) -> None:
    async with open_app(made.rows()) as app:
        panel = await show_panel(app, DryRunPanel)
        assert panel.setup.isVisible()
        assert not panel.setup.run.isEnabled()
        await app.call("configure_grader", grader=EQUAL)
        await app.jobs.wait()
        assert panel.setup.run.isEnabled()
        panel.setup.prompts.setValue(2)
        panel.setup.answers.setValue(3)
        assert "2 of 4 training prompts × 3 = 6 answers" in panel.setup.total.text()


async def test_a_refusal_is_told_and_nothing_runs(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(made.rows()) as app:
        await app.call("configure_grader", grader=EQUAL)
        panel = await show_panel(app, DryRunPanel)
        panel.setup.run.click()  # four training records cannot teach a starter
        await until(lambda: panel.findChild(kit.ErrorBanner) is not None)
        await app.jobs.wait()
        assert panel.setup.isVisible()
        assert panel.setup.run.isEnabled()


async def test_go_leads_to_training(open_app: OpenApp, show_panel: ShowPanel) -> None:
    async with open_app(made.rows()) as app:
        await app.call("configure_grader", grader=EQUAL)
        await store_run(app, "GO")
        panel = await show_panel(app, DryRunPanel)
        stamps = panel.findChildren(VerdictStamp)
        assert [s.verdict for s in stamps] == ["GO"]
        assert len(panel.findChildren(VerdictTile)) == 8
        assert not panel.setup.isVisible()
        went: list[str] = []
        panel.go.connect(lambda name, target: went.append(name))
        next(
            b for b in panel.body.findChildren(QPushButton) if b.text() == "Set up training"
        ).click()
        assert went == ["training"]


async def test_topics_and_answers_are_views(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(made.rows()) as app:
        await app.call("configure_grader", grader=EQUAL)
        await store_run(app, "GO")
        panel = await show_panel(app, DryRunPanel)
        panel.views.select(1)
        panel._draw()
        await until(lambda: not kit.pending())
        assert len(panel.body.findChildren(IntervalRow)) == 4
        panel.point_at({"answers": True})
        await until(lambda: not kit.pending())
        (answers,) = panel.body.findChildren(Answers)
        assert [p.record_id for p in pick(answers._snapshot.prompts, "worst")] == [6, 3]


async def test_a_warning_is_accepted_on_its_card(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(made.rows()) as app:
        await app.call("configure_grader", grader=EQUAL)
        await store_run(app, "WARNING")
        asked: list[Any] = []

        async def approve(card: Any) -> bool:
            asked.append(card)
            return True

        app.approve = approve
        panel = await show_panel(app, DryRunPanel)
        assert "Accept the warning" in buttons(panel)
        panel.accept.click()
        await until(lambda: panel.snapshot.accepted)
        await app.jobs.wait()
        assert asked[0].tool == "accept_warning"
        assert "Set up training" in buttons(panel)
        assert "Accept the warning" not in buttons(panel)


async def test_out_of_date_says_what_changed(open_app: OpenApp, show_panel: ShowPanel) -> None:
    async with open_app(made.rows()) as app:
        await app.call("configure_grader", grader=EQUAL)
        await store_run(app, "GO", fresh=False)
        panel = await show_panel(app, DryRunPanel)
        assert panel.snapshot.outdated == "Grader changed: the dry run is out of date."
        assert "Set up training" not in buttons(panel)
        again = next(b for b in panel.banners.findChildren(QPushButton) if b.text() == "Run again")
        again.click()
        assert panel.setup.isVisible()


async def test_what_did_not_finish_is_kept_and_said(
    open_app: OpenApp, show_panel: ShowPanel
) -> None:
    async with open_app(made.rows()) as app:
        await app.call("configure_grader", grader=EQUAL)
        await store_run(app, "GO", state="failed")
        panel = await show_panel(app, DryRunPanel)
        said = [frame.accessibleName() for frame in panel.banners.findChildren(QFrame)]
        words = " ".join(said)
        assert "failed" in words
        assert "6 answers to 2 prompts are kept" in words
        assert panel.body.findChildren(Answers)


async def test_a_running_job_is_followed(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(made.rows()) as app:
        await app.call("configure_grader", grader=EQUAL)
        panel = await show_panel(app, DryRunPanel)
        assert app.session is not None
        end = asyncio.Event()

        async def work(job: Any) -> None:
            job.progress(50, 200, "first look")
            await end.wait()

        app.jobs.start(app.jobs.run("Dry run", work, dataset_id=app.session.dataset_id))
        await until(lambda: panel.line.isVisible() and "first look" in panel.line.words.text())
        assert panel.line.bar.value() == 25
        assert not panel.setup.isVisible()
        end.set()
        await app.jobs.wait()
        assert not panel.line.isVisible()
        assert panel.setup.isVisible()
