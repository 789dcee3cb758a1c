"""The worker that serves models on 127.0.0.1 until it is asked to stop; it never listens elsewhere.

Its key stands in `config.json`. The worker makes that file readable by its owner alone before
anything else, and the app creates the directory closed to others.
"""

import asyncio
import errno
import os
import signal
import socket
import statistics
import time
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Literal

import uvicorn
from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette

from app.errors import AppError, Stopped
from app.serving.queue import Queue, load_models
from app.serving.server import make_app
from app.workers import HEARTBEAT_SECONDS, Worker

HOST: Literal["127.0.0.1"] = "127.0.0.1"
PORTS_TRIED = 21  # the wanted port and the next twenty
STOP_POLL_SECONDS = 0.1
LATENCIES_KEPT = 500  # the median is that of the latest answers


class ModelEntry(BaseModel):
    id: str = Field(min_length=1)
    path: str = Field(min_length=1)


class ServeConfig(BaseModel):
    """`config.json` of this worker; with `fixed_port` no other port is tried."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)  # the key is no log's

    models: list[ModelEntry]
    port: int = Field(default=8377, ge=0, le=65_535)
    key: str = Field(min_length=1, repr=False)
    fixed_port: bool = False


class Server(uvicorn.Server):
    """Uvicorn that takes an interrupt for a wish to stop, so that the worker still writes its end."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        before = {s: signal.signal(s, self.handle_exit) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Books:
    """Counts answered requests and tells the worker's status and events of them."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._seconds: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._requests = 0

    def report(self, entry: dict[str, Any]) -> None:
        self._requests += 1
        if entry["status"] == 200:
            self._seconds.append(entry["seconds"])
        self._worker.emit("request", **entry)

    def heartbeat(self) -> None:
        text = f"requests: {self._requests}"
        if self._seconds:
            text += f", median {statistics.median(self._seconds):.2f} s"
        self._worker.progress(self._requests, 0, text)


def run(worker: Worker) -> dict[str, Any]:
    """Serve until the `stop` file appears; the state is then `stopped`.

    Emits `listening` (port, url) once, and `request` (model, seconds, tokens, status) for each chat
    request. Raises AppError when no port is free, TrainingError when a model cannot be loaded.
    """
    (worker.path / "config.json").chmod(0o600)
    config = ServeConfig.model_validate(worker.config)
    with bind(config.port, fixed=config.fixed_port) as listener:
        worker.progress(0, 0, "loading")
        bundles = load_models([m.model_dump() for m in config.models])
        worker.check_stop()
        asyncio.run(_serve(worker, config, listener, Queue(bundles)))
    raise Stopped("The endpoint was stopped.")


async def _serve(
    worker: Worker, config: ServeConfig, listener: socket.socket, queue: Queue
) -> None:
    books = Books(worker)
    app = make_app(queue, key=config.key, report=books.report)
    server = Server(server_config(app))
    port = listener.getsockname()[1]
    worker.emit("listening", port=port, url=f"http://{HOST}:{port}/v1")
    watcher = asyncio.create_task(_watch(worker, server, queue, books))
    try:
        await server.serve(sockets=[listener])
    finally:
        watcher.cancel()
        queue.close()


def server_config(app: Starlette) -> uvicorn.Config:
    """Quiet, without websockets, and ended after a second even when a client does not read."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )


async def _watch(worker: Worker, server: uvicorn.Server, queue: Queue, books: Books) -> None:
    """Beat while idle too, and end the server when asked to."""
    beat = 0.0
    while not server.should_exit:
        if worker.stop_requested():
            server.should_exit = True
        elif time.monotonic() - beat >= HEARTBEAT_SECONDS:
            beat = time.monotonic()
            books.heartbeat()
        await asyncio.sleep(STOP_POLL_SECONDS)
    queue.close()


def bind(port: int, *, fixed: bool = False) -> socket.socket:
    """A listening socket on 127.0.0.1 at the port, or unless `fixed` at one of the next twenty.

    Port 0 means any. Raises AppError that names what is taken.
    """
    last = port if fixed or not port else min(port + PORTS_TRIED - 1, 65_535)
    for candidate in range(port, last + 1):
        try:
            return _listen(candidate)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise AppError(f"Port {candidate} cannot be opened: {error.strerror}.") from None
    if last > port:
        raise AppError(f"Ports {port} to {last} are all taken. Choose another port.")
    raise AppError(
        f"Port {port} is taken by another program or not allowed. Stop that program, or choose "
        "another port."
    )


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # On Windows SO_REUSEADDR would share a port that another program already serves.
        name = "SO_EXCLUSIVEADDRUSE" if os.name == "nt" else "SO_REUSEADDR"
        listener.setsockopt(socket.SOL_SOCKET, getattr(socket, name), 1)
        listener.bind((HOST, port))
        listener.listen(128)  # at once: two sockets may be bound to a port, one may listen
    except OSError:
        listener.close()
        raise
    return listener
