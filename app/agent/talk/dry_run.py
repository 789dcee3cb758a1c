"""Step 5: the dry run's card, and its verdict read aloud with the next action."""

from app.agent.actions import action
from app.agent.entries import Option
from app.agent.talk.grader import is_tested
from app.agent.turn import Turn
from app.agent.words import bullets, figure, plain
from app.domain.diagnosis import Action
from app.domain.verdict import Verdict
from app.store import results
from app.store.results import ResultValue

READ = Option(label="Read the verdict", action="why")
PANEL = Option(label="Show the dry run", action="show_panel", arguments={"panel": "dry run"})
MORE_PROMPTS = 2  # times the prompts of the last run, when more answers would settle it


@action()
async def offer_dry_run(turn: Turn) -> None:
    """Before the dry run the user has seen five scores and found them right."""
    await turn.require("dry_run")
    state = await turn.session.state()
    status = (await turn.session.workflow())["dry_run"].status
    if state.dry_run is not None and status in ("failed", "in_progress", "stale"):
        await turn.act("why")
        return
    if not await is_tested(turn):
        await turn.act("offer_test")
        return
    await turn.ask(
        "Now the dry run: the base model answers 200 training prompts four times each, all are "
        "graded, and the verdict says whether training can work. About 2 min, free.",
        Option(label="Start the dry run", action="start_dry_run"),
        Option(label="What does it measure?", action="explain", arguments={"term": "learnability"}),
    )


@action()
async def start_dry_run(turn: Turn, prompts: int = 200) -> None:
    """Run it (a card) and tell the verdict."""
    await turn.require("dry_run")
    await turn.call("run_dry_run", sample_size=prompts)
    await turn.act("why")


@action(quick=True)
async def why(turn: Turn) -> None:
    """The verdict of the last dry run, why, and what to do."""
    result = await turn.read(results.latest, "dry_run")
    if result is None:
        await turn.say("There is no dry run yet, so there is no verdict.")
        await turn.act("missing", step="dry_run")
        return
    if result.state != "completed":
        await _unfinished(turn, result)
        return
    verdict = Verdict.model_validate(result.data["verdict"])
    await turn.say(_words(verdict))
    await turn.act("verdict_choices", verdict=verdict, prompts=result.data["prompts"])


async def _unfinished(turn: Turn, result: ResultValue) -> None:
    if result.state == "running":
        await turn.say("The dry run is under way; its verdict comes at the end.")
        if not turn.calling:
            await turn.ask("Meanwhile:", Option(label="How far is it?", action="is_it_done"), PANEL)
        return
    error = plain(str(result.data.get("error", "")), 400)
    kept = len(await turn.read(results.answers, result.id))
    await turn.say(f"The last dry run {result.state}. {error} {kept:,} answers are kept.")
    await turn.ask("Run it again?", Option(label="Start the dry run", action="start_dry_run"))


def _words(verdict: Verdict) -> str:
    f = verdict.figures
    parts = [
        f"**{verdict.verdict}. {plain(verdict.headline, 200)}.** {plain(verdict.summary, 600)}"
    ]
    if f.mean.known:
        parts.append(
            f"Mean score {figure(f.mean)} over {f.answers:,} answers to {f.prompts:,} prompts."
        )
    if verdict.diagnosis:
        parts.append(bullets([plain(line, 400) for line in verdict.diagnosis]))
    parts += [plain(text, 400) for text in (verdict.note, verdict.what_would_decide) if text]
    return "\n\n".join(parts)


@action(quick=True)
async def verdict_choices(turn: Turn, verdict: Verdict, prompts: int) -> None:
    """One button for each road the verdict names; a GO leads to training."""
    now = (await turn.session.workflow())["dry_run"]
    if now.status == "stale":
        await turn.ask(
            f"{now.reason} Shall we?",
            Option(label="Start the dry run", action="start_dry_run"),
        )
        return
    options = [_road(road, verdict, prompts) for road in verdict.actions]
    options += _remedies(verdict, {option.action for option in options})
    if verdict.verdict == "WARNING" and all(o.action != "accept_warning" for o in options):
        options.append(Option(label="Accept the warning and train", action="accept_warning"))
    options.append(PANEL)
    await turn.ask("What shall we do?", *options)


# What helps against a rule that decided, where the verdict's own roads do not lead there.
REMEDIES = {
    "empty": Option(label="Run it again", action="start_dry_run"),
    "answers": Option(label="Run four answers per prompt", action="start_dry_run"),
    "errors": Option(label="Open the grader and mend it", action="write_grader"),
    "alike": Option(label="Open the grader: give part of the score", action="write_grader"),
    "control": Option(label="Open the grader: close the loophole", action="write_grader"),
    "controls": Option(label="Run the crash test", action="test_grader"),
    "reference": Option(label="Test what references earn", action="test_grader"),
    "chance": Option(label="Choose another grader", action="choose_grader"),
    "length": Option(label="Open the grader: leave length out", action="write_grader"),
    "noise": Option(label="Open the grader: make it steadier", action="write_grader"),
    "pass_at_k": Option(label="Open the grader: lower the pass mark", action="write_grader"),
    "mean": Option(
        label="Add harder prompts", action="show_panel", arguments={"panel": "coverage"}
    ),
}


def _remedies(verdict: Verdict, offered: set[str]) -> list[Option]:
    """One for each reason whose remedy is not among what is offered already. A GO needs none."""
    if verdict.verdict == "GO":
        return []
    found = [REMEDIES[r.rule] for r in verdict.reasons if r.rule in REMEDIES]
    return list({o.action: o for o in reversed(found) if o.action not in offered}.values())


def _road(road: Action, verdict: Verdict, prompts: int) -> Option:
    if road.step == "training":
        name = "train" if verdict.verdict == "GO" else "accept_warning"
        return Option(label=road.text, action=name)
    if road.text in ("Run more answers", "Run again"):
        more = {"prompts": min(2_000, prompts * MORE_PROMPTS)}
        return Option(label=road.text, action="start_dry_run", arguments=more)
    if road.text == "Run the crash test":
        return REMEDIES["controls"]
    if road.step == "grader_config":
        return Option(label=f"{road.text}: open the grader", action="write_grader")
    why = {"text": road.text, "step": road.step, "why": road.why}
    return Option(label=road.text, action="advise", arguments=why)


@action(quick=True)
async def advise(turn: Turn, text: str, step: str, why: str) -> None:
    """A road that the user goes by hand: say what it is and open the panel."""
    hint = " This version trains the starter model only." if "base model" in text else ""
    await turn.say(f"**{plain(text)}.** {plain(why, 300)}{hint}")
    await turn.show(step)
    await turn.ask(
        "When it is changed:",
        Option(label="Start the dry run again", action="start_dry_run"),
        Option(label="What comes next", action="next_step"),
    )


@action()
async def accept_warning(turn: Turn) -> None:
    """Only a fresh WARNING can be accepted, on its card; then training may be set up."""
    result = await turn.read(results.latest, "dry_run", "completed")
    if result is None or result.data["verdict"]["verdict"] != "WARNING":
        await turn.say("There is no dry run that ended in WARNING to accept.")
        await turn.ask(
            "What now?",
            *([READ] if result else []),
            Option(label="What comes next", action="next_step"),
        )
        return
    await turn.call("accept_warning")
    await turn.act("train")
