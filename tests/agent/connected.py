"""The assistant with a connected model that answers from a script, quick to wait and to give up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.llm.client import Client
from app.llm.clients import Clients
from app.llm.connections import Connection
from app.llm.openai import OpenAIClient
from tests.agent.conftest import OpenTalk, Talk
from tests.llm.scripted import MODEL, Answer, Scripted, scripted

Rows = list[dict[str, Any]]


class QuickClients(Clients):
    """Real clients with waits that a test can wait for."""

    def __init__(self, idle: float) -> None:
        self._idle = idle
        self._given: list[Client] = []

    async def client(self, connection: Connection) -> Client:
        made = OpenAIClient(
            connection.base_url, "sk-secret", name=connection.name, idle=self._idle, first_wait=0.01
        )
        self._given.append(made)
        return made

    async def close(self) -> None:
        for client in self._given:
            await client.close()


def connect(t: Talk, url: str, *, idle: float = 10) -> None:
    """Have the model “Mine” at this address speak."""
    t.app.clients = QuickClients(idle)
    t.app.connections.put(Connection(id="mine", name="Mine", base_url=url, model=MODEL))


@asynccontextmanager
async def connected(
    talk: OpenTalk, rows: Rows | None, *answers: Answer, idle: float = 10, **meta: Any
) -> AsyncIterator[tuple[Talk, Scripted]]:
    """A dataset is open (None: none is) and a scripted model is connected."""
    async with scripted(*answers) as server, talk(rows, **meta) as t:
        connect(t, server.url, idle=idle)
        yield t, server
