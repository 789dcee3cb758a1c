"""The training panel: setup, a run followed by its events, its ends, and the report."""

import math
from typing import Any

import orjson
import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QFrame, QWidget
from pytestqt.qtbot import QtBot

from app.store import results
from app.store.events import RunChanged
from app.training.base import Preset, TrainingParams
from app.ui import kit
from app.ui.comparison import comparison_card, gain_badge, signed
from app.ui.kit.chart import Plot
from app.ui.parts import IntervalRow
from app.ui.training.course import Course
from app.ui.training.live import RewardChart, SmallChart
from app.ui.training.microscope import Microscope
from app.ui.training.report import report_items
from app.ui.training.reward import RewardCurves, RewardView
from app.ui.training.setup import Setup
from app.ui.training.snapshot import TrainingSnapshot
from app.ui.training_panel import TrainingPanel
from app.wiring import App
from tests.ui import made
from tests.ui.conftest import OpenApp, ShowPanel, Until

PRESETS_SHOWN: tuple[Preset, Preset] = ("standard", "fast")


async def store_run(app: App, state: Any, **data: Any) -> int:
    """A training result of the present inputs."""
    assert app.session is not None
    inputs = (await app.session.expected("training")).model_dump_json()
    params = TrainingParams(steps=60).model_dump(mode="json")
    run: int = await app.session.store.transaction(
        results.add,
        "training",
        fingerprint=inputs,
        state=state,
        data={"params": params, "grader_version": 1, "baseline": 0.4, "wanted": "", **data},
    )
    return run


def write_events(app: App, run_id: int, events: list[dict[str, Any]]) -> None:
    assert app.session is not None
    run = app.session.run_dir(f"train-{run_id}")
    run.path.mkdir(parents=True, exist_ok=True)
    with (run.path / "events.jsonl").open("ab") as file:
        file.write(b"".join(orjson.dumps(event) + b"\n" for event in events))


def said(panel: TrainingPanel) -> str:
    return " ".join(frame.accessibleName() for frame in panel.banners.findChildren(QFrame))


def test_missing_numbers_are_gaps_not_zeros(qtbot: QtBot, themed: QApplication) -> None:
    course = Course()
    course.feed(made.events(steps=2))
    steps, kl = course.series("kl")
    assert steps == [1, 2]
    assert all(math.isnan(v) for v in kl)
    chart = SmallChart("KL to base", "kl", "")
    qtbot.addWidget(chart)
    chart.show_course(course)
    assert chart.value.text() == "n/a"
    assert chart.line.pieces() == []
    chart.line.show_values([0.1, 0.2, math.nan, 0.3], tone="accent", words="a gap")
    assert [len(piece) for piece in chart.line.pieces()] == [2, 1]


def test_a_resumed_run_takes_back_later_steps() -> None:
    course = Course()
    course.feed(made.events(steps=10, every=4))
    assert course.step == 10
    course.feed([{"kind": "metrics", "step": 9, "reward": 0.9}])
    assert course.step == 9
    assert course.last("reward") == 0.9
    assert max(course.evaluations) == 8


async def test_an_update_moves_the_curves_that_are_there(
    qtbot: QtBot, themed: QApplication, until: Until
) -> None:
    course = Course()
    course.feed(made.events(steps=4, every=4))
    chart = RewardChart()
    qtbot.addWidget(chart)
    chart.show_course(course, steps=60, baseline=(0.4, "baseline 0.40"))
    assert not kit.pending()  # nobody sees it yet
    chart.show()
    await until(lambda: chart.curves is not None and chart.curves.train.xData is not None)
    assert chart.plot is not None
    curves, items = chart.curves, list(chart.plot.plotItem.items)
    assert curves is not None
    course.feed(made.events(steps=12, every=4))
    chart.show_course(course, steps=60, baseline=(0.4, "baseline 0.40"))
    await until(lambda: len(curves.train.xData) == 12)
    assert chart.curves is curves
    assert len(items) == len(chart.plot.plotItem.items)
    assert all(a is b for a, b in zip(items, chart.plot.plotItem.items, strict=True))
    newest = course.validation
    assert newest is not None
    assert list(curves.ring.getData()[0]) == [newest.step]
    assert [list(curve.getData()[1])[-1] for curve in curves.band.curves] == [
        newest.low,
        newest.high,
    ]


