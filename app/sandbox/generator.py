"""Runs an untrusted `generate` function, a topic a call; only JSON text leaves the sandbox.

Each call has a fresh state, and is over when its limits are.
"""

from typing import Any

import orjson

from app.errors import InputError
from app.sandbox.lane import Lane, check_source
from app.sandbox.limits import GENERATED_BYTES, GENERATOR, Limits
from app.sandbox.monty import Entry, MontyWorker, ScriptError

GENERATE = Entry("generate", "topic, count, seed, examples", "generator")
CALL = (
    "import json as _json\n"
    "_made = generate(_topic, _count, _seed, _examples)\n"
    "_json.dumps(_made) if isinstance(_made, list) else None"
)
NO_LIST = "generate must return a list of records, each a dict of plain values."


class GeneratorSandbox(Lane):
    """`async with GeneratorSandbox() as sandbox`: one warm worker, gone when the block ends."""

    def __init__(self, limits: Limits = GENERATOR) -> None:
        super().__init__(MontyWorker(limits, entry=GENERATE))

    async def generate(
        self, source: str, topic: str, *, count: int, seed: int, examples: list[dict[str, Any]]
    ) -> list[Any]:
        """What the script's `generate` returned, as JSON values of any kind, not yet checked.

        Raises InputError with the line and reason where it failed, is too long or returned no list.
        Cancelling it ends the script at once.
        """

        check_source(source, self._worker.limits, GENERATE.kind)

        def run() -> list[Any]:
            made = self._worker.evaluate(
                source, CALL, _topic=topic, _count=count, _seed=seed, _examples=examples
            )
            return _read(made)

        try:
            return await self._killed_on_cancel(run)
        except ScriptError as error:
            raise InputError(f"The generator script failed for “{topic}”. {error}") from None


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
