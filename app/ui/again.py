"""Runs one piece of async work at a time: asking while it runs leads to one more run, never two."""

from collections.abc import Awaitable, Callable

from app.jobs import Jobs


class Again:
    """`ask` may be called as often as things change; the last state is always the one worked on."""

    def __init__(self, jobs: Jobs, work: Callable[[], Awaitable[None]]) -> None:
        self._jobs, self._work = jobs, work
        self._wanted = self._running = False

    def ask(self) -> None:
        self._wanted = True
        if not self._running:
            self._running = True
            self._jobs.start(self._run())

    async def _run(self) -> None:
        try:
            while self._wanted:
                self._wanted = False
                await self._work()
        finally:
            self._running = False
