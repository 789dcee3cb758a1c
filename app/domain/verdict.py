"""GO, WARNING or NO-GO from a dry run's figures; the rules only, words and tiles are beside it.

The verdict rests on learnability and the controls (product rules of step 5). A mean or a share
outside its band never changes it.
"""

from __future__ import annotations

import math

from pydantic import BaseModel, ConfigDict

from app.domain.diagnosis import Action, diagnose, headline, next_actions
from app.domain.figures import DryRunData, Figures, TopicFigure, figures
from app.domain.intervals import wilson
from app.domain.learnability import CurvePoint
from app.domain.rules import Reason, Ruling, chance_value, go_gaps, nogo_reasons
from app.domain.thresholds import DEFAULTS, Thresholds
from app.domain.tiles import Tile, tiles
from app.domain.wording import number

_TOO_MANY = 5  # more than this many times the answers at hand is not a suggestion


class Verdict(BaseModel):
    """All the dry-run panel shows. `reasons` hold the rules that decided, with their numbers."""

    model_config = ConfigDict(frozen=True)

    verdict: Ruling
    headline: str
    summary: str
    reasons: tuple[Reason, ...]
    what_would_decide: str | None
    diagnosis: tuple[str, ...]
    actions: tuple[Action, ...]
    tiles: tuple[Tile, ...]
    note: str | None
    curve: tuple[CurvePoint, ...]
    by_topic: tuple[TopicFigure, ...]
    thin_topics: tuple[str, ...]
    histogram: tuple[int, ...]
    cost_multiplier: float | None
    figures: Figures


class EarlyDecision(BaseModel):
    """Whether a dry run may stop now; `verdict` is what it would be."""

    model_config = ConfigDict(frozen=True)

    stop: bool
    reason: str
    verdict: Ruling


def judge(data: DryRunData, thresholds: Thresholds = DEFAULTS) -> Verdict:
    """The verdict on one dry run; defined for any input, also an empty or failed run."""
    f = figures(data, thresholds)
    ruling, reasons = rule(f, thresholds)
    shown = tiles(f, thresholds)
    return Verdict(
        verdict=ruling,
        headline=headline(ruling, f),
        summary=_summary(ruling, f, reasons, thresholds),
        reasons=tuple(reasons),
        what_would_decide=what_would_decide(f, reasons, thresholds)
        if ruling == "WARNING"
        else None,
        diagnosis=tuple(diagnose(f, ruling, thresholds)),
        actions=tuple(next_actions(f, ruling, thresholds)),
        tiles=tuple(shown),
        note=_still_stands(shown, f, ruling),
        curve=f.learnability.curve if f.learnability else (),
        by_topic=f.by_topic,
        thin_topics=f.thin_topics,
        histogram=f.histogram,
        cost_multiplier=f.learnability.cost_multiplier if f.learnability else None,
        figures=f,
    )


def rule(f: Figures, thresholds: Thresholds) -> tuple[Ruling, list[Reason]]:
    """The product rules: any NO-GO reason, else GO when nothing is missing, else WARNING."""
    if against := nogo_reasons(f, thresholds):
        return "NO-GO", against
    if gaps := go_gaps(f, thresholds):
        return "WARNING", gaps
    learn = f.learnability
    assert learn is not None, "go_gaps names a missing learnability"
    text = (
        f"Learnability {number(learn.value)} (at least {number(learn.low)}), "
        f"GO from {number(thresholds.go_learnability)}."
    )
    return "GO", [Reason(rule="learnability", text=text)]


def _summary(ruling: Ruling, f: Figures, reasons: list[Reason], thresholds: Thresholds) -> str:
    """One or two sentences with the numbers behind the verdict."""
    learn = f.learnability
    if learn is None:
        return " ".join(r.text for r in reasons)
    only = "Only " if ruling == "NO-GO" and learn.high < thresholds.nogo_learnability else ""
    bound = (
        f"under {100 * thresholds.nogo_learnability:.0f} is NO-GO"
        if only
        else f"GO from {100 * thresholds.go_learnability:.0f}"
    )
    share = number(learn.value, "%")
    carry = "would carry" if only else "carry"
    opening = f"{only}{share} of groups {carry} a signal at {learn.group_size} answers per prompt"
    level = f"{100 * thresholds.confidence:.0f} % interval"
    ends = f"{100 * learn.low:.0f} to {100 * learn.high:.0f}"
    rest = [r.text for r in reasons if r.rule != "learnability"]
    if ruling == "GO":
        rest = [_what_passed(f)]
    return " ".join([f"{opening} ({level} {ends}; {bound}).", *rest])