async def test_curves_without_a_point_are_not_drawn(
    qtbot: QtBot, themed: QApplication, until: Until
) -> None:
    chart = RewardChart()
    qtbot.addWidget(chart)
    chart.show_course(Course(), steps=60, baseline=None)
    chart.show()
    await until(lambda: chart.curves is not None and not kit.pending())
    assert chart.curves is not None
    for item in (chart.curves.band, chart.curves.ring, chart.curves.mark):
        assert not item.isVisible()


async def test_the_microscope_shows_errors_and_gains_over_the_group(
    qtbot: QtBot, themed: QApplication, until: Until
) -> None:
    course = Course()
    course.feed(made.events(steps=8, every=4))
    microscope = Microscope()
    qtbot.addWidget(microscope)
    microscope.show_course(course)
    assert microscope.place.text() == "prompt 1 of 2"
    await until(lambda: not kit.pending())
    names = [frame.accessibleName() for frame in microscope.findChildren(QFrame)]
    assert any("score error" in name for name in names)
    assert any("+0.20" in name for name in names)
    microscope.show_step(4)
    assert microscope.steps.currentText() == "Step 4"
    course.feed(made.events(steps=12, every=4)[-2:])
    microscope.show_course(course)
    assert microscope.steps.currentText() == "Step 4"  # what the user chose stays
    microscope._move(1)
    assert microscope.place.text() == "prompt 2 of 2"


def test_only_what_was_changed_is_sent(qtbot: QtBot, themed: QApplication) -> None:
    setup = Setup(lambda: None, "standard")
    qtbot.addWidget(setup)
    setup.show_snapshot(TrainingSnapshot(splits={"train": 2134, "validation": 267, "test": 267}))
    assert setup.params() == {"preset": "standard"}
    setup.main.editors["group_size"].put(4)
    setup.more.editors["kl_coef"].put(0.05)
    assert setup.params() == {"preset": "standard", "group_size": 4, "kl_coef": 0.05}
    steps: Any = setup.main.editors["steps"].widget
    slow, fast = (TrainingParams(preset=p).resolved(train_prompts=2134) for p in PRESETS_SHOWN)
    assert steps.text() == f"automatic: {slow.steps}"
    setup.presets.select(setup._names.index("fast"))
    setup._show_open()
    assert steps.text() == f"automatic: {fast.steps}"


def test_the_comparison_says_bad_news_first(qtbot: QtBot, themed: QApplication) -> None:
    better, worse = made.report(gain=0.3), made.report(gain=0.0)
    assert gain_badge(better).text.startswith("Better than base: +0.")
    assert gain_badge(worse).text == "Not better than base"
    card = comparison_card(better)
    qtbot.addWidget(card)
    names = [row.name for row in card.findChildren(IntervalRow)]
    assert names == ["Tuned", "Supervised on references", "Recorded replies", "Base"]
    assert [signed(v) for v in (0.3, -0.02, 0.001, None)] == ["+0.30", "−0.02", "0.00", "n/a"]


async def test_nothing_starts_before_a_go(open_app: OpenApp, show_panel: ShowPanel) -> None:
    async with open_app(made.rows()) as app:
        panel = await show_panel(app, TrainingPanel)
        assert panel.setup.isVisible()
        assert not panel.setup.start.isEnabled()
        assert not panel.live.isVisible()


