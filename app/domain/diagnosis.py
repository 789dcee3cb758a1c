"""What a dry run's figures mean and where to go next, in plain words; it never changes a verdict."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from app.domain.figures import Figures
from app.domain.rules import Ruling, chance_value, nogo_reasons
from app.domain.thresholds import Thresholds
from app.domain.wording import joined, number

_REWARDED = 0.8  # a grader that gives its own references less is suspected before the model is
_APART = 0.15  # a topic this far from the whole, with its interval clear of it, is named


class Action(BaseModel):
    """A button: its text, the step it leads to, and why."""

    model_config = ConfigDict(frozen=True)

    text: str
    step: str
    why: str


def headline(ruling: Ruling, f: Figures) -> str:
    """The verdict in one line."""
    if ruling == "GO":
        return "Training can work here"
    if ruling == "WARNING":
        return "Training may work, but it is not certain"
    if (f.errors.value or 0.0) > 0.5:
        return "The grader does not work yet"
    if any(c.failed for c in f.controls):
        return "The grader can be cheated"
    if (f.mean.value or 0.0) > 0.9:
        return "There is nothing left to learn"
    return "Training has nothing to learn from"


def diagnose(f: Figures, ruling: Ruling, t: Thresholds) -> list[str]:
    """Sentences from the most to the least telling; empty only when all is well."""
    return [*_grader_troubles(f, t), *_difficulty(f, ruling, t), *_topics(f)]


def _grader_troubles(f: Figures, t: Thresholds) -> Iterator[str]:
    if (f.errors.value or 0.0) > t.go_errors:
        yield (
            f"The grader fails on {number(f.errors.value, '%')} of the answers. "
            "Read the first errors and mend it."
        )
    if cheats := [c.name for c in f.controls if c.failed]:
        yield f"The grader is too lenient: {joined(cheats)} earns too much without solving anything."
    if _noisy(f, t):
        yield (
            "The grader is too noisy: the same answer graded twice differs by "
            f"{number(f.noise_std)}, so better answers cannot be told from lucky ones."
        )
    rho = f.length_effect.value
    if rho is not None and abs(rho) >= t.length_rho:
        yield f"The grader likes {'longer' if rho > 0 else 'shorter'} answers. Training would copy that."
    if not f.chance.sees_prompt:
        yield (
            "The grader looks at the answer alone: the same answer scores the same under any "
            "prompt. Whether it answers this prompt is not measured."
        )


def _noisy(f: Figures, t: Thresholds) -> bool:
    if not f.noise_std or f.within_variance is None:
        return False
    return f.noise_std**2 > t.noise_share * f.within_variance


def _difficulty(f: Figures, ruling: Ruling, t: Thresholds) -> Iterator[str]:
    mean = f.mean.value
    if mean is None:
        return
    if _format_matters(f, t):
        yield (
            f"{number(f.format_failed.value, '%')} of the answers fail on format alone. The model "
            "may know the answer but not how to write it."
        )
    if mean < t.mean_low or any(r.rule == "pass_at_k" for r in nogo_reasons(f, t)):
        yield _too_hard(f)
    elif mean > t.mean_high:
        yield _too_easy(f)
    elif ruling == "NO-GO" and _low_signal(f, t):
        yield (
            "The model always solves some prompts and never solves the others. No prompt is "
            "solved sometimes, and only those teach."
        )


def _format_matters(f: Figures, t: Thresholds) -> bool:
    return (f.format_failed.value or 0.0) >= t.format_share


def _low_signal(f: Figures, t: Thresholds) -> bool:
    return f.learnability is not None and f.learnability.high < t.nogo_learnability


def _reference_mean(f: Figures) -> float | None:
    means = [c.mean.value for c in f.controls if c.kind == "reference" and c.mean.known]
    return min((m for m in means if m is not None), default=None)


def _too_hard(f: Figures) -> str:
    reference = _reference_mean(f)
    if reference is not None and reference < _REWARDED:
        return f"The grader is too harsh: even the reference answers earn only {number(reference)}."
    if (f.mean.low or 0.0) <= chance_value(f):
        return (
            f"The base model does no better than guessing (mean {number(f.mean.value)}, chance "
            f"{number(chance_value(f))}). The task is too hard for it, or the grader too harsh."
        )
    if not f.pass_at_k.value and (f.above_zero.value or 0.0) > 0.1:
        return (
            "Some answers earn part of the score, none reaches the pass mark. If part of it is "
            "good enough, lower the grader's pass mark."
        )
    if reference is not None:
        return (
            f"The task is hard for this base model: references earn {number(reference)}, its own "
            f"answers {number(f.mean.value)}."
        )
    return "The task is hard for this base model, or the grader is too harsh: read ten answers."


def _too_easy(f: Figures) -> str:
    if any(c.failed for c in f.controls):
        return "Scores are high because the grader is too lenient."
    return (
        f"The data is easy for this base model: {number(f.perfect.value, '%')} of the answers have "
        "the full score. Harder prompts or a stricter grader leave more to learn."
    )


def _topics(f: Figures) -> Iterator[str]:
    whole = f.mean.value
    if whole is None:
        return
    hard = [t for t in f.by_topic if (t.mean.high or 0) < whole - _APART / 2]
    hard = [t for t in hard if (t.mean.value or 0) < whole - _APART]
    easy = [t for t in f.by_topic if (t.mean.low or 0) > whole + _APART / 2]
    easy = [t for t in easy if (t.mean.value or 0) > whole + _APART]
    if hard:
        names = [f"{t.topic} ({number(t.mean.value)})" for t in hard]
        yield f"Hardest: {joined(names)}."
    if easy:
        names = [f"{t.topic} ({number(t.mean.value)})" for t in reversed(easy)]
        yield f"Easiest: {joined(names)}."


def next_actions(f: Figures, ruling: Ruling, t: Thresholds) -> list[Action]:
    """One to three roads, the best first; each leads to a step."""
    if ruling == "GO":
        return [Action(text="Set up training", step="training", why="Nothing stands against it.")]
    roads = list(_roads(f, t))
    if ruling == "WARNING":
        roads += [
            Action(text="Run more answers", step="dry_run", why="Narrows every interval."),
            Action(
                text="Accept and train",
                step="training",
                why="Training is allowed once you accept this warning on its card.",
            ),
        ]
    roads = roads or [_other_model("Another base model may solve some of it.")]
    return list({(r.text, r.step): r for r in roads}.values())[:3]


def _roads(f: Figures, t: Thresholds) -> Iterator[Action]:
    """What to change, by what is wrong."""
    if not f.answers and not f.errors.value:
        yield Action(text="Run again", step="dry_run", why="No answer was graded.")
        return
    if (f.errors.value or 0.0) > t.go_errors:
        yield Action(text="Mend the grader", step="grader_config", why="It fails on some answers.")
    if any(c.failed for c in f.controls):
        yield Action(text="Close the loophole", step="grader_config", why="A cheat earns too much.")
    if _noisy(f, t):
        yield Action(text="Make the grader steadier", step="grader_config", why="It is noisy.")
    rho = f.length_effect.value
    if rho is not None and abs(rho) >= t.length_rho:
        yield Action(text="Take length out of the grader", step="grader_config", why="It counts.")
    if not any(c.kind == "cheat" for c in f.controls):
        yield Action(text="Run the crash test", step="grader_config", why="It was not run.")
    yield from _roads_by_difficulty(f, t)


def _roads_by_difficulty(f: Figures, t: Thresholds) -> Iterator[Action]:
    mean = f.mean.value or 0.0
    learn = f.learnability
    if learn is not None and learn.low >= t.go_learnability:
        return
    if mean > t.mean_high:
        yield Action(text="Add harder prompts", step="coverage_generation", why="Most are solved.")
        yield Action(
            text="Make the grader stricter", step="grader_config", why="Leaves more to gain."
        )
    elif _format_matters(f, t):
        yield Action(
            text="Loosen the grader",
            step="grader_config",
            why="Give part of the score for a right answer in the wrong form.",
        )
    elif mean < t.mean_low:
        yield Action(
            text="Give part of the score",
            step="grader_config",
            why="Partial credit lets the model find the way in small steps.",
        )
        yield _other_model("A stronger base model solves some of it.")
    else:
        yield _other_model("Another base model may solve other prompts sometimes.")


def _other_model(why: str) -> Action:
    """Named because it is the right road; this version cannot take it, and says so."""
    later = "This version trains the starter only."
    return Action(text="Needs another base model", step="dry_run", why=f"{why} {later}")
