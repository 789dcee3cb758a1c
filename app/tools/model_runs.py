"""A run of billed questions to the connected model: its limit, diary, progress and result; what is asked
and what becomes of the answers is others' matter."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from app.domain.wording import count
from app.errors import AppError, StoreError, ToolError
from app.generation.asking import Asking, Asks
from app.generation.journal import Journal
from app.jobs import Job
from app.llm.address import host_of
from app.llm.client import Client
from app.llm.connections import Connection
from app.store import results
from app.store.database import explain
from app.store.results import Kind, State, Usage
from app.tools.base import Context
from app.tools.consent import limit_reached

T = TypeVar("T")
DIARY = "answers.jsonl"
# What a run that was cut off becomes: it can be gone on with, or is quickly asked again.
CUT: dict[Kind, State] = {
    "generation": "paused",
    "model_categories": "paused",
    "model_topics": "failed",
}
CLOSED = "The app was closed while it ran."
RESUMABLE = f"{CLOSED} Go on with it: nothing is paid twice."


def generator(ctx: Context) -> Connection | None:
    """The connection that writes, names and sorts; None where none is there."""
    return ctx.connections.for_role("generator") if ctx.connections else None


def price_rows(
    ctx: Context,
    connection: Connection,
    prompt_tokens: int,
    answer_tokens: int,
    *,
    word: str = "about",
    more: str = "",
) -> list[tuple[str, str]]:
    """Who is asked and what it costs, for a card; `word` stands before the numbers, `more` after the
    tokens."""
    cost = connection.cost(prompt_tokens, answer_tokens)
    tokens = prompt_tokens + answer_tokens
    price = f"price not known; at most {count(ctx.settings.token_cap, 'token')} for this dataset"
    if cost is not None:
        figure = f"{word} {cost:.2f}" if cost >= 0.01 else "under 0.01"
        price = f"{figure}, at most {ctx.settings.spend_cap:.2f} for this dataset in all"
    return [
        ("Model", f"{connection.model or 'its first'}, {connection.name}"),
        ("Endpoint", host_of(connection.base_url)),
        ("Tokens", f"{word} {tokens:,}{more}"),
        ("Cost", price),
    ]


@contextmanager
def alone(ctx: Context, job: str, busy: str) -> Iterator[None]:
    """Held from before the user's consent is asked to the end of the run: of two calls for the same only
    one asks and pays. Raises ToolError, saying `busy`, where another holds it or runs that job."""
    session = ctx.open
    running = (j for j in ctx.jobs.active if j.dataset_id == session.dataset_id)
    if job in session.asking or any(j.name == job for j in running):
        raise ToolError(busy)
    session.asking.add(job)
    try:
        yield
    finally:
        session.asking.discard(job)


class ModelRun:
    """One run; `id` is the result it fills, `journal` keeps each answer before it counts."""

    def __init__(self, ctx: Context, connection: Connection, kind: Kind, run_id: int) -> None:
        self.connection, self.id = connection, run_id
        self._ctx, self._kind, self._store = ctx, kind, ctx.open.store
        self.folder = folder_of(ctx, kind, run_id)
        self.journal = Journal(self.folder / DIARY)
        self._before = Usage()

    @classmethod
    async def begin(
        cls, ctx: Context, connection: Connection, kind: Kind, **data: Any
    ) -> "ModelRun":
        """A new run, stored as running."""
        started = {"host": host_of(connection.base_url), "actor": ctx.actor, **data}
        run_id = await ctx.open.store.transaction(results.add, kind, state="running", data=started)
        return cls(ctx, connection, kind, run_id)

    async def work(self, name: str, work: Callable[[Job], Awaitable[T]]) -> T:
        """Do the asking as a job. When it is cut off, the result says so and keeps what was paid. Raises
        StoreError where the disk is full."""

        async def kept(job: Job) -> T:
            try:
                await asyncio.to_thread(self.folder.mkdir, parents=True, exist_ok=True)
                await self.journal.load()
                self._before = await self._store.read(results.usage, without=self.id)
                return await work(job)
            except OSError as error:
                said = explain(error, self.folder)
                await self.end(CUT[self._kind], error=said)
                raise StoreError(said) from error
            except BaseException as error:
                said = str(error) if isinstance(error, AppError) else "It was cut off."
                await self.end(CUT[self._kind], error=said)
                raise

        return await self._ctx.jobs.run(name, kept, dataset_id=self._ctx.open.dataset_id)

    async def asking(self, job: Job, what: Asks, tell: Callable[[str], None]) -> Asking:
        """What asks the endpoint, within the limit; the job's Stop ends it."""
        clients = self._ctx.clients
        assert clients is not None  # there is a connection
        client = await clients.client(self.connection)
        model = await _model(client, self.connection)
        asking = Asking(client, model, what, self.journal, over=self._over, tell=tell)
        job.stop_hook = asking.stopping.set
        return asking

    @property
    def spent(self) -> dict[str, Any]:
        """Tokens of all answers so far, and their cost where the prices are known."""
        return _spent(self.journal, self.connection)

    @property
    def answered(self) -> tuple[int, int]:
        """How many answers there are, of how many asked for so far."""
        return len(self.journal.answers), sum(map(len, self.journal.waves))

    def told(self, text: str = "", kept: str = "") -> str:
        """How many answers there are, what was `kept` of them and what they took, then `text`."""
        done, asked = self.answered
        prompt, answer = self.journal.tokens
        cost = self.connection.cost(prompt, answer)
        spent = count(prompt + answer, "token") + ("" if cost is None else f", {cost:.4f} spent")
        parts = [f"{done:,} of {count(asked, 'answer')}", *filter(None, [kept]), spent]
        return f"{', '.join(parts)}. {text}".rstrip(". ")

    async def end(self, state: State, **data: Any) -> None:
        """Store how it went and what it took."""
        kept = {**self.spent, "model": self.journal.model or self.connection.model, **data}
        await self._store.transaction(results.update, self.id, state=state, data=kept)

    def _over(self, prompt_tokens: int, answer_tokens: int) -> str:
        limit = limit_reached(
            self._ctx.settings,
            self.connection,
            self._before,
            prompt_tokens=prompt_tokens,
            answer_tokens=answer_tokens,
        )
        if not limit:
            return ""
        return f"The next request could pass the {limit} for this dataset. Settings can raise it."


