"""Step 6: starting, pausing and stopping a run, and its report with the bad news first."""

from app.agent.actions import action
from app.agent.entries import Option
from app.agent.shown import curves, once
from app.agent.turn import Turn
from app.agent.words import bold, duration, interval, plain, quote
from app.domain.wording import count, number
from app.store import results
from app.tools.report import Report
from app.tools.runs import TrainingStatus


@action()
async def offer_training(turn: Turn) -> None:
    """What the run's state asks for: begin, wait, resume, or read the report."""
    latest = await turn.read(results.latest, "training")
    if latest is not None and latest.state == "running":
        await turn.act("is_it_done")
        await turn.act("run_choices")
        return
    if latest is not None and latest.state in ("paused", "stopped"):
        await turn.act("offer_resume")
        return
    if latest is not None and latest.state == "failed":
        await turn.act("report")
        return
    await turn.require("training")
    await turn.ask(
        "Training can start. The card shows records, steps and time before anything runs.",
        Option(label="Train the starter model", action="train"),
        Option(label="Read the verdict again", action="why"),
    )


@action()
async def train(turn: Turn) -> None:
    """Start a run (a card). What happens in it is told by the watch, unasked."""
    await turn.require("training")
    await turn.call("start_training")


@action(quick=True)
async def run_choices(turn: Turn) -> None:
    await turn.ask(
        "While it runs you can go on working. It survives closing the window.",
        Option(label="Is it done?", action="check_run"),
        Option(label="Pause", action="pause"),
        Option(label="Stop", action="stop_training"),
        Option(label="Show the curves", action="show_panel", arguments={"panel": "training"}),
    )


@action(quick=True)
async def check_run(turn: Turn) -> None:
    """Where the run stands, in numbers."""
    status: TrainingStatus = await turn.call("check_training_status")
    if status.run_id is None:
        await turn.say("There is no training run yet.")
        return
    if status.status != "running":
        await turn.act("report")
        return
    left = duration(status.seconds_left)
    text = f"Step **{status.step} of {status.steps}**" + (f", {left} left" if left else "")
    if status.validation_reward is not None:
        text += f". Validation reward **{number(status.validation_reward)}**"
    if status.baseline is not None:
        text += f", the base model's mean was {number(status.baseline)}"
    await turn.say(f"{text}.")
    await turn.act("run_choices")


@action()
async def pause(turn: Turn) -> None:
    await turn.call("pause_training")
    await turn.say("It pauses after the present step. The checkpoint is kept.")


@action()
async def stop_training(turn: Turn) -> None:
    await turn.call("stop_training")
    await turn.say(
        "It stops after the present step. The best checkpoint so far is measured and kept."
    )


@action()
async def resume(turn: Turn) -> None:
    await turn.call("resume_training")


@action(quick=True)
async def offer_resume(turn: Turn) -> None:
    latest = await turn.read(results.latest, "training")
    step, steps = (latest.data.get("step", 0), latest.data["params"]["steps"]) if latest else (0, 0)
    options = [
        Option(label="Resume it", action="resume"),
        Option(label="Start a new run", action="train"),
    ]
    if latest is not None and latest.data.get("report"):
        options.insert(0, Option(label="Read its report", action="report"))
    state = latest.state if latest else "over"
    await turn.ask(f"The run {state} at step {step} of {steps}.", *options)


@action(quick=True)
async def report(turn: Turn) -> None:
    """The report of the last run that has one; what was not gained comes first."""
    latest = await turn.read(results.latest, "training")
    if latest is None:
        await turn.say("There is no training run yet, so there is no report.")
        await turn.act("missing", step="training")
        return
    if not latest.data.get("report"):
        await _no_report(turn, latest.state, str(latest.data.get("error", "")))
        return
    found = Report.model_validate(latest.data["report"])
    await once(turn, await curves(turn.session, latest))
    await turn.say(_words(found))
    await turn.act("report_choices", better=found.better)


async def _no_report(turn: Turn, state: str, error: str) -> None:
    if state == "running":
        await turn.act("is_it_done")
        return
    if state == "failed":
        await turn.say(f"The training failed. {plain(error, 500)} What was finished is kept.")
        await turn.ask(
            "What now?",
            Option(label="Resume from the last checkpoint", action="resume"),
            Option(label="Start a new run", action="train"),
        )
        return
    await turn.act("offer_resume")


def _words(found: Report) -> str:
    rows = "\n".join(
        f"- {plain(row.label)}: **{number(row.mean)}** ({number(row.low)} to {number(row.high)})"
        for row in found.rows
    )
    parts = [
        f"**{plain(found.sentence, 500)}**",
        f"On the same {count(found.n, 'test prompt')}, never trained on, with 95 % intervals:\n\n{rows}",
    ]
    form, right = found.format, found.correctness
    if form.mean is not None and right.mean is not None:
        parts.append(
            f"Share of answers in the right form: {plain(form.text, 200)}. Correctness, where both "
            f"answers are well formed: {plain(right.text, 200)}."
        )
    if weak := _weakest(found):
        parts.append(weak)
    if found.worsened:
        one = found.worsened[0]
        parts.append(
            f"One that got worse: {quote(one.prompt)}, from {number(one.base_score)} to "
            f"{number(one.tuned_score)}: {quote(one.tuned)}."
        )
    parts.append(f"The test set was opened {count(found.opened, 'time')}.")
    return "\n\n".join(parts)


def _weakest(found: Report) -> str:
    known = [t for t in found.by_topic if t.difference.mean is not None]
    if len(known) < 2:
        return ""
    least = min(known, key=lambda t: t.difference.mean or 0.0)
    d = least.difference
    return (
        f"Least was gained in {bold(least.topic)}: {interval(d.mean, d.low, d.high)}, "
        f"{count(d.n, 'prompt')}."
    )


@action(quick=True)
async def report_choices(turn: Turn, better: bool) -> None:
    """Deployment is offered first only when something was gained."""
    deploy = Option(
        label="Deploy it" if better else "Deploy it although it is not better", action="deploy"
    )
    others = [
        Option(label="Show the report", action="show_panel", arguments={"panel": "training"}),
        Option(label="Change the grader, then another round", action="write_grader"),
    ]
    await turn.ask("What shall we do?", *([deploy, *others] if better else [*others, deploy]))
