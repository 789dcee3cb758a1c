"""One turn of the guide: what an action may do (speak, ask, call a tool), and nothing else."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from app.agent.actions import ACTIONS
from app.agent.entries import (
    Entry,
    Message,
    Option,
    Outcome,
    Question,
    Show,
    Tone,
    ToolDone,
    ToolStarted,
    new_key,
)
from app.agent.shown import picture
from app.agent.summaries import as_written, details, summary, told, told_error
from app.domain.steps import Step
from app.errors import AppError, DeclinedError, GateError, RefusedError, Stopped
from app.jobs import Jobs
from app.llm.clients import Clients
from app.llm.connections import Connections
from app.settings import Settings
from app.store.database import Tx
from app.store.library import Library
from app.tools.base import TOOLS, Actor, Approver, Context
from app.tools.session import Session

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
STOPPED = "The user stopped this call. It may have been done in part: look before you do it again."


class Asked(NamedTuple):
    """A tool call: its id, the model's reply it belongs to (empty for the guide's own), the arguments
    as written."""

    key: str
    reply: str
    arguments: str


class Host(Protocol):
    """The program as the guide sees it: `app.wiring.App` is one."""

    home: Path
    library: Library
    jobs: Jobs
    settings: Settings
    connections: Connections
    clients: Clients
    session: Session | None

    def context(self, actor: Actor = "user", approve: Approver | None = None) -> Context: ...
    async def open_sample(self) -> Session: ...


class Turn:
    """Bound to the dataset that was open when it began; when another is opened it ends."""

    def __init__(
        self,
        host: Host,
        session: Session | None,
        emit: Callable[[Entry], Awaitable[None]],
        approve: Approver,
    ) -> None:
        self.host, self._session = host, session
        self._emit, self.approve = emit, approve
        self.heard: list[Entry] = []
        self.calling = ""
        self._edits = 0  # calls that changed something
        self.pictured: set[str] = set()  # charts and trees shown in this turn
        self.trouble: tuple[str, AppError] | None = None  # the tool that failed last, and its error
        self._tasks: set[asyncio.Task[Any]] = set()

    async def emit(self, entry: Entry) -> None:
        """Put an entry into the conversation; `heard` is all that this turn put there."""
        self.heard.append(entry)
        await self._emit(entry)

    @property
    def session(self) -> Session:
        """The dataset of this turn; raises Stopped when it is not open any more."""
        if self._session is None or self._session is not self.host.session:
            raise Stopped("The dataset was closed.")
        return self._session

    @property
    def has_dataset(self) -> bool:
        return self._session is not None

    @property
    def is_gone(self) -> bool:
        """Whether another dataset was opened meanwhile."""
        return self._session is not self.host.session

    async def read(
        self, work: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Read the store of this turn's dataset."""
        return await self.session.store.read(work, *args, **kwargs)

    async def say(self, text: str) -> None:
        """Speak; `text` is Markdown, words from data go through `words.plain`."""
        await self.emit(Message(text=text))

    async def ask(self, text: str, *options: Option) -> None:
        """Put a question card with its options; the answer begins a turn of its own."""
        await self.emit(Question(text=text, options=options))

    async def show(self, panel: str, /, **target: Any) -> None:
        """Bring a panel to the front."""
        await self.emit(Show(panel=panel, target=target))

    async def act(self, name: str, /, **arguments: Any) -> None:
        """Go on with another action in the same turn."""
        await ACTIONS[name](self, **arguments)

    async def require(self, step: Step) -> None:
        """End the turn by GateError where something must be done before `step`; the guide lists it."""
        if missing := await self.session.missing_for(step):
            raise GateError(step, missing)

    async def call(self, tool: str, /, **arguments: Any) -> Any:
        """Call a tool as the assistant and return its result; raises AppError."""
        return await self._call(tool, arguments, Asked(new_key(), "", as_written(arguments)))

    async def call_for_model(self, tool: str, asked: Asked) -> None:
        """Call a tool that a model asked for; what came of it stands in the conversation, also when
        it failed. Raises Stopped when the turn's dataset is gone."""
        try:
            await self._call(tool, asked.arguments, asked)
        except AppError as error:
            log.info("%s for a model: %s", tool, error)
            if self.has_dataset and self.is_gone:
                raise Stopped("The dataset was closed.") from error

    async def _call(self, tool: str, arguments: dict[str, Any] | str, asked: Asked) -> Any:
        """What began is always told to have ended, also when the turn is stopped. A stop does not
        wait for the tool to wind down."""
        context = self.host.context("assistant", self.approve)
        context = replace(context, by_model=bool(asked.reply), edits=self._edits)
        done = None
        self.calling = tool
        await self.emit(ToolStarted(key=asked.key, tool=tool))
        work = asyncio.ensure_future(TOOLS[tool](context, arguments))
        self._tasks.add(work)
        work.add_done_callback(self._forget)
        try:
            result = await asyncio.shield(work)
            self._edits += TOOLS[tool].effect != "read"
            done = await asyncio.to_thread(_ran, tool, asked, result)  # of a large one 0.2 s
        except asyncio.CancelledError:
            done = _cut_off(tool, asked, work)
            raise
        except AppError as error:
            done = _failed(tool, asked, error, details(error))
            self.trouble = (tool, error)
            raise
        finally:
            self.calling = ""
            if done is not None:
                await self.emit(done)
        await picture(self, tool, result)
        return result

    async def look_up(self, tool: str) -> Any:
        """The result of a read tool, without a row in the conversation."""
        return await TOOLS[tool](self.host.context("assistant", self.approve), {})

    def _forget(self, work: "asyncio.Task[Any]") -> None:
        """Take the end of a tool nobody waits for any more, so that it is not a loud surprise."""
        self._tasks.discard(work)
        if not work.cancelled() and (error := work.exception()):
            log.info("%s", error)


def _done(
    tool: str,
    asked: Asked,
    result: str,
    content: str,
    details: str = "",
    *,
    tone: Tone = "good",
    outcome: Outcome = "ran",
) -> ToolDone:
    return ToolDone(
        key=asked.key,
        tool=tool,
        result=result,
        tone=tone,
        details=details,
        outcome=outcome,
        reply=asked.reply,
        arguments=asked.arguments,
        content=content if asked.reply else "",
    )


def _cut_off(tool: str, asked: Asked, work: "asyncio.Future[Any]") -> ToolDone:
    """Of a call that a Stop met. One that had just come to its end was done, and is told so: a model
    would do it again."""
    if work.cancel() or work.cancelled() or work.exception() is not None:
        return _done(tool, asked, "stopped", STOPPED, tone="warn", outcome="stopped")
    return _ran(tool, asked, work.result())


def _ran(tool: str, asked: Asked, result: Any) -> ToolDone:
    return _done(tool, asked, summary(result), told(result), details(result))


# How a call that was not made ended: in words, its tone, its outcome. The first that fits.
_ENDS: tuple[tuple[type[AppError], str, Tone, Outcome], ...] = (
    (DeclinedError, "not approved", "warn", "declined"),
    (GateError, "too early", "bad", "refused"),
    (RefusedError, "refused", "bad", "refused"),
    (Stopped, "stopped", "warn", "stopped"),
    (AppError, "failed", "bad", "failed"),
)


def _failed(tool: str, asked: Asked, error: AppError, details: str) -> ToolDone:
    words, tone, outcome = next(end[1:] for end in _ENDS if isinstance(error, end[0]))
    return _done(tool, asked, words, told_error(error), details, tone=tone, outcome=outcome)
