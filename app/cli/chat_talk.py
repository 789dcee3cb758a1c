"""One chat in the terminal: what each line does, and what has to be waited for; it draws nothing."""

import asyncio
import re

from app.agent.assistant import Assistant
from app.agent.entries import CardAnswered, CardAsked, Entry, Message, Question, Said
from app.agent.watch import Watch
from app.cli.chat_input import Lines, Order, meaning
from app.cli.chat_output import Output
from app.errors import Stopped
from app.store import results
from app.tools.session import Session
from app.wiring import App

AGAIN_SECONDS = 2.0  # within which a second Ctrl+C ends the chat
RECENT = 50  # entries of the conversation looked at for what was said last
WAITING = "A training runs; its end is waited for. Ctrl+C ends the chat, and the training goes on."
HELP = (
    "Write to the assistant. A number takes an option of the last question, y or n answers a card. "
    "/stop ends the turn, /wait waits for the training, /quit ends the chat; so does the end of input."
)


class Talk:
    """`approved`: the tools whose cards are answered yes; `json`: a line may be an object."""

    def __init__(
        self, app: App, output: Output, approved: frozenset[str], *, json: bool, interactive: bool
    ) -> None:
        self._app, self._output, self._approved = app, output, approved
        self._json, self._interactive = json, interactive
        self.assistant = Assistant(app, self._hear)
        self._cards: list[str] = []
        self._asked: dict[str, Question] = {}
        self._question: Question | None = None  # that a number answers
        self._watch: Watch | None = None
        self._following: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._ending: Exception | None = None
        self._over = False
        self._interrupted = -AGAIN_SECONDS

    async def open(self, dataset: str) -> None:
        """Open the dataset, show what was said last, and let the assistant speak first."""
        app = self._app
        app.approve = self.assistant.approve
        app.on_session.append(self.assistant.turn_to)
        session = await app.open(dataset)
        info = await app.library.get(dataset)
        who = self.assistant.speaker
        answers = {"connection": who and who.name, "model": who and who.model}
        named = {"dataset": dataset, "name": info.name, "records": info.records}
        self._output.opened({**named, **answers, "agent": who and who.agent})
        await self._resume()
        self._watch = Watch(self.assistant, session)
        if app.settings.openings:
            self.assistant.begin("opened")

    async def run(self) -> None:
        """Take lines until there are none; raises what ended the chat early."""
        lines = Lines(self._woken.set)
        while not self._over:
            self._woken.clear()
            if not self._step(lines):
                if self._interactive and not (self._held or self._cards):
                    self._output.prompt()
                await self._woken.wait()
        if self._ending is not None:
            raise self._ending

    def interrupt(self) -> None:
        """Ctrl+C: stop the turn; again, or with nothing to stop, end the chat."""
        now = asyncio.get_running_loop().time()
        again = now - self._interrupted < AGAIN_SECONDS
        self._interrupted = now
        if self.assistant.busy and not again:
            self.assistant.stop()
            self._output.note("Stopped. Ctrl+C again ends the chat.")
        else:
            self.end(Stopped("The chat was ended. What was finished is kept."))

    def end(self, reason: Exception) -> None:
        """End the chat as soon as may be; `run` raises the reason."""
        self._ending, self._over = reason, True
        self._woken.set()

    async def close(self) -> None:
        """End what runs here; a training goes on by itself."""
        if self._watch is not None:
            self._watch.close()
        if self._following is not None:
            self._following.cancel()
        self.assistant.stop()
        self.assistant.approvals.decline_all()
        await self.assistant.idle()

    async def _resume(self) -> None:
        """What was said last in an earlier chat, and the question that still stands."""
        recent = await self.assistant.history(RECENT)
        said = next((e for e in reversed(recent) if isinstance(e, Message)), None)
        if said is not None:
            self._output.show(said)
        last = recent[-1] if recent else None
        if isinstance(last, Question) and last.is_open:
            self.assistant.reopen(last)
            self._hear(last)

    def _hear(self, entry: Entry) -> None:
        """Every entry of the assistant, in order."""
        self._output.show(entry)
        match entry:
            case CardAsked(key=key, card=card) if card.tool in self._approved:
                self._output.note(f"Approved by --yes {card.tool}.")
                self.assistant.approvals.answer(key, yes=True, how="named")
            case CardAsked(key=key):
                self._cards.append(key)
            case CardAnswered(key=key) if key in self._cards:
                self._cards.remove(key)
            case Question(key=key):
                self._asked[key] = self._question = entry
            case Said() if self.assistant.speaker is not None:
                self._question = None  # a model was answered; the guide's questions stand longer
        self._woken.set()

    @property
    def _held(self) -> bool:
        """Whether a turn, or a training that is waited for, comes before the next line of a pipe."""
        following = self._following is not None and not self._following.done()
        return self.assistant.busy or following

    def _step(self, lines: Lines) -> bool:
        """Take the next line if it may be taken; False when something must be waited for."""
        line = lines.peek()
        if line is None:
            return lines.over and self._input_ended()
        order = meaning(line, json=self._json)
        if not self._may(order):
            return False
        lines.take()
        self._output.entered()
        self._do(order)
        return True

    def _may(self, order: Order) -> bool:
        """Typed lines act at once. Of a pipe only a stop does, and what answers a card; another line
        leaves the card not approved, and waits for the turn."""
        if self._interactive or order.verb == "stop":
            return True
        if self._cards and order.verb in ("yes", "no"):
            return True
        self._decline()
        return not self._held

    def _decline(self) -> None:
        """Nobody answers: not approved."""
        for key in self._cards:
            self._output.note("Not approved: the input holds no answer.")
            self.assistant.approvals.answer(key, yes=False)
        self._cards.clear()

    def _input_ended(self) -> bool:
        """The end of a pipe waits for the turn and for a training; the end of typing for the turn."""
        self._decline()
        if self._held:
            return False
        if self._following is None and not self._interactive:
            self._follow()
            return False
        self._over = True
        return True

    def _do(self, order: Order) -> None:
        match order.verb:
            case "yes" | "no" if self._cards or order.key:
                self._answer_card(order)
            case "say" | "yes" | "no":
                self._say(order.text)
            case "choose" | "answer":
                self._answer_by_key(order)
            case "stop" if self._following is not None and not self.assistant.busy:
                self._following.cancel()
            case "stop":
                self.assistant.stop()
            case "wait":
                self._follow()
            case "help":
                self._output.note(HELP)
            case "wrong":
                self._output.error(order.text)
            case "quit":
                self._over = True

    def _say(self, text: str) -> None:
        """A message, or the answer to the last question."""
        asked = self._question
        if self._cards:
            self._output.note("Answer y or n.")
        elif asked is None or not self.assistant.is_open(asked):
            self.assistant.send(text)
        elif asked.form == "text":
            self.assistant.answer(asked, text)
        elif (taken := _numbers(text, len(asked.options))) is None:
            self.assistant.send(text)
        elif asked.form == "multiselect":
            self.assistant.answer(asked, "; ".join(asked.options[n].label for n in taken))
        else:
            self.assistant.choose(asked, taken[0])

    def _answer_card(self, order: Order) -> None:
        key = order.key or self._cards[0]
        if key not in self._cards:
            self._output.error(f"No card {key!r} is open.")
            return
        self._cards.remove(key)
        self.assistant.approvals.answer(key, yes=order.verb == "yes")

    def _answer_by_key(self, order: Order) -> None:
        asked = self._asked.get(order.key)
        if asked is None or not self.assistant.is_open(asked):
            self._output.error(f"No question {order.key!r} is open.")
        elif order.verb == "answer":
            self.assistant.answer(asked, order.text)
        elif 0 <= order.option < len(asked.options):
            self.assistant.choose(asked, order.option)
        else:
            self._output.error(f"The question has {len(asked.options)} options, from 0 on.")

    def _follow(self) -> None:
        """Have the next line, or the end, wait until no training runs."""
        assert self._app.session is not None
        self._following = asyncio.ensure_future(self._until_trained(self._app.session))
        self._following.add_done_callback(lambda task: self._woken.set())

    async def _until_trained(self, session: Session) -> None:
        """Until no training runs, and what there is to say of it is said."""
        changed, told = asyncio.Event(), False
        unsubscribe = session.store.subscribe(lambda event: changed.set())
        try:
            while True:
                changed.clear()
                latest = await session.store.read(results.latest, "training")
                if latest is None or latest.state != "running":
                    break
                if not told:
                    self._output.note(WAITING)
                    told = True
                await changed.wait()
        finally:
            unsubscribe()
        if self._watch is not None:
            await self._watch.settled()
        await self.assistant.idle()


def _numbers(text: str, most: int) -> list[int] | None:
    """The options, counted from 0, that a line of numbers names; None when it is no such line."""
    if re.fullmatch(r"\d{1,3}([\s,;]+\d{1,3})*", text) is None:
        return None
    taken = [int(part) - 1 for part in re.findall(r"\d+", text)]
    return taken if all(0 <= n < most for n in taken) else None
