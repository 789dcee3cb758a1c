"""What is watched during training, with its thresholds in one table; values in, warnings out."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

# Rules of thumb of the field, not laws; an alarm informs, it does not stop the run.
LENGTH_FACTOR = 3.0  # answers this much longer than at the start: length hacking
LENGTH_LEAST = 32  # tokens; below that a factor of three means nothing
KL_NATS = 1.0  # a token, mean of the last steps: the policy no longer resembles the start model
NO_SIGNAL_SHARE = 0.95  # of groups whose answers all scored the same
STEPS = 8  # how many steps in a row make it an alarm
FALL = 0.03  # validation below its best by more than this and its interval, twice in a row


class StepRecord(BaseModel):
    """What the alarms remember of one step."""

    length: float
    kl: float | None
    without_signal: float
    applied: bool = True


@dataclass(frozen=True)
class Alarm:
    """One alarm: a stable name, and a sentence for the user."""

    name: str
    text: str


def step_alarms(history: Sequence[StepRecord]) -> list[Alarm]:
    """The alarms that the steps so far give cause for."""
    found: list[Alarm] = []
    if not history:
        return found
    if not history[-1].applied:
        text = "The loss was not a finite number; this step was left out. Lower the learning rate."
        found.append(Alarm("nan", text))
    if len(history) < STEPS:
        return found
    recent = history[-STEPS:]
    start = sum(r.length for r in history[:STEPS]) / STEPS
    now = sum(r.length for r in recent) / STEPS
    if now > LENGTH_LEAST and now > LENGTH_FACTOR * start:
        text = (
            f"Answers grew from {start:.0f} to {now:.0f} tokens. "
            "Look whether the grader rewards length instead of quality."
        )
        found.append(Alarm("length", text))
    found += _kl(recent)
    if all(r.without_signal >= NO_SIGNAL_SHARE for r in recent):
        text = (
            "All answers to a prompt score the same now, so there is nothing left to learn from. "
            "Stop here, or use harder prompts or a finer grader."
        )
        found.append(Alarm("signal", text))
    return found


def _kl(recent: Sequence[StepRecord]) -> list[Alarm]:
    known = [r.kl for r in recent if r.kl is not None]
    if not known or sum(known) / len(known) <= KL_NATS:
        return []
    text = (
        f"The model has moved far from its start (KL {sum(known) / len(known):.2f} a token). "
        "Read some answers: it may have found a trick. A lower rate or a KL pull holds it back."
    )
    return [Alarm("kl", text)]


def validation_alarms(rewards: Sequence[float], *, margin: float = 0.0) -> list[Alarm]:
    """An alarm when the last two validations both lie clearly below the best one before them.

    `margin` is half a validation's 95 % interval: what lies within it may be chance.
    """
    if len(rewards) < 3 or max(rewards[-2:]) >= max(rewards[:-2]) - max(FALL, margin):
        return []
    text = (
        f"Validation reward fell from {max(rewards[:-2]):.3f} to {rewards[-1]:.3f}: "
        "the model learns its training prompts by heart. The best checkpoint is kept."
    )
    return [Alarm("validation", text)]
