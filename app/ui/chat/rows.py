"""A tool in the conversation: at work with its progress, or ended and folded to one line."""

from collections.abc import Callable
from functools import partial

import orjson
from PySide6.QtWidgets import QFrame, QWidget

from app.agent.entries import ToolDone
from app.jobs import Job
from app.ui import kit
from app.ui.chat.words import Words
from app.ui.jobs_strip import job_text

TONE_ICONS = {
    "good": ("check-circle", "good"),
    "warn": ("warning", "warn_text"),
    "bad": ("x-circle", "bad_text"),
}
SHORT_NAME = 24  # characters that leave room for a result in the narrow dock


class ToolRow(kit.Clickable):
    """A tool that ended: name and result on one line; a click unfolds arguments and result."""

    def __init__(self, done: ToolDone) -> None:
        super().__init__(f"{done.tool}, {done.result}")
        self.setProperty("role", "sunken")
        icon, color = TONE_ICONS[done.tone]
        self._caret = kit.IconLabel("caret-down", "text_3", 12)
        result = kit.ElidedLabel(done.result, "small", "muted")
        name: kit.Item = kit.label(done.tool, "small")
        if len(done.tool) > SHORT_NAME:
            name = (kit.ElidedLabel(done.tool, "small"), 3)
        head = kit.row(kit.IconLabel(icon, color, 14), name, (result, 1), self._caret, gap=8)
        self._column = kit.column(head, gap=6, margin=(10, 6, 10, 6))
        self.setLayout(self._column)
        self._done = done
        self._details: QWidget | None = None
        self.clicked.connect(self._toggle)
        self.setToolTip("Show arguments and result")

    @property
    def unfolded(self) -> bool:
        return self._details is not None and not self._details.isHidden()

    def _toggle(self) -> None:
        if self._details is None:
            self._details = kit.holder(kit.column(*self._parts(), gap=4))
            self._details.hide()
            self._column.addWidget(self._details)
        self._details.setVisible(not self.unfolded)
        self._caret.show_icon("caret-up" if self.unfolded else "caret-down", "text_3")

    def _parts(self) -> list[QWidget]:
        """What it was called with and what came of it, apart and each under its name."""
        found: list[QWidget] = []
        for name, text in zip(("Arguments", "Result"), apart(self._done), strict=True):
            if text:
                make = partial(kit.Prose, name=f"{name} of {self._done.tool}", role="code")
                found += [kit.label(name, "small", "muted"), Words(text, make, markdown=False)]
        return found or [kit.label("No details.", "small", "muted")]


def apart(done: ToolDone) -> tuple[str, str]:
    """Arguments and result. The details of a call begin with its arguments, as JSON on one line."""
    first, _, rest = done.details.partition("\n")
    if done.arguments:
        ours = done.details.startswith(done.arguments)
        result = done.details[len(done.arguments) :] if ours else done.details
        return _indented(done.arguments), result.strip() or done.content
    if (plain := _indented(first)) != first or first == "{}":
        return plain, rest
    return "", done.details


def _indented(text: str) -> str:
    """A JSON object to be read; any other text as it is."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    if not isinstance(found, dict):
        return text
    return "\n".join(f"{key}: {_value(value)}" for key, value in found.items()) or "none"


def _value(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


class RunningRow(QFrame):
    """A tool or job at work: bar, share and words; Stop ends it and keeps what is finished."""

    def __init__(self, name: str, stop: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("role", "sunken")
        self._stop_turn = stop
        self.job: Job | None = None
        self.name = kit.ElidedLabel(name, "small")
        self.share = kit.label("", "small", "muted")
        self.stop = kit.button("Stop", self._stop, kind="link", small=True)
        self.bar = kit.progress(f"Progress of {name}")
        self.bar.setRange(0, 0)
        self.words = kit.ElidedLabel("", "small", "muted")
        self.words.hide()
        icon = kit.IconLabel("spinner", "accent_text", 14)
        head = kit.row(icon, (self.name, 1), self.share, self.stop, gap=8)
        self.setLayout(kit.column(head, self.bar, self.words, gap=6, margin=(10, 4, 10, 8)))
        self._call(name)

    def show_job(self, job: Job) -> None:
        """Take the figures of the job that does the work."""
        self.job = job
        self._call(job.name)
        share = job.fraction
        self.bar.setRange(0, 0 if share is None else 100)
        if share is not None:
            self.bar.setValue(round(100 * share))
        self.share.setText("" if share is None else f"{100 * share:.0f} %")
        self.words.show_text(job_text(job))
        self.words.setVisible(bool(self.words.full_text))
        self.stop.setVisible(job.can_stop and job.active)

    def _call(self, name: str) -> None:
        self.name.show_text(name)
        self.setAccessibleName(f"{name} is running")
        self.bar.setAccessibleName(f"Progress of {name}")
        self.stop.setAccessibleName(f"Stop {name}")

    def _stop(self) -> None:
        if self.job is not None and self.job.active:
            self.job.stop()
        else:
            self._stop_turn()
