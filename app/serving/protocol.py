"""OpenAI's chat protocol as values: what a request may say, how answers and errors read; no torch."""

import time
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.errors import AppError

# Fields that would change the answer, with the values that ask for nothing. Others are refused:
# an answer that silently ignores `top_p` or a JSON schema is a wrong answer.
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "n": (None, 1),
    "top_p": (None, 1),
    "frequency_penalty": (None, 0),
    "presence_penalty": (None, 0),
    "logit_bias": (None, {}),
    "logprobs": (None, False),
    "top_logprobs": (None, 0),
    "response_format": (None, {"type": "text"}),
    "tool_choice": (None, "auto", "none"),
    "functions": (None, []),
    "modalities": (None, ["text"]),
}


class ApiError(AppError):
    """A refused or failed request, as OpenAI's error JSON and an HTTP status."""

    def __init__(self, status: int, text: str, *, code: str, param: str | None = None) -> None:
        self.status, self.code, self.param = status, code, param
        super().__init__(text)

    def body(self) -> dict[str, Any]:
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        fields = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return {"error": fields}


class ChatTurn(BaseModel):
    """One message; the text parts of its content are joined, other parts are refused."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str = ""
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None

    @field_validator("content", mode="before")
    @classmethod
    def _text(cls, content: Any) -> Any:
        if not isinstance(content, list):
            return "" if content is None else content
        for part in content:
            kind = part.get("type") if isinstance(part, dict) else None
            if kind != "text" or not isinstance(part.get("text"), str):
                raise ValueError(f"only text parts are supported, not {kind!r}")
        return "".join(part["text"] for part in content)

    def as_dict(self) -> dict[str, Any]:
        """What the chat template sees; models are trained with `system`, not `developer`."""
        role = "system" if self.role == "developer" else self.role
        return {**self.model_dump(exclude_none=True), "role": role}


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """The supported part of a chat completion request.

    Without a temperature the likeliest answer is given (OpenAI's default is 1): that is the
    answer the model was tested with, and what the exported folder gives in transformers.
    """

    model_config = ConfigDict(extra="ignore", strict=True)

    model: str
    messages: list[ChatTurn] = Field(min_length=1)
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    stop: list[str] = Field(default=[], max_length=4)
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @field_validator("stop", mode="before")
    @classmethod
    def _stops(cls, stop: Any) -> Any:
        found = [] if stop is None else [stop] if isinstance(stop, str) else stop
        if found == [""] or (isinstance(found, list) and "" in found):
            raise ValueError("a stop text must not be empty")
        return found

    @property
    def limit(self) -> tuple[str, int | None]:
        """The field that limits the answer, and its value."""
        if self.max_completion_tokens is not None:
            return "max_completion_tokens", self.max_completion_tokens
        return "max_tokens", self.max_tokens

    def turns(self) -> list[dict[str, Any]]:
        return [turn.as_dict() for turn in self.messages]

    def offered_tools(self) -> Sequence[dict[str, Any]] | None:
        return None if self.tool_choice == "none" else self.tools


def parse_request(data: Any) -> ChatRequest:
    """A request from its JSON; raises ApiError 400 that names the wrong or unsupported field."""
    if not isinstance(data, dict):
        raise ApiError(400, "The request must be a JSON object.", code="invalid_json")
    for name, neutral in NEUTRAL.items():
        if (value := data.get(name)) not in neutral:
            raise _unsupported(name, value)
    try:
        return ChatRequest.model_validate(data)
    except ValidationError as error:
        fault = error.errors()[0]
        text = fault["msg"].removeprefix("Value error, ").rstrip(".")
        param = field_path(fault["loc"])
        raise ApiError(
            400, f"«{param}» is wrong: {text}.", code="invalid_value", param=param
        ) from None


def _unsupported(name: str, value: Any) -> ApiError:
    if name == "n":
        text = "This endpoint gives one answer per request. Leave «n» out and ask several times."
    else:
        text = f"This endpoint does not support «{name}» = {value!r:.80}. Leave the field out."
    return ApiError(400, text, code="unsupported_value", param=name)


def field_path(loc: Sequence[int | str]) -> str:
    """`("messages", 0, "role")` as `messages[0].role`."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return path.removeprefix(".")


def check_context(context: int, prompt: int, *, limit: tuple[str, int | None], usual: int) -> int:
    """How many tokens the answer may have; `usual` where the request names no limit.

    Raises ApiError 400 with the numbers when prompt and answer do not fit the model's context.
    """
    name, wanted = limit
    room = context - prompt
    if room < 1:
        text = f"This model's context is {context} tokens, and the messages alone have {prompt}. "
        raise _too_long(text + "Shorten the messages.", "messages")
    if wanted is not None and wanted > room:
        text = (
            f"This model's context is {context} tokens; the messages have {prompt} and «{name}» "
            f"asks for {wanted} more. Shorten the messages, or ask for at most {room}."
        )
        raise _too_long(text, name)
    return min(room, usual) if wanted is None else wanted


def _too_long(text: str, param: str) -> ApiError:
    return ApiError(400, text, code="context_length_exceeded", param=param)


def usage(prompt: int, answer: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
    }


def completion(
    answer_id: str, model: str, message: dict[str, Any], *, finish: str, used: dict[str, int]
) -> dict[str, Any]:
    """A whole answer as OpenAI's `chat.completion`."""
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    return _reply(answer_id, model, "chat.completion", choices=[choice]) | {"usage": used}


def chunk(
    answer_id: str, model: str, delta: dict[str, Any], *, finish: str | None = None
) -> dict[str, Any]:
    """A part of a streamed answer as OpenAI's `chat.completion.chunk`."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return _reply(answer_id, model, "chat.completion.chunk", choices=[choice])


def usage_chunk(answer_id: str, model: str, used: dict[str, int]) -> dict[str, Any]:
    return _reply(answer_id, model, "chat.completion.chunk", choices=[]) | {"usage": used}


def _reply(answer_id: str, model: str, kind: str, *, choices: list[Any]) -> dict[str, Any]:
    created = int(time.time())
    return {
        "id": answer_id,
        "object": kind,
        "created": created,
        "model": model,
        "choices": choices,
    }
