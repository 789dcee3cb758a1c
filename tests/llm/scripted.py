"""An OpenAI-compatible server on loopback that answers from a script, over real HTTP."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

MODEL = "scripted-1"


@dataclass
class Answer:
    """One answer to a chat request. `events` are sent as they are: bytes raw, else as JSON data.

    After the last event the stream ends, with `[DONE]` unless `cut`; `hold` keeps it open instead.
    """

    events: Sequence[Any] = ()
    status: int = 200
    error: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hold: bool = False


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": MODEL,
        "choices": [choice],
    }  # fmt: skip


def usage(prompt: int, completion: int) -> dict[str, Any]:
    told = {"prompt_tokens": prompt, "completion_tokens": completion}
    return {**chunk(), "choices": [], "usage": {**told, "total_tokens": prompt + completion}}


def says(text: str, *, pieces: int = 3) -> Answer:
    """The text in pieces, then the usual end."""
    size = max(1, -(-len(text) // pieces))
    parts = [text[i : i + size] for i in range(0, len(text), size)]
    return Answer([*(chunk({"content": part}) for part in parts), chunk(finish="stop")])


def call(
    name: str | None, arguments: Any, *, index: int | None = 0, id: str | None = None
) -> dict[str, Any]:
    """One piece of a tool call; what is None is left out."""
    said = {"name": name, "arguments": arguments}
    piece: dict[str, Any] = {"function": {k: v for k, v in said.items() if v is not None}}
    piece |= {} if index is None else {"index": index}
    piece |= {} if id is None else {"id": id, "type": "function"}
    return chunk({"tool_calls": [piece]})


def calls(name: str, arguments: dict[str, Any] | None = None, *, id: str = "call_1") -> Answer:
    """One whole call."""
    text = json.dumps(arguments or {})
    return Answer([call(name, text, id=id), chunk(finish="tool_calls")])


class Scripted:
    """`requests` are the bodies that came, `url` is the base address. Answers go in order."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.url = ""
        self._released = asyncio.Event()

    async def chat(self, request: Request) -> Response:
        self.requests.append(await request.json())
        self.keys.append(request.headers.get("authorization", ""))
        answer = self.script.pop(0) if self.script else Answer(status=500, error="no script left")
        if answer.status != 200:
            body = answer.error
            body = {"error": {"message": body}} if isinstance(body, str) else body
            return JSONResponse(body, status_code=answer.status, headers=answer.headers)
        return StreamingResponse(self._events(answer), media_type="text/event-stream")

    async def models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    async def _events(self, answer: Answer) -> AsyncIterator[bytes]:
        for event in answer.events:
            yield event if isinstance(event, bytes) else f"data: {json.dumps(event)}\n\n".encode()
        if answer.hold:
            await self._released.wait()
        elif not answer.cut:
            yield b"data: [DONE]\n\n"

    def release(self) -> None:
        self._released.set()


@asynccontextmanager
async def scripted(*answers: Answer) -> AsyncIterator[Scripted]:
    """The server, running in this loop until the block ends."""
    server = Scripted()
    server.script += answers
    routes = [
        Route("/v1/chat/completions", server.chat, methods=["POST"]),
        Route("/v1/models", server.models),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes), host="127.0.0.1", port=0, log_level="error", lifespan="off"
    )
    running = uvicorn.Server(config)
    config.load()
    running.lifespan = config.lifespan_class(config)
    await running.startup()
    port = running.servers[0].sockets[0].getsockname()[1]
    server.url = f"http://127.0.0.1:{port}/v1"
    main = asyncio.ensure_future(running.main_loop())
    try:
        yield server
    finally:
        server.release()
        running.should_exit = True
        await main
        with contextlib.suppress(asyncio.CancelledError):
            await running.shutdown()
