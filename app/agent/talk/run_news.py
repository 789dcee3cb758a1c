"""What is said of long work while it goes: its start, its quarters, its alarms, its end."""

from typing import Any

from app.agent.actions import action
from app.agent.turn import Turn
from app.agent.words import duration, plain
from app.domain.wording import count, number
from app.store import results
from app.tools import runs

MARKS = {1: "A quarter is done.", 2: "Halfway mark passed.", 3: "Three quarters are done."}
SHORTER = 0.75  # answers under this share of their first length are worth a word
LONGER = 1.5


@action(quick=True)
async def run_began(turn: Turn, resumed: bool = False) -> None:
    """A run started, by whoever's hand."""
    latest = await turn.read(results.latest, "training")
    if latest is None:
        return
    params, baseline = latest.data["params"], latest.data.get("baseline")
    verb = "goes on" if resumed else "has begun"
    text = (
        f"**Training {verb}**, run {latest.id}: {count(params['steps'], 'step')}, group size "
        f"{params['group_size']}, {params['prompts_per_step']} prompts a step."
    )
    if baseline is not None:
        text += (
            f" The base model's mean in the dry run was {number(baseline)}; the curve must rise "
        )
        text += "above it."
    await turn.say(f"{text} I report at the quarters, at alarms and at the end.")
    await turn.act("run_choices")


@action(quick=True)
async def quarter(turn: Turn, quarter: int) -> None:
    """A quarter mark, from the run's own events."""
    latest = await turn.read(results.latest, "training")
    if latest is None:
        return
    rows, _ = runs.directory(turn.session, latest).events()
    await turn.say(f"**{MARKS[quarter]}** {_progress(rows)}{await _left(turn)}")


async def _left(turn: Turn) -> str:
    status = await turn.look_up("check_training_status")
    left = duration(status.seconds_left)
    return f" {left[0].upper()}{left[1:]} left." if left else ""


def _progress(rows: list[dict[str, Any]]) -> str:
    """Validation from first to last, what the lengths did, and whether signal is left."""
    evaluations = [row for row in rows if row["kind"] == "evaluation"]
    metrics = [row for row in rows if row["kind"] == "metrics"]
    parts = []
    if len(evaluations) > 1:
        first, last = evaluations[0]["reward"], evaluations[-1]["reward"]
        verb = "went" if abs(last - first) > 0.005 else "stayed"
        parts.append(f"Validation {verb} from {number(first)} to **{number(last)}**.")
    elif metrics:
        parts.append(f"The train reward is **{number(metrics[-1]['reward'])}**.")
    if len(metrics) > 1:
        begin, now = (m["completions/mean_length"] for m in (metrics[0], metrics[-1]))
        if now < SHORTER * begin or now > LONGER * begin:
            word = "shorter" if now < begin else "longer"
            parts.append(f"Answers got {word}, {begin:.0f} to {now:.0f} tokens.")
        silent = metrics[-1]["frac_reward_zero_std"]
        if silent > 0.5:
            parts.append(f"{number(silent, '%')} of the groups carry no signal any more.")
    return " ".join(parts)


@action(quick=True)
async def alarm(turn: Turn, text: str, step: int) -> None:
    """A warning of the run, with what can be done."""
    await turn.say(f"**Alarm at step {step}.** {plain(text, 400)}")
    await turn.act("run_choices")


@action(quick=True)
async def work_began(turn: Turn, name: str, seconds_left: float | None = None) -> None:
    """Somebody else's work takes longer than a moment."""
    left = _rest(seconds_left)
    rest = f", {left} left" if left else ""
    await turn.say(f"**{plain(name)}** is under way{rest}. You can go on meanwhile.")


@action(quick=True)
async def work_ended(turn: Turn, name: str, state: str, seconds: float, error: str = "") -> None:
    """It is done, or why it is not."""
    took = duration(seconds)
    if state == "done":
        await turn.say(f"**{plain(name)}** is done, after {took}.")
        return
    if state == "stopped":
        await turn.say(f"**{plain(name)}** was stopped after {took}.")
        return
    await turn.say(f"**{plain(name)}** failed after {took}. {plain(error, 500)}")
    if not turn.calling:
        await turn.act("way_on")


@action(quick=True)
async def dry_run_quarter(turn: Turn, quarter: int, seconds_left: float | None = None) -> None:
    """A quarter mark of a long dry run."""
    left = _rest(seconds_left)
    rest = f" {left[0].upper()}{left[1:]} left." if left else ""
    await turn.say(f"Dry run: {MARKS[quarter][0].lower()}{MARKS[quarter][1:]}{rest}")


def _rest(seconds: float | None) -> str:
    """What is left, where it is more than a moment."""
    return duration(seconds) if seconds and seconds >= 1 else ""
