"""The guide's actions by name: what a button or a plain command can ask for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.registry import Registry

if TYPE_CHECKING:
    from app.agent.turn import Turn

Function = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Action:
    """`quick` actions only look and talk: they are answered while a long tool is running."""

    name: str
    function: Function
    quick: bool
    needs_dataset: bool

    async def __call__(self, turn: "Turn", /, **arguments: object) -> None:
        await self.function(turn, **arguments)


ACTIONS: Registry[Action] = Registry("action")


def action(*, quick: bool = False, needs_dataset: bool = True) -> Callable[[Function], Function]:
    """Register `async def name(turn, ...)` as an action of that name."""

    def register(function: Function) -> Function:
        name = function.__name__
        ACTIONS.add(name, Action(name, function, quick, needs_dataset))
        return function

    return register