async def test_a_run_is_followed_from_where_the_last_read_ended(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    events = made.events(steps=12, every=4)
    async with open_app(made.rows()) as app:
        run = await store_run(app, "running")
        write_events(app, run, events[:5])
        panel = await show_panel(app, TrainingPanel)
        assert panel.live.isVisible()
        assert panel.pause.isVisible()
        assert panel.course.step == 4
        offset = panel._offset
        write_events(app, run, events[5:])
        assert app.session is not None
        panel.on_events([RunChanged(app.session.dataset_id, run)])
        await until(lambda: panel.course.step == 12)
        await app.jobs.wait()
        assert panel._offset > offset
        assert "no signal" in said(panel)
        assert "Checkpoint saved at step 12" in panel.facts.text()
        assert panel.microscope.isVisible()


async def test_pausing_is_asked_once(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(made.rows()) as app:
        run = await store_run(app, "running")
        write_events(app, run, made.events(steps=4))
        panel = await show_panel(app, TrainingPanel)
        panel.pause.click()
        await until(lambda: panel.snapshot.wanted == "paused")
        await app.jobs.wait()
        assert not panel.pause.isEnabled()
        assert "Pausing" in panel.facts.text()
        assert app.session is not None
        assert (app.session.run_dir(f"train-{run}").path / "stop").exists()


async def test_a_failed_run_says_why_and_what_is_kept(
    open_app: OpenApp, show_panel: ShowPanel
) -> None:
    async with open_app(made.rows()) as app:
        run = await store_run(app, "failed", error="This computer ran out of memory for it.")
        write_events(app, run, made.events(steps=10, every=4))
        panel = await show_panel(app, TrainingPanel)
        assert "failed at step 10. This computer ran out of memory" in said(panel)
        assert "Checkpoint 8 is kept" in said(panel)
        assert panel.resume.isVisible()
        assert not panel.resume.isEnabled()  # the gate: there is no dry run
        assert panel.charts.isVisible()


async def test_the_report_comes_first_and_the_course_stays(
    open_app: OpenApp, show_panel: ShowPanel
) -> None:
    async with open_app(made.rows()) as app:
        report = made.report().model_dump(mode="json")
        run = await store_run(app, "completed", report=report, step=60)
        write_events(app, run, made.events(steps=8))
        panel = await show_panel(app, TrainingPanel)
        assert panel.report.isVisible()
        assert not panel.live.isVisible()
        went: list[str] = []
        panel.go.connect(lambda name, target: went.append(name))
        panel.deploy.click()
        assert went == ["deployment"]
        panel.views.select(1)
        panel._show_state()
        assert panel.live.isVisible()
        panel.anew.click()
        assert panel.setup.isVisible()


class Opened(QObject):
    """Counts the windows that are shown."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            self.count += watched.isWindow()
        return False


def test_a_report_is_made_without_opening_windows(qtbot: QtBot, themed: QApplication) -> None:
    opened = Opened()
    themed.installEventFilter(opened)
    holder = kit.holder(kit.column(*(make() for make in report_items(made.report()))))
    themed.removeEventFilter(opened)
    qtbot.addWidget(holder)
    assert opened.count == 0


async def test_another_run_begins_a_course_of_its_own(
    open_app: OpenApp, show_panel: ShowPanel, until: Until
) -> None:
    async with open_app(made.rows()) as app:
        first = await store_run(app, "failed")
        write_events(app, first, made.events(steps=10))
        panel = await show_panel(app, TrainingPanel)
        second = await store_run(app, "running")
        write_events(app, second, made.events(steps=2))
        panel.reload()
        await until(lambda: panel.snapshot.run_id == second)
        await app.jobs.wait()
        assert panel.course.step == 2


@pytest.mark.parametrize("last", [0.1, 0.95])
def test_the_names_of_two_curves_stand_apart(
    qtbot: QtBot, themed: QApplication, last: float
) -> None:
    course = Course()
    course.feed([*made.events(steps=8, every=4), {"kind": "metrics", "step": 9, "reward": last}])
    plot = Plot("Reward")
    qtbot.addWidget(plot)
    curves = RewardCurves(plot, lambda *_: None)
    curves.show(RewardView(course, steps=20))
    above = {words.anchor.y() > 1 for words in (curves.train_words, curves.held_words)}
    assert above == {True, False}
    assert (curves.train_words.anchor.y() > 1) == (last > 0.5)
