"""The command `chat` as a process of its own, as people and scripts run it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from app import paths, settings
from app.settings import Settings
from tests.programs import running

ROOT = Path(__file__).parents[2]
LONGEST = 60.0  # seconds until a chat that says nothing counts as hanging
ROWS = [
    {
        "messages": [{"role": "user", "content": f"question {n}"}],
        "preview": f"question {n}",
        "content_hash": f"h{n}",
        "cluster": f"c{n}",
        "split": ("train", "train", "train", "validation", "test")[n % 5],
        "tokens": 5,
        "valid": True,
        "issues": [],
        "reference": '"yes"',
    }
    for n in range(1, 31)
]


@dataclass
class Chat:
    """`events` are all that were read so far."""

    process: asyncio.subprocess.Process
    events: list[dict[str, Any]] = field(default_factory=list)

    async def write(self, *lines: str | dict[str, Any]) -> None:
        """Lines of input; a dict as JSON."""
        assert self.process.stdin is not None
        for line in lines:
            text = line if isinstance(line, str) else orjson.dumps(line).decode()
            self.process.stdin.write(f"{text}\n".encode())
        await self.process.stdin.drain()

    async def until(self, name: str, times: int = 1) -> dict[str, Any]:
        """Read events until one of this name came, so many times from now on."""
        assert self.process.stdout is not None
        async with asyncio.timeout(LONGEST):
            while times:
                line = await self.process.stdout.readline()
                assert line, f"the output ended before {name!r}: {self.events[-3:]}"
                event: dict[str, Any] = orjson.loads(line)
                self.events.append(event)
                times -= event["event"] == name
        return event

    def of(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == name]

    def interrupt(self) -> None:
        """Ctrl+C."""
        self.process.send_signal(signal.SIGINT)

    async def end(self) -> tuple[int, str, str]:
        """End the input; the exit code, what is left of stdout, and stderr."""
        async with asyncio.timeout(LONGEST):
            out, err = await self.process.communicate(b"")
        assert self.process.returncode is not None
        self.events += [orjson.loads(line) for line in out.splitlines() if line.startswith(b"{")]
        return self.process.returncode, out.decode(), err.decode()


async def prepare(home: Path, name: str = "Tickets", *, openings: bool = False) -> None:
    """A user folder with one dataset of 30 records; the assistant speaks first only when told to."""
    async with running(home, ROWS, name=name, goal="Answer yes"):
        pass
    settings.save(home, Settings(openings=openings))


@asynccontextmanager
async def chat(*arguments: str | Path, **environment: str) -> AsyncIterator[Chat]:
    """`async with chat("Tickets", "--json") as c`; whatever is left of it is ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "chat", *map(str, arguments)),
        cwd=ROOT,
        env={**os.environ, "RFT_STUDIO_HOME": str(paths.home()), **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1_000_000,
    )
    try:
        yield Chat(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
