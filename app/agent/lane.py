"""Work done strictly one after the other, in the order it was asked for."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from app.jobs import Jobs

Work = Callable[[], Coroutine[Any, Any, None]]


class Lane:
    """`put` adds work; `stop` ends what runs now and drops what waits."""

    def __init__(self, jobs: Jobs, busy: Callable[[bool], None] = lambda on: None) -> None:
        self._jobs, self._tell = jobs, busy
        self._waiting: deque[Work] = deque()
        self._task: asyncio.Future[None] | None = None

    @property
    def busy(self) -> bool:
        return self._task is not None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def put(self, work: Work) -> None:
        self._waiting.append(work)
        self._next()

    def stop(self) -> None:
        """Cancel the running work and forget the rest."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    async def idle(self) -> None:
        """Wait until nothing runs and nothing waits."""
        while self._task is not None:
            await asyncio.wait([self._task])
            await asyncio.sleep(0)  # the done callback starts the next one

    def _next(self) -> None:
        if self._task is not None or not self._waiting:
            return
        self._task = self._jobs.start(self._waiting.popleft()())
        self._task.add_done_callback(self._ended)
        self._tell(True)

    def _ended(self, task: "asyncio.Future[None]") -> None:
        self._task = None
        if self._waiting:
            self._next()
        else:
            self._tell(False)
