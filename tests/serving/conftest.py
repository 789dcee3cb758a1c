"""Real endpoints on loopback with small real models, on the test's own loop or in a worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.serving.queue import Queue
from app.serving.serve_worker import Server, bind, server_config
from app.serving.server import make_app
from app.training.model import Bundle, save_model
from tests.training.conftest import tiny_bundle

KEY = "test-key"
ASKED: list[dict[str, Any]] = [{"role": "user", "content": "i lost my card"}]


@dataclass
class Local:
    """An endpoint under test: where it is, a client with its key, and what it reported."""

    url: str
    http: httpx2.AsyncClient
    queue: Queue
    reports: list[dict[str, Any]] = field(default_factory=list)

    async def ask(self, **fields: Any) -> httpx2.Response:
        body = {"model": "tuned", "messages": ASKED, "max_tokens": 24, **fields}
        return await self.http.post("/chat/completions", json=body)

    async def reported(self, count: int) -> list[dict[str, Any]]:
        while len(self.reports) < count:
            await asyncio.sleep(0.01)
        return self.reports


@asynccontextmanager
async def serving(queue: Queue) -> AsyncIterator[Local]:
    reports = list[dict[str, Any]]()
    server = Server(server_config(make_app(queue, key=KEY, report=reports.append)))
    with bind(0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        task = asyncio.create_task(server.serve(sockets=[listener]))
        headers = {"Authorization": f"Bearer {KEY}"}
        try:
            async with httpx2.AsyncClient(
                base_url=url, headers=headers, trust_env=False, timeout=20
            ) as http:
                yield Local(url, http, queue, reports)
        finally:
            queue.close()
            server.should_exit = True
            await task


@pytest.fixture(scope="session")
def tuned() -> Bundle:
    return tiny_bundle(seed=0)


@pytest.fixture(scope="session")
def base() -> Bundle:
    return tiny_bundle(seed=1)


@pytest.fixture(scope="session")
def folders(tuned: Bundle, base: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model folders `tuned` and `base`."""
    home = tmp_path_factory.mktemp("models")
    save_model(tuned, home / "tuned")
    save_model(base, home / "base")
    return home
