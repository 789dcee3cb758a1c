"""Graders that look at one answer at a time: one function, run off the event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from app.grading.base import GRADERS, Grader, GraderConfig, GraderType, Sample, Score
from app.grading.templates import MissingInAnswer, MissingInItem

C = TypeVar("C", bound=GraderConfig)
GradeOne = Callable[[C, Sample, dict[str, Any]], Score]


def pairwise_type(name: str, config: type[C], grade_one: GradeOne[C], text: str) -> None:
    """Register a grader type that is a pure function of config, sample and item."""

    @asynccontextmanager
    async def open_one(opened: C) -> AsyncIterator[Grader]:
        yield _Pairwise(opened, grade_one)

    GRADERS.add(name, GraderType(config=config, open=open_one, text=text))


class _Pairwise:
    def __init__(self, config: C, grade_one: GradeOne[C]) -> None:
        self._config, self._grade_one = config, grade_one

    async def grade(self, pairs: Sequence[tuple[Sample, dict[str, Any]]]) -> list[Score]:
        return await asyncio.to_thread(lambda: [self._one(*pair) for pair in pairs])

    def _one(self, sample: Sample, item: dict[str, Any]) -> Score:
        try:
            return self._grade_one(self._config, sample, item)
        except MissingInItem as missing:
            return Score.failed(str(missing))
        except MissingInAnswer as missing:
            return Score(score=0.0, reason=str(missing))
