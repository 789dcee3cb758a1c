"""Brings what the user names to the front: panels, dialogs, the timeline; and how long things take."""

from app.agent.actions import action
from app.agent.commands import step_named
from app.agent.entries import Option
from app.agent.naming import meant
from app.agent.turn import Turn
from app.agent.words import ago, bullets, plain
from app.domain.steps import Step
from app.store import changes, topics
from app.store.changes import ChangeInfo

GO_ON = Option(label="What comes next", action="next_step")
TOLD_CHANGES = 8
# What a step takes on two cores with the shipped sample, measured; the cards say it again.
TAKES: dict[Step, str] = {
    "topics_config": "Finding topics takes some 10 s for 3,000 records, once their meaning is read.",
    "categorize": "Sorting the records takes a few seconds for 3,000.",
    "coverage_generation": "Measuring coverage takes a moment.",
    "grader_config": "Testing a grader takes seconds; the first time a starter model is trained, "
    "about 2 min.",
    "dry_run": "The dry run takes about 2 min for 200 prompts, four answers each.",
    "training": "Training takes about 3 min with the standard effort, under 1 min with the fast one.",
    "deployment": "Deploying takes about half a minute: the export is loaded again and graded.",
}


@action(quick=True)
async def show_panel(turn: Turn, panel: str) -> None:
    """Bring a step's panel or the records to the front; a topic's name shows its records."""
    known = "records" if panel.casefold() in ("records", "data") else step_named(panel)
    if known is not None:
        await turn.show(known)
        return
    found, sure = meant(await turn.read(topics.all_topics), panel)
    if sure:
        await turn.act("describe", name=found[0][0])
        return
    await turn.act("unknown", text=f"show {panel}")


@action(quick=True, needs_dataset=False)
async def settings(turn: Turn) -> None:
    await turn.show("settings")
    await turn.say("The settings: training effort, thresholds, openings, limits of spending.")


@action(quick=True)
async def export(turn: Turn) -> None:
    """The dialog asks which records and which form."""
    await turn.show("export")
    await turn.say(
        "Which records, and in which form, is asked in the dialog. Nothing leaves before."
    )


@action(quick=True)
async def export_model(turn: Turn) -> None:
    await turn.require("deployment")
    await turn.show("deployment")
    await turn.say("The Deployment panel exports the model into a folder of your choice.")
    await turn.ask("Or:", Option(label="Deploy it here", action="deploy"), GO_ON)


@action(quick=True)
async def try_it(turn: Turn) -> None:
    """The tuned model beside the base model, on the user's own prompts."""
    await turn.require("deployment")
    state = await turn.session.state()
    await turn.show("deployment")
    if state.deployment is not None and state.deployment.running:
        await turn.say("Write a prompt in the Deployment panel: both models answer it.")
        return
    first = "start_endpoint" if state.deployment else "deploy"
    label = "Start the endpoint" if state.deployment else "Deploy it"
    await turn.say("The model is not in service now.")
    await turn.ask("Shall it be?", Option(label=label, action=first), GO_ON)


@action(quick=True)
async def compare(turn: Turn) -> None:
    """Before and after: the report has it on prompts that were never trained on."""
    await turn.act("report")
    await turn.show("training")


@action()
async def stop_endpoint(turn: Turn) -> None:
    await turn.call("stop_deployment")
    await turn.say("The endpoint is stopped. The model is kept.")
    again = Option(label="Start it again", action="start_endpoint")
    await turn.ask("What now?", again, GO_ON)


@action(quick=True)
async def what_was_done(turn: Turn) -> None:
    """The last changes with who made them; every call and card is in the audit trail."""
    found = [c for c in await turn.read(changes.timeline, 3 * TOLD_CHANGES) if not c.undone]
    await turn.show("audit")
    if not found:
        await turn.say("Nothing was changed in this dataset yet.")
        await turn.act("way_on")
        return
    mine = sum(c.actor == "assistant" for c in found)
    lines = bullets([_change(c) for c in found[:TOLD_CHANGES]])
    await turn.say(f"The last changes, {mine} of {len(found)} by me, the newest first:\n\n{lines}")
    undo = Option(label="Undo the newest", action="undo")
    await turn.ask("Each can be undone.", undo, GO_ON)


def _change(change: ChangeInfo) -> str:
    who = "me" if change.actor == "assistant" else "you" if change.actor == "user" else change.actor
    return f"{plain(change.label, 200)}, by {who}, {ago(change.at)}"


@action(quick=True)
async def how_long(turn: Turn) -> None:
    """What is left of what runs; else what the present step takes."""
    active = [j for j in turn.host.jobs.active if j.dataset_id == turn.session.dataset_id]
    if active:
        await turn.act("is_it_done")
        return
    flow = await turn.session.workflow()
    if flow.current is None:
        await turn.say("Nothing is running, and all seven steps are done.")
    else:
        await turn.say(f"Nothing is running. {TAKES[flow.current]} Other machines differ.")
    if not turn.calling:
        await turn.act("way_on")
