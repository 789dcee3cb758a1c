"""The served models and the one queue before them: a single answer is generated at a time."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.errors import InputError
from app.serving.holding import until_stop
from app.serving.protocol import ApiError, ChatRequest, check_context
from app.training.base import ANSWER_TOKENS
from app.training.generate import Piece, stream
from app.training.model import Bundle, load_model


@dataclass(frozen=True)
class Ask:
    """A checked request: what to generate, with which model."""

    model: str
    bundle: Bundle
    prompt: list[int]
    max_new_tokens: int
    temperature: float
    seed: int
    stops: tuple[str, ...]
    with_tools: bool


def load_models(models: Sequence[dict[str, str]]) -> dict[str, Bundle]:
    """Load `{"id", "path"}` entries; a folder named twice is loaded once.

    Raises InputError for an empty list or an id used twice, TrainingError for an unusable folder.
    """
    if not models:
        raise InputError("No model was given to serve. Name at least one model folder.")
    loaded: dict[str, Bundle] = {}
    bundles: dict[str, Bundle] = {}
    for entry in models:
        if entry["id"] in bundles:
            raise InputError(f"Two models are named {entry['id']!r}. Give each its own name.")
        if entry["path"] not in loaded:
            loaded[entry["path"]] = load_model(Path(entry["path"]))
        bundles[entry["id"]] = loaded[entry["path"]]
    return bundles


class Queue:
    """Answers requests in the order they came, one at a time, on a thread of its own."""

    def __init__(self, bundles: dict[str, Bundle]) -> None:
        self.bundles = bundles
        self.closing = False  # an answer under way ends at its next piece
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "generate")

    @property
    def busy(self) -> bool:
        """Whether an answer is being generated."""
        return self._turn.locked()

    async def accept(self, request: ChatRequest) -> Ask:
        """What the request asks for, in tokens.

        Raises ApiError 404 for an unknown model and 400 for messages the model cannot take.
        """
        bundle = self.bundles.get(request.model)
        if bundle is None:
            known = ", ".join(self.bundles)
            text = f"There is no model {request.model!r:.100} here. Served now: {known}."
            raise ApiError(404, text, code="model_not_found", param="model")
        # Tokenising a long conversation takes a while; the loop answers others meanwhile.
        prompt = await asyncio.to_thread(
            bundle.prompt_ids, request.turns(), request.offered_tools()
        )
        room = check_context(
            bundle.model.config.max_position_embeddings,
            len(prompt),
            limit=request.limit,
            usual=bundle.answer_tokens or ANSWER_TOKENS,
        )
        return Ask(
            model=request.model,
            bundle=bundle,
            prompt=prompt,
            max_new_tokens=room,
            temperature=request.temperature or 0.0,
            seed=secrets.randbits(63) if request.seed is None else request.seed,
            stops=tuple(request.stop),
            with_tools=bool(request.offered_tools()),
        )

    async def answer(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        """The answer's pieces, the last with `finish`; closing the iterator ends the generation.

        Raises ApiError 503 when the endpoint is being stopped.
        """
        async with self._turn:
            loop = asyncio.get_running_loop()
            pieces = until_stop(_pieces(ask), ask.stops)
            while not self.closing:
                piece = await loop.run_in_executor(self._thread, next, pieces)
                yield piece
                if piece.finish:
                    return
        raise ApiError(503, "The endpoint is being stopped.", code="stopping")

    def close(self) -> None:
        self.closing = True
        self._thread.shutdown(wait=False)


def _pieces(ask: Ask) -> Iterator[Piece]:
    return stream(
        ask.bundle,
        ask.prompt,
        max_new_tokens=ask.max_new_tokens,
        temperature=ask.temperature,
        seed=ask.seed,
    )
