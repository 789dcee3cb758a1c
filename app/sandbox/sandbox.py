"""Runs an untrusted `grade` function over many records without blocking the event loop.

Batches share one state inside the worker, so a batch counts only when it raised nothing and a
sample of it, graded again alone, came out the same; otherwise each record is graded alone.
"""

import math
import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.sandbox.lane import Lane, check_source
from app.sandbox.limits import Limits
from app.sandbox.monty import Call, MontyWorker, ScriptError


@dataclass(frozen=True)
class Outcome:
    """What `grade` returned, raw and unchecked, or the `error` that kept it from returning."""

    value: Any = None
    error: str | None = None
    fatal: bool = False


class Sandbox(Lane):
    """`async with Sandbox() as sandbox`: one warm worker process, gone when the block ends."""

    def __init__(self, limits: Limits | None = None, *, binary: Path | None = None) -> None:
        self.limits = limits or Limits()
        super().__init__(MontyWorker(self.limits, binary))

    async def run(self, source: str, calls: Sequence[Call]) -> list[Outcome]:
        """`grade(sample, item)` for each call, in order; each sees copies, and no other's state.

        Cancelling it ends the worker's current work at once.
        """
        check_source(source, self.limits)
        run = _Run(self._worker, source, calls)
        return await self._killed_on_cancel(run.outcomes, stopped=run.stopped)


class _Run:
    """One pass over calls, in the sandbox's thread."""

    def __init__(self, worker: MontyWorker, source: str, calls: Sequence[Call]) -> None:
        self.stopped = threading.Event()
        self._worker, self._source, self._limits = worker, source, worker.limits
        self._calls = [_encoded(call) for call in calls]
        self._results: dict[int, Outcome] = {}
        self._random = random.Random(0)  # which records are re-checked; the same in each run
        self._alone = False
        self._fatal_in_a_row = 0

    def outcomes(self) -> list[Outcome]:
        for batch in self._batches():
            self._grade(batch)
            if self.stopped.is_set():
                break
        return [self._results[i] for i in sorted(self._results)]

    def _batches(self) -> Iterator[list[int]]:
        batch: list[int] = []
        size = 0
        for index, data in enumerate(self._calls):
            full = size + len(data) > self._limits.batch_bytes
            if batch and (full or len(batch) == self._limits.batch_records):
                yield batch
                batch, size = [], 0
            batch.append(index)
            size += len(data)
        if batch:
            yield batch

    def _grade(self, batch: list[int]) -> None:
        fit = [i for i in batch if 0 < len(self._calls[i]) <= self._limits.record_bytes]
        limit = f"{self._limits.record_bytes >> 20} MB"
        too_large = f"The answer and its record do not fit the sandbox (over {limit}, or not JSON)."
        self._results |= {i: Outcome(error=too_large) for i in batch}
        if len(fit) > 1 and not self._alone and self._grade_together(fit):
            return
        for index in fit:
            if self.stopped.is_set():
                return
            self._results[index] = self._grade_alone(index)

    def _grade_together(self, batch: list[int]) -> bool:
        """Whether the batch counts; when state leaked, all that came before is graded anew too."""
        try:
            values = self._worker.call(self._source, [orjson.loads(self._calls[i]) for i in batch])
        except ScriptError as error:
            self._alone = error.fatal  # the next batch would only lose the same time again
            return False
        count = math.ceil(self._limits.recheck_share * len(batch))
        places = {*self._random.sample(range(len(batch)), count), len(batch) - 1}
        alone = {place: self._grade_alone(batch[place]) for place in sorted(places)}
        if all(o.error is None and _same(o.value, values[p]) for p, o in alone.items()):
            self._results |= {i: Outcome(v) for i, v in zip(batch, values, strict=True)}
            return True
        self._alone = True
        for index in range(batch[0]):
            if self._results[index].error is None and not self.stopped.is_set():
                self._results[index] = self._grade_alone(index)
        return False

    def _grade_alone(self, index: int) -> Outcome:
        if self._fatal_in_a_row >= self._limits.give_up_after:
            return Outcome(
                error=f"Not graded: the {self._fatal_in_a_row} records before it all ran too long "
                "or used too much.",
                fatal=True,
            )
        try:
            (value,) = self._worker.call(self._source, [orjson.loads(self._calls[index])])
        except ScriptError as error:
            self._fatal_in_a_row = self._fatal_in_a_row + 1 if error.fatal else 0
            return Outcome(error=str(error), fatal=error.fatal)
        self._fatal_in_a_row = 0
        return Outcome(value)


def _encoded(call: Call) -> bytes:
    """JSON, decoded anew for each use: no call can change what another sees. Empty: not JSON."""
    try:
        return orjson.dumps(call)
    except orjson.JSONEncodeError:
        return b""


def _same(a: Any, b: Any) -> bool:
    return bool(a == b or (a != a and b != b))
