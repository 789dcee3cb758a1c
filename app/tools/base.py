"""What a tool is: a typed async function; its signature is its schema, its docstring its description.

Here, once for every caller: argument validation, the step gate, approval. No tool knows a widget.
"""

import hashlib
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from app.domain.steps import Step
from app.errors import DeclinedError, GateError, ToolError
from app.jobs import Job, Jobs
from app.registry import Registry
from app.settings import Settings
from app.store.library import Library
from app.tools.session import Session

log = logging.getLogger(__name__)
T = TypeVar("T")
Actor = Literal["user", "assistant", "command line"]
Effect = Literal["read", "reversible", "consequential"]


class Card(BaseModel):
    """What is asked before a consequential call, drawn from the app's own state, never from words
    of a model. `key` binds the answer to the tool, its arguments and the inputs' versions."""

    tool: str
    step: str = ""
    title: str
    rows: list[tuple[str, str]]
    verb: str
    note: str = ""
    warning: str = ""
    key: str = ""


Approver = Callable[[Card], Awaitable[bool]]


async def refuse(card: Card) -> bool:
    """The approver of a program that cannot ask anyone."""
    return False


@dataclass
class Context:
    """What a tool works with: the open dataset, the app's parts, who calls, and how to ask."""

    library: Library
    jobs: Jobs
    settings: Settings
    session: Session | None = None
    actor: Actor = "user"
    approve: Approver = refuse
    tool: str = ""

    @property
    def open(self) -> Session:
        """The open dataset; raises ToolError when there is none."""
        if self.session is None:
            raise ToolError("No dataset is open. Open a file or choose a dataset first.")
        return self.session

    async def write(self, label: str, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """A labelled, undoable write by whoever calls this tool."""
        store = self.open.store
        return await store.write_as(self.actor, self.tool, label, work, *args, **kwargs)

    async def write_as_job(self, label: str, work: Callable[..., T], *args: Any) -> T:
        """The same for much: shown as a job, which `work` tells of by its last argument; a Stop takes
        all of it back. Raises Stopped."""

        async def run(job: Job) -> T:
            return await job.follow(
                lambda tell: self.write(label, work, *args, tell), f"{label}: {UNCHANGED}"
            )

        return await self.jobs.run(label, run, dataset_id=self.open.dataset_id)


UNCHANGED = "stopped, nothing was changed."  # of work that is one transaction
Function = Callable[..., Awaitable[BaseModel]]
CardMaker = Callable[..., Awaitable[Card | None]]


@dataclass(frozen=True)
class Tool:
    """A registered tool. `step` names the gate it stands behind; `card` draws its approval."""

    name: str
    description: str
    arguments: type[BaseModel]
    function: Function
    effect: Effect
    step: Step | None
    card: CardMaker | None
    ask_user: bool

    def spec(self) -> dict[str, Any]:
        """The tool in the form the OpenAI API takes."""
        schema = self.arguments.model_json_schema()
        function = {"name": self.name, "description": self.description, "parameters": schema}
        return {"type": "function", "function": function}

    def parse(self, arguments: dict[str, Any] | str) -> dict[str, Any]:
        """Validated arguments by name; raises ToolError naming each wrong one."""
        try:
            if isinstance(arguments, str):
                parsed = self.arguments.model_validate_json(arguments or "{}")
            else:
                parsed = self.arguments.model_validate(arguments)
        except ValidationError as error:
            wrong = "; ".join(
                f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors()
            )
            known = ", ".join(self.arguments.model_fields) or "none"
            raise ToolError(f"{self.name}: {wrong}. Its arguments: {known}.") from error
        return {name: getattr(parsed, name) for name in self.arguments.model_fields}

    async def __call__(self, ctx: Context, arguments: dict[str, Any] | str = "{}") -> BaseModel:
        """Run the tool. Raises ToolError (and its kinds GateError, DeclinedError) or another AppError."""
        values = self.parse(arguments)
        dataset = values.get("dataset_id") or values.get("workflow_id")
        if (
            dataset
            and ctx.session
            and dataset not in (ctx.session.dataset_id, ctx.session.workflow_id)
        ):
            raise ToolError(f"{dataset!r} is not the open dataset ({ctx.session.dataset_id}).")
        ctx = replace(ctx, tool=self.name)
        await self._gate(ctx)
        await self._approval(ctx, values)
        log.info("tool %s by %s", self.name, ctx.actor)
        return await self.function(ctx, **values)

    async def _gate(self, ctx: Context) -> None:
        if self.step and (missing := await ctx.open.missing_for(self.step)):
            raise GateError(self.step, missing)

    async def _approval(self, ctx: Context, values: dict[str, Any]) -> None:
        """Ask when needed; the answer holds once, for these arguments and this state of the data."""
        asks = self.effect == "consequential" and (ctx.actor != "user" or self.ask_user)
        if not asks or self.card is None:
            return
        if (card := await self.card(ctx, **values)) is None:
            return
        card = card.model_copy(update={"key": await self._key(ctx, values)})
        if not await ctx.approve(card):
            raise DeclinedError(f"Not done: “{card.title}” was declined.")
        if card.key != await self._key(ctx, values):
            raise ToolError(f"“{card.title}”: the data changed while you decided. Ask again.")

    async def _key(self, ctx: Context, values: dict[str, Any]) -> str:
        state = await ctx.open.inputs() if ctx.session else ""
        plain = orjson.dumps(values, default=str, option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(self.name.encode() + plain + state.encode()).hexdigest()[:32]


TOOLS: Registry[Tool] = Registry("tool")


def tool(
    effect: Effect = "reversible",
    *,
    step: Step | None = None,
    card: CardMaker | None = None,
    ask_user: bool = False,
) -> Callable[[Function], Function]:
    """Register an async function as a tool under its own name.

    `effect`: read tools run; reversible ones run and can be undone; consequential ones ask by `card`
    when not called by the user's own hand, and always when `ask_user`.
    """
    if effect == "consequential" and card is None:
        raise AssertionError("a consequential tool draws a card")

    def register(function: Function) -> Function:
        parameters = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        fields: dict[str, Any] = {
            p.name: (p.annotation, ... if p.default is p.empty else p.default) for p in parameters
        }
        name = function.__name__
        arguments = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
        description = inspect.getdoc(function) or ""
        TOOLS.add(name, Tool(name, description, arguments, function, effect, step, card, ask_user))
        return function

    return register
