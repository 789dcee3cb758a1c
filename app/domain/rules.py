"""The rules of the dry run, one function each: what forbids training and what a GO still lacks."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.domain.figures import Figures
from app.domain.thresholds import Thresholds
from app.domain.wording import joined, number

Ruling = Literal["GO", "WARNING", "NO-GO"]


class Reason(BaseModel):
    """One rule that decided, with its numbers; `decides` says what would settle it."""

    model_config = ConfigDict(frozen=True)

    rule: str
    text: str
    decides: str = ""


def chance_value(f: Figures) -> float:
    """What an answer earns by chance; 0 where chance does not apply."""
    return f.chance.value or 0.0


def nogo_reasons(f: Figures, t: Thresholds) -> list[Reason]:
    """Every rule that forbids training; empty when none does."""
    if not f.answers:
        return [_nothing_graded(f)]
    checks = (_errors_nogo, _alike, _learnability_nogo, _pass_nogo, _solved, _chance_nogo)
    found = [reason for check in checks if (reason := check(f, t))]
    return found + _failed_controls(f)


def _nothing_graded(f: Figures) -> Reason:
    if f.errors.value:
        return Reason(rule="errors", text="The grader failed on every answer.")
    return Reason(rule="empty", text="No answer was graded.")


def _errors_nogo(f: Figures, t: Thresholds) -> Reason | None:
    if (f.errors.value or 0.0) <= t.nogo_errors:
        return None
    text = (
        f"The grader failed on {number(f.errors.value, '%')} of the answers, "
        f"over {number(t.nogo_errors, '%')}."
    )
    return Reason(rule="errors", text=text)


def _alike(f: Figures, t: Thresholds) -> Reason | None:
    if not f.all_alike:
        return None
    text = f"All {f.answers:,} answers score {number(f.mean.value)}: none is better than another."
    return Reason(rule="alike", text=text)


def _learnability_nogo(f: Figures, t: Thresholds) -> Reason | None:
    learn = f.learnability
    if learn is None or learn.high >= t.nogo_learnability:
        return None
    text = (
        f"Learnability is {number(learn.value)} and at most {number(learn.high)}, "
        f"under {number(t.nogo_learnability)}."
    )
    return Reason(rule="learnability", text=text)


def _pass_nogo(f: Figures, t: Thresholds) -> Reason | None:
    high = f.pass_at_k.high
    if high is None or high >= t.nogo_pass_at_k:
        return None
    text = (
        f"In {number(f.pass_at_k.value, '%')} of the prompts (at most {number(high, '%')}) one of "
        f"{f.answers_per_prompt} answers reaches the pass mark."
    )
    return Reason(rule="pass_at_k", text=text)


def _solved(f: Figures, t: Thresholds) -> Reason | None:
    if f.mean.low is None or f.mean.low <= t.nogo_mean:
        return None
    text = f"The mean score is {number(f.mean.value)} already: nothing is left to gain."
    return Reason(rule="mean", text=text)


def _above_chance(f: Figures) -> bool:
    return f.mean.low is not None and f.mean.low > chance_value(f)


def _chance_nogo(f: Figures, t: Thresholds) -> Reason | None:
    if f.prompts < t.chance_prompts or _above_chance(f):
        return None
    return Reason(rule="chance", text=_chance_text(f))


def _chance_text(f: Figures) -> str:
    return (
        f"The mean {number(f.mean.value)} (at least {number(f.mean.low)}) is not above chance, "
        f"{number(chance_value(f))}."
    )


def _failed_controls(f: Figures) -> list[Reason]:
    return [
        Reason(
            rule="control",
            text=f"The cheat “{c.name}” earns {number(c.mean.value)}, more than the "
            f"{number(c.limit)} that can pass: training would find it.",
        )
        for c in f.controls
        if c.failed
    ]


def go_gaps(f: Figures, t: Thresholds) -> list[Reason]:
    """Everything a GO still lacks, given that nothing forbids training."""
    checks = (
        _learnability_gap,
        _chance_gap,
        _errors_gap,
        _controls_gap,
        _reference_gap,
        _length_gap,
        _noise_gap,
    )
    return [reason for check in checks if (reason := check(f, t))]


def _learnability_gap(f: Figures, t: Thresholds) -> Reason | None:
    learn = f.learnability
    if learn is None:
        text = "One answer per prompt cannot show learnability."
        return Reason(rule="answers", text=text, decides="Run at least two answers per prompt.")
    if learn.low >= t.go_learnability:
        return None
    text = (
        f"Learnability is {number(learn.value)} ({number(learn.low)} to {number(learn.high)}); "
        f"GO needs all of it over {number(t.go_learnability)}."
    )
    return Reason(rule="learnability", text=text, decides="More answers narrow learnability down.")


def _chance_gap(f: Figures, t: Thresholds) -> Reason | None:
    if _above_chance(f):
        return None
    decides = "More answers show whether the model beats chance."
    return Reason(rule="chance", text=_chance_text(f), decides=decides)


def _errors_gap(f: Figures, t: Thresholds) -> Reason | None:
    if (f.errors.value or 0.0) <= t.go_errors:
        return None
    text = (
        f"The grader failed on {number(f.errors.value, '%')} of the answers; "
        f"GO allows {number(t.go_errors, '%')}."
    )
    return Reason(rule="errors", text=text, decides="Mend the grader's errors and run again.")


def _controls_gap(f: Figures, t: Thresholds) -> Reason | None:
    if any(c.kind == "cheat" for c in f.controls):
        return None
    text = "The grader was not tried with cheating answers."
    return Reason(rule="controls", text=text, decides="Run the crash test of the grader.")


def _reference_gap(f: Figures, t: Thresholds) -> Reason | None:
    """References that earn no more than the base model mean that the grader is suspect."""
    low = [
        c
        for c in f.controls
        if c.kind == "reference" and (c.mean.high or 0.0) <= (f.mean.value or 0.0)
    ]
    if not low:
        return None
    names = joined([f"“{c.name}” ({number(c.mean.value)})" for c in low])
    text = f"{names} scores no better than the base model's own answers."
    return Reason(
        rule="reference", text=text, decides="Check that the grader rewards the reference."
    )


def _length_gap(f: Figures, t: Thresholds) -> Reason | None:
    rho = f.length_effect.value
    if rho is None or abs(rho) < t.length_rho:
        return None
    which = "longer" if rho > 0 else "shorter"
    text = (
        f"The grader favours {which} answers (rank correlation {number(rho)}; "
        f"GO needs it under {number(t.length_rho)})."
    )
    decides = f"Score a few {which} but worse answers to see whether length itself is rewarded."
    return Reason(rule="length", text=text, decides=decides)


def _noise_gap(f: Figures, t: Thresholds) -> Reason | None:
    if f.noise_std is None:
        text = "The grader's noise was not measured."
        return Reason(rule="noise", text=text, decides="Grade 20 answers twice.")
    if f.noise_std**2 <= t.noise_share * (f.within_variance or 0.0):
        return None
    text = (
        f"Grading the same answer twice differs by {number(f.noise_std)} (std): too much beside "
        f"the {number((f.within_variance or 0.0) ** 0.5)} between answers to one prompt."
    )
    return Reason(rule="noise", text=text, decides="Make the grader steadier and run again.")
