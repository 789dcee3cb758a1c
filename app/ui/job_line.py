"""What a panel shows of the jobs it began: name, bar, words and Stop; it follows, it starts none."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from app.jobs import Job, Jobs
from app.ui import kit
from app.ui.jobs_strip import job_text


class JobLine(QFrame):
    """Shown while a job that `wanted` accepts is active. `changed` tells whether there is one.

    `may_stop` is False where the panel has a Stop of its own.
    """

    changed = Signal(bool)

    def __init__(self, jobs: Jobs, wanted: Callable[[Job], bool], *, may_stop: bool = True) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName("Progress")
        self._jobs, self._wanted, self._may_stop = jobs, wanted, may_stop
        self._job: Job | None = None
        self.name = kit.label("", "strong")
        self.words = kit.label("", "small", "muted", wrap=True)
        self.bar = kit.progress("Progress")
        self.stop = kit.button("Stop", self._stop, small=True, tip="What is finished is kept")
        head = kit.row(self.name, None, self.stop)
        self.setLayout(kit.column(head, self.bar, self.words, gap=6, margin=(16, 10, 12, 12)))
        self._unsubscribe = jobs.subscribe(self._heard)
        self.destroyed.connect(self._unsubscribe)
        self.look()

    @property
    def active(self) -> bool:
        return self._job is not None

    def look(self) -> None:
        """Take the newest of the active jobs that are wanted; hide where there is none."""
        found = [job for job in self._jobs.active if self._wanted(job)]
        running = [job for job in found if job.state == "running"]
        ahead = running or found
        job = ahead[-1] if ahead else None
        told = (job is None) != (self._job is None)
        self._job = job
        self.setVisible(job is not None)
        if job is not None:
            self._show(job)
        if told:
            self.changed.emit(job is not None)

    def _heard(self, job: Job) -> None:
        if self._wanted(job):
            self.look()

    def _show(self, job: Job) -> None:
        share = job.fraction
        self.name.setText(job.name)
        self.bar.setAccessibleName(f"Progress of {job.name}")
        self.bar.setRange(0, 0 if share is None and job.state == "running" else 100)
        if share is not None:
            self.bar.setValue(round(share * 100))
        self.words.setText(job_text(job))
        self.stop.setVisible(job.can_stop and self._may_stop)
        self.stop.setAccessibleName(f"Stop {job.name}")

    def _stop(self) -> None:
        if self._job is not None:
            self._job.stop()
