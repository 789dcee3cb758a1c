"""Script: the user's own `def grade(sample: dict, item: dict) -> float`, run in the sandbox only."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from pydantic import Field, field_validator

from app.errors import InputError
from app.grading.base import GRADERS, Grader, GraderConfig, GraderType, Sample, Score, score_of
from app.sandbox.lane import check_source
from app.sandbox.limits import Limits
from app.sandbox.sandbox import Outcome, Sandbox


class Script(GraderConfig):
    """`source` defines `grade(sample, item)`; the hosted APIs call this type `python`."""

    type: Literal["script"] = "script"
    source: str = Field(min_length=1)
    image_tag: str | None = Field(default=None, description="Kept for the hosted API; unused here")

    @field_validator("source")
    @classmethod
    def _source(cls, source: str) -> str:
        try:
            check_source(source, Limits())
        except InputError as error:
            raise ValueError(str(error)) from None
        return source


class _Script:
    def __init__(self, source: str, sandbox: Sandbox) -> None:
        self._source, self._sandbox = source, sandbox

    async def grade(self, pairs: Sequence[tuple[Sample, dict[str, Any]]]) -> list[Score]:
        calls = [(sample.as_dict(), item) for sample, item in pairs]
        return [_score(outcome) for outcome in await self._sandbox.run(self._source, calls)]


def _score(outcome: Outcome) -> Score:
    return score_of(outcome.value) if outcome.error is None else Score.failed(outcome.error)


@asynccontextmanager
async def open_script(config: Script) -> AsyncIterator[Grader]:
    """Raises InputError, naming the line, when the script cannot be loaded."""
    async with Sandbox() as sandbox:
        await sandbox.check(config.source)
        yield _Script(config.source, sandbox)


GRADERS.add(
    "script", GraderType(Script, open_script, "Your own Python function, in a closed sandbox.")
)
