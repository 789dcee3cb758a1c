"""Child processes of this same program: a run directory is the whole interface between app and worker.

In: `config.json`, input files. Out: `events.jsonl`, `status.json`, result files, `log.txt`.
A `stop` file asks the worker to end. A worker never opens a dataset file for writing.
"""

import asyncio
import contextlib
import importlib
import json
import logging
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

import orjson
import psutil
from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from app.errors import AppError, InputError, Stopped

log = logging.getLogger(__name__)

State = Literal["queued", "running", "stopped", "completed", "failed"]
TERMINAL: frozenset[State] = frozenset({"stopped", "completed", "failed"})

# The worker role's tasks: a module each, with `run(worker) -> dict`. Imported in the child only.
TASKS = {
    "import": "app.importing.worker",
    "index": "app.importing.index_worker",
    "near-duplicates": "app.importing.near_worker",
    "count-tokens": "app.importing.count_worker",
    "scan": "app.importing.scan_worker",
    "export-records": "app.importing.export_worker",
    "topics": "app.embedding.topics_worker",
    "split": "app.embedding.split_worker",
    "categorize": "app.embedding.categorize_worker",
    "check-candidates": "app.embedding.candidates_worker",
    "starter": "app.training.starter_worker",
    "rollouts": "app.training.rollouts_worker",
    "train": "app.training.train_worker",
    "export": "app.serving.export_worker",
    "serve": "app.serving.serve_worker",
}
SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CUSTOM_HEADERS")  # in names of variables
POLL_SECONDS = 0.05
STOP_GRACE_SECONDS = 20.0
HEARTBEAT_SECONDS = 2.0


class Status(BaseModel):
    """What a worker last said of itself; rewritten whole and atomically."""

    state: State = "queued"
    done: float = 0
    total: float = 0
    text: str = ""
    error: str = ""
    bad_input: bool = False  # the error is about what the user gave, not about the work
    result: dict[str, Any] = {}
    pid: int = 0
    created: float = 0.0  # psutil's create_time: tells a reused pid from the worker
    heartbeat: float = 0.0
    started: float = 0.0


class RunDir:
    """The app's side of a run directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self, config: dict[str, Any]) -> None:
        """Write the configuration and clear what an earlier worker of this directory left."""
        self.path.mkdir(parents=True, exist_ok=True)
        for name in ("stop", "status.json"):
            (self.path / name).unlink(missing_ok=True)
        write_atomic(self.path / "config.json", orjson.dumps(config, option=orjson.OPT_INDENT_2))

    def status(self) -> Status:
        try:
            return Status.model_validate_json((self.path / "status.json").read_bytes())
        except (FileNotFoundError, ValidationError):  # unreadable: a power failure took the last
            return Status()

    def events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The events written since byte `offset`, and the offset to ask from next."""
        try:
            with (self.path / "events.jsonl").open("rb") as file:
                file.seek(offset)
                *lines, rest = file.read().split(b"\n")
                return [orjson.loads(line) for line in lines], file.tell() - len(rest)
        except FileNotFoundError:
            return [], offset

    def first_event(self, kind: str) -> dict[str, Any] | None:
        """The first event of a kind; reads no further than that."""
        try:
            with (self.path / "events.jsonl").open("rb") as file:
                whole = (line for line in file if line.endswith(b"\n"))
                return next((e for e in map(orjson.loads, whole) if e["kind"] == kind), None)
        except FileNotFoundError:
            return None

    def stop(self) -> None:
        (self.path / "stop").touch()

    def alive(self) -> bool:
        """Whether the very process that wrote the status still runs (a reused pid does not count)."""
        if not (status := self.status()).pid:
            return False
        try:
            process = psutil.Process(status.pid)
            same = abs(process.create_time() - status.created) < 1.0
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def mark_dead(self) -> Status:
        """Called when the process is gone without a final word: say so instead of «running»."""
        tail = self.log_tail()
        error = f"The worker ended without a word. {tail}".strip()
        status = self.status().model_copy(update={"state": "failed", "error": error})
        write_atomic(self.path / "status.json", status.model_dump_json().encode())
        return status

    def log_tail(self, lines: int = 3) -> str:
        try:
            text = (self.path / "log.txt").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return " ".join(text.strip().splitlines()[-lines:])


