"""The assistant without a language model: fixed words from real numbers, buttons, plain commands.

It keeps the conversation of the open dataset, runs one turn after the other, and holds the cards.
What it says and does is in the modules of its actions; nothing here knows a widget.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from app.agent import entries, talk
from app.agent.actions import ACTIONS
from app.agent.approvals import Approvals
from app.agent.commands import parse
from app.agent.entries import Busy, Choice, Entry, Question, Said
from app.agent.lane import Lane
from app.agent.turn import Host, Turn
from app.errors import AppError, DeclinedError, GateError, Stopped
from app.registry import load_family
from app.store import results
from app.tools.base import Card
from app.tools.session import Session

log = logging.getLogger(__name__)
Listener = Callable[[Entry], None]


class Assistant:
    """`on_entry` hears every entry in order. All methods are for the event loop's thread."""

    def __init__(self, host: Host, on_entry: Listener = lambda entry: None) -> None:
        load_family(talk)
        self.host, self.on_entry = host, on_entry
        self.session: Session | None = None
        self.approvals = Approvals()
        self._questions: dict[str, Question] = {}
        self._turn: Turn | None = None
        self._main = Lane(host.jobs, lambda on: self.on_entry(Busy(on=on)))
        self._aside = Lane(host.jobs)

    @property
    def busy(self) -> bool:
        """Whether a turn is under way."""
        return self._main.busy

    @property
    def calling(self) -> str:
        """The tool that the guide itself is waiting for, or empty."""
        return self._turn.calling if self._turn else ""

    async def approve(self, card: Card) -> bool:
        """Show a card and wait; the app's approver, for its own calls and the user's."""
        if self.session is None or self.session is not self.host.session:
            return False
        session = self.session
        return await self.approvals.ask(card, lambda entry: self._emit(entry, session))

    def turn_to(self, session: Session | None) -> None:
        """Another dataset is open (or none): the running turn ends, its cards are declined."""
        self.stop()
        self.approvals.decline_all()
        self.session = session
        self._questions.clear()

    def send(self, text: str) -> None:
        """The user typed something. Empty text is not sent."""
        words = " ".join(text.split())
        if not words:
            return
        name, arguments = parse(words)
        if name == "stop" and self.busy:
            self._say_aside(Said(text=words))
            self.stop()
            return
        self._start(name, arguments, Said(text=words))

    def choose(self, question: Question, index: int) -> None:
        """The user took an option; a question is answered once, and only while it is open."""
        if self._questions.pop(question.key, None) is None:
            return
        option = question.options[index]
        choice = Choice(key=question.key, index=index)
        self._start(option.action, option.arguments, choice)

    def begin(self, name: str, /, **arguments: Any) -> None:
        """Start an action that the program itself wants told (an opening, a run that ended)."""
        self._start(name, arguments, None)

    def stop(self) -> None:
        """End the turn now and drop what waits; the conversation stays whole."""
        self._main.stop()
        self._aside.stop()

    def reopen(self, question: Question) -> None:
        """A question that was read back from the store can be answered again."""
        if question.chosen is None:
            self._questions[question.key] = question

    def is_open(self, question: Question) -> bool:
        return question.key in self._questions

    async def history(self, limit: int = 500) -> list[Entry]:
        """The stored conversation of the open dataset, oldest first, choices put in place."""
        if self.session is None:
            return []
        rows = await self.session.store.read(results.chat, limit)
        return entries.settled([entries.read_back(row.kind, row.data) for row in rows])

    async def idle(self) -> None:
        """Wait until all that was asked for is answered."""
        await self._main.idle()
        await self._aside.idle()

    def _start(self, name: str, arguments: dict[str, Any], opener: Entry | None) -> None:
        session = self.session
        aside = self.calling and ACTIONS[name].quick and not self._main.waiting
        lane = self._aside if aside else self._main
        lane.put(lambda: self._run(name, arguments, opener, session, main=lane is self._main))

    async def _run(
        self,
        name: str,
        arguments: dict[str, Any],
        opener: Entry | None,
        session: Session | None,
        *,
        main: bool,
    ) -> None:
        """One turn, from what the user said to the last word of the answer."""
        turn = Turn(self.host, session, lambda e: self._emit(e, session), self.host_approve)
        if main:
            self._turn = turn
        try:
            if opener is not None:
                await self._emit(opener, session)
            if ACTIONS[name].needs_dataset and session is None:
                await turn.act("welcome")
            else:
                await turn.act(name, **arguments)
        except AppError as error:
            await self._tell(turn, error)
        except asyncio.CancelledError:
            log.info("the turn %s was stopped", name)
            raise
        finally:
            if main:
                self._turn = None

    async def host_approve(self, card: Card) -> bool:
        """The assistant's calls ask through the app's approver, as the user's do."""
        return await self.host.context().approve(card)

    async def _tell(self, turn: Turn, error: AppError) -> None:
        """What was refused or failed, in words, and a way on."""
        if turn.has_dataset and turn.is_gone:
            log.info("a turn ended with its dataset: %s", error)
        elif isinstance(error, DeclinedError):
            await turn.say("Left as it is. Nothing was changed.")
            await turn.act("way_on")
        elif isinstance(error, GateError):
            await turn.act("missing", step=error.step)
        elif isinstance(error, Stopped):
            await turn.say(str(error))
            await turn.act("way_on")
        else:
            await turn.act("failed", text=str(error))

    def _say_aside(self, entry: Entry) -> None:
        session = self.session
        self.host.jobs.start(self._emit(entry, session))

    async def _emit(self, entry: Entry, session: Session | None) -> None:
        """Show an entry and store it with its dataset; what belongs to a closed one is dropped."""
        if session is not self.session:
            return
        if isinstance(entry, Question):
            self._questions[entry.key] = entry
        self.on_entry(entry)
        stored = isinstance(entry, entries.STORED) and session is self.host.session
        if stored and session is not None:
            data = entries.as_data(entry)
            await session.store.transaction(results.add_chat, entry.kind, data)
