"""The assistant: keeps the conversation of the open dataset, runs one turn after the other, holds the
cards.

With a model connected it answers what the user writes; without one the guide does, by its actions.
Buttons of the guide are the guide's in both cases. Nothing here knows a widget.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from app.agent import talk
from app.agent.actions import ACTIONS
from app.agent.approvals import Approvals
from app.agent.commands import parse
from app.agent.context import message_context
from app.agent.conversation import SEEN, Conversation, Found
from app.agent.definition import Agents, load_agents
from app.agent.entries import (
    Busy,
    Choice,
    Entry,
    Message,
    Question,
    Queued,
    Said,
    ToolDone,
    Withdrawn,
)
from app.agent.lane import Lane
from app.agent.speaker import Speaker, Speakers
from app.agent.turn import Host, Turn
from app.agent.wire import ANSWER
from app.errors import AppError, DeclinedError, GateError, Stopped
from app.llm.client import ModelError
from app.registry import load_family
from app.store import results
from app.store.results import Usage
from app.tools.base import Card
from app.tools.session import Session

log = logging.getLogger(__name__)
Listener = Callable[[Entry], None]
Work = Callable[[Turn], Awaitable[None]]
AGAIN = "again"  # the option that asks a model once more after it failed
TALK = 400  # rows of the conversation that a model is told; the wire cuts these to its budget


class Assistant:
    """`on_entry` hears every entry in order. All methods are for the event loop's thread."""

    def __init__(self, host: Host, on_entry: Listener = lambda entry: None) -> None:
        load_family(talk)
        self.host, self.on_entry = host, on_entry
        self.session: Session | None = None
        self.page = ""
        self.approvals = Approvals()
        self._speakers = Speakers(host)
        self._questions: dict[str, Question] = {}
        self._taken: dict[str, Question] = {}  # answered, in a turn that has not begun
        self._queued: dict[str, str] = {}  # messages that no turn has opened yet
        self._withdrawn: set[str] = set()
        self._conversation = Conversation()
        self._turn: Turn | None = None
        self._main = Lane(host.jobs, lambda on: self.on_entry(Busy(on=on)))
        self._aside = Lane(host.jobs)

    @property
    def busy(self) -> bool:
        """Whether a turn is under way."""
        return self._main.busy

    @property
    def calling(self) -> str:
        """The tool that the assistant itself is waiting for, or empty."""
        return self._turn.calling if self._turn else ""

    @property
    def speaker(self) -> Speaker | None:
        """The model that answers; None: the guide does."""
        return self._speakers.now

    async def agents(self) -> Agents:
        """The agent files there are."""
        return await load_agents(self.host.home)

    async def approve(self, card: Card) -> bool:
        """Show a card and wait; the app's approver, for its own calls and the user's."""
        if self.session is None or self.session is not self.host.session:
            return False
        session = self.session
        return await self.approvals.ask(
            card, lambda entry: self._emit(entry, session), session.store
        )

    def turn_to(self, session: Session | None) -> None:
        """Another dataset is open (or none): the running turn ends, its cards are declined."""
        self.stop()
        self.approvals.decline_all()
        self.session = session
        self._questions.clear()
        self._taken.clear()
        self._conversation = Conversation(session.store if session else None)

    def send(self, text: str) -> None:
        """The user wrote something. Empty text is not sent."""
        words = text.strip()
        if not words:
            return
        name, arguments = parse(" ".join(words.split()))
        said = Said(text=words)
        if name == "stop" and self.busy:
            self._say_aside(said)
            self.stop()
        elif self.speaker is None or self._answers_aside(name):
            self._start_action(name, arguments, said)
        else:
            self._start_model(said)

    def choose(self, question: Question, index: int) -> None:
        """The user took an option; a question is answered once, and only while it is open."""
        option = question.options[index]
        if option.action == ANSWER:
            self._answer(question, option.label, index)
        elif self._take(question):
            choice = Choice(key=question.key, index=index)
            if option.action == AGAIN and self.speaker is not None:
                self._start_model(choice)
            else:
                name = "next_step" if option.action == AGAIN else option.action
                self._start_action(name, option.arguments, choice)

    def answer(self, question: Question, text: str) -> None:
        """The user wrote an answer to a model's question, or took several of its options."""
        if text.strip():
            self._answer(question, text.strip(), None)

    def note_used(self, key: str) -> None:
        """The topics of a tree were used where it stands; it is not offered again."""
        self._say_aside(Choice(key=key))

    def resend(self, key: str, text: str) -> None:
        """Take back the user's message `key` with what followed, and send this in its place. What
        tools did since then stays done."""
        words = text.strip()
        if not words:
            return
        self.stop()
        said = Said(text=words)
        if self.speaker is not None:
            self._start_model(Withdrawn(key=key), said)
        else:
            name, arguments = parse(" ".join(words.split()))
            self._start_action(name, arguments, Withdrawn(key=key), said)

    def regenerate(self) -> None:
        """Ask for another answer to what the user said last."""
        self.host.jobs.start(self._regenerate(self.session))

    def begin(self, name: str, /, **arguments: Any) -> None:
        """Start an action that the program itself wants told (an opening, a run that ended)."""
        self._start_action(name, arguments)

    def stop(self) -> None:
        """End the turn now and drop what waits, which is given back; the conversation stays whole."""
        self._main.stop()
        self._aside.stop()
        self._questions.update(self._taken)  # to be answered again
        self._taken.clear()
        queued, self._queued = self._queued, {}
        for key, text in queued.items():
            self.on_entry(Queued(key=key, text=text, on=False))

    def reopen(self, question: Question) -> None:
        """A question that was read back from the store can be answered again."""
        if question.is_open:
            self._questions[question.key] = question

    def is_open(self, question: Question) -> bool:
        return question.key in self._questions

    async def history(self, limit: int = SEEN, before: int = 0) -> list[Entry]:
        """The stored conversation of the open dataset, oldest first, as it stands."""
        return [entry for _, entry in await self.history_rows(limit, before)]

    async def history_rows(self, limit: int = SEEN, before: int = 0) -> list[tuple[int, Entry]]:
        """The same, each entry with its row; of those before a row where one is given."""
        return await self._conversation.rows(limit, before)

    async def search(self, text: str, limit: int = 50) -> list[Found]:
        """Where the words stand in the conversation, newest first."""
        return await self._conversation.search(text, limit)

    async def spent(self) -> Usage:
        """What connected models took for the open dataset."""
        return await self.session.store.read(results.usage) if self.session else Usage()

    async def idle(self) -> None:
        """Wait until all that was asked for is answered."""
        await self._main.idle()
        await self._aside.idle()

    def _answers_aside(self, name: str) -> bool:
        """Whether the guide answers beside a tool that is under way: it only looks and talks."""
        return bool(self.calling) and ACTIONS[name].quick and name != "unknown"

    def _take(self, question: Question) -> bool:
        """Whether the question was open; it is not any more."""
        if question.key not in self._questions:
            return False
        self._taken[question.key] = self._questions.pop(question.key)
        return True

    def _answer(self, question: Question, text: str, index: int | None) -> None:
        if not self._take(question):
            return
        choice = Choice(key=question.key, index=index, answer=text)
        said = Said(text=text, answers=question.key)
        if self.speaker is not None:
            self._start_model(choice, said)
        else:  # the model that asked is gone
            self._start_action("next_step", {}, choice, said)

    async def _regenerate(self, session: Session | None) -> None:
        entries = await self._conversation.said(SEEN)
        said = next((e for e in reversed(entries) if isinstance(e, Said)), None)
        if said is not None and session is self.session:
            self.resend(said.key, said.text)

    def _start_action(self, name: str, arguments: dict[str, Any], *openers: Entry) -> None:
        """Run an action of the guide: beside a long tool where it only looks and talks."""

        async def work(turn: Turn) -> None:
            await _act(turn, name, arguments)

        aside = self.calling and ACTIONS[name].quick and not self._main.waiting
        self._put(self._aside if aside else self._main, work, openers)

    def _start_model(self, *openers: Entry) -> None:
        """Have the connected model answer; the conversation until then is read when its turn comes."""

        async def work(turn: Turn) -> None:
            await self._speakers.take_turn(turn, await self._conversation.said(TALK))

        self._put(self._main, work, openers)

    def _put(self, lane: Lane, work: Work, openers: tuple[Entry, ...]) -> None:
        session = self.session
        for said in openers:
            if isinstance(said, Said):
                self._queued[said.key] = said.text
                if lane.busy:
                    self.on_entry(Queued(key=said.key, text=said.text))
        lane.put(lambda: self._run(work, openers, session, main=lane is self._main))

    async def _run(
        self, work: Work, openers: tuple[Entry, ...], session: Session | None, *, main: bool
    ) -> None:
        """One turn, from what the user said to the last word of the answer."""
        turn = Turn(
            self.host,
            session,
            lambda entry: self._emit(entry, session),
            lambda card: self.host.context().approve(card),  # who answers the user's cards, then
        )
        if main:
            self._turn = turn
        try:
            for opener in openers:
                await self._open(turn, opener, session)
            await work(turn)
        except AppError as error:
            await self._tell(turn, error)
        except asyncio.CancelledError:
            if not any(_tells_stop(entry) for entry in turn.heard):
                await turn.say("Stopped.")
            raise
        finally:
            if main:
                self._turn = None

    async def _open(self, turn: Turn, opener: Entry, session: Session | None) -> None:
        """Put what the user said or took into the conversation, with where they were then. Until it is
        there a Stop gives it back."""
        if isinstance(opener, Said):
            if self.speaker is not None and not turn.is_gone:
                context = (await message_context(self.page, session)).as_json()
                opener = opener.model_copy(update={"context": context})
            self._queued.pop(opener.key, None)
        elif isinstance(opener, Choice):
            self._taken.pop(opener.key, None)
        elif isinstance(opener, Withdrawn):
            if opener.key in self._withdrawn:  # a second click: what is older than it would go too
                return
            self._withdrawn.add(opener.key)
        await self._emit(opener, session)

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
        elif isinstance(error, ModelError):
            await turn.act("model_failed", text=str(error))
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
        if session is None or session is self.host.session:
            await self._conversation.add(entry)


def _tells_stop(entry: Entry) -> bool:
    """Whether words or a tool's row show that the turn was stopped."""
    return (isinstance(entry, Message) and entry.stopped) or (
        isinstance(entry, ToolDone) and entry.outcome == "stopped"
    )


async def _act(turn: Turn, name: str, arguments: dict[str, Any]) -> None:
    if ACTIONS[name].needs_dataset and not turn.has_dataset:
        await turn.act("welcome")
    else:
        await turn.act(name, **arguments)