Process = subprocess.Popen[bytes]
# Handles are kept while their process runs: a dropped one leaves a zombie behind.
_children = set[Process]()
OnEvent = Callable[[dict[str, Any]], None]
OnStatus = Callable[[Status], None]


def command(*args: str) -> list[str]:
    """This same program in another role (a frozen app has no `python -m`)."""
    frozen = getattr(sys, "frozen", False)
    return [sys.executable, *([] if frozen else ["-m", "app"]), *args]


def child_environment() -> dict[str, str]:
    """Of a child: this program found, no secrets, one thread each for the numeric libraries."""
    env = {k: v for k, v in os.environ.items() if not any(word in k.upper() for word in SECRET)}
    env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    env |= {"TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1"}
    if getattr(sys, "frozen", False):
        env.pop("LD_LIBRARY_PATH", None)  # PyInstaller's own value must not reach children
    else:
        root = str(Path(__file__).parents[1])
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [root, env.get("PYTHONPATH")]))
    return env


def launch(task: str, run: RunDir, *, detached: bool = False) -> Process:
    """Start a worker on a prepared directory; a detached one outlives the app. Not on the event loop."""
    with (run.path / "log.txt").open("ab") as out:
        process = subprocess.Popen(
            command("worker", task, str(run.path)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=child_environment(),
            start_new_session=detached,
        )
    _note_launch(run, process.pid)
    _children.add(process)
    _children.difference_update([child for child in list(_children) if child.poll() is not None])
    return process


def _note_launch(run: RunDir, pid: int) -> None:
    """Write a first status, so that a worker still starting is not taken for dead.

    A link fails when the worker was faster and has written its own.
    """
    with contextlib.suppress(psutil.NoSuchProcess, FileExistsError):
        status = Status(pid=pid, created=psutil.Process(pid).create_time(), started=time.time())
        first = run.path / ".launched.json"
        write_atomic(first, status.model_dump_json().encode())
        try:
            (run.path / "status.json").hardlink_to(first)
        finally:
            first.unlink()


async def start_worker(
    task: str, run: RunDir, config: dict[str, Any], *, detached: bool = False
) -> Process:
    """Prepare and launch in a thread: the disk and the fork would hold the event loop for 20 to 120 ms.
    A caller cancelled meanwhile goes on when the thread has ended and no process is left."""

    def start() -> Process:
        run.prepare(config)
        return launch(task, run, detached=detached)

    starting = asyncio.ensure_future(asyncio.to_thread(start))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        while not starting.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([starting])
        if not starting.exception():
            await end_worker(run, starting.result())
        raise


async def follow(
    run: RunDir,
    process: Process | None = None,
    *,
    on_event: OnEvent | None = None,
    on_status: OnStatus | None = None,
    offset: int = 0,
) -> Status:
    """Watch a worker until its final status. Without `process` it is one that was found again."""
    seen: Status | None = None
    while True:
        gone = process.poll() is not None if process else not run.alive()
        events, offset = run.events(offset)
        for event in events:
            if on_event:
                on_event(event)
        status = run.status()
        if on_status and status != seen:
            on_status(status)
        seen = status
        if gone:
            return status if status.state in TERMINAL else run.mark_dead()
        await asyncio.sleep(POLL_SECONDS)


async def run_worker(
    task: str,
    path: Path,
    config: dict[str, Any],
    *,
    on_event: OnEvent | None = None,
    on_status: OnStatus | None = None,
) -> dict[str, Any]:
    """Run one worker to its end and return its result.

    Raises AppError with the worker's own words when it failed, Stopped when it was asked to stop.
    Cancelling the caller asks the worker to stop, then ends it after a grace time.
    """
    run = RunDir(path)
    if run.alive():  # left behind by an app that was killed
        await end_worker(run)
    (path / "events.jsonl").unlink(missing_ok=True)
    process = await start_worker(task, run, config)
    try:
        status = await follow(run, process, on_event=on_event, on_status=on_status)
    finally:
        if process.poll() is None:
            await end_worker(run, process)
    if status.state == "failed":
        raise (InputError if status.bad_input else AppError)(status.error)
    if status.state == "stopped":
        raise Stopped(f"{task} was stopped. What was finished is kept.")
    return status.result


async def end_worker(
    run: RunDir, process: Process | None = None, *, grace: float = STOP_GRACE_SECONDS
) -> None:
    """Ask a worker to stop, and end it when it does not within `grace` seconds.

    Its process is reaped; its status never stays on "running". No `process`: one that was found again.
    """
    run.stop()
    deadline = time.monotonic() + grace

    def running() -> bool:
        return process.poll() is None if process else run.alive()

    while running() and time.monotonic() < deadline:
        await asyncio.sleep(POLL_SECONDS)
    if running():
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(process.pid if process else run.status().pid).kill()
    if process:
        process.wait()
    if run.status().state not in TERMINAL:
        run.mark_dead()


class Task(Protocol):
    """What a task module offers."""

    def run(self, worker: "Worker") -> dict[str, Any]: ...


class Worker:
    """The child's side: its configuration, its voice, and the question whether to stop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config: dict[str, Any] = orjson.loads((path / "config.json").read_bytes())
        me = psutil.Process()
        self._status = Status(
            state="running", pid=me.pid, created=me.create_time(), started=time.time()
        )
        self._events = (path / "events.jsonl").open("ab")
        self._written = 0.0
        self._write(force=True)

    def emit(self, kind: str, **data: Any) -> None:
        """Append one event; numpy numbers are fine."""
        row = {"kind": kind, "at": time.time(), **data}
        self._events.write(orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
        self._events.flush()

    def progress(self, done: float, total: float, text: str = "") -> None:
        """Say how far the work is; also the heartbeat. Written at most ten times a second."""
        self._status = self._status.model_copy(update={"done": done, "total": total, "text": text})
        self._write(force=done >= total)

    def stop_requested(self) -> bool:
        return (self.path / "stop").exists()

    def check_stop(self) -> None:
        """Raise Stopped when the user asked to stop; call it between slices of work."""
        if self.stop_requested():
            raise Stopped("Stopped by the user.")

    def fail(self, error: str, *, bad_input: bool = False) -> None:
        """Write the final word of a worker that could not do its work."""
        self._status = self._status.model_copy(update={"error": error, "bad_input": bad_input})
        self.finish("failed")

    def finish(self, state: State, *, result: dict[str, Any] | None = None) -> None:
        """Write the final word."""
        self._status = self._status.model_copy(update={"state": state, "result": result or {}})
        self._write(force=True)
        self._events.close()

    def _write(self, *, force: bool = False) -> None:
        now = time.time()
        if force or now - self._written > 0.1:
            self._written = self._status.heartbeat = now
            data = self._status.model_dump_json().encode()
            # A heartbeat need not outlive a power failure, and waiting for the disk costs 5 to 100 ms.
            write_atomic(self.path / "status.json", data, durable=self._status.state in TERMINAL)


def worker_main(task: str, path: Path) -> int:
    """The worker role's entry: one worker per directory, its end always written to the status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        with FileLock(path / "lock", timeout=0):
            worker = Worker(path)
            try:
                module: Any = importlib.import_module(TASKS[task])
                result = module.run(worker)
            except Stopped:
                worker.finish("stopped")
            except AppError as error:
                worker.fail(str(error), bad_input=isinstance(error, InputError))
                return 1
            except MemoryError:
                worker.fail("This computer ran out of memory for it.")
                return 1
            except Exception as error:  # boundary: a bug is told, its trace goes to the log
                traceback.print_exc()
                worker.fail(f"{task} failed: {type(error).__name__}: {error}")
                return 1
            else:
                worker.finish("completed", result=result)
            return 0
    except Timeout:
        print(f"another worker holds {path}", file=sys.stderr)  # noqa: T201 goes to the log file
        return 3


def write_atomic(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace a file: a reader sees the old or the new one; `durable`: after a power failure too."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    temporary.replace(path)


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
