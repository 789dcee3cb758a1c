"""Any OpenAI-compatible endpoint by the `openai` package: streams answers, names every fault."""

import asyncio
import email.utils
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import openai
import orjson
from pydantic import SecretStr

from app.llm.address import host_of, is_loopback
from app.llm.assembly import Assembly
from app.llm.chunks import Chunk, Delta, read_chunk
from app.llm.client import Ask, Ended, Fault, ModelError, Part, Text, Waiting, listed_models

CONNECT_SECONDS = 10.0
IDLE_SECONDS = 90.0  # between two pieces: a long prompt is read that long on a small machine
TOTAL_SECONDS = 600.0
TRIES = 4
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0  # seconds; doubled each time where the endpoint names none
ANSWER_LIMIT = 400_000  # characters of one answer; beyond that something has gone wrong
RETRIED: tuple[Fault, ...] = ("rate", "server", "unreachable", "cut off")
TOLD = 300  # characters shown of an endpoint's own message
OPENAI_HOST = "api.openai.com"
PROXY_VARIABLES = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR"
OPTIONAL = (
    "temperature",
    "stream_options",
    "max_tokens",
)  # left out where an endpoint refuses them
NO_KEY = "none"  # the package refuses to work without one; local servers ignore it
AFTER_END = 2.0  # seconds that the count of tokens may come after the last word
WHOLE_BYTES = 8 * ANSWER_LIMIT  # of an answer that is not streamed
Stream = openai.AsyncStream[object]


