"""A run's events gathered as they are written: series to plot, rollouts to read, alarms to show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Point:
    """Mean validation reward at a step with its 95 % interval over `n` prompts."""

    step: int
    reward: float
    low: float
    high: float
    n: int


@dataclass
class Course:
    """What happened so far. A resumed run writes steps anew: the later ones win."""

    metrics: dict[int, dict[str, Any]] = field(default_factory=dict)
    evaluations: dict[int, Point] = field(default_factory=dict)
    rollouts: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    alarms: dict[str, tuple[int, str]] = field(default_factory=dict)
    checkpoint: int | None = None

    def feed(self, events: Sequence[dict[str, Any]]) -> None:
        """Add events in the order they were written; kinds not known here are passed over."""
        for event in events:
            step = int(event.get("step", 0))
            match event["kind"]:
                case "metrics":
                    self._forget_after(step)
                    self.metrics[step] = event
                case "evaluation":
                    reward, low, high = (float(event[k]) for k in ("reward", "low", "high"))
                    self.evaluations[step] = Point(step, reward, low, high, int(event["n"]))
                case "rollouts":
                    self.rollouts[step] = event["prompts"]
                case "alarm":
                    self.alarms[event["name"]] = (step, event["text"])
                case "checkpoint":
                    self.checkpoint = step

    def _forget_after(self, step: int) -> None:
        """Steps are told in order; an earlier one means that the run went back to a checkpoint."""
        for series in (self.metrics, self.evaluations, self.rollouts):
            for late in [s for s in series if s > step]:
                del series[late]

    @property
    def step(self) -> int:
        return max(self.metrics, default=0)

    @property
    def validation(self) -> Point | None:
        """The newest."""
        return self.evaluations[max(self.evaluations)] if self.evaluations else None

    @property
    def start(self) -> Point | None:
        """The base model on the validation prompts, before the first step."""
        return self.evaluations.get(0)

    def series(self, name: str) -> tuple[list[float], list[float]]:
        """Steps and values of one metric; what is missing is NaN, a gap in the line."""
        steps = sorted(self.metrics)
        values = [self.metrics[s].get(name) for s in steps]
        return [float(s) for s in steps], [float("nan") if v is None else float(v) for v in values]

    def last(self, name: str) -> float | None:
        """The newest value of a metric; None where the newest step has none."""
        value = self.metrics[self.step].get(name) if self.metrics else None
        return None if value is None else float(value)
