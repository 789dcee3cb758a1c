"""Where things stand and what comes next: it reads the workflow and hands on to the step's offer."""

from app.agent.actions import action
from app.agent.definition import load_agents
from app.agent.entries import Option
from app.agent.quick import ahead
from app.agent.turn import Turn
from app.agent.words import bold, bullets, plain
from app.domain.steps import STEPS, TITLES, Step
from app.store import meta

# The offer of each step, when it is the next one.
OFFERS: dict[Step, str] = {
    "topics_config": "offer_topics",
    "categorize": "offer_categorise",
    "coverage_generation": "offer_coverage",
    "grader_config": "offer_grader",
    "dry_run": "offer_dry_run",
    "training": "offer_training",
    "deployment": "offer_deployment",
}
WORDS = {
    "completed": "done",
    "in_progress": "under way",
    "failed": "failed",
    "skipped": "skipped",
    "stale": "out of date",
    "blocked": "not yet",
    "pending": "next",
}


@action()
async def next_step(turn: Turn) -> None:
    """Offer what comes next: the goal, then the first step that is not done."""
    if not await turn.read(meta.get, "goal", ""):
        await turn.act("ask_goal")
        return
    flow = await turn.session.workflow()
    current = ahead(flow)
    if current is None:
        await turn.act("offer_more")
    elif flow[current].status == "blocked":
        await turn.act("missing", step=current)
    else:
        await turn.act(OFFERS[current])


@action(quick=True)
async def status(turn: Turn) -> None:
    """All seven steps with their numbers."""
    flow = await turn.session.workflow()
    lines = []
    for number, step in enumerate(flow.steps, 1):
        reading = f": {plain(step.reading)}" if step.reading != WORDS[step.status] else ""
        lines.append(f"{number}. **{step.title}**, {WORDS[step.status]}{reading}")
    goal = await turn.read(meta.get, "goal", "")
    head = f"Goal: {plain(goal, 300)}\n\n" if goal else ""
    where = (
        f"Step {STEPS.index(flow.current) + 1} of 7 is next."
        if flow.current
        else "All seven steps are done."
    )
    await turn.say(f"{head}{where}\n\n" + "\n".join(lines))
    if not turn.calling:
        await turn.act("way_on")


@action(quick=True)
async def is_it_done(turn: Turn) -> None:
    """Look and answer; start nothing."""
    jobs = [j for j in turn.host.jobs.active if j.dataset_id == turn.session.dataset_id]
    if not jobs:
        flow = await turn.session.workflow()
        await turn.say(f"Nothing is running. {flow.done} of 7 steps are done.")
        return
    lines = []
    for job in jobs:
        share = f"{100 * job.fraction:.0f} %" if job.fraction is not None else job.state
        left = job.seconds_left()
        rest = f", about {left:.0f} s left" if left and left >= 1 else ""
        lines.append(f"**{plain(job.name)}**: {share}{rest}. {plain(job.text)}".rstrip())
    await turn.say("Not yet. " + "\n\n".join(lines))


@action(quick=True)
async def way_on(turn: Turn) -> None:
    """Never leave without a button."""
    await turn.ask("Shall we go on?", Option(label="What comes next", action="next_step"))


@action(quick=True)
async def missing(turn: Turn, step: Step) -> None:
    """All that a step still needs, in order; nothing was called."""
    lacking = await turn.session.missing_for(step)
    if not lacking:
        await turn.act(OFFERS[step])
        return
    lines = "\n".join(f"{n}. {plain(text, 300)}" for n, text in enumerate(lacking, 1))
    await turn.say(f"**{TITLES[step]}** cannot start yet. Missing, in this order:\n\n{lines}")
    await turn.act("remedy", step=step)


@action(quick=True)
async def remedy(turn: Turn, step: Step) -> None:
    """The button for the first thing that is missing."""
    state = await turn.session.state()
    if not state.valid_records:
        await turn.ask(
            "Shall we look at the records?",
            Option(label="Show the records", action="show_panel", arguments={"panel": "records"}),
        )
    elif step in ("categorize", "coverage_generation"):
        first = "offer_topics" if not state.leaves else "offer_categorise"
        await turn.act(first)
    elif state.grader is None:
        await turn.act("offer_grader")
    elif await turn.session.missing_for("training"):
        await turn.act("offer_dry_run")
    else:
        await turn.act("offer_training")


@action(quick=True, needs_dataset=False)
async def agents(turn: Turn) -> None:
    """The agent files that were found, and what is wrong with others."""
    found = await load_agents(turn.host.home)
    lines = [f"{bold(a.name)}: {plain(a.description, 200)}" for a in found.found.values()]
    problems = [plain(problem, 400) for problem in found.problems]
    folder = plain(str(turn.host.home / "agents"), 300)
    await turn.say(
        "Agent files, which a connected model follows (“connect a model”):\n\n"
        f"{bullets(lines + problems)}\n\nYour own go into {folder}."
    )


@action()
async def stop(turn: Turn) -> None:
    """Typed while no turn runs: it means the training."""
    await turn.act("stop_training")
