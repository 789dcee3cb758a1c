"""The serving worker as the app uses it: started, asked, found again, stopped."""

import asyncio
import stat
import sys
from pathlib import Path

import pytest

from app.errors import AppError, InputError, ProviderError, TrainingError
from app.serving.client import chat
from app.serving.endpoint import Endpoint
from app.serving.queue import load_models
from app.serving.serve_worker import bind
from app.training.model import Bundle
from app.workers import RunDir
from tests.serving.conftest import ASKED
from tests.serving.test_server import greedy


async def test_from_start_to_stop(
    folders: Path, tuned: Bundle, base: Bundle, tmp_path: Path
) -> None:
    models = [{"id": name, "path": str(folders / name)} for name in ("tuned", "base")]
    with bind(0) as taken:
        port = taken.getsockname()[1]
        endpoint = await Endpoint.start(tmp_path / "run", models, port=port)
    try:
        assert port < endpoint.port <= port + 20
        mode = (tmp_path / "run" / "config.json").stat().st_mode
        assert sys.platform == "win32" or stat.S_IMODE(mode) == 0o600
        pieces: list[str] = []
        for name, bundle in (("tuned", tuned), ("base", base)):
            reply = await chat(
                endpoint.url, endpoint.key, name, ASKED, max_tokens=24, on_text=pieces.append
            )
            assert (reply.text, reply.finish, reply.tokens) == greedy(bundle)
        assert len(pieces) > 2
        await refusals(endpoint)
        stats = endpoint.stats()
        assert (stats.requests, stats.failed) == (3, 1)
        assert stats.median_seconds is not None
        found = Endpoint.find(tmp_path / "run")
        assert found is not None
        assert (found.url, found.key, found.models) == (
            endpoint.url,
            endpoint.key,
            endpoint.models,
        )
        with pytest.raises(AppError, match="runs already"):
            await Endpoint.start(tmp_path / "run", models)
        await idle_heartbeat(endpoint)
    finally:
        await endpoint.stop()
    assert endpoint.run.status().state == "stopped", "it ended by itself"
    assert not endpoint.alive()
    assert Endpoint.find(tmp_path / "run") is None
    with pytest.raises(ProviderError, match="did not answer"):
        await chat(endpoint.url, endpoint.key, "tuned", ASKED)


async def refusals(endpoint: Endpoint) -> None:
    with pytest.raises(ProviderError, match="no model 'other'"):
        await chat(endpoint.url, endpoint.key, "other", ASKED)
    with pytest.raises(ProviderError, match="key is missing or wrong"):
        await chat(endpoint.url, "wrong", "tuned", ASKED)


async def idle_heartbeat(endpoint: Endpoint) -> None:
    """The heartbeat goes on while nobody asks."""
    before = endpoint.run.status().heartbeat
    async with asyncio.timeout(10):
        while endpoint.run.status().heartbeat == before:
            await asyncio.sleep(0.05)
    assert endpoint.run.status().text.startswith("requests: 3, median")


async def test_failures_are_told(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = [{"id": "m", "path": str(folders / "tuned")}]
    monkeypatch.setattr("app.serving.endpoint.STOP_SECONDS", 0.0)  # the late one is ended at once
    with pytest.raises(AppError, match="did not start within 0 seconds"):
        await Endpoint.start(tmp_path / "late", models, deadline=0.1)
    with bind(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AppError, match=f"Port {port} is taken by another program"):
            await Endpoint.start(tmp_path / "taken", models, port=port, fixed_port=True)


def test_unusable_models_are_named(folders: Path, tmp_path: Path) -> None:
    good = {"id": "m", "path": str(folders / "tuned")}
    with pytest.raises(TrainingError, match=r"has no config\.json"):
        load_models([good, {"id": "n", "path": str(tmp_path)}])
    with pytest.raises(InputError, match="Two models are named 'm'"):
        load_models([good, good])
    assert load_models([good, {**good, "id": "n"}])["n"] is not None
    with pytest.raises(InputError, match="No model"):
        load_models([])


def test_key_is_not_in_the_handles_repr(tmp_path: Path) -> None:
    endpoint = Endpoint(RunDir(tmp_path), "http://x/v1", 1, "secret", ("m",))
    assert "secret" not in repr(endpoint)


def test_only_this_computer_is_listened_to() -> None:
    with bind(0) as first:
        assert first.getsockname()[0] == "127.0.0.1"
        port = first.getsockname()[1]
        with bind(port) as second:
            assert second.getsockname()[1] != port
        with pytest.raises(AppError, match=f"Port {port} is taken"):
            bind(port, fixed=True)
