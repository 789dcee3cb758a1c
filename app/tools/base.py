"""What a tool is: a typed async function; its signature is its schema, its docstring its description.

Here, once for every caller: argument validation, the step gate, who must ask, approval. No tool knows a
widget, and no word of a model is taken for an answer.
"""

import hashlib
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, create_model, field_validator

from app.domain.plain import one_line
from app.domain.steps import Step
from app.errors import DeclinedError, GateError, RefusedError, ToolError
from app.jobs import Job, Jobs
from app.llm.clients import Clients
from app.llm.connections import Connections
from app.registry import Registry
from app.settings import Settings
from app.store.library import Library
from app.tools.session import Session

log = logging.getLogger(__name__)
T = TypeVar("T")
Actor = Literal["user", "assistant", "command line"]
Effect = Literal["read", "reversible", "guarded", "consequential"]
FREE_EDITS = 10  # calls of a turn that change something; a model asks for each further one
LINE, TITLE = 300, 200  # characters of a row, of a title


class Card(BaseModel):
    """What is asked before a call, drawn from the app's own state, never from words of a model; what
    comes from data stands on one line. `key` binds the answer to the tool, its arguments and what the
    card was drawn from. `reversible`: can be undone and deletes nothing, so a standing yes will do."""

    tool: str
    step: str = ""
    title: str
    rows: list[tuple[str, str]]
    verb: str
    note: str = ""
    warning: str = ""
    key: str = ""
    reversible: bool = False

    @field_validator("title", "verb", "note")
    @classmethod
    def _title(cls, text: str) -> str:
        return one_line(text, TITLE)

    @field_validator("warning")
    @classmethod
    def _warning(cls, text: str) -> str:
        return one_line(text, 2 * LINE)

    @field_validator("rows")
    @classmethod
    def _rows(cls, rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(one_line(label, LINE), one_line(value, LINE)) for label, value in rows]


Approver = Callable[[Card], Awaitable[bool]]


async def refuse(card: Card) -> bool:
    """The approver of a program that cannot ask anyone."""
    return False


