"""Speaks unasked, from real numbers: runs that begin, quarter marks, alarms, and what others ended."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from app.agent.assistant import Assistant
from app.agent.watch_jobs import JobWatch
from app.store import results
from app.store.database import Tx
from app.store.events import Event, GraderChanged, ResultsChanged, RunChanged
from app.store.results import ResultValue
from app.tools import runs
from app.tools.session import Session

log = logging.getLogger(__name__)
# What the guide says when a result of a kind ends that somebody else asked for.
TOLD = {
    "coverage": "tell_coverage",
    "grader_test": "tell_test",
    "dry_run": "why",
    "training": "report",
    "deployment": "tell_deployment",
}
ENDED = ("completed", "failed", "stopped")


class Standing(NamedTuple):
    """The newest result of a kind, and who asked for it."""

    id: int
    state: str
    actor: str


Seen = dict[str, Standing]


class Watch:
    """Follows one session's events while it is open."""

    def __init__(self, assistant: Assistant, session: Session) -> None:
        self._assistant, self._session = assistant, session
        self._seen: Seen | None = None
        self._offset: dict[int, int] = {}
        self._quarter: dict[int, int] = {}
        self._dirty = self._looking = self._closed = False
        self._task: asyncio.Future[None] | None = None
        self._waits_for_coverage = False  # records were sorted anew; its analysis follows
        self._unsubscribe: Callable[[], None] = session.store.subscribe(self._hear)
        self._jobs = JobWatch(assistant, session)
        self._ask()

    def close(self) -> None:
        """Hear nothing more."""
        self._closed = True
        self._unsubscribe()
        self._jobs.close()

    def _hear(self, event: Event) -> None:
        if isinstance(event, ResultsChanged | RunChanged | GraderChanged):
            self._ask()

    def _ask(self) -> None:
        """Look once more, never twice at the same time."""
        self._dirty = True
        if not self._looking:
            self._looking = True
            self._task = self._assistant.host.jobs.start(self._look())

    async def settled(self) -> None:
        """Wait until all that was heard so far was given to the assistant to tell."""
        while self._looking and self._task is not None:
            await asyncio.wait([self._task])

    async def _look(self) -> None:
        try:
            while self._dirty and not self._gone:
                self._dirty = False
                await self._look_once()
        finally:
            self._looking = False

    @property
    def _gone(self) -> bool:
        return self._closed or self._assistant.host.session is not self._session

    async def _look_once(self) -> None:
        found, training = await self._session.store.read(_newest)
        if self._gone:
            return
        first, before = self._seen is None, self._seen or {}
        self._seen = found
        if training is not None:
            await self._follow(training, silent=first)
        sorted_anew = found.get("categorisation") != before.get("categorisation")
        for kind, now in found.items():
            changed = not first and before.get(kind) != now and kind in TOLD
            if changed and (kind != "coverage" or sorted_anew or self._waits_for_coverage):
                self._tell(kind, now, before[kind].state if kind in before else "")
        self._waits_for_coverage = (sorted_anew or self._waits_for_coverage) and found.get(
            "coverage"
        ) == before.get("coverage")

    def _tell(self, kind: str, now: Standing, was: str) -> None:
        """A result that is new or changed state. What the guide asked for, its own turn tells."""
        if kind == "training":
            self._tell_run(now.state, was)
        elif now.actor != "assistant":
            served = kind == "deployment" and now.state == "running" and was != "stopped"
            if served or (kind != "deployment" and now.state in ENDED):
                self._assistant.begin(TOLD[kind])

    def _tell_run(self, state: str, was: str) -> None:
        if state == "running":
            self._assistant.begin("run_began", resumed=was in ("paused", "stopped", "failed"))
        elif state == "paused":
            self._assistant.begin("offer_resume")
        elif state in ENDED:
            self._assistant.begin("report")

    async def _follow(self, training: ResultValue, *, silent: bool) -> None:
        """New events of the run's directory: alarms and quarter marks."""
        run = runs.directory(self._session, training)
        offset = self._offset.get(training.id, 0)
        rows, self._offset[training.id] = await asyncio.to_thread(run.events, offset)
        steps = int(training.data["params"]["steps"])
        facts = _facts(rows)
        quarter = min(3, 4 * facts["step"] // steps) if steps else 0
        before = self._quarter.get(training.id, 0)
        self._quarter[training.id] = max(before, quarter)
        if silent or self._gone or training.state != "running":
            return
        for alarm in facts["alarms"]:
            self._assistant.begin("alarm", text=alarm["text"], step=alarm["step"])
        if quarter > before:
            self._assistant.begin("quarter", quarter=quarter)


def _facts(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The last step and the alarms among events."""
    steps = [int(row["step"]) for row in rows if row["kind"] == "metrics"]
    return {
        "step": max(steps, default=0),
        "alarms": [row for row in rows if row["kind"] == "alarm"],
    }


def _newest(tx: Tx) -> tuple[Seen, ResultValue | None]:
    """The newest result of each kind, and the newest training."""
    seen: Seen = {}
    for kind in ("categorisation", *TOLD):
        if (found := results.latest(tx, kind)) is not None:  # type: ignore[arg-type]  # a Kind
            seen[kind] = Standing(found.id, found.state, found.data.get("actor", ""))
    return seen, results.latest(tx, "training")
