"""Clients are made once, anew when an address or key changed, and without loading what is slow."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.llm.client import Ask, ModelError
from app.llm.clients import Clients
from app.llm.connections import Connection, Connections
from tests.llm.scripted import MODEL, says, scripted

ROOT = Path(__file__).parents[2]
ASKED = Ask(model=MODEL, messages=[{"role": "user", "content": "hello"}])
SLOW = ("keyring", "openai")


@asynccontextmanager
async def connected(home: Path, url: str) -> AsyncIterator[tuple[Clients, Connections, Connection]]:
    connections = Connections(home, {})
    mine = Connection(id="mine", name="Mine", base_url=url)
    connections.put(mine)
    clients = Clients(connections)
    try:
        yield clients, connections, mine
    finally:
        await clients.close()


async def test_the_models_are_listed_once_however_many_ask_at_a_time(tmp_path: Path):
    async with scripted() as server, connected(tmp_path, server.url) as (clients, _, mine):
        both = await asyncio.gather(clients.models(mine), clients.models(mine))
        assert both == [[MODEL], [MODEL]]
        assert await clients.models(mine) == [MODEL]


async def test_a_client_is_kept_until_its_address_or_key_changes(tmp_path: Path):
    async with (
        scripted(says("a"), says("b")) as server,
        connected(tmp_path, server.url) as (clients, connections, mine),
    ):
        first, same = await asyncio.gather(clients.client(mine), clients.client(mine))
        assert first is same
        _ = [part async for part in first.stream(ASKED)]
        connections.set_key("mine", "new-key")
        second = await clients.client(mine)
        assert second is not first
        _ = [part async for part in second.stream(ASKED)]
        moved = mine.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
        assert await clients.client(moved) is not second
    assert server.keys == ["Bearer none", "Bearer new-key"]


async def test_a_replaced_client_still_ends_what_it_began(tmp_path: Path):
    async with (
        scripted(says("one two three")) as server,
        connected(tmp_path, server.url) as (clients, connections, mine),
    ):
        stream = (await clients.client(mine)).stream(ASKED)
        heard = [await anext(stream)]
        connections.set_key("mine", "other")
        await clients.client(mine)
        heard += [part async for part in stream]
    assert len(heard) == 4


async def test_one_that_is_tried_out_is_not_kept(tmp_path: Path):
    async with (
        scripted() as server,
        connected(tmp_path, "http://127.0.0.1:9/v1") as (clients, _, mine),
    ):
        tried = mine.model_copy(update={"base_url": server.url})
        client = await clients.try_out(tried, "key")
        assert await client.models() == [MODEL]
        await client.close()
        with pytest.raises(ModelError, match="cannot be reached"):
            await (await clients.client(mine)).models()


@pytest.mark.parametrize("proxy", ["nonsense://x:1", "http://me:hidden@x:port"])
async def test_a_proxy_that_cannot_be_used_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
):
    monkeypatch.setenv("ALL_PROXY", proxy)
    async with connected(tmp_path, "https://example.org/v1") as (clients, _, mine):
        with pytest.raises(ModelError, match="Correct HTTP_PROXY") as caught:
            await clients.client(mine)
    assert "hidden" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_this_computer_is_asked_without_the_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with scripted() as server, connected(tmp_path, server.url) as (clients, _, mine):
        assert await (await clients.client(mine)).models() == [MODEL]


async def test_an_organisation_of_openai_is_told_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    async with connected(tmp_path, "http://127.0.0.1:9/v1") as (clients, _, mine):
        client = await clients.try_out(mine, "")
        sdk = client._sdk  # type: ignore[attr-defined]
        assert "org-mine" not in str(dict(sdk.default_headers))
        await client.close()


@pytest.mark.parametrize("module", ["app.wiring", "app.ui.main_window", "app.ui.connections"])
def test_what_is_slow_is_not_loaded_with_the_program(module: str):
    script = f"import sys, {module}; print([m for m in {SLOW} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
