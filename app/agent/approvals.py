"""Approval cards that wait for an answer; each is answered once, and declined when nobody can."""

import asyncio
from collections.abc import Awaitable, Callable

from app.agent.entries import CardAnswered, CardAsked, Entry, new_key
from app.tools.base import Card


class Approvals:
    """`ask` shows a card and waits for `answer` or `decline_all`."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[bool]] = {}

    async def ask(self, card: Card, emit: Callable[[Entry], Awaitable[None]]) -> bool:
        """True when the user said yes. A card whose asking is cancelled counts as declined."""
        key, yes = new_key(), False
        answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        try:
            await emit(CardAsked(key=key, card=card))
            yes = await answer
            return yes
        finally:
            self._waiting.pop(key, None)
            await emit(CardAnswered(key=key, card=card, yes=yes))

    def answer(self, key: str, *, yes: bool) -> None:
        """The user's click; a second one, or one on a card that is gone, does nothing."""
        future = self._waiting.get(key)
        if future is not None and not future.done():
            future.set_result(yes)

    def decline_all(self) -> None:
        """Another dataset is open: what was asked about the one before is void."""
        for key in list(self._waiting):
            self.answer(key, yes=False)
