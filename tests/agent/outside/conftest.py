"""Servers that nobody here wrote, as processes of their own; `make test-llm` installs and starts them."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

INSTALLED = Path(__file__).parents[3] / "build" / "outside"
PATIENCE_SECONDS = 30
TOLD = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> list[str]:
    """Lines of the summary at the end of the run."""
    return pytestconfig.stash.setdefault(TOLD, [])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if lines := config.stash.get(TOLD, []):
        terminalreporter.section("servers nobody here wrote")
        for line in lines:
            terminalreporter.write_line(line)


class Outside:
    """A running server: `url` without the API's path; `get` and `post` for its own controls."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.api = f"{url}/v1"

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.url + path, timeout=10, trust_env=False).raise_for_status()

    def post(self, path: str, body: Any) -> httpx2.Response:
        return httpx2.post(
            self.url + path, json=body, timeout=10, trust_env=False
        ).raise_for_status()


@pytest.fixture(scope="session")
def llmock() -> Iterator[Outside]:
    """Listens on loopback with its usual settings: offered tools are called, faults are queued."""
    program = INSTALLED / "llmock" / "bin" / "llmock"
    if not program.exists():
        pytest.skip("llmock is not installed: `make test-llm` does it, where pip finds the package")
    port = _free_port()
    with _started([str(program), "serve", "--port", str(port), "--log-level", "error"], port) as it:
        yield it


@pytest.fixture
def aimock(tmp_path: Path) -> Iterator[Callable[..., Outside]]:
    """`aimock(fixtures, **config)` starts one that answers from these fixtures."""
    program = INSTALLED / "node_modules" / ".bin" / "aimock"
    if shutil.which("node") is None:
        pytest.skip("aimock needs Node.js, which is not installed here")
    if not program.exists():
        pytest.skip("aimock is not installed: `make test-llm` does it, where npm finds the package")
    with contextlib.ExitStack() as running:

        def start(fixtures: list[dict[str, Any]], **more: Any) -> Outside:
            port = _free_port()
            answers, settings = tmp_path / f"answers{port}.json", tmp_path / f"aimock{port}.json"
            answers.write_text(json.dumps({"fixtures": fixtures}))
            llm = {"fixtures": str(answers), **more.pop("llm", {})}
            settings.write_text(json.dumps({"port": port, "llm": llm, **more}))
            return running.enter_context(_started([str(program), "--config", str(settings)], port))

        yield start


@contextlib.contextmanager
def _started(command: list[str], port: int) -> Iterator[Outside]:
    """The process, once it answers on the port; ended with the block."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LLMOCK_", "AIMOCK_"))}
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    found = Outside(f"http://127.0.0.1:{port}")
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while not _answers(found):
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            assert time.monotonic() < end, f"{command[0]} does not answer"
            time.sleep(0.05)
        yield found
    finally:
        process.terminate()
        process.wait(10)


def _answers(server: Outside) -> bool:
    try:
        return server.get("/health").is_success
    except httpx2.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
