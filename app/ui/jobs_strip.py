"""The strip at the window's foot: every running job with its bar, time left and Stop."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStatusBar, QWidget

from app.jobs import Job, Jobs
from app.ui import kit
from app.ui.theme import theme

SHOWN = 3  # more would not fit at 1280; the rest is counted


def time_left(seconds: float | None) -> str:
    """`46 s left`, `about 3 min left`, or nothing where it is not known or over."""
    if seconds is None or seconds < 1:
        return ""
    return f"{seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"


def job_text(job: Job) -> str:
    """What a job is doing and how long it still takes."""
    if job.state == "queued":
        return job.text or "waits its turn"
    what = job.text or (f"{job.done:,.0f} of {job.total:,.0f}" if job.total else "")
    return ", ".join(part for part in (what, time_left(job.seconds_left())) if part) or "running"


class JobRow(QWidget):
    """One job: name, bar, words, Stop."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.bar = kit.progress(f"Progress of {job.name}", width=120)
        self.words = kit.label("", "small", "muted")
        self.stop = kit.button("Stop", job.stop, kind="link", small=True)
        self.stop.setAccessibleName(f"Stop {job.name}")
        name = kit.label(job.name, "small")
        self.setLayout(kit.row(name, self.bar, self.words, self.stop, gap=12))
        self.show_job(job)

    def show_job(self, job: Job) -> None:
        share = job.fraction
        self.bar.setRange(0, 0 if share is None and job.state == "running" else 100)
        if share is not None:
            self.bar.setValue(round(share * 100))
        self.words.setText(job_text(job))
        self.stop.setVisible(job.can_stop and job.active)


class JobsStrip(QStatusBar):
    """Follows `jobs` for as long as it lives."""

    timeline_asked = Signal()

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.setAccessibleName("Jobs")
        self._rows: dict[int, tuple[JobRow, QWidget]] = {}
        self._idle = kit.label("No jobs running", "small", "muted")
        self._more = kit.label("", "small", "muted")
        self._line: QHBoxLayout = kit.row(gap=12)
        timeline = kit.button(
            "Timeline",
            self.timeline_asked.emit,
            kind="ghost",
            icon="clock-counter-clockwise",
            small=True,
            tip="What was changed, by whom",
        )
        content = kit.row(self._idle, self._line, self._more, None, timeline, gap=12)
        content.setContentsMargins(16, 4, 16, 4)
        holder = QWidget()
        holder.setLayout(content)
        self.addWidget(holder, 1)
        self._unsubscribe = jobs.subscribe(self._changed)
        self.destroyed.connect(self._unsubscribe)
        self.retheme()

    def retheme(self) -> None:
        self.setFixedHeight(theme().px(theme().size["jobs"]))

    @property
    def rows(self) -> list[JobRow]:
        return [row for row, _ in self._rows.values()]

    def _changed(self, job: Job) -> None:
        if not job.active:
            self._remove(job.id)
        elif job.id in self._rows:
            self._rows[job.id][0].show_job(job)
        else:
            self._add(job)
        for index, (row, line) in enumerate(self._rows.values()):
            row.setVisible(index < SHOWN)
            line.setVisible(0 < index < SHOWN)
        hidden = len(self._rows) - SHOWN
        self._more.setText(f"and {hidden} more" if hidden > 0 else "")
        self._idle.setVisible(not self._rows)

    def _add(self, job: Job) -> None:
        row, line = JobRow(job), kit.divider()
        self._rows[job.id] = (row, line)
        self._line.addWidget(line)
        self._line.addWidget(row)

    def _remove(self, job_id: int) -> None:
        for widget in self._rows.pop(job_id, ()):
            self._line.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
