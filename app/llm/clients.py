"""The clients of the connected endpoints, made when one is first asked for; loads the `openai` package
in a thread, since that takes 0.6 s."""

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from app.llm.client import Client
from app.llm.connections import Connection, Connections
from app.llm.discover import Found, find_local

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class _Made:
    address: str
    name: str
    key: str = field(repr=False)
    client: Client = field(repr=False)
    models: list[str] = field(default_factory=list, repr=False)  # as it listed them, once asked


class Clients:
    """One client for each connection, made anew when its address, name or key has changed.

    `on_change` hears on the event loop that connections, or `found`, are others now. `found` are the
    local servers that answered when this computer was looked over last.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self.on_change: list[Callable[[], None]] = []
        self.found: list[Found] = []
        self._made: dict[str, _Made] = {}
        self._replaced: list[Client] = []  # a turn may still be hearing one
        self._making = asyncio.Lock()

    async def client(self, connection: Connection) -> Client:
        """Of a saved connection; raises ModelError when its key, or a proxy, cannot be used."""
        async with self._making:
            key = await asyncio.to_thread(self._connections.key, connection.id)
            wanted = (connection.base_url, connection.name, key)
            made = self._made.get(connection.id)
            if made is not None and (made.address, made.name, made.key) == wanted:
                return made.client
            if made is not None:
                self._replaced.append(made.client)
            client = await asyncio.to_thread(_make, *wanted)
            self._made[connection.id] = _Made(*wanted, client)
            return client

    async def models(self, connection: Connection) -> list[str]:
        """What a saved connection's endpoint lists, asked for once; raises ModelError."""
        client = await self.client(connection)
        made = self._made[connection.id]
        if not made.models:
            made.models[:] = await client.models()  # two may have asked at once
        return list(made.models)

    async def try_out(self, connection: Connection, key: str) -> Client:
        """A client of a connection that is not saved; whoever asks for it closes it."""
        return await asyncio.to_thread(_make, connection.base_url, connection.name, key)

    async def change(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call one of the methods of Connections that write, off the event loop, and tell of it."""
        try:
            return await asyncio.to_thread(work, *args, **kwargs)
        finally:
            self._tell()

    async def look_around(self) -> None:
        """See which local servers answer now."""
        found = await find_local()
        if found != self.found:
            self.found = found
            self._tell()

    def offered(self) -> list[Found]:
        """The local servers found that are not connected yet."""
        known = {connection.base_url for connection in self._connections.all}
        same = {url.replace("//localhost:", "//127.0.0.1:") for url in known}
        return [found for found in self.found if found.preset.base_url not in same]

    def _tell(self) -> None:
        for listener in list(self.on_change):
            listener()

    async def close(self) -> None:
        """Close every client that was given out."""
        clients = [*self._replaced, *(made.client for made in self._made.values())]
        self._replaced, self._made = [], {}
        for client in clients:
            await client.close()


def _make(address: str, name: str, key: str) -> Client:
    module = importlib.import_module("app.llm.openai")
    client: Client = module.OpenAIClient(address, key, name=name)
    return client
