"""A local OpenAI-compatible endpoint as a web application: models and chat, behind a key."""

import hmac
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from types import TracebackType
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.errors import InputError, TrainingError
from app.serving.holding import Calls
from app.serving.protocol import (
    ApiError,
    chunk,
    completion,
    parse_request,
    usage,
    usage_chunk,
)
from app.serving.queue import Ask, Queue

MAX_BODY = 16_000_000  # bytes; a long conversation is a tenth of it
CLIENT_GONE = 499  # nginx's status for a client that closed the connection

Report = Callable[[dict[str, Any]], None]


class Entry:
    """One chat request in the books: reported once, however it ends."""

    def __init__(self, report: Report) -> None:
        self.model, self.tokens = "", 0
        self._report: Report | None = report
        self._start = time.monotonic()

    def end(self, status: int) -> None:
        if self._report:
            seconds = round(time.monotonic() - self._start, 4)
            fields = {"model": self.model, "seconds": seconds, "tokens": self.tokens}
            self._report({**fields, "status": status})
            self._report = None

    def __enter__(self) -> "Entry":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if isinstance(error, ApiError):
            self.end(error.status)
        elif isinstance(error, TrainingError):
            self.end(400)
        elif isinstance(error, Exception) and not isinstance(error, ClientDisconnect):
            self.end(500)
        elif error is not None:  # cancelled or closed: the client left
            self.end(CLIENT_GONE)


class EventStream(StreamingResponse):
    """Server-sent events whose generation ends the moment the client is gone."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(events, media_type="text/event-stream")
        self.headers["cache-control"] = "no-cache"
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)


class Routes:
    """The routes of one endpoint, with its key and its books."""

    def __init__(self, queue: Queue, *, key: str, report: Report) -> None:
        self._queue, self._key, self._report = queue, key.encode(), report
        self._created = int(time.time())

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def models(self, request: Request) -> Response:
        self._check_key(request)
        fields = {"object": "model", "created": self._created, "owned_by": "rft-studio"}
        data = [{"id": name, **fields} for name in self._queue.bundles]
        return JSONResponse({"object": "list", "data": data})

    async def chat(self, request: Request) -> Response:
        self._check_key(request)
        entry = Entry(self._report)
        with entry:
            asked = parse_request(await _json(request))
            ask = await self._queue.accept(asked)
            entry.model = ask.model
            if not asked.stream:
                return JSONResponse(await self._whole(request, ask, entry))
        options = asked.stream_options
        return EventStream(
            self._events(ask, entry, with_usage=bool(options and options.include_usage))
        )

    async def _whole(self, request: Request, ask: Ask, entry: Entry) -> dict[str, Any]:
        text, finish, calls = "", "", Calls(offered=ask.with_tools)
        async with aclosing(self._queue.answer(ask)) as pieces:
            async for piece in pieces:
                text += calls.add(piece.text)
                finish, entry.tokens = piece.finish or "", piece.tokens
                if await request.is_disconnected():
                    raise ClientDisconnect
        entry.end(200)
        rest, found = calls.rest()
        text = text + rest
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if found:
            message |= {"content": text.strip() or None, "tool_calls": found}
            finish = "tool_calls"
        used = usage(len(ask.prompt), entry.tokens)
        return completion(_new_id(), ask.model, message, finish=finish, used=used)

    async def _events(
        self, ask: Ask, entry: Entry, *, with_usage: bool
    ) -> AsyncGenerator[bytes, None]:
        name = _new_id()
        with entry:
            yield _event(chunk(name, ask.model, {"role": "assistant", "content": ""}))
            try:
                async with aclosing(self._deltas(ask, entry)) as deltas:
                    async for delta, finish in deltas:
                        yield _event(chunk(name, ask.model, delta, finish=finish))
            except ApiError as error:  # the status line is sent; the error is an event of its own
                entry.end(error.status)
                yield _event(error.body())
                return
            if with_usage:
                yield _event(usage_chunk(name, ask.model, usage(len(ask.prompt), entry.tokens)))
            entry.end(200)
            yield b"data: [DONE]\n\n"

    async def _deltas(
        self, ask: Ask, entry: Entry
    ) -> AsyncGenerator[tuple[dict[str, Any], str | None], None]:
        """The changes of a streamed message, the last with the reason why it ended."""
        calls, finish = Calls(offered=ask.with_tools), ""
        async with aclosing(self._queue.answer(ask)) as pieces:
            async for piece in pieces:
                finish, entry.tokens = piece.finish or "", piece.tokens
                if text := calls.add(piece.text):
                    yield {"content": text}, None
        rest, found = calls.rest()
        if rest:
            yield {"content": rest}, None
        if found:
            yield {"tool_calls": [{"index": i, **call} for i, call in enumerate(found)]}, None
        yield {}, "tool_calls" if found else finish

    def _check_key(self, request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), self._key):
            text = "The key is missing or wrong. Send it as «Authorization: Bearer KEY»."
            raise ApiError(401, text, code="invalid_api_key")


def make_app(queue: Queue, *, key: str, report: Report) -> Starlette:
    """The web application; `report` is given one dictionary per chat request.

    Its keys are `model` ("" where the request named none that is served), `seconds`, `tokens`
    and `status` (HTTP; 499 where the client left early). Raises InputError for an empty key.
    """
    if not key:
        raise InputError("The endpoint needs a key; without one every program here could use it.")
    routes = Routes(queue, key=key, report=report)
    return Starlette(
        routes=[
            Route("/health", routes.health),
            Route("/v1/models", routes.models),
            Route("/v1/chat/completions", routes.chat, methods=["POST"]),
        ],
        exception_handlers={
            ApiError: _refused,
            TrainingError: _unfit,
            HTTPException: _no_route,
            ClientDisconnect: _gone,
            500: _broken,
        },
    )


async def _json(request: Request) -> Any:
    """The request's body; raises ApiError for one that is too large or not JSON."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            text = f"The request is over {MAX_BODY // 1_000_000} MB."
            raise ApiError(413, text, code="request_too_large")
    try:
        return orjson.loads(body)
    except ValueError as error:
        text = f"The request is not valid JSON: {error}."
        raise ApiError(400, text, code="invalid_json") from None


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"


def _new_id() -> str:
    return f"chatcmpl-{secrets.token_hex(12)}"


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return JSONResponse(error.body(), error.status)


async def _unfit(request: Request, error: Exception) -> Response:
    """The model's chat template does not take these messages."""
    reason = ApiError(400, str(error), code="invalid_value", param="messages")
    return await _refused(request, reason)


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = f"{request.method} {request.url.path} is not part of this endpoint."
    return await _refused(request, ApiError(error.status_code, text, code="unknown_url"))


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=CLIENT_GONE)


async def _broken(request: Request, error: Exception) -> Response:
    """A bug; its trace goes to the log."""
    text = "The endpoint failed. Its log file names the reason."
    return await _refused(request, ApiError(500, text, code="internal_error"))