class OpenAIClient:
    """One endpoint. `key` stays in memory; `name` is what people call the connection.

    Raises ModelError where the proxy or the certificates of the environment cannot be used.
    """

    def __init__(self, base_url: str, key: str = "", *, name: str = "", **limits: float) -> None:
        self.name = name or base_url
        self._unwanted: set[str] = set()
        self._idle = limits.get("idle", IDLE_SECONDS)
        self._total = limits.get("total", TOTAL_SECONDS)
        self._first_wait = limits.get("first_wait", FIRST_WAIT)
        self._key = SecretStr(key)
        self._sdk = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=key or NO_KEY,
            timeout=httpx2.Timeout(self._idle, connect=CONNECT_SECONDS),
            max_retries=0,
            http_client=self._transport(base_url),
        )
        if host_of(base_url) != OPENAI_HOST:  # by the environment, and nobody else's to know
            self._sdk.organization = self._sdk.project = None

    def _transport(self, base_url: str) -> httpx2.AsyncClient:
        """Nothing on this computer is asked through a proxy, which could not reach it. No redirect is
        followed: what is sent goes to the address the person chose, and to no other."""
        try:
            return openai.DefaultAsyncHttpxClient(
                trust_env=not is_loopback(base_url), follow_redirects=False
            )
        except (ValueError, ImportError, OSError, httpx2.InvalidURL):
            said = f"{self.name} cannot be asked: a proxy or the certificates that the environment "
            said += f"names cannot be used. Correct {PROXY_VARIABLES}."
            raise ModelError("unreachable", said) from None  # the cause may show a proxy's password

    async def close(self) -> None:
        await self._sdk.close()

    async def models(self) -> list[str]:
        """The names of its models, as it lists them; raises ModelError."""
        try:
            async with asyncio.timeout(self._idle):
                answer = await self._sdk.get("/models", cast_to=httpx2.Response)
                names = listed_models(answer.json())
        except (openai.OpenAIError, httpx2.HTTPError, ValueError, TimeoutError) as error:
            raise self._fault(error) from None  # a cause may repeat the key
        if names is None:
            raise ModelError("malformed", f"{self.name} sent something that is no list of models.")
        return names

    async def stream(self, ask: Ask) -> AsyncIterator[Part]:
        """See `Client.stream`. A wait before another try is told, and ends with the caller's task."""
        wait, attempt = self._first_wait, 1
        while True:
            begun = False
            try:
                async for part in self._once(ask):
                    begun = True
                    yield part
                return
            except ModelError as error:
                if not begun and self._can_do_without(error, ask):
                    continue
                if begun or error.fault not in RETRIED or attempt == TRIES:
                    raise
                seconds = error.retry_after if error.retry_after is not None else wait
                if seconds > LONGEST_WAIT:
                    raise
                yield Waiting(seconds, str(error))
                await asyncio.sleep(seconds)
                wait, attempt = 2 * wait, attempt + 1

    async def _once(self, ask: Ask) -> AsyncIterator[Part]:
        """One try. No timeout spans a `yield`: it would run while the caller works."""
        end = time.monotonic() + self._total
        try:
            async with asyncio.timeout(self._idle):
                stream = await self._sdk.post(
                    "/chat/completions",
                    cast_to=object,
                    body=self._body(ask),
                    stream=True,
                    stream_cls=Stream,
                )
            async with stream:
                async for part in self._parts(self._chunks(stream, end)):
                    yield part
        except (openai.OpenAIError, httpx2.HTTPError, ValueError, TimeoutError) as error:
            raise self._fault(error) from None  # a cause may repeat the key

    async def _parts(self, chunks: AsyncIterator[Chunk]) -> AsyncIterator[Part]:
        pieces, heard = Assembly(), 0
        finish, used, model = "", (0, 0), ""
        async for chunk in chunks:
            model = chunk.model or model
            if chunk.usage:
                used = (chunk.usage.prompt_tokens or 0, chunk.usage.completion_tokens or 0)
            for choice in (chunk.choices or [])[:1]:
                finish = choice.finish_reason or finish
                heard += len(choice.said.text) + _collect(pieces, choice.said)
                if heard > ANSWER_LIMIT:
                    said = (
                        f"{self.name} wrote over {ANSWER_LIMIT:,} characters; it was ended there."
                    )
                    raise ModelError("too long", said)
                if choice.said.text:
                    yield Text(choice.said.text)
        if not finish:
            said = f"{self.name} ended its answer in the middle. Ask again."
            raise ModelError("cut off", said)
        for call in pieces.calls():
            yield call
        yield Ended(finish, *used, model)

    async def _chunks(self, stream: Stream, end: float) -> AsyncIterator[Chunk]:
        """The pieces as they come, or the one of an endpoint that cannot stream. After the last word
        a count of tokens may follow; a connection that then stays open or breaks does no harm."""
        kind = stream.response.headers.get("content-type", "")
        if "json" in kind or "html" in kind:
            yield await self._whole(stream, kind)
            return
        found, ended = False, False
        while (data := await self._next(stream, end, ended=ended)) is not None:
            chunk = read_chunk(data)
            found = True
            ended = ended or any(choice.finish_reason for choice in chunk.choices or ())
            yield chunk
        if not found:
            said = f"{self.name} sent no answer that can be read. Is its address right?"
            raise ModelError("malformed", said)

    async def _next(self, stream: Stream, end: float, *, ended: bool) -> object:
        """The next piece, None after the last; raises TimeoutError after too long a silence."""
        patience = AFTER_END if ended else self._idle
        try:
            async with asyncio.timeout(min(patience, max(0.0, end - time.monotonic()))):
                return await anext(stream, None)
        except (TimeoutError, openai.APIConnectionError) as error:
            if ended:
                return None
            if isinstance(error, TimeoutError | openai.APITimeoutError):
                raise
            said = f"The connection to {self.name} broke in the middle of its answer. Ask again."
            raise ModelError("cut off", said) from None

    async def _whole(self, stream: Stream, kind: str) -> Chunk:
        """An answer in one piece; raises ModelError where it is none."""
        body = bytearray()
        async with asyncio.timeout(self._idle):
            async for piece in stream.response.aiter_bytes():
                body += piece
                if len(body) > WHOLE_BYTES:
                    raise ModelError("too long", f"{self.name} wrote over {WHOLE_BYTES:,} bytes.")
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError:
            said = f"{self.name} sent something that is no answer ({kind}). Is its address right?"
            raise ModelError("malformed", said) from None
        if isinstance(data, dict) and (told := data.get("error")):
            told = told.get("message") if isinstance(told, dict) else told
            raise ModelError("server", f"{self.name} failed: {self._short(str(told))}")
        return read_chunk(data)

    def _body(self, ask: Ask) -> dict[str, Any]:
        """What was not set, or what this endpoint refused, is left out."""
        body = {**ask.model_dump(exclude_none=True), "stream": True}
        body["stream_options"] = {"include_usage": True}
        if not ask.tools:
            del body["tools"]
        if "max_tokens" in self._unwanted and ask.max_tokens is not None:
            body["max_completion_tokens"] = ask.max_tokens  # what OpenAI's reasoning models take
        return {key: value for key, value in body.items() if key not in self._unwanted}

    def _can_do_without(self, error: ModelError, ask: Ask) -> bool:
        """Whether the request failed for a field that can be left out from now on."""
        sent = {key for key in OPTIONAL if getattr(ask, key, True) is not None} - self._unwanted
        named = {key for key in sent if key in str(error)}
        if error.fault != "request" or not named:
            return False
        self._unwanted |= named
        return True

    def _fault(self, error: Exception) -> ModelError:
        """What went wrong in words for a person; the package's own text where it says more."""
        if isinstance(error, ModelError):
            return error
        if isinstance(error, openai.APIStatusError):
            return self._refused(error)
        if isinstance(error, TimeoutError | openai.APITimeoutError | httpx2.TimeoutException):
            said = f"{self.name} said nothing for too long, so it was given up. Ask again."
            return ModelError("stalled", said)
        if isinstance(error.__cause__, httpx2.RemoteProtocolError | httpx2.ReadError):
            said = f"{self.name} closed the connection before it answered. Ask again."
            return ModelError("cut off", said)
        if isinstance(error, openai.APIConnectionError | httpx2.ConnectError):
            said = f"{self.name} cannot be reached. Is it running, and is its address right?"
            return ModelError("unreachable", said)
        if isinstance(error, httpx2.HTTPError):
            said = f"The connection to {self.name} broke in the middle of its answer. Ask again."
            return ModelError("cut off", said)
        if isinstance(error, openai.APIError):  # an error told in the stream, or a wrong body
            return ModelError("server", f"{self.name} failed: {self._short(error.message)}")
        said = f"{self.name} sent something that is no answer: {self._short(str(error))}"
        return ModelError("malformed", said)

    def _refused(self, error: openai.APIStatusError) -> ModelError:
        status, told = error.status_code, self._short(_told(error))
        if status < 400:
            to = self._short(error.response.headers.get("location", "another address"))
            said = f"{self.name} answers that it is at {to}. Correct its address, if that is right."
            return ModelError("request", said)
        if status in (401, 403):
            return ModelError("key", f"{self.name} does not accept the key: {told}")
        if status == 404:
            said = f"{self.name} does not have this model, or has no chat at this address: {told}"
            return ModelError("model", said)
        if status in (408, 409, 425) or status >= 500:
            wait = _retry_after(error.response.headers)
            said = f"{self.name} has a problem of its own ({status}): {told}"
            return ModelError("server", said, retry_after=wait)
        if status == 429:
            wait = _retry_after(error.response.headers)
            return ModelError("rate", f"{self.name} is busy (429): {told}", retry_after=wait)
        if "tool" in told.lower():
            said = f"{self.name} or its model cannot use tools, which the assistant needs: {told}"
            return ModelError("tools", said)
        return ModelError("request", f"{self.name} refused the request ({status}): {told}")

    def _short(self, text: str) -> str:
        """An endpoint's words on one line; a key that it repeats is taken out."""
        if key := self._key.get_secret_value():
            text = text.replace(key, "…")
        line = " ".join(text.split())
        return line if len(line) <= TOLD else line[: TOLD - 1] + "…"


def _collect(pieces: Assembly, said: Delta) -> int:
    """Puts the pieces of calls in place and counts their characters."""
    heard = 0
    for call in said.calls:
        function = call.function
        pieces.add(call.index, call.id, function.name, function.arguments)
        heard += len(function.name or "") + len(str(function.arguments or ""))
    return heard


def _told(error: openai.APIStatusError) -> str:
    """The endpoint's own message; compatible servers put it in several places."""
    body: Any = error.body
    for key in ("error", "message", "detail"):
        if isinstance(body, dict) and body.get(key):
            body = body[key]
    return body if isinstance(body, str) and body else error.message


def _retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds to wait by RFC 9110 (a number, or a date) or by `retry-after-ms`; None if not told."""
    if (exact := headers.get("retry-after-ms", "")).replace(".", "", 1).isdecimal():
        return float(exact) / 1000
    told = headers.get("retry-after", "")
    if told.replace(".", "", 1).isdecimal():
        return float(told)
    try:
        when = email.utils.parsedate_to_datetime(told)
    except ValueError:
        return None
    return max(0.0, when.timestamp() - time.time())
