"""Who answers: the connected model and the agent file it follows; whether it may be asked, and for
how much."""

from typing import NamedTuple

from app.agent.definition import AgentDefinition, find_agent
from app.agent.entries import Entry, Spent
from app.agent.runner import Runner
from app.agent.turn import Host, Turn
from app.agent.words import bold
from app.errors import DeclinedError, InputError, Stopped
from app.llm.client import ModelError
from app.llm.connections import Connection
from app.store import results
from app.store.results import Usage
from app.tools.consent import consent, limit_reached

GUIDED = "guided"  # the agent that uses no model
UNSPENT = Spent(model="")
SENT = "Your messages, results of tools, excerpts of records"


class Speaker(NamedTuple):
    """For people: the connection, the model asked for there (empty: its own choice), the agent."""

    name: str
    model: str
    agent: str


class Speakers:
    """Chooses who answers in this program and takes a turn with them."""

    def __init__(self, host: Host) -> None:
        self._host = host
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

        Raises ModelError, InputError for an agent that is not there, Stopped when excerpts of the data
        may not go to this host.
        """
        connection = self.connection
        if connection is None:
            raise InputError("No model is connected any more. Open Connections to choose one.")
        agent = await find_agent(self._host.home, self._host.settings.agent)
        await _consent(turn, connection)
        used_before = await used(turn)
        if reason := self.over(connection, used_before):
            await turn.say(reason)
            return
        client = await self._host.clients.client(connection)
        model = await model_for(self._host, connection, agent)
        runner = Runner(turn, client, agent, before, model, context=connection.context)
        try:
            await runner.run(lambda spent: self.over(connection, used_before, spent))
        finally:
            await tell_spent(turn, connection, runner.spent)
        await self._tell_other(turn, connection, agent, model)

    def over(self, connection: Connection, before: Usage, spent: Spent = UNSPENT) -> str:
        """Why no more may be asked for, in a sentence; empty while there is room."""
        tokens = {"prompt_tokens": spent.prompt_tokens, "answer_tokens": spent.answer_tokens}
        limit = limit_reached(self._host.settings, connection, before, **tokens)
        if not limit:
            return ""
        return (
            f"The {limit} for this dataset is reached, so I asked no more. Settings can raise it."
        )

    async def _tell_other(
        self, turn: Turn, connection: Connection, agent: AgentDefinition, model: str
    ) -> None:
        """Say once that the agent file's model was not there. After the turn: the model reads it too."""
        wanted = _wanted(agent)
        key = (agent.name, connection.id, wanted, model)
        if wanted not in ("", model) and key not in self._told:
            self._told.add(key)
            await turn.say(
                f"The agent {bold(agent.name)} asks for the model {bold(wanted)}, which "
                f"{bold(connection.name)} does not have. I used {bold(model)}."
            )


async def model_for(host: Host, connection: Connection, agent: AgentDefinition) -> str:
    """The agent file's model where the endpoint has it, else the connection's own, else its first.

    Raises ModelError, InputError where there is none.
    """
    wanted, own = _wanted(agent), connection.model
    if own and not wanted:
        return own
    models = await _listed(host, connection)
    if wanted and (wanted in models or not (models or own)):
        return wanted
    if chosen := own or next(iter(models), ""):
        return chosen
    raise InputError(f"{connection.name} lists no model. Name one under Connections.")


def _wanted(agent: AgentDefinition) -> str:
    return str(agent.model_settings.get("model") or "")


async def _listed(host: Host, connection: Connection) -> list[str]:
    """The endpoint's models; empty where it does not list any."""
    try:
        return await host.clients.models(connection)
    except ModelError as error:
        if error.fault in ("key", "unreachable"):
            raise
        return []


async def used(turn: Turn) -> Usage:
    """What models took for the turn's dataset so far."""
    return await turn.read(results.usage) if turn.has_dataset else Usage()


async def tell_spent(turn: Turn, connection: Connection, spent: Spent) -> None:
    """Keep what a turn took, where it took anything."""
    if spent.tokens:
        cost = connection.cost(spent.prompt_tokens, spent.answer_tokens)
        await turn.emit(spent.model_copy(update={"cost": cost}))


async def _consent(turn: Turn, connection: Connection) -> None:
    """Ask once a dataset and host; raises Stopped at a no."""
    if not turn.has_dataset:
        return
    try:
        await consent(turn.session, connection, turn.approve, SENT)
    except DeclinedError as error:
        raise Stopped(f"{error} Without it I am the guided assistant.") from error
