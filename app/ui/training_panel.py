"""The training panel: set it up, watch it live, read the report; the run itself is a worker's."""

import asyncio
from typing import Any

from PySide6.QtWidgets import QWidget

from app.jobs import Job
from app.store import results
from app.store.events import (
    GraderChanged,
    RecordsChanged,
    ResultsChanged,
    RunChanged,
    SettingsChanged,
)
from app.ui import kit
from app.ui.job_line import JobLine
from app.ui.panel import Panel
from app.ui.parts import Tone
from app.ui.training.course import Course
from app.ui.training.live import RewardChart, small_charts
from app.ui.training.microscope import Microscope
from app.ui.training.report import report_items
from app.ui.training.setup import Setup
from app.ui.training.snapshot import TrainingSnapshot, read_snapshot

VIEWS = ["Report", "Course"]
WANTED = {"paused": "Pausing after this step…", "stopped": "Stopping after this step…"}
MOST_ALARMS = 3


class TrainingPanel(Panel):
    """A running run is followed by its directory's events, read from where the last read ended."""

    events = (RunChanged, ResultsChanged, GraderChanged, RecordsChanged, SettingsChanged)
    title = "Training"

    def build(self) -> None:
        self.snapshot, self.course = TrainingSnapshot(), Course()
        self._source: tuple[str, int | None] = ("", None)  # dataset and run of the course
        self._offset, self._whole, self._setup_open = 0, True, False
        self._reported: object = None
        self.facts = kit.label("", "body", "muted", wrap=True)
        self.views = kit.Segments(VIEWS)
        self.views.chosen.connect(lambda index: self._show_state())
        self.anew = kit.button("New run", self._open_setup, small=True)
        self.pause = kit.button("Pause", self._pause, icon="pause")
        self.stop = kit.button("Stop", self._stop, kind="danger", icon="stop")
        self.resume = kit.button("Resume", self._resume, kind="primary", icon="play")
        self.deploy = kit.button("Deploy", lambda: self.go.emit("deployment", {}), kind="primary")
        words = kit.column(kit.label("Training", "h1"), self.facts, gap=2)
        actions = (self.anew, self.views, self.pause, self.stop, self.resume, self.deploy)
        self.column.addLayout(kit.row((words, 1), *actions))
        self.line = JobLine(self.app.jobs, self._is_ours, may_stop=False)
        self.line.changed.connect(lambda active: self._show_state())
        self.banners, self.report = kit.Refill(gap=8), kit.Refill()
        self.setup = Setup(self._start, self.app.settings.preset)
        self.live = self._make_live()
        for widget in (self.line, self.banners, self.setup, self.report, self.live):
            self.column.addWidget(widget)
        self.column.addStretch(1)

    def _make_live(self) -> QWidget:
        self.reward, self.small, self.microscope = RewardChart(), small_charts(), Microscope()
        self.reward.picked.connect(self.microscope.show_step)
        tiles = kit.Tiles(self.small, least=140, most=3, gap=8)
        self.charts = kit.Reflow([(self.reward, 3), (tiles, 2)], least=720)
        live = kit.holder(kit.column(self.charts, self.microscope, gap=12))
        live.hide()  # until there is a run: the chart is made when it is first seen
        return live

    def on_events(self, events: list[Any]) -> None:
        """What is not the run's own voice asks for everything to be read again."""
        ours = [e for e in events if isinstance(e, self.events)]
        self._whole = self._whole or any(not isinstance(e, RunChanged) for e in ours)
        super().on_events(events)

    async def refresh(self) -> None:
        session = self.app.session
        if session is None:
            self.show_snapshot(TrainingSnapshot(), Course())
            return
        snapshot = self.snapshot
        if self._whole or self._source[0] != session.dataset_id or await self._moved_on(session):
            self._whole = False
            snapshot = await read_snapshot(session)
        course = await self._read_course(session, snapshot)
        self.show_snapshot(snapshot, course)

    async def _moved_on(self, session: Any) -> bool:
        """Whether the newest run is another one, or in another state than is shown."""
        newest = await session.store.read(results.latest, "training")
        if newest is None:
            return True
        shown = (self.snapshot.run_id, self.snapshot.state, self.snapshot.wanted)
        return shown != (newest.id, newest.state, newest.data.get("wanted", ""))

    async def _read_course(self, session: Any, snapshot: TrainingSnapshot) -> Course:
        """What the run wrote since the last read; from its beginning when it is another run."""
        source = (session.dataset_id, snapshot.run_id)
        if source != self._source:
            self._source, self._offset, self.course = source, 0, Course()
        if snapshot.run_id is not None:
            run = session.run_dir(f"train-{snapshot.run_id}")
            events, self._offset = await asyncio.to_thread(run.events, self._offset)
            self.course.feed(events)
        return self.course

    def show_snapshot(self, snapshot: TrainingSnapshot, course: Course) -> None:
        """Draw a snapshot and the course of its run; nothing is read."""
        self.snapshot, self.course = snapshot, course
        if snapshot.state == "running":
            self._setup_open = False
        if snapshot.state != "running":
            self.setup.show_snapshot(snapshot)
        self._show_live()
        if snapshot.report is not self._reported:
            self._reported = snapshot.report
            makers = report_items(snapshot.report) if snapshot.report else []
            self.report.show_in_turns(*makers)
        self._show_state()

    def sees(self) -> str:
        if self.snapshot.run_id is None:
            return "Training, not begun"
        return f"Training run {self.snapshot.run_id}, step {self.course.step}"

    def _is_ours(self, job: Job) -> bool:
        here = self.app.session is not None and job.dataset_id == self.app.session.dataset_id
        return here and (job.name.startswith("Training run") or "starter model" in job.name)

    def _show_live(self) -> None:
        steps = max(self.snapshot.steps, self.course.step)
        self.reward.show_course(self.course, steps=steps, baseline=self._baseline())
        for chart in self.small:
            chart.show_course(self.course)
        self.microscope.show_course(self.course)

    def _baseline(self) -> tuple[float, str] | None:
        """The base model on the same validation prompts; before that, the dry run's mean."""
        if (start := self.course.start) is not None:
            return start.reward, f"baseline {start.reward:.2f}, the base model"
        if (mean := self.snapshot.baseline) is not None:
            return mean, f"baseline {mean:.2f}, the dry run's mean"
        return None

    def _show_state(self) -> None:
        """Which parts and buttons are seen."""
        found = self.snapshot
        begun, running = found.run_id is not None, found.state == "running"
        setup = not running and (self._setup_open or not begun)
        ended = begun and not running and not setup
        may_resume = ended and found.state in ("paused", "stopped", "failed")
        report = ended and found.report is not None
        on_report = report and self.views.selected == 0
        for widget, on in (
            (self.setup, setup and not self.line.active),
            (self.pause, running),
            (self.stop, running),
            (self.resume, may_resume),
            (self.deploy, report and not may_resume),
            (self.anew, ended),
            (self.views, report),
            (self.report, on_report),
            (self.live, begun and not setup and not on_report),
            (self.charts, bool(self.course.metrics or self.course.evaluations) or running),
        ):
            widget.setVisible(on)
        for button in (self.pause, self.stop):
            button.setEnabled(not found.wanted)
        self.resume.setEnabled(not found.missing)
        self.resume.setToolTip("; ".join(found.missing))
        self.facts.setText(self._facts(setup=setup))
        self._show_banners(setup=setup)

    def _facts(self, *, setup: bool) -> str:
        found, course = self.snapshot, self.course
        if setup:
            return "Better answers of each group are made more likely, step by step."
        words = [found.facts]
        if found.wanted in WANTED and found.state == "running":
            words.append(WANTED[found.wanted])
        elif course.checkpoint is not None:
            words.append(f"Checkpoint saved at step {course.checkpoint}.")
        return " ".join(words)

    def _show_banners(self, *, setup: bool) -> None:
        items: list[kit.Item] = []
        if self.snapshot.run_id is not None and not setup:
            items = [kit.banner(tone, words) for tone, words in self._told()]
        self.banners.show_items(*items)

    def _told(self) -> list[tuple[Tone, str]]:
        """What stands above the charts: how it ended, what changed since, alarms."""
        found, course = self.snapshot, self.course
        kept = f" Checkpoint {course.checkpoint} is kept." if course.checkpoint else ""
        told: list[tuple[Tone, str]] = []
        if found.state == "failed":
            told.append(("bad", f"The run failed at step {course.step}. {found.error}{kept}"))
        elif found.state in ("paused", "stopped"):
            told.append(("warn", f"{found.state.capitalize()} at step {course.step}.{kept}"))
        if found.outdated:
            told.append(("warn", found.outdated))
        alarms = sorted(course.alarms.values(), reverse=True)[:MOST_ALARMS]
        return told + [("warn", f"Step {step}: {words}") for step, words in alarms]

    def _open_setup(self) -> None:
        self._setup_open = True
        self._show_state()

    def _start(self) -> None:
        if (params := self.setup.params()) is not None:
            call = self.app.call("start_training", training_params=params)
            self.act(call, button=self.setup.start)

    def _pause(self) -> None:
        self.act(self._ask("pause_training"))

    def _stop(self) -> None:
        self.act(self._ask("stop_training"))

    async def _ask(self, tool: str) -> None:
        await self.app.call(tool)
        self.reload()

    def _resume(self) -> None:
        self.act(self.app.call("resume_training"), button=self.resume)