def _what_passed(f: Figures) -> str:
    same = "the grader gives the same score twice" if f.noise_std == 0 else "grader noise is low"
    return f"All {len(f.controls)} controls pass, {same}."


def _still_stands(shown: list[Tile], f: Figures, ruling: Ruling) -> str | None:
    """One sentence on tiles out of their band that did not decide."""
    out = [t.name for t in shown if t.tone == "warn" and t.key in _ADVISORY]
    if not out or ruling == "NO-GO":
        return None
    if out == ["Spread (std)"] and (f.extreme_share or 0) > 0.5:
        return (
            "Spread is out of band because most scores are 0 or 1. "
            "The verdict rests on learnability and controls."
        )
    verb = "is" if len(out) == 1 else "are"
    return f"{', '.join(out)} {verb} out of band. The verdict rests on learnability and controls."


_ADVISORY = ("mean", "std", "above_zero", "perfect")


def what_would_decide(f: Figures, reasons: list[Reason], thresholds: Thresholds) -> str:
    """What would turn a WARNING into a decision: more answers, or something measured."""
    gaps = {r.rule for r in reasons}
    if gaps <= {"learnability", "chance"}:
        extra = _extra_answers(f, gaps, thresholds)
        if extra is None:
            return (
                "More answers alone are unlikely to settle it: the value itself lies between the "
                "bounds. Change the grader, the data or the base model, or accept that training "
                "is slower."
            )
        return f"Not decided yet: about {extra:,} more answers would settle it."
    return " ".join(r.decides for r in reasons if r.decides)


def _extra_answers(f: Figures, gaps: set[str], thresholds: Thresholds) -> int | None:
    """Answers missing until the interval clears its bound; its width shrinks with sqrt(n)."""
    wanted = 0.0
    learn = f.learnability
    if "learnability" in gaps and learn is not None:
        up = _growth(learn.value, learn.low, thresholds.go_learnability)
        down = _growth(learn.value, learn.high, thresholds.nogo_learnability)
        grow = up if learn.value > thresholds.go_learnability else down
        if (
            learn.value <= thresholds.go_learnability
            and learn.value >= thresholds.nogo_learnability
        ):
            return None
        wanted = max(wanted, grow)
    if "chance" in gaps and f.mean.value is not None and f.mean.low is not None:
        if f.mean.value <= chance_value(f):
            return None
        wanted = max(wanted, _growth(f.mean.value, f.mean.low, chance_value(f)))
    if not 1 < wanted <= _TOO_MANY:
        return None
    return max(10, math.ceil((wanted - 1) * f.answers / 10) * 10)


def _growth(value: float, end: float, bound: float) -> float:
    """How many times the sample must grow until `end` reaches `bound`."""
    return ((value - end) / (value - bound)) ** 2 if abs(value - bound) > 1e-9 else math.inf


def early_decision(data: DryRunData, thresholds: Thresholds = DEFAULTS) -> EarlyDecision:
    """Whether the answers so far decide already (the first look of 50 x 2, and later looks).

    Because it looks several times it judges with wider intervals (`early_confidence`). NO-GO may
    come at the first look, GO from `early_go_prompts` on. Learnability, errors, chance and the
    controls count; a WARNING never stops a run.
    """
    strict = thresholds.model_copy(update={"confidence": thresholds.early_confidence})
    if len(data.prompts) < thresholds.first_look_prompts:
        return EarlyDecision(stop=False, reason="Too few answers yet.", verdict="WARNING")
    f = figures(data, strict)
    ruling, reasons = rule(f, strict)
    if ruling == "NO-GO" and all(r.rule == "errors" for r in reasons):
        failed = sum(s is None for p in data.prompts for s in p.scores)
        low = wilson(failed, sum(len(p.scores) for p in data.prompts), strict.confidence).low
        if (low or 0.0) <= thresholds.nogo_errors:
            ruling = "WARNING"
    stop = ruling == "NO-GO" or (
        ruling == "GO" and len(data.prompts) >= thresholds.early_go_prompts
    )
    return EarlyDecision(stop=stop, reason=" ".join(r.text for r in reasons), verdict=ruling)
