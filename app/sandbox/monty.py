"""One warm Monty worker process: runs a script's function on calls, or says why it could not.

Blocking, and for one thread only (except `kill`); nothing else may import pydantic_monty.
"""

import re
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from pydantic_monty import (
    CollectString,
    Monty,
    MontyCrashedError,
    MontyError,
    MontyRuntimeError,
    MontySession,
    MontySyntaxError,
    ResourceLimits,
)

from app.errors import SandboxError
from app.paths import resource
from app.sandbox.helpers import HELPERS, bounded_helpers
from app.sandbox.limits import Limits

Call = tuple[dict[str, Any], dict[str, Any]]  # (sample, item)
SCRIPT = "<python-input-0>"  # Monty's name for the first text of a session: the script itself
# Monty has neither globals() nor callable().
DEFINED = "try:\n    {0}\n    _found = True\nexcept NameError:\n    _found = False\n_found"
MAX_ERROR_CHARS = 500
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Entry:
    """The function that a script defines, how it is called, and what people call such a script."""

    name: str
    takes: str
    kind: str


GRADE = Entry("grade", "sample, item", "grader")


class ScriptError(Exception):
    """The script failed; `fatal` when it ran into a limit or took its worker down."""

    def __init__(self, text: str, *, fatal: bool = False) -> None:
        super().__init__(text)
        self.fatal = fatal


class MontyWorker:
    """Owns the worker process between `start` and `close`; a dead one is replaced by the pool."""

    def __init__(self, limits: Limits, binary: Path | None = None, *, entry: Entry = GRADE) -> None:
        self.limits, self.entry = limits, entry
        self._binary = binary or worker_binary()
        self._pool: Monty | None = None
        self._lock = threading.Lock()
        self._pid: int | None = None

    def start(self) -> None:
        """Raises SandboxError when the worker program is missing or does not answer."""
        limits = self.limits
        try:
            self._pool = Monty(
                binary_path=self._binary,
                min_processes=1,
                max_processes=1,
                request_timeout=limits.batch_seconds + 2 * limits.grace_seconds,
                feed_duration_limit_grace=limits.grace_seconds,
                turn_duration_limit_grace=limits.grace_seconds,
            )
            self._pool.__enter__()
            self.evaluate("started = 1", "started")
        except (OSError, RuntimeError, MontyError, ScriptError) as error:
            self.close()
            raise SandboxError(
                f"The script sandbox does not start: {error}. Reinstall the app to repair it."
            ) from error

    def close(self) -> None:
        """End the worker process; nothing of it is left."""
        if self._pool is not None:
            self._pool.__exit__(None, None, None)
            self._pool = None

    def kill(self) -> None:
        """From another thread: end the running call now (it raises ScriptError)."""
        with self._lock:
            if self._pid is not None:
                with suppress(psutil.NoSuchProcess):
                    psutil.Process(self._pid).kill()

    def load(self, source: str) -> None:
        """Run only the script's own lines; raises ScriptError when they fail or lack the function."""
        with self._session(1) as session:
            self._feed(session, source)
            if not self._feed(session, DEFINED.format(self.entry.name)):
                wanted = f"{self.entry.name}({self.entry.takes})"
                raise ScriptError(f"It must define a function {wanted}.")

    def evaluate(self, source: str, expression: str, **inputs: Any) -> Any:
        """What the expression is worth after the script, in a fresh state; raises ScriptError."""
        with self._session(1) as session:
            self._feed(session, source)
            return self._feed(session, expression, inputs=inputs)

    def call(self, source: str, calls: Sequence[Call]) -> list[Any]:
        """What `grade` returned for each call, all in one fresh state; raises ScriptError."""
        with self._session(len(calls)) as session:
            self._feed(session, source)
            seconds = self.limits.helper_seconds if len(calls) == 1 else self.limits.batch_seconds
            results = self._feed(
                session,
                "[grade(call[0], call[1]) for call in _calls]",
                inputs={"_calls": [list(call) for call in calls]},
                helper_seconds=seconds,
            )
        return list(results)

    def _session(self, calls: int) -> "_Session":
        if self._pool is None:
            raise SandboxError("The script sandbox is closed. Open it again.")
        return _Session(self, self._pool, calls)

    def _feed(
        self,
        session: MontySession,
        code: str,
        *,
        inputs: dict[str, Any] | None = None,
        helper_seconds: float | None = None,
    ) -> Any:
        try:
            return session.feed_run(
                code,
                inputs=inputs,
                external_lookup=bounded_helpers(helper_seconds or self.limits.helper_seconds),
                print_callback=CollectString(self.limits.printed_bytes),
            )
        except MontyError as error:
            raise explain(error, self.limits, self.entry.kind) from None


