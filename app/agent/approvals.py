"""Approval cards that wait for an answer; each is answered once, by the person, and else it is a no.

Nothing that a model writes comes here: an answer is a key that only the shown card has.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from app.agent.entries import CardAnswered, CardAsked, Entry, How, new_key
from app.store import meta
from app.store.database import Tx
from app.store.store import Store
from app.tools.base import Card

EXPIRES_SECONDS = 600.0  # who comes back later sees the data as it is then, and is asked again


class Answer(NamedTuple):
    """A yes or no, how it came, and whether the yes stands for the next ones too."""

    yes: bool
    how: How
    always: bool = False


class Approvals:
    """`ask` shows a card and waits for `answer`, for `decline_all`, or until it expires."""

    def __init__(self, expires: float = EXPIRES_SECONDS) -> None:
        self.expires = expires
        self._waiting: dict[str, asyncio.Future[Answer]] = {}

    async def ask(
        self, card: Card, emit: Callable[[Entry], Awaitable[None]], store: Store | None = None
    ) -> bool:
        """True when the user said yes, now or once for this dataset's `store`. A card whose asking is
        cancelled counts as declined."""
        key, answer = new_key(), Answer(False, "ended")
        if store is not None and card.reversible and card.tool in await store.read(always_allowed):
            await emit(CardAnswered(key=key, card=card, yes=True, how="always"))
            return True
        waiting = self._waiting[key] = asyncio.get_running_loop().create_future()
        try:
            await emit(CardAsked(key=key, card=card))
            async with asyncio.timeout(self.expires):
                answer = await waiting
            if store is not None and card.reversible and answer.always:
                await store.transaction(allow_always, card.tool)
        except TimeoutError:
            answer = Answer(False, "expired")
        finally:
            self._waiting.pop(key, None)
            await emit(CardAnswered(key=key, card=card, yes=answer.yes, how=answer.how))
        return answer.yes

    def answer(self, key: str, *, yes: bool, always: bool = False, how: How = "click") -> None:
        """The user's click; a second one, or one on a card that is gone, does nothing. `always` is
        for a yes to a reversible card only: the tool is not asked about again in this dataset."""
        self._settle(key, Answer(yes, how, always and yes))

    def decline_all(self) -> None:
        """Another dataset is open: what was asked about the one before is void."""
        for key in list(self._waiting):
            self._settle(key, Answer(False, "ended"))

    def _settle(self, key: str, answer: Answer) -> None:
        future = self._waiting.get(key)
        if future is not None and not future.done():
            future.set_result(answer)


def always_allowed(tx: Tx) -> list[str]:
    """The tools a model may call in this dataset without asking, by the user's standing yes."""
    return list(meta.get(tx, "always_allowed", []))


def allow_always(tx: Tx, tool: str) -> None:
    meta.put(tx, "always_allowed", sorted({*always_allowed(tx), tool}))


def revoke(tx: Tx, tool: str) -> None:
    """Ask about this tool again."""
    meta.put(tx, "always_allowed", [name for name in always_allowed(tx) if name != tool])
