"""Work that outlives the call that began it: held, named, with progress and Stop, never silent."""

import asyncio
import itertools
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from app.errors import AppError, Stopped

log = logging.getLogger(__name__)
T = TypeVar("T")
JobState = Literal["queued", "running", "done", "failed", "stopped"]
Listener = Callable[["Job"], None]
ErrorHandler = Callable[[BaseException], None]
Tell = Callable[[float, float], None]  # called with (done, total) by long work


def quiet(done: float, total: float) -> None:
    """For work on little: nothing is told, nothing can stop it."""


@dataclass(eq=False)
class Job:
    """One piece of visible work. `done` of `total` in its own unit; total 0 means not known yet."""

    id: int
    name: str
    dataset_id: str = ""
    state: JobState = "queued"
    done: float = 0
    total: float = 0
    text: str = ""
    error: str = ""
    started: float = 0.0
    can_stop: bool = True
    stop_hook: Callable[[], None] | None = None  # for a thread or detached worker; else a cancel
    _notify: Listener = field(default=lambda job: None, repr=False)
    _task: "asyncio.Task[Any] | None" = field(default=None, repr=False)

    @property
    def active(self) -> bool:
        return self.state in ("queued", "running")

    @property
    def fraction(self) -> float | None:
        return min(1.0, self.done / self.total) if self.total else None

    def seconds_left(self) -> float | None:
        """Linear estimate from the work done so far; None before a twentieth is done."""
        share = self.fraction
        if not self.active or not share or share < 0.05:
            return None
        return (time.monotonic() - self.started) * (1 - share) / share

    def phase(self, text: str) -> None:
        """Begin another part of the work: its progress and time left are counted anew."""
        self.started, self.done, self.total, self.text = time.monotonic(), 0, 0, text
        self._notify(self)

    def progress(self, done: float, total: float, text: str = "") -> None:
        self.done, self.total, self.text = done, total, text or self.text
        self._notify(self)

    async def follow(self, work: Callable[[Tell], Awaitable[T]], stopped: str, text: str = "") -> T:
        """Run work that another thread does, and that calls what it is given with (done, total): it
        shows the progress, and raises Stopped with these words once an end was asked for. `text` may
        name {done} and {total}.

        A cancelled caller goes on only when the thread has ended: nothing is said to be stopped that
        is done behind its back.
        """
        asked = threading.Event()
        self.stop_hook = asked.set
        await asyncio.sleep(0)  # a Stop before this line cancels here, and nothing begins
        task = asyncio.ensure_future(work(self._teller(asked, stopped, text)))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            asked.set()
            await _gone(task)
            if not task.cancelled() and (error := task.exception()):
                log.info("%s: %s", self.name, error)
            raise

    def _teller(self, asked: threading.Event, stopped: str, text: str) -> Tell:
        loop = asyncio.get_running_loop()

        def tell(done: float, total: float) -> None:
            if asked.is_set():
                raise Stopped(stopped)
            told = text.format(done=done, total=total)
            loop.call_soon_threadsafe(self.progress, done, total, told)

        return tell

    def stop(self) -> None:
        """Ask the work to end; what it finished is kept."""
        if self.stop_hook and self.state == "running":
            self.stop_hook()
        elif self._task:
            self._task.cancel()


