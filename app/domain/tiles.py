"""The eight tiles of the dry-run panel: figure, interval, band, tone and one sentence each."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.domain.figures import Figures
from app.domain.intervals import UNKNOWN, Interval
from app.domain.thresholds import Thresholds
from app.domain.wording import Unit, number, span

Tone = Literal["good", "warn", "bad", "none"]


class Tile(BaseModel):
    """One figure. `band` is the healthy range, `axis` the range drawn, `explain` the tooltip."""

    model_config = ConfigDict(frozen=True)

    key: str
    name: str
    value: float | None
    low: float | None
    high: float | None
    band: tuple[float, float]
    axis: tuple[float, float] = (0.0, 1.0)
    unit: Unit = ""
    tone: Tone
    note: str
    explain: str

    @property
    def text(self) -> str:
        return number(self.value, self.unit)

    @property
    def interval_text(self) -> str:
        return span(Interval(value=self.value, low=self.low, high=self.high), self.unit)


def tiles(f: Figures, t: Thresholds) -> list[Tile]:
    """All tiles in the order they are shown; unknown figures have tone `none` and say why."""
    return [
        _learnability(f, t),
        _mean(f, t),
        _std(f, t),
        _above_zero(f, t),
        _perfect(f, t),
        _pass_at_k(f, t),
        _errors(f, t),
        _length(f, t),
    ]


def _learnability(f: Figures, t: Thresholds) -> Tile:
    learn = f.learnability
    low, go = t.nogo_learnability, t.go_learnability
    tone: Tone = "none"
    note = "needs two answers per prompt"
    if learn is not None and learn.high < low:
        tone, note = "bad", f"under {number(low)}: NO-GO"
    elif learn is not None and learn.low >= go:
        tone, note = "good", f"healthy over {number(go)}"
    elif learn is not None:
        tone, note = "warn", f"not surely over {number(go)}"
    return Tile(
        key="learnability",
        name="Learnability",
        value=learn.value if learn else None,
        low=learn.low if learn else None,
        high=learn.high if learn else None,
        band=(go, 1.0),
        tone=tone,
        note=note,
        explain="The share of prompts whose answers will differ in score during training. Only "
        "where one answer is better than another is there something to learn.",
    )


def _banded(
    key: str,
    name: str,
    interval: Interval,
    *,
    band: tuple[float, float],
    healthy: str,
    explain: str,
    unit: Unit = "",
) -> Tile:
    """A tile that turns amber outside its band and says on which side."""
    value = interval.value
    tone: Tone = "none" if value is None else "good"
    note = "not measured" if value is None else healthy
    if value is not None and value < band[0]:
        tone, note = "warn", "below its band"
    elif value is not None and value > band[1]:
        tone, note = "warn", "above its band"
    return Tile(
        key=key,
        name=name,
        value=value,
        low=interval.low,
        high=interval.high,
        band=band,
        unit=unit,
        tone=tone,
        note=note,
        explain=explain,
    )


def _mean(f: Figures, t: Thresholds) -> Tile:
    return _banded(
        "mean",
        "Mean score",
        f.mean,
        band=(t.mean_low, t.mean_high),
        healthy=f"healthy {number(t.mean_low)} to {number(t.mean_high)}",
        explain="The average score of all answers, 0 to 1. In the middle there is room in both "
        "directions.",
    )


def _std(f: Figures, t: Thresholds) -> Tile:
    tile = _banded(
        "std",
        "Spread (std)",
        f.std,
        band=(t.std_low, t.std_high),
        healthy=f"healthy {number(t.std_low)} to {number(t.std_high)}",
        explain="How far scores lie apart. Judged only for graded scores: with pass or fail a "
        "healthy mean always spreads 0.43 to 0.50.",
    )
    change: dict[str, object] = {"axis": (0.0, 0.6)}
    if f.all_alike:
        change |= {"tone": "bad", "note": "all scores alike: NO-GO"}
    elif f.pass_fail:
        change |= {"tone": "none", "note": "pass or fail: not judged"}
    elif tile.tone == "warn" and (f.extreme_share or 0.0) > 0.5:
        change["note"] = f"{number(f.extreme_share, '%')} are 0 or 1"
    return tile.model_copy(update=change)


def _above_zero(f: Figures, t: Thresholds) -> Tile:
    return _banded(
        "above_zero",
        "Solved sometimes",
        f.above_zero,
        band=(t.above_zero, 1.0),
        healthy=f"healthy over {number(t.above_zero, '%')}",
        explain="The share of answers with a score above 0: the base model can do some of it.",
        unit="%",
    )


def _perfect(f: Figures, t: Thresholds) -> Tile:
    return _banded(
        "perfect",
        "Always solved",
        f.perfect,
        band=(0.0, t.perfect),
        healthy=f"healthy under {number(t.perfect, '%')}",
        explain="The share of answers with the full score: the part that is learned already.",
        unit="%",
    )


def _pass_at_k(f: Figures, t: Thresholds) -> Tile:
    tile = _banded(
        "pass_at_k",
        f"Best of {f.answers_per_prompt}" if f.answers_per_prompt else "Best of k",
        f.pass_at_k,
        band=(t.nogo_pass_at_k, 1.0),
        healthy=f"healthy over {number(t.nogo_pass_at_k)}",
        explain="The share of prompts where at least one answer reaches the pass mark.",
    )
    if f.pass_at_k.high is not None and f.pass_at_k.high < t.nogo_pass_at_k:
        note = f"under {number(t.nogo_pass_at_k)}: NO-GO"
        return tile.model_copy(update={"tone": "bad", "note": note})
    return tile


def _errors(f: Figures, t: Thresholds) -> Tile:
    tile = _banded(
        "errors",
        "Grader errors",
        f.errors,
        band=(0.0, t.go_errors),
        healthy=f"healthy under {number(t.go_errors, '%')}",
        explain="The share of answers the grader could not score. They are left out, not "
        "counted as 0.",
        unit="%",
    )
    change: dict[str, object] = {"axis": (0.0, max(0.06, f.errors.high or 0.0))}
    if (f.errors.value or 0.0) > t.nogo_errors:
        change |= {"tone": "bad", "note": f"over {number(t.nogo_errors, '%')}: NO-GO"}
    return tile.model_copy(update=change)


def _length(f: Figures, t: Thresholds) -> Tile:
    edge = t.length_rho
    tile = _banded(
        "length_effect",
        "Length effect",
        f.length_effect if f.length_effect.known else UNKNOWN,
        band=(-edge, edge),
        healthy=f"healthy {number(-edge)} to {number(edge)}",
        explain="Whether longer answers to the same prompt score higher (rank correlation). "
        "Far from 0, training may only learn to write longer or shorter.",
    )
    return tile.model_copy(update={"axis": (-1.0, 1.0)})
