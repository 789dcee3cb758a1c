"""Speaks unasked of long work that somebody else began: one line when it is long, one at its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from app.agent.assistant import Assistant
from app.jobs import Job
from app.tools.session import Session

LONG = 10.0  # seconds: shorter work is over before a line about it is read
LONG_DRY_RUN = 60.0  # seconds of its main part, from which the quarters are told
MAIN_PART = "all prompts"  # the phase of a dry run that takes most of its time
# The work that is told, by the beginning of a job's name; of True the end is told by its result.
TOLD = {
    "Dry run": True,
    "Categorise": True,
    "Find topics": False,
    "Append ": False,
    "Export": False,
    "Scan for personal data": False,
    "Test on ": True,
}


@dataclass
class Followed:
    """A job as it was seen: whether the assistant's own turn waits for it, and what was told."""

    own: bool
    began: float
    told: bool = False
    quarter: int = 0


class JobWatch:
    """Follows the jobs of one session's dataset. Its listener is called at every change of a job, so it
    only compares numbers."""

    def __init__(
        self,
        assistant: Assistant,
        session: Session,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._assistant, self._session, self._clock = assistant, session, clock
        self._followed: dict[int, Followed] = {}
        self.close = assistant.host.jobs.subscribe(self._hear)

    def _hear(self, job: Job) -> None:
        of_this = job.dataset_id == self._session.dataset_id
        if not of_this or self._assistant.host.session is not self._session:
            return
        kind = next((name for name in TOLD if job.name.startswith(name)), None)
        if kind is None or job.state == "queued":
            return
        seen = self._followed.get(job.id)
        if seen is None:
            own = bool(self._assistant.calling)
            seen = self._followed[job.id] = Followed(own=own, began=self._clock())
        if job.active:
            self._begun(job, seen)
            if kind == "Dry run":
                self._quarters(job, seen)
        else:
            self._followed.pop(job.id)
            self._ended(job, seen, by_result=TOLD[kind])

    def _begun(self, job: Job, seen: Followed) -> None:
        if seen.own or seen.told or self._clock() - seen.began < LONG:
            return
        seen.told = True
        self._assistant.begin("work_began", name=job.name, seconds_left=job.seconds_left())

    def _quarters(self, job: Job, seen: Followed) -> None:
        """Of the main part only: what comes before is short, and is counted for itself."""
        share = job.fraction
        if not job.text.startswith(MAIN_PART) or not share or share >= 1:
            return
        quarter = int(4 * share)
        whole = (time.monotonic() - job.started) / share
        if quarter > seen.quarter and whole >= LONG_DRY_RUN:
            seen.quarter = quarter
            left = job.seconds_left()
            self._assistant.begin("dry_run_quarter", quarter=quarter, seconds_left=left)

    def _ended(self, job: Job, seen: Followed, *, by_result: bool) -> None:
        seconds = self._clock() - seen.began
        if seen.own or (by_result and job.state == "done") or not (seen.told or seconds >= LONG):
            return
        told = {"name": job.name, "state": job.state, "seconds": seconds, "error": job.error}
        self._assistant.begin("work_ended", **told)
