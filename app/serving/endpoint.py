"""The app's handle on a serving worker; loads no model and no torch."""

import asyncio
import secrets
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from app.errors import AppError
from app.serving.client import ChatReply, chat, snippets
from app.workers import POLL_SECONDS, RunDir, end_worker, read_json, start_worker

__all__ = ["ChatReply", "Endpoint", "EndpointStats", "chat", "new_key", "snippets"]

DEFAULT_PORT = 8377
START_SECONDS = 120.0  # loading torch takes 3 s here, 15 on a cold disk; a large model more
STOP_SECONDS = 10.0  # it stops within one; leaving torch behind took 3.6 on a busy machine


class EndpointStats(BaseModel):
    """What an endpoint has done since it started; `median_seconds` None before an answer."""

    model_config = ConfigDict(frozen=True)

    requests: int
    failed: int
    tokens: int
    median_seconds: float | None


def new_key() -> str:
    """A key nobody can guess, marked as this app's."""
    return f"rft-{secrets.token_urlsafe(24)}"


@dataclass
class Endpoint:
    """A running local endpoint. `url` ends in `/v1`, as OpenAI clients want it."""

    run: RunDir
    url: str
    port: int
    key: str = field(repr=False)
    models: tuple[str, ...]
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @classmethod
    async def start(
        cls,
        run_dir: Path,
        models: Sequence[dict[str, str]],
        *,
        port: int = DEFAULT_PORT,
        key: str = "",
        fixed_port: bool = False,
        deadline: float = START_SECONDS,
    ) -> "Endpoint":
        """Serve `{"id", "path"}` models from a worker; returns once it takes requests.

        Another port is taken when the wanted one is not free, unless `fixed_port`. Without a key a
        new one is made. Raises AppError with the worker's reason, or when `deadline` seconds pass.
        """
        run, key = RunDir(run_dir), key or new_key()
        if run.alive():
            raise AppError("This endpoint runs already. Stop it before starting it anew.")
        run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        run_dir.chmod(0o700)  # the configuration holds the key
        (run_dir / "events.jsonl").unlink(missing_ok=True)
        settings = {"port": port, "key": key, "fixed_port": fixed_port}
        process = await start_worker("serve", run, {"models": list(models), **settings})
        try:
            event = await _listening(run, process, deadline)
        except BaseException:
            await end_worker(run, process, grace=STOP_SECONDS)
            raise
        names = tuple(m["id"] for m in models)
        return cls(run, event["url"], event["port"], key, names, process)

    @classmethod
    def find(cls, run_dir: Path) -> "Endpoint | None":
        """The endpoint that an earlier run of the app left serving there; None when it is gone."""
        run = RunDir(run_dir)
        event = run.first_event("listening")
        if event is None or not run.alive():
            return None
        config = read_json(run_dir / "config.json")
        names = tuple(m["id"] for m in config["models"])
        return cls(run, event["url"], event["port"], config["key"], names)

    async def stop(self) -> None:
        """End it; an answer under way is cut off with an error its client can read."""
        await end_worker(self.run, self._process, grace=STOP_SECONDS)

    def alive(self) -> bool:
        return self.run.alive()

    def stats(self) -> EndpointStats:
        events = [e for e in self.run.events()[0] if e["kind"] == "request"]
        good = [e["seconds"] for e in events if e["status"] == 200]
        return EndpointStats(
            requests=len(events),
            failed=len(events) - len(good),
            tokens=sum(e["tokens"] for e in events),
            median_seconds=statistics.median(good) if good else None,
        )


async def _listening(
    run: RunDir, process: "subprocess.Popen[bytes]", deadline: float
) -> dict[str, Any]:
    end, offset = time.monotonic() + deadline, 0
    while time.monotonic() < end:
        gone = process.poll() is not None
        events, offset = run.events(offset)
        for event in events:
            if event["kind"] == "listening":
                return event
        if gone:
            raise AppError(run.status().error or run.mark_dead().error)
        await asyncio.sleep(POLL_SECONDS)
    raise AppError(
        f"The endpoint did not start within {deadline:.0f} seconds. {run.log_tail()}".strip()
    )
