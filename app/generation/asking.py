"""Asks a connected model for the records of a wave, some requests at a time; keeps each answer in the
journal as it ends. Never sees the store."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from app.generation.base import Brief
from app.generation.journal import Answered, Journal
from app.llm.client import Ask, Client, Ended, Fault, ModelError, Text, Waiting

CONCURRENCY = 4
TRIES = 3  # of an answer that broke off or came to nothing; busy endpoints the client waits for
BROKEN: tuple[Fault, ...] = ("stalled", "cut off", "malformed", "too long")
CHARS_PER_TOKEN = 4  # where an endpoint counts none
ANSWER_TOKENS = 120  # of one record with what frames it, for an estimate; conversations take more
Tell = Callable[[str], None]


class Asks(Protocol):
    """What of a strategy is needed here: the words of a request."""

    def ask(self, brief: Brief, *, model: str, structured: bool) -> Ask: ...


class Asking:
    """One run's conversation with one endpoint. `over` says why no more may be asked once so many prompt
    and answer tokens are used, or nothing; `tell` is called with a few words at each step."""

    def __init__(
        self,
        client: Client,
        model: str,
        strategy: Asks,
        journal: Journal,
        *,
        over: Callable[[int, int], str],
        tell: Tell,
    ) -> None:
        self._client, self._model, self._strategy = client, model, strategy
        self._journal, self._over, self._tell = journal, over, tell
        self._structured = True
        self._open: dict[str, tuple[int, int]] = {}  # requests under way: tokens they may take
        self.ended_by = ""  # why the run asks no more, in a sentence: a limit, a fault
        self.failed = False
        self.gone = False  # it failed since the endpoint is not there
        self.stopping = asyncio.Event()

    async def ask_all(self, briefs: Mapping[str, Brief]) -> None:
        """Ask for those that have no answer yet; returns when all have one, or the run is to end. Raises
        OSError at once where an answer cannot be kept: more would be paid for and lost."""
        waiting = deque(key for key in briefs if key not in self._journal.answers)
        lanes = [asyncio.ensure_future(self._lane(waiting, briefs)) for _ in range(CONCURRENCY)]
        stop = asyncio.ensure_future(self.stopping.wait())
        try:
            pending: set[asyncio.Future[Any]] = {*lanes}
            while pending and not stop.done() and not self.failed:
                done, _ = await asyncio.wait({*pending, stop}, return_when=asyncio.FIRST_COMPLETED)
                pending -= done
                if any(task.exception() for task in done if not task.cancelled()):
                    break
        finally:
            await _end(*lanes, stop)
        for lane in lanes:
            if not lane.cancelled() and (error := lane.exception()):
                raise error

    async def _lane(self, waiting: deque[str], briefs: Mapping[str, Brief]) -> None:
        while waiting and not self.ended_by:
            key = waiting.popleft()
            if reason := self._reserve(key, briefs[key]):
                self.ended_by = reason
                return
            try:
                answer = await self._answer(key, briefs[key])
                seeds = tuple(seed.id for seed in briefs[key].seeds)
                await self._journal.answered(answer.model_copy(update={"seeds": seeds}))
            except ModelError as error:
                self.ended_by, self.failed = str(error), True
                self.gone = error.fault == "unreachable"
                return
            finally:
                del self._open[key]
            self._tell("")

    def _reserve(self, key: str, brief: Brief) -> str:
        """Set aside what a request may take; why it may not be asked, where that is too much."""
        ask = self._strategy.ask(brief, model=self._model, structured=self._structured)
        wanted = (tokens_of(ask), ANSWER_TOKENS * brief.count)
        used = [self._journal.tokens, *self._open.values(), wanted]
        if reason := self._over(sum(p for p, _ in used), sum(a for _, a in used)):
            return reason
        self._open[key] = wanted
        return ""

    async def _answer(self, key: str, brief: Brief) -> Answered:
        """Raises ModelError where another request would fare no better."""
        for attempt in range(1, TRIES + 1):
            structured = self._structured
            ask = self._strategy.ask(brief, model=self._model, structured=structured)
            try:
                return await self._hear(key, ask)
            except ModelError as error:
                if error.fault == "request" and structured:
                    self._structured = False  # it may not know response formats; nothing was billed
                elif error.fault not in BROKEN:
                    raise
                elif attempt == TRIES:
                    return Answered(key=key, error=str(error))
        return Answered(key=key, error="The endpoint gave no usable answer.")

    async def _hear(self, key: str, ask: Ask) -> Answered:
        texts: list[str] = []
        ended = Ended("")
        async for part in self._client.stream(ask):
            if isinstance(part, Text):
                texts.append(part.text)
            elif isinstance(part, Waiting):
                self._tell(f"Waits {part.seconds:.0f} s: {part.reason}")
            elif isinstance(part, Ended):
                ended = part
        text = "".join(texts)
        return Answered(
            key=key,
            text=text,
            prompt_tokens=ended.prompt_tokens or tokens_of(ask),
            answer_tokens=ended.answer_tokens or len(text) // CHARS_PER_TOKEN,
            model=ended.model,
        )


async def _end(*tasks: "asyncio.Future[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def tokens_of(ask: Ask) -> int:
    """About how many tokens a request has."""
    return sum(len(str(message["content"])) for message in ask.messages) // CHARS_PER_TOKEN
