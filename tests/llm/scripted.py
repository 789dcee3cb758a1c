"""An OpenAI-compatible server on loopback that answers from a script, byte by byte over real HTTP."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.llm.history import assert_valid_history

MODEL = "scripted-1"
EVENTS = "text/event-stream"


@dataclass
class Answer:
    """One answer to a chat request. `events` are sent as they are, each in a chunk of its own: bytes
    raw, else as JSON data. After the last event the stream ends, with `[DONE]` unless `cut`."""

    events: Sequence[Any] = ()
    status: int = 200
    error: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hold: bool = False
    """Keep the stream open after the last event, and say nothing more."""
    silent: bool = False
    """Not even begin to answer."""
    shut: bool = False
    """Close the connection without a byte of an answer."""
    drop: bool = False
    """Close the connection after the last event, in the middle of the transfer."""
    reset: bool = False
    """The same, by a TCP reset."""
    body: bytes | None = None
    """This instead of a stream."""
    content_type: str = EVENTS


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


def sse(event: Any) -> bytes:
    """An event as it goes over the wire."""
    return event if isinstance(event, bytes) else f"data: {json.dumps(event)}\n\n".encode()


Step = Answer | Callable[[dict[str, Any]], Answer]  # made from the request's body


class Scripted:
    """`requests` are the bodies that came, `url` is the base address. Answers go in order; every
    request's conversation must be one that an endpoint accepts."""

    def __init__(self) -> None:
        self.script: list[Step] = []
        self.by: Callable[[dict[str, Any]], Answer] | None = None  # answers by the request instead
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.invalid: list[str] = []
        self.models = Answer(body=_json({"object": "list", "data": [_MODEL]}))
        self.url = ""
        self.hung_up = 0
        """How many held answers the client ended by closing the connection."""
        self._released = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()

    def release(self) -> None:
        """Let the held answers end."""
        self._released.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, as long as the client keeps it."""
        self._open.add(writer)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left
        finally:
            self._open.discard(writer)
            writer.close()

    def close(self) -> None:
        for writer in self._open:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; False when the connection is over."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (h.partition(":") for h in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if path == "/v1/models":
            return await self._send(self.models, reader, writer)
        if (method, path) != ("POST", "/v1/chat/completions"):
            return await self._send(Answer(status=404, error=f"no {path}"), reader, writer)
        return await self._send(self._next(json.loads(body), headers), reader, writer)

    def _next(self, body: dict[str, Any], headers: dict[str, str]) -> Answer:
        self.requests.append(body)
        self.keys.append(headers.get("authorization", ""))
        try:
            assert_valid_history(body["messages"])
        except AssertionError as error:
            self.invalid.append(str(error))
            return Answer(status=400, error=str(error))
        if self.by is not None:
            return self.by(body)
        if not self.script:
            return Answer(status=500, error="no script left")
        step = self.script.pop(0)
        return step if isinstance(step, Answer) else step(body)

    async def _send(
        self, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if answer.shut:
            return False
        if answer.silent:
            await self._hold(reader)
            return False
        if answer.status != 200 or answer.body is not None:
            body = answer.body if answer.body is not None else _json(_told(answer.error))
            kind = answer.content_type if answer.content_type != EVENTS else "application/json"
            size = {"content-length": str(len(body))}
            writer.write(_head(answer.status, {"content-type": kind, **size, **answer.headers}))
            writer.write(body)
            await writer.drain()
            return True
        framing = {"content-type": answer.content_type, "transfer-encoding": "chunked"}
        writer.write(_head(200, {**framing, **answer.headers}))
        return await self._stream(answer, reader, writer)

    async def _stream(
        self, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        for event in answer.events:
            piece = sse(event)
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        if answer.hold:
            await self._hold(reader)
            return False
        if answer.drop or answer.reset:
            if answer.reset:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
            return False
        if not answer.cut:
            writer.write(b"e\r\ndata: [DONE]\n\n\r\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _hold(self, reader: asyncio.StreamReader) -> None:
        """Until it is released, or the client hangs up."""
        released = asyncio.ensure_future(self._released.wait())
        left = asyncio.ensure_future(reader.read(1))
        await asyncio.wait((released, left), return_when=asyncio.FIRST_COMPLETED)
        self.hung_up += left.done()
        for task in (released, left):
            task.cancel()


_MODEL = {"id": MODEL, "object": "model", "created": 1, "owned_by": "tests"}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _told(error: Any) -> Any:
    return {"error": {"message": error}} if isinstance(error, str) else error


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


@asynccontextmanager
async def scripted(*answers: Step) -> AsyncIterator[Scripted]:
    """The server, running in this loop until the block ends."""
    server = Scripted()
    server.script += answers
    running = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]
    server.url = f"http://127.0.0.1:{port}/v1"
    try:
        yield server
    finally:
        server.release()
        running.close()
        server.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(running.wait_closed(), 5)
    assert not server.invalid, server.invalid
