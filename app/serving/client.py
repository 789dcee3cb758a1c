"""A small client of the local endpoint, and the snippets people paste; starts and loads nothing."""

import json
import shlex
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx2
import orjson
from pydantic import BaseModel, ConfigDict

from app.errors import ProviderError

ANSWER_SECONDS = 300.0  # between two parts of an answer; others may be before it in the queue


class ChatReply(BaseModel):
    """A whole answer; `finish` is `stop` or `length`."""

    model_config = ConfigDict(frozen=True)

    text: str
    finish: str
    prompt_tokens: int
    tokens: int
    seconds: float


def snippets(url: str, key: str, model: str) -> dict[str, str]:
    """Ready to paste: `curl` for a POSIX shell, `python` for the openai package."""
    question = [{"role": "user", "content": "Hello"}]
    body = json.dumps({"model": model, "messages": question, "temperature": 0}, ensure_ascii=False)
    curl = " \\\n  ".join(
        [
            f"curl {shlex.quote(url + '/chat/completions')}",
            f"-H {shlex.quote(f'Authorization: Bearer {key}')}",
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(body)}",
        ]
    )
    python = f"""\
# pip install openai
from openai import OpenAI

# The endpoint answers on this computer only, and only while it is started in RFT Studio.
client = OpenAI(base_url={url!r}, api_key={key!r})
reply = client.chat.completions.create(
    model={model!r},
    messages={question!r},
    temperature=0,  # the likeliest answer, as in the tests before deployment
)
print(reply.choices[0].message.content)
"""
    return {"curl": curl, "python": python}


async def chat(
    url: str,
    key: str,
    model: str,
    messages: Sequence[dict[str, Any]],
    *,
    tools: Sequence[dict[str, Any]] = (),
    temperature: float = 0.0,
    max_tokens: int | None = None,
    on_text: Callable[[str], None] = lambda text: None,
) -> ChatReply:
    """Ask an endpoint; `on_text` is given each part of the answer as it comes.

    Raises ProviderError in words for a person when it refuses, cannot be reached, or stops midway.
    """
    body: dict[str, Any] = {"model": model, "messages": list(messages), "temperature": temperature}
    body |= {"tools": list(tools)} if tools else {}
    body |= {"max_tokens": max_tokens} if max_tokens else {}
    body |= {"stream": True, "stream_options": {"include_usage": True}}
    start, parts = time.monotonic(), _Parts(on_text)
    # Settings of a proxy do not apply: the endpoint is on this computer.
    async with httpx2.AsyncClient(trust_env=False, timeout=ANSWER_SECONDS) as client:
        try:
            async with client.stream(
                "POST",
                f"{url}/chat/completions",
                json=body,
                headers={"Authorization": f"Bearer {key}"},
            ) as response:
                if response.status_code != 200:
                    raise ProviderError(_error_text(await response.aread()))
                async for line in response.aiter_lines():
                    parts.add(line)
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise ProviderError(f"The endpoint {url} did not answer: {reason}.") from None
    return parts.reply(time.monotonic() - start)


class _Parts:
    """Puts a streamed answer together."""

    def __init__(self, on_text: Callable[[str], None]) -> None:
        self._on_text = on_text
        self._texts: list[str] = []
        self._finish: str | None = None
        self._usage: dict[str, int] = {}

    def add(self, line: str) -> None:
        if not line.startswith("data: ") or line == "data: [DONE]":
            return
        data = orjson.loads(line.removeprefix("data: "))
        if "error" in data:
            raise ProviderError(_error_text(orjson.dumps(data)))
        self._usage = data.get("usage") or self._usage
        for choice in data["choices"]:
            self._finish = choice["finish_reason"] or self._finish
            if text := choice["delta"].get("content"):
                self._texts.append(text)
                self._on_text(text)

    def reply(self, seconds: float) -> ChatReply:
        if self._finish is None:
            raise ProviderError("The answer broke off. Ask again, or look at the endpoint's log.")
        return ChatReply(
            text="".join(self._texts),
            finish=self._finish,
            prompt_tokens=self._usage.get("prompt_tokens", 0),
            tokens=self._usage.get("completion_tokens", 0),
            seconds=seconds,
        )


def _error_text(body: bytes) -> str:
    try:
        return str(orjson.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"The endpoint answered something unreadable: {body[:200]!r}."
