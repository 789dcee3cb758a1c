"""What stands in one piece of an endpoint's answer, read strictly in form and leniently in what is there.

The types of the `openai` package take any shape unchecked; here a wrong one is a ValueError.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Function(_Loose):
    """Arguments are a text, or an object where an endpoint knows no better."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class CallPiece(_Loose):
    index: int | None = None
    id: str | None = None
    function: Function = Field(default_factory=Function)


class _Part(_Loose):
    text: str | None = None


class Delta(_Loose):
    content: str | list[_Part] | None = None
    tool_calls: list[CallPiece] | None = None
    function_call: Function | None = None
    """How calls were told before there could be several."""

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content)
        return self.content or ""

    @property
    def calls(self) -> list[CallPiece]:
        old = [CallPiece(index=0, function=self.function_call)] if self.function_call else []
        return [*(self.tool_calls or ()), *old]


class _Choice(_Loose):
    delta: Delta | None = None
    message: Delta | None = None
    """In an answer that comes whole."""
    finish_reason: str | None = None

    @property
    def said(self) -> Delta:
        return self.delta or self.message or Delta()


class _Usage(_Loose):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Chunk(_Loose):
    """A piece of the stream, or a whole answer."""

    model: str | None = None
    choices: list[_Choice] | None = None
    usage: _Usage | None = None


def read_chunk(data: Any) -> Chunk:
    """The piece in a JSON value; raises ValueError with one line for another form."""
    try:
        return Chunk.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the piece"
        raise ValueError(f"{where}: {first['msg']}") from None