@dataclass
class Context:
    """What a tool works with: the open dataset, the app's parts, who calls, and how to ask. `by_model`:
    a language model wrote this call; `edits` of its turn came before."""

    library: Library
    jobs: Jobs
    settings: Settings
    session: Session | None = None
    actor: Actor = "user"
    approve: Approver = refuse
    tool: str = ""
    by_model: bool = False
    edits: int = 0
    connections: Connections | None = None
    clients: Clients | None = None

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
    """A registered tool. `step` names the gate it stands behind; `card` draws its approval;
    `for_models`: whether a language model can reach it at all."""

    name: str
    description: str
    arguments: type[BaseModel]
    function: Function
    effect: Effect
    step: Step | None
    card: CardMaker | None
    ask_user: bool
    for_models: bool

    @property
    def words(self) -> str:
        """The name as people read it."""
        return self.name.replace("_", " ").capitalize()

    def spec(self) -> dict[str, Any]:
        """The tool in the form the OpenAI API takes, as short as it can be; not to be changed."""
        return self._spec

    @cached_property
    def _spec(self) -> dict[str, Any]:  # 1 ms each to make, and every request carries all of them
        schema = _lean(self.arguments.model_json_schema())
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
            raise RefusedError(f"{self.name}: {wrong}. Its arguments: {known}.") from error
        return {name: getattr(parsed, name) for name in self.arguments.model_fields}

    async def __call__(self, ctx: Context, arguments: dict[str, Any] | str = "{}") -> BaseModel:
        """Run the tool. Raises ToolError (its kinds RefusedError, GateError, DeclinedError) or another
        AppError."""
        if ctx.by_model and not self.for_models:
            raise RefusedError(f"{self.name} is not available to a model. The user can do it.")
        values = self.parse(arguments)
        dataset = values.get("dataset_id") or values.get("workflow_id")
        if (
            dataset
            and ctx.session
            and dataset not in (ctx.session.dataset_id, ctx.session.workflow_id)
        ):
            raise RefusedError(f"{dataset!r} is not the open dataset ({ctx.session.dataset_id}).")
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
        if (card := await self._card(ctx, values)) is None:
            return
        if not await ctx.approve(card):
            raise DeclinedError(f"Not done: “{card.title}” was declined.")
        now = await self._card(ctx, values)
        if now is None or now.key != card.key:
            raise RefusedError(f"“{card.title}”: the data changed while you decided. Ask again.")

    async def _card(self, ctx: Context, values: dict[str, Any]) -> Card | None:
        """What must be asked for this call as things are now, with its key; None: nothing."""
        if (card := await self._drawn(ctx, values)) is None:
            return None
        state = await ctx.open.inputs() if ctx.session else ""
        lasting = card.reversible and self.effect != "consequential"
        card = card.model_copy(update={"key": "", "tool": self.name, "reversible": lasting})
        option = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
        plain = orjson.dumps([values, card.model_dump()], default=str, option=option)
        key = hashlib.blake2b(plain + state.encode()).hexdigest()[:32]
        return card.model_copy(update={"key": key})

    async def _drawn(self, ctx: Context, values: dict[str, Any]) -> Card | None:
        asks = {
            "read": False,
            "reversible": False,
            "guarded": ctx.by_model,
            "consequential": ctx.actor != "user" or self.ask_user,
        }[self.effect]
        card = await self.card(ctx, **values) if asks and self.card is not None else None
        if card is None and ctx.by_model and self.effect != "read" and ctx.edits >= FREE_EDITS:
            return self._go_on(ctx.edits, values)
        return card

    def _go_on(self, edits: int, values: dict[str, Any]) -> Card:
        """Many small edits are a large one. A standing yes to them is none to one call for many."""
        given = ", ".join(f"{k} {v}" for k, v in values.items() if v not in (None, "", ()))
        return Card(
            tool=self.name,
            title="Let the assistant go on?",
            rows=[("Done in this turn", f"{edits} calls"), ("Next", self.words), ("With", given)],
            verb="Go on",
            reversible=self.effect == "reversible",
        )


def _lean(schema: Any) -> Any:
    """The schema without what a model can do without: titles, and null as a way to leave a value out."""
    if isinstance(schema, list):
        return [_lean(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {k: v for k, v in schema.items() if not (k == "title" and isinstance(v, str))}
    ways = [way for way in kept.get("anyOf", ()) if way != {"type": "null"}]
    if len(ways) == 1:
        kept = {**{k: v for k, v in kept.items() if k not in ("anyOf", "default")}, **ways[0]}
    return {key: _lean(value) for key, value in kept.items()}


TOOLS: Registry[Tool] = Registry("tool")


def tool(
    effect: Effect = "reversible",
    *,
    step: Step | None = None,
    card: CardMaker | None = None,
    ask_user: bool = False,
    for_models: bool = True,
) -> Callable[[Function], Function]:
    """Register an async function as a tool under its own name.

    `effect`: read tools run; reversible ones run and can be undone; guarded ones ask by `card` when a
    model calls them (many records, settings, what runs); consequential ones when not called by the
    user's own hand, and always when `ask_user`. Not `for_models`: takes a path, or speaks for the user.
    """
    if effect in ("guarded", "consequential") and for_models and card is None:
        raise AssertionError(f"a {effect} tool draws a card")

    def register(function: Function) -> Function:
        parameters = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        fields: dict[str, Any] = {
            p.name: (p.annotation, ... if p.default is p.empty else p.default) for p in parameters
        }
        name = function.__name__
        arguments = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
        description = inspect.getdoc(function) or ""
        made = Tool(
            name, description, arguments, function, effect, step, card, ask_user, for_models
        )
        TOOLS.add(name, made)
        return function

    return register
