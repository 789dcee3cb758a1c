"""Runs an untrusted `generate` function, a topic a call; only JSON text leaves the sandbox.

Each call has a fresh state, and is over when its limits are.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

import orjson

from app.errors import InputError
from app.sandbox.limits import GENERATED_BYTES, GENERATOR, Limits
from app.sandbox.monty import Entry, MontyWorker, ScriptError
from app.sandbox.sandbox import check_source

GENERATE = Entry("generate", "topic, count, seed, examples", "generator")
CALL = (
    "import json as _json\n"
    "_made = generate(_topic, _count, _seed, _examples)\n"
    "_json.dumps(_made) if isinstance(_made, list) else None"
)
NO_LIST = "generate must return a list of records, each a dict of plain values."
T = TypeVar("T")


class GeneratorSandbox:
    """`async with GeneratorSandbox() as sandbox`: one warm worker, gone when the block ends."""

    def __init__(self, limits: Limits = GENERATOR) -> None:
        self._limits = limits
        self._worker = MontyWorker(limits, entry=GENERATE)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="generator")

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
        """Raises InputError, naming the line, when the script cannot be loaded."""
        check_source(source, self._limits, GENERATE.kind)
        try:
            await self._in_thread(lambda: self._worker.load(source))
        except ScriptError as error:
            raise InputError(f"The generator script cannot be used. {error}") from None

    async def generate(
        self, source: str, topic: str, *, count: int, seed: int, examples: list[dict[str, Any]]
    ) -> list[Any]:
        """What the script's `generate` returned, as JSON values of any kind, not yet checked.

        Raises InputError with the line and reason where it failed or returned no list. Cancelling it
        ends the script at once.
        """

        def run() -> Any:
            return self._worker.evaluate(
                source, CALL, _topic=topic, _count=count, _seed=seed, _examples=examples
            )

        try:
            return _read(await self._in_thread(run))
        except ScriptError as error:
            raise InputError(f"The generator script failed for “{topic}”. {error}") from None
        except asyncio.CancelledError:
            self._worker.kill()
            raise

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)


def _read(text: Any) -> list[Any]:
    """The list in what came out; raises ScriptError where there is none, or too much."""
    if not isinstance(text, str):
        raise ScriptError(NO_LIST)
    if len(text) > GENERATED_BYTES:
        raise ScriptError(f"It returned over {GENERATED_BYTES >> 20} MB. Return fewer records.")
    try:
        made = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ScriptError(f"It returned a number or text that JSON lacks ({error}).") from None
    if not isinstance(made, list):
        raise ScriptError(NO_LIST)
    return made
