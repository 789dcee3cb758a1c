"""One warm sandbox worker on a thread of its own, so that a script never blocks the event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

from app.errors import InputError
from app.sandbox.limits import Limits
from app.sandbox.monty import GRADE, MontyWorker, ScriptError

T = TypeVar("T")


class Lane:
    """`async with` it: the worker is there within, and gone when the block ends."""

    def __init__(self, worker: MontyWorker) -> None:
        self._worker = worker
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=worker.entry.kind)

    async def __aenter__(self) -> Self:
        """Raises SandboxError when the worker cannot start."""
        try:
            await self._in_thread(self._worker.start)
        except BaseException:
            self._thread.shutdown(wait=False)
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._in_thread(self._worker.close)
        self._thread.shutdown()

    async def check(self, source: str) -> None:
        """Raises InputError, naming the line, when the script cannot be loaded. Cancelling it ends the
        script at once."""
        kind = self._worker.entry.kind
        check_source(source, self._worker.limits, kind)
        try:
            await self._killed_on_cancel(lambda: self._worker.load(source))
        except ScriptError as error:
            raise InputError(f"The {kind} script cannot be used. {error}") from None

    async def _killed_on_cancel(
        self, function: Callable[[], T], *, stopped: threading.Event | None = None
    ) -> T:
        """What a script does in the thread; a cancel sets `stopped`, then ends the running call."""
        try:
            return await self._in_thread(function)
        except asyncio.CancelledError:
            if stopped is not None:
                stopped.set()
            self._worker.kill()
            raise

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)


def check_source(source: str, limits: Limits, kind: str = GRADE.kind) -> None:
    """Raises InputError for a script that is too long or holds a NUL; needs no worker."""
    if len(source.encode(errors="replace")) > limits.source_bytes:
        raise InputError(f"The {kind} script is over {limits.source_bytes // 1000} kB. Shorten it.")
    if "\0" in source:
        line = source[: source.index("\0")].count("\n") + 1
        raise InputError(f"The {kind} script holds a NUL character in line {line}. Remove it.")