async def attach(ctx: Context) -> None:
    """Called when a dataset is opened: a run found running was cut off; what it took counts."""
    store, connection = ctx.open.store, generator(ctx)
    for kind, state in CUT.items():
        for result in await store.read(results.of_kind, kind):
            if result.state != "running":
                continue
            journal = Journal(folder_of(ctx, kind, result.id) / DIARY)
            await journal.load()
            said = RESUMABLE if state == "paused" else CLOSED
            data = {"error": said, **_spent(journal, connection)}
            await store.transaction(results.update, result.id, state=state, data=data)


async def _model(client: Client, connection: Connection) -> str:
    """The connection's model, else the first that the endpoint lists."""
    if connection.model:
        return connection.model
    models = await client.models()
    if not models:
        raise ToolError(f"{connection.name} lists no model. Name one under Connections.")
    return models[0]


def _spent(journal: Journal, connection: Connection | None) -> dict[str, Any]:
    prompt, answer = journal.tokens
    cost = connection.cost(prompt, answer) if connection else None
    return {"prompt_tokens": prompt, "answer_tokens": answer, "cost": cost}


def folder_of(ctx: Context, kind: Kind, run_id: int) -> Path:
    """The directory of a run; it is there once the run has begun its work."""
    return ctx.open.folder / "runs" / f"{kind.replace('_', '-')}-{run_id}"
