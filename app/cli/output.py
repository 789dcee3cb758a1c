"""What commands print: results on stdout, progress on stderr."""

import sys
import time
from collections.abc import Callable
from typing import Any

import orjson
from pydantic import BaseModel

from app.jobs import Job
from app.wiring import App


def emit(value: Any) -> None:
    """One JSON document on a line of stdout."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    options = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
    sys.stdout.write(orjson.dumps(value, option=options, default=str).decode() + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """A line for a person, on stderr."""
    print(text, file=sys.stderr, flush=True)


class Progress:
    """Tells the state of jobs on stderr: in place on a terminal, a line every few seconds elsewhere;
    only those that move while `when` says so."""

    def __init__(
        self,
        app: App,
        *,
        every: float = 5.0,
        in_place: bool = True,
        when: Callable[[], bool] = lambda: True,
    ) -> None:
        self._every, self._last, self._shown = every, 0.0, ""
        self._when = when
        self._unsubscribe = app.jobs.subscribe(self._show)
        self._terminal = in_place and sys.stderr.isatty()

    def close(self) -> None:
        self._unsubscribe()
        self._clear()

    def _show(self, job: Job) -> None:
        if not self._when():
            return
        now = time.monotonic()
        line = self._line(job)
        if self._terminal:
            sys.stderr.write(f"\r\x1b[2K  {line}")
            sys.stderr.flush()
            if not job.active:
                self._clear()
        elif not job.active or now - self._last > self._every:
            self._last = now
            if line != self._shown:
                say(f"  {line}")
            self._shown = line

    def _clear(self) -> None:
        if self._terminal:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()

    @staticmethod
    def _line(job: Job) -> str:
        share = f" {job.fraction:.0%}" if job.fraction is not None and job.active else ""
        left = job.seconds_left()
        rest = f", {left:.0f} s left" if left is not None else ""
        text = f", {job.text}" if job.text and job.active else ""
        return f"{job.name}: {job.state}{share}{text}{rest}"
