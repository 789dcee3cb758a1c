"""Looks whether a local model server already runs on this computer; asks loopback ports only."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

import httpx2
import orjson

from app.llm.client import listed_models
from app.llm.connections import PRESETS, Preset

SECONDS = 0.6  # for all together: a server on this computer answers in a few milliseconds
MOST_BYTES = 1_000_000


class Found(NamedTuple):
    """A server that answered, and the names of its models."""

    preset: Preset
    models: list[str]


async def find_local(presets: Iterable[Preset] = PRESETS) -> list[Found]:
    """The servers that answer now, in the order of the presets; other programs on their ports do not
    count. Takes SECONDS at most."""
    local = [preset for preset in presets if preset.local]
    client = await asyncio.to_thread(httpx2.AsyncClient, trust_env=False, follow_redirects=False)
    async with client:
        answers = await asyncio.gather(*(_models(client, preset) for preset in local))
    return [Found(p, names) for p, names in zip(local, answers, strict=True) if names is not None]


async def _models(client: httpx2.AsyncClient, preset: Preset) -> list[str] | None:
    """The names a server lists; None where nothing, or something else, answers."""
    try:
        async with (
            asyncio.timeout(SECONDS),
            client.stream("GET", f"{preset.base_url}/models") as it,
        ):
            if it.status_code != 200:
                return None
            body = b""
            async for piece in it.aiter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    return None
        return listed_models(orjson.loads(body))
    except (httpx2.HTTPError, TimeoutError, orjson.JSONDecodeError):
        return None