class _Session:
    """A checkout whose worker `kill` can find."""

    def __init__(self, worker: MontyWorker, pool: Monty, calls: int) -> None:
        limits = worker.limits
        many = calls > 1
        bounds: ResourceLimits = {
            "max_feed_duration_secs": limits.batch_seconds if many else limits.record_seconds,
            "max_memory": limits.memory_bytes,
            "max_recursion_depth": limits.recursion,
            "max_suspensions": limits.helper_calls * (10 if many else 1),
            "max_total_sleep_secs": 0.0,
        }
        self._worker, self._checkout = worker, pool.checkout(limits=bounds)

    def __enter__(self) -> MontySession:
        try:
            session = self._checkout.__enter__()
        except (OSError, MontyError) as error:
            raise SandboxError(
                f"The script sandbox could not start a worker: {error}. Try again."
            ) from error
        with self._worker._lock:
            self._worker._pid = session.worker_pid
        return session

    def __exit__(self, *error: Any) -> None:
        with self._worker._lock:
            self._worker._pid = None
        self._checkout.__exit__(*error)


def worker_binary() -> Path | None:
    """The worker program beside a frozen app; None lets pydantic_monty find the installed one."""
    if not getattr(sys, "frozen", False):
        return None
    return resource("monty.exe" if sys.platform == "win32" else "monty")


def explain(error: MontyError, limits: Limits, kind: str) -> ScriptError:
    """Monty's error in words a person can act on, with the script's line where there is one."""
    if isinstance(error, MontyCrashedError):
        if error.timed_out:
            return ScriptError(f"The {kind} did not stop at its time limit.", fatal=True)
        return ScriptError(f"The {kind} brought its worker process down.", fatal=True)
    if not isinstance(error, MontyRuntimeError | MontySyntaxError):
        return ScriptError(plain(str(error)))
    inner, text = error.exception(), plain(str(error))
    if isinstance(inner, TimeoutError) and "time limit exceeded" in text:
        allowed = f"{limits.record_seconds:g} s for {limits.each}"
        return ScriptError(f"The {kind} ran too long (allowed: {allowed}).", fatal=True)
    if isinstance(inner, TimeoutError) and "sleep limit exceeded" in text:
        text = f"The {kind} must not sleep."
    elif isinstance(inner, MemoryError):
        text = f"The {kind} used or printed too much ({text})."
        return ScriptError(_with_line(error, text), fatal=True)
    elif isinstance(inner, ModuleNotFoundError):
        text = f"{inner} in the sandbox. Its helpers: {', '.join(HELPERS)}"
    elif isinstance(inner, NotImplementedError):
        text = text.replace("The monty syntax parser does not yet support", "the sandbox lacks")
    elif isinstance(error, MontySyntaxError):
        text = f"SyntaxError: {text}"
    return ScriptError(_with_line(error, text))


def _with_line(error: MontyRuntimeError | MontySyntaxError, text: str) -> str:
    lines = [frame.line for frame in error.traceback() if frame.filename == SCRIPT]
    return f"Line {lines[-1]}: {text}" if lines else text


def plain(text: str) -> str:
    """Text of unknown origin made safe to show: no control or direction characters, cut short."""
    text = _UNPRINTABLE.sub(" ", text)
    return text if len(text) <= MAX_ERROR_CHARS else text[:MAX_ERROR_CHARS] + "…"
