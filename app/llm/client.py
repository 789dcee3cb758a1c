"""What a connected model is asked and what comes back, as values; nothing here knows a network."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from app.errors import ProviderError

Fault = Literal[
    "key", "model", "tools", "request", "rate", "server", "unreachable", "stalled", "cut off",
    "malformed", "too long",
]  # fmt: skip


class Ask(BaseModel):
    """One request. `messages` and `tools` have the form of the OpenAI chat completions API."""

    model_config = ConfigDict(frozen=True)

    model: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] = []
    temperature: float | None = None
    max_tokens: int | None = None
    response_format: dict[str, Any] | None = None


@dataclass(frozen=True)
class Text:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class Call:
    """A whole tool call; `arguments` is the JSON text the model wrote, which may be wrong or empty."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Waiting:
    """Another try begins after `seconds`, because of `reason` (a sentence)."""

    seconds: float
    reason: str


@dataclass(frozen=True)
class Ended:
    """The answer is whole; `length` means that it hit the limit of tokens. Token counts are 0 where
    the endpoint told none."""

    finish: str
    prompt_tokens: int = 0
    answer_tokens: int = 0
    model: str = ""  # that answered, as the endpoint names it


Part = Text | Call | Waiting | Ended


class ModelError(ProviderError):
    """An endpoint refused, failed or answered something unusable. `fault` says which kind;
    `retry_after` is what it asked to wait, in seconds."""

    def __init__(self, fault: Fault, text: str, *, retry_after: float | None = None) -> None:
        self.fault, self.retry_after = fault, retry_after
        super().__init__(text)


def listed_models(body: Any) -> list[str] | None:
    """The names in an endpoint's list of models; None for anything else."""
    listed = body.get("data") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        return None
    return [m["id"] for m in listed if isinstance(m, dict) and isinstance(m.get("id"), str)]


class Client(Protocol):
    """One connected endpoint; `name` is what people call it."""

    name: str

    def stream(self, ask: Ask) -> AsyncIterator[Part]:
        """The parts of the answer as they come: texts and waits, then calls, then Ended.

        Raises ModelError. Nothing is tried again once a part of the answer was given out.
        """
        ...

    async def models(self) -> list[str]:
        """The names of its models; raises ModelError."""
        ...

    async def close(self) -> None: ...