class Jobs:
    """All running work of one program. The loop itself keeps only weak references to tasks."""

    def __init__(self) -> None:
        self.on_error: ErrorHandler = lambda error: None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._jobs: dict[int, Job] = {}
        self._listeners: list[Listener] = []
        self._ids = itertools.count(1)
        self._compute = asyncio.Lock()
        self._waiting = 0  # heavy jobs that a background job has to give way to
        self._wanted = asyncio.Event()
        self._busy_with = ""
        self._ended_loop: asyncio.AbstractEventLoop | None = None  # set by `close`

    def start(self, work: Coroutine[Any, Any, T]) -> "asyncio.Future[T]":
        """Hold a task until it ends; its failure is logged and told to `on_error`.

        After `close` nothing is started any more; the future is cancelled already.
        """
        if self._ended_loop is not None:
            work.close()
            nothing: asyncio.Future[T] = asyncio.Future(loop=self._ended_loop)
            nothing.cancel()
            return nothing
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def run(
        self,
        name: str,
        work: Callable[[Job], Awaitable[T]],
        *,
        dataset_id: str = "",
        heavy: bool = False,
        background: bool = False,
    ) -> T:
        """Run `work` as a visible job and return its result. Heavy jobs wait their turn, visibly.

        A background job is heavy too, but gives way: when another heavy job waits, its work is
        cancelled, and called again afterwards; it must go on from where it was.

        Raises what the work raises; Stopped when the job's own Stop was used.
        """
        job = Job(next(self._ids), name, dataset_id, _notify=self._tell)
        self._jobs[job.id] = job
        inner = asyncio.get_running_loop().create_task(self._work(job, work, heavy, background))
        job._task = inner
        self._tasks.add(inner)
        inner.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(inner)
        except asyncio.CancelledError:
            if inner.cancelled():
                raise Stopped(f"{name} was stopped. What was finished is kept.") from None
            inner.cancel()
            await _gone(inner)
            raise
        finally:
            self._tell(job)
            self._jobs.pop(job.id, None)

    async def _work(
        self, job: Job, work: Callable[[Job], Awaitable[T]], heavy: bool, background: bool
    ) -> T:
        try:
            if background:
                return await self._in_the_gaps(job, work)
            if not heavy:
                return await self._begin(job, work)
            await self._take_turn(job)
            try:
                self._busy_with = job.name
                return await self._begin(job, work)
            finally:
                self._compute.release()
        except (asyncio.CancelledError, Stopped):
            job.state = "stopped"
            raise
        except BaseException as error:
            job.state, job.error = "failed", str(error)
            raise

    async def _take_turn(self, job: Job) -> None:
        """Hold the machine for a heavy job; a background job that has it is told to give way."""
        self._say_waits(job)
        self._waiting += 1
        self._wanted.set()
        try:
            await self._compute.acquire()
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._wanted.clear()

    async def _in_the_gaps(self, job: Job, work: Callable[[Job], Awaitable[T]]) -> T:
        """Begin the work whenever nothing else is heavy, until it came to its end."""
        while True:
            self._say_waits(job)
            async with self._compute:
                self._busy_with = job.name
                turn = asyncio.ensure_future(self._begin(job, work))
                wish = asyncio.ensure_future(self._wanted.wait())
                try:
                    await asyncio.wait({turn, wish}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    turn.cancel()
                    wish.cancel()
                    await _gone(turn, wish)
                if not turn.cancelled():
                    return turn.result()
            job.state = "queued"
            await asyncio.sleep(0)  # whoever waits takes the lock first

    def _say_waits(self, job: Job) -> None:
        if self._compute.locked():
            job.text = f"waits for {self._busy_with}"
            self._tell(job)

    async def _begin(self, job: Job, work: Callable[[Job], Awaitable[T]]) -> T:
        job.state, job.started, job.text = "running", time.monotonic(), ""
        self._tell(job)
        result = await work(job)
        job.state = "done"
        return result

    @property
    def closed(self) -> bool:
        """Whether the program is ending: whoever holds a coroutine must close it himself."""
        return self._ended_loop is not None

    @property
    def active(self) -> list[Job]:
        return [job for job in self._jobs.values() if job.active]

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(job)` at every change of a job; returns the way to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self, job: Job) -> None:
        for listener in list(self._listeners):
            listener(job)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if task.cancelled() or not (error := task.exception()):
            return
        if not isinstance(error, AppError):
            log.error("a job failed", exc_info=error)
        self.on_error(error)

    async def cancel(self, dataset_id: str) -> None:
        """End the work on one dataset and wait until it is gone; detached workers go on."""
        tasks = [j._task for j in self._jobs.values() if j.dataset_id == dataset_id and j._task]
        for task in tasks:
            task.cancel()
        await _gone(*tasks)

    async def wait(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Cancel everything, wait until it is gone, and start nothing any more."""
        self._ended_loop = asyncio.get_running_loop()
        for task in list(self._tasks):
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)


async def _gone(*tasks: "asyncio.Task[Any]") -> None:
    """Wait until cancelled tasks have ended, also when the waiter is cancelled once more meanwhile.

    What they hold (a file, a database, a child) must be free when the caller goes on.
    """
    again: asyncio.CancelledError | None = None
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            again = error
    if again:
        raise again
