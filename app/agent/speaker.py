"""Who answers: the connected model and the agent file it follows; whether it may be asked, and for
how much."""

import hashlib
from typing import NamedTuple
from urllib.parse import urlsplit

from app.agent.definition import AgentDefinition, find_agent
from app.agent.entries import Entry, Spent
from app.agent.runner import Runner
from app.agent.turn import Host, Turn
from app.agent.words import bold
from app.domain.wording import count
from app.errors import DeclinedError, InputError
from app.llm.client import Client, ModelError
from app.llm.connections import Connection
from app.store import meta, results
from app.store.database import Tx
from app.store.results import Usage
from app.tools.base import Card
from app.tools.session import Session

GUIDED = "guided"  # the agent that uses no model
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Speaker(NamedTuple):
    """For people: the connection, the model asked for there (empty: its own choice), the agent."""

    name: str
    model: str
    agent: str


class Speakers:
    """Chooses who answers in this program and takes a turn with them."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._models: dict[str, list[str]] = {}
        self._told: set[tuple[str, ...]] = set()

    @property
    def connection(self) -> Connection | None:
        """The assistant's connection; None when none is there or the user wants the guide."""
        if self._host.settings.agent == GUIDED:
            return None
        return self._host.connections.for_role("assistant")

    @property
    def now(self) -> Speaker | None:
        found = self.connection
        return Speaker(found.name, found.model, self._host.settings.agent) if found else None

    async def take_turn(self, turn: Turn, before: list[Entry]) -> None:
        """The model's turn, after the conversation so far.

        Raises ModelError, InputError for an agent that is not there, DeclinedError when excerpts of
        the data may not go to this host.
        """
        connection = self.connection
        if connection is None:
            raise InputError("No model is connected any more. Open Connections to choose one.")
        agent = await find_agent(self._host.home, self._host.settings.agent)
        await _consent(turn, connection)
        used_before = await used(turn)
        if reason := self._over(connection, used_before, Spent(model="")):
            await turn.say(reason)
            return
        client = await self._host.clients.client(connection)
        model = await self._model(turn, connection, agent, client)
        runner = Runner(turn, client, agent, before, model)
        try:
            await runner.run(lambda spent: self._over(connection, used_before, spent))
        finally:
            await tell_spent(turn, connection, runner.spent)

    def may_go_on(self, connection: Connection, before: Usage) -> bool:
        """Whether the limits leave room for another call."""
        return not self._over(connection, before, Spent(model=""))

    def _over(self, connection: Connection, before: Usage, spent: Spent) -> str:
        """Why no more may be asked for, in a sentence; empty while there is room."""
        settings = self._host.settings
        cost = connection.cost(spent.prompt_tokens, spent.answer_tokens)
        if cost is not None and (before.cost or 0) + cost >= settings.spend_cap:
            limit = f"spending limit of {settings.spend_cap:.2f}"
        elif cost is None and before.tokens + spent.tokens >= settings.token_cap:
            limit = f"limit of {count(settings.token_cap, 'token')}"
        else:
            return ""
        return (
            f"The {limit} for this dataset is reached, so I asked no more. Settings can raise it."
        )

    async def _model(
        self, turn: Turn, connection: Connection, agent: AgentDefinition, client: Client
    ) -> str:
        """The agent file's model where the endpoint has it; else the connection's own, named once."""
        wanted = str(agent.model_settings.get("model") or "")
        own = connection.model
        if not wanted and own:
            return own
        models = await self._listed(connection, client)
        if wanted and (wanted in models or not (models or own)):
            return wanted
        chosen = own or next(iter(models), "")
        if not chosen:
            raise InputError(f"{connection.name} lists no model. Name one under Connections.")
        if wanted and (key := (agent.name, connection.id, wanted, chosen)) not in self._told:
            self._told.add(key)
            await turn.say(
                f"The agent {bold(agent.name)} asks for the model {bold(wanted)}, which "
                f"{bold(connection.name)} does not have. I use {bold(chosen)}."
            )
        return chosen

    async def _listed(self, connection: Connection, client: Client) -> list[str]:
        """The endpoint's models, asked for once; empty where it lists none."""
        key = f"{connection.id} {connection.base_url}"
        if key not in self._models:
            try:
                self._models[key] = await client.models()
            except ModelError as error:
                if error.fault in ("key", "unreachable"):
                    raise
                return []
        return self._models[key]


async def used(turn: Turn) -> Usage:
    """What models took for the turn's dataset so far."""
    return await turn.read(results.usage) if turn.has_dataset else Usage()


async def tell_spent(turn: Turn, connection: Connection, spent: Spent) -> None:
    """Keep what a turn took, where it took anything."""
    if spent.tokens:
        cost = connection.cost(spent.prompt_tokens, spent.answer_tokens)
        await turn.emit(spent.model_copy(update={"cost": cost}))


def host_of(connection: Connection) -> str:
    """The host that a connection sends to, with its port where one is named."""
    return urlsplit(connection.base_url).netloc.rpartition("@")[2]


def is_local(connection: Connection) -> bool:
    """Whether what is sent stays on this computer."""
    return urlsplit(connection.base_url).hostname in LOOPBACK


async def consented(session: Session, connection: Connection) -> bool:
    """Whether excerpts of the dataset may go to this connection: a local one, or by an earlier yes."""
    if is_local(connection):
        return True
    return host_of(connection) in await session.store.read(meta.get, "hosts", [])


async def _consent(turn: Turn, connection: Connection) -> None:
    """Ask once a dataset and host; raises DeclinedError at a no."""
    if not turn.has_dataset or await consented(turn.session, connection):
        return
    host, session = host_of(connection), turn.session
    sent = "Your messages, results of tools, excerpts of records"
    card = Card(
        tool="send_to_host",
        title=f"Send excerpts of this dataset to {host}?",
        rows=[("Connection", connection.name), ("Model", connection.model), ("Sent", sent)],
        verb="Send",
        note="Asked once a dataset and host",
        warning=""
        if connection.base_url.startswith("https:")
        else "The way there is not encrypted.",
        key=hashlib.blake2b(f"{session.dataset_id} {host}".encode()).hexdigest()[:32],
    )
    if not await turn.approve(card):
        raise DeclinedError(f"Nothing was sent to {host}.")
    await session.store.transaction(_allow, host)


def _allow(tx: Tx, host: str) -> None:
    meta.put(tx, "hosts", sorted({*meta.get(tx, "hosts", []), host}))
