"""The grader family's contract: sample and item in, a score or an error with its reason out."""

import math
import reprlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

import app.grading
from app.domain.json_schemas import check_schema, schema_faults
from app.errors import InputError
from app.registry import Registry, load_family

HOSTED_NAMES = {"python": "script"}  # what the hosted fine-tuning APIs call our types
MAX_GRADER_BYTES = 1_000_000


class Sample(BaseModel):
    """One answer of a model: its text and the tool calls in it (OpenAI chat shape)."""

    model_config = ConfigDict(frozen=True)

    output_text: str
    output_tools: list[dict[str, Any]] = []

    @property
    def output_json(self) -> Any:
        """The text as JSON, strictly read; None when it is not JSON."""
        try:
            return orjson.loads(self.output_text)
        except ValueError:
            return None

    def as_dict(self) -> dict[str, Any]:
        """What scripts and templates see as `sample`."""
        return {
            "output_text": self.output_text,
            "output_json": self.output_json,
            "output_tools": self.output_tools,
        }


class Score(BaseModel):
    """Either `score` in [0, 1] or `error`: what could not be graded is never a 0.

    `format_ok` is None unless the grader has a `format_schema`.
    """

    model_config = ConfigDict(frozen=True)

    score: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    error: str | None = None
    reason: str = ""
    format_ok: bool | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.score is None) == (self.error is None):
            raise ValueError("a score has either a number or an error")
        return self

    @classmethod
    def failed(cls, error: str) -> "Score":
        return cls(error=error)


def score_of(raw: object, reason: str = "") -> Score:
    """A raw result as a score; whatever is not a finite number in [0, 1] is an error saying why."""
    if not isinstance(raw, bool | int | float):
        kind = "nothing" if raw is None else f"{type(raw).__name__} {reprlib.repr(raw)}"
        return Score.failed(f"The grader must return a number from 0 to 1; it returned {kind}.")
    if isinstance(raw, float) and not math.isfinite(raw):
        return Score.failed(f"The grader must return a number from 0 to 1; it returned {raw}.")
    if not 0 <= raw <= 1:
        # An int of thousands of digits cannot be printed (ValueError since Python 3.11).
        shown = f"{raw!r}" if isinstance(raw, float) or abs(raw) < 10**9 else "a huge whole number"
        return Score.failed(f"The grader must return a number from 0 to 1; it returned {shown}.")
    return Score(score=float(raw), reason=reason)


class GraderConfig(BaseModel):
    """What every grader type has; a subclass per type adds its own fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    name: str = Field(default="grader", min_length=1, max_length=100)
    pass_threshold: float = Field(
        default=1.0, gt=0, le=1, title="Pass mark", description="An answer passes from here."
    )
    format_schema: dict[str, Any] | None = Field(
        default=None,
        title="Format",
        description="JSON schema of a well-formed answer, right or wrong; null: not told apart.",
    )

    @field_validator("format_schema")
    @classmethod
    def _schema(cls, schema: dict[str, Any] | None) -> dict[str, Any] | None:
        return check_schema(schema) if schema is not None else None


class Grader(Protocol):
    """An open grader."""

    async def grade(self, pairs: Sequence[tuple[Sample, dict[str, Any]]]) -> list[Score]:
        """One score for each (sample, item), in the same order; never raises for a bad answer."""
        ...


@dataclass(frozen=True)
class GraderType:
    """A member of the family: how its config reads, how it opens, and one line for the user."""

    config: type[GraderConfig]
    open: Callable[[Any], AbstractAsyncContextManager[Grader]]
    text: str


GRADERS: Registry[GraderType] = Registry("grader type")


@cache
def graders() -> Registry[GraderType]:
    """The registry with every type of this package in it."""
    load_family(app.grading)
    return GRADERS


def parse_grader(data: dict[str, Any] | str | Path) -> GraderConfig:
    """A grader from its fields, its JSON text, or a JSON file; hosted JSON is understood.

    Raises InputError that names the wrong field, or the known types when `type` is another.
    """
    fields = _load(data)
    kind = fields.get("type")
    if not isinstance(kind, str):
        known = ", ".join(graders())
        raise InputError(f"The grader has no type. Give «type» as one of: {known}.")
    name = HOSTED_NAMES.get(kind, kind)
    try:
        return graders()[name].config.model_validate({**fields, "type": name})
    except ValidationError as error:
        raise InputError(_first_fault(kind, error)) from None


def _load(data: dict[str, Any] | str | Path) -> dict[str, Any]:
    if isinstance(data, dict):
        return data
    where = f"The grader file {data}" if isinstance(data, Path) else "The grader"
    try:
        text = data.read_bytes() if isinstance(data, Path) else data.encode()
        if len(text) > MAX_GRADER_BYTES:
            raise InputError(f"{where} is over {MAX_GRADER_BYTES // 1_000_000} MB.")
        fields = orjson.loads(text)
    except OSError as error:
        raise InputError(f"{where} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise InputError(f"{where} is not valid JSON: {error}.") from None
    if not isinstance(fields, dict):
        raise InputError(f"{where} must be a JSON object with a «type».")
    return fields


def _first_fault(kind: str, error: ValidationError) -> str:
    fault = error.errors()[0]
    field = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"The {kind} grader has no field «{field}»."
    text = fault["msg"].removeprefix("Value error, ").rstrip(".")
    where = f"'s field «{field}»" if field else ""
    return f"The {kind} grader{where} is wrong: {text}."


@asynccontextmanager
async def open_grader(config: GraderConfig) -> AsyncIterator[Grader]:
    """Open a grader for as long as it is needed (a script keeps a worker process warm).

    Raises InputError when a script does not even load, SandboxError when the sandbox cannot start.
    """
    async with graders()[config.type].open(config) as grader:
        schema = config.format_schema
        yield grader if schema is None else _FormatChecked(grader, schema)


class _FormatChecked:
    """Any grader, with `format_ok` filled in."""

    def __init__(self, grader: Grader, schema: dict[str, Any]) -> None:
        self._grader, self._schema = grader, schema

    async def grade(self, pairs: Sequence[tuple[Sample, dict[str, Any]]]) -> list[Score]:
        scores = await self._grader.grade(pairs)
        return [
            score.model_copy(update={"format_ok": self._fits(sample)})
            for score, (sample, _) in zip(scores, pairs, strict=True)
        ]

    def _fits(self, sample: Sample) -> bool:
        """A schema of type string describes the text itself; any other, the JSON in it."""
        of_text = self._schema.get("type") == "string"
        value = sample.output_text if of_text else sample.output_json
        return not schema_faults(self._schema, value)
