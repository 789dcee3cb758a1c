"""Multi: several graders made one score, by weights or by a formula."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from keyword import iskeyword
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializeAsAny, field_validator, model_validator

from app.errors import InputError
from app.grading.base import (
    GRADERS,
    Grader,
    GraderConfig,
    GraderType,
    Sample,
    Score,
    open_grader,
    parse_grader,
    score_of,
)
from app.grading.formula import FUNCTIONS, Formula

MAX_GRADERS = 10


class Multi(GraderConfig):
    """`calculate_output` over the graders' names, else the mean weighted by `weights` (each 1)."""

    type: Literal["multi"] = "multi"
    graders: dict[str, SerializeAsAny[GraderConfig]] = Field(
        min_length=1, max_length=MAX_GRADERS, title="Graders", description="Each under a name."
    )
    weights: dict[str, Annotated[float, Field(ge=0, le=1e6)]] | None = Field(
        default=None, title="Weights", description="By name; null: each counts the same."
    )
    calculate_output: str | None = Field(
        default=None,
        title="Or a formula",
        description="Instead of weights, over the names: min(right, form).",
    )

    @field_validator("graders", mode="before")
    @classmethod
    def _members(cls, graders: Any) -> Any:
        if not isinstance(graders, Mapping):
            return graders
        return {name: _member(str(name), data) for name, data in graders.items()}

    @field_validator("calculate_output")
    @classmethod
    def _output(cls, text: str | None) -> str | None:
        if text is not None:
            Formula(text)
        return text

    @model_validator(mode="after")
    def _combination(self) -> Self:
        if self.weights is not None and self.calculate_output is not None:
            raise ValueError("give either weights or calculate_output, not both")
        named = Formula(self.calculate_output).names if self.calculate_output else frozenset()
        if unknown := ({*named} | {*(self.weights or {})}) - {*self.graders}:
            raise ValueError(f"there is no grader named {', '.join(sorted(unknown))} in it")
        if self.weights is not None and sum(self.weights.values()) == 0:
            raise ValueError("the weights are all 0")
        return self

    def formula_text(self) -> str:
        """How the parts make the whole, as arithmetic."""
        if self.calculate_output:
            return self.calculate_output
        weights = self.weights or dict.fromkeys(self.graders, 1.0)
        total = " + ".join(f"{weight!r} * {name}" for name, weight in weights.items())
        return f"({total}) / {sum(weights.values())!r}"


def _member(name: str, data: Any) -> GraderConfig:
    if not name.isidentifier() or iskeyword(name) or name in FUNCTIONS:
        raise ValueError(f"{name!r} cannot name a grader: use letters, digits and _")
    if isinstance(data, GraderConfig):
        return data
    if not isinstance(data, dict) or data.get("type") == "multi":
        raise ValueError(f"{name!r} must be a grader, and not multi itself")
    try:
        return parse_grader(data)
    except InputError as error:
        raise ValueError(f"in {name!r}: {error}") from None


class _Multi:
    def __init__(self, config: Multi, members: dict[str, Grader]) -> None:
        self._formula, self._members = Formula(config.formula_text()), members

    async def grade(self, pairs: Sequence[tuple[Sample, dict[str, Any]]]) -> list[Score]:
        columns = {name: await member.grade(pairs) for name, member in self._members.items()}
        return [
            self._combine({name: column[i] for name, column in columns.items()})
            for i in range(len(pairs))
        ]

    def _combine(self, scores: dict[str, Score]) -> Score:
        """A part that could not be graded leaves the whole ungraded."""
        for name, score in scores.items():
            if score.error is not None:
                return Score.failed(f"{name}: {score.error}")
        values = {name: score.score or 0.0 for name, score in scores.items()}
        reason = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
        try:
            # Weights such as 0.1 + 0.2 can end a rounding error above 1.
            return score_of(round(self._formula.value(values), 12), reason)
        except (ArithmeticError, ValueError) as error:
            return Score.failed(f"The formula has no value for {reason}: {error}.")


@asynccontextmanager
async def open_multi(config: Multi) -> AsyncIterator[Grader]:
    """Opens every member; raises what they raise."""
    async with AsyncExitStack() as stack:
        members = {
            name: await stack.enter_async_context(open_grader(member))
            for name, member in config.graders.items()
        }
        yield _Multi(config, members)


GRADERS.add("multi", GraderType(Multi, open_multi, "Several graders combined into one score."))
