"""The first words: welcome, what was found in a dataset, its goal, and welcome back."""

from typing import Any

from app.agent.actions import action
from app.agent.entries import Message, Option, read_back
from app.agent.facts import resume_facts
from app.agent.phrase import phrase
from app.agent.sample import sample
from app.agent.speaker import Speakers
from app.agent.turn import Turn
from app.agent.words import ago, bold, plain
from app.domain.outlook import Outlook
from app.domain.steps import STEPS, TITLES
from app.domain.wording import count
from app.store import changes, meta, records, results
from app.store.database import Tx

SUGGESTED_GOALS = 3
GOAL_LENGTH = 400


@action(needs_dataset=False)
async def welcome(turn: Turn) -> None:
    """Before any dataset is open."""
    speaker = Speakers(turn.host).now
    who = (
        "I use no language model: my words are fixed, the numbers are yours. One can be connected."
        if speaker is None
        else f"{bold(speaker.name)} answers what you write; the numbers are the program's."
    )
    await turn.say(
        "**Hello.** I lead you through seven steps, from chat records to a model that is measurably "
        f"better, and explain every number. {who}"
    )
    connect = [Option(label="Connect a model", action="connect")] if speaker is None else []
    await turn.ask(
        "How would you like to start?",
        Option(label="Try the sample", action="open_sample"),
        Option(label="Open my own file", action="open_file"),
        *connect,
    )


@action(needs_dataset=False)
async def open_sample(turn: Turn) -> None:
    """Open the shipped sample; its own opening follows."""
    await turn.say("I open the sample: 3,000 support tickets. This takes a few seconds.")
    await turn.host.open_sample()


@action(needs_dataset=False)
async def open_file(turn: Turn) -> None:
    """The window asks for the file."""
    await turn.show("open_file")


@action()
async def opened(turn: Turn) -> None:
    """A dataset was opened: the first time a report, later welcome back."""
    flow = await turn.session.workflow()
    if flow.workflow_id is not None:
        await turn.act("welcome_back")
        return
    greeted = await turn.read(results.chat, 4)
    if not greeted:
        await turn.act("look")
    if not any(row.kind == "question" for row in greeted[-1:]):
        await turn.act("ask_goal")  # else the question of last time still stands


@action()
async def look(turn: Turn) -> None:
    """What is in the data, before anything is decided."""
    stats = await turn.call("get_dataset_stats")
    name = await turn.read(meta.get, "name", "this dataset")
    text = f"I looked at {bold(str(name))}: **{count(stats.records, 'record')}**. {_kind(stats)}"
    if stats.invalid:
        text += f" **{count(stats.invalid, 'record')}** invalid and kept aside."
    if stats.near_duplicates:
        text += f" {count(stats.near_duplicates, 'near duplicate')}, kept in one split each."
    await turn.say(text)
    found: Outlook = await turn.call("outlook")
    lines = "\n".join(f"- **{cell.title}**: {plain(cell.text, 400)}" for cell in found.cells[1:])
    await turn.say(f"**{plain(found.word)}** on this computer:\n\n{lines}")


def _kind(stats: records.RecordStats) -> str:
    """What the valid records are, in sentences."""
    several = f"{stats.multi_turn:,} have several turns" if stats.multi_turn else ""
    parts = [several or "All are single questions"]
    for n, what in (
        (stats.with_reference, "a reference"),
        (stats.with_reply, "a recorded reply"),
        (stats.with_tools, "tools"),
    ):
        if n:
            parts.append(f"{'All' if n == stats.valid else f'{n:,}'} have {what}")
    return f"{'. '.join(parts)}."


@action()
async def ask_goal(turn: Turn) -> None:
    """The one line that everything else serves."""
    goal = await turn.read(meta.get, "goal", "")
    found: Outlook = await turn.look_up("outlook")
    info = await turn.host.library.get(turn.session.dataset_id)
    wished = [goal] if goal else []
    if info.sample:
        wished.append(sample().goal)
    wished += found.goals
    options = [
        Option(label=text, action="set_goal", arguments={"goal": text})
        for text in list(dict.fromkeys(wished))[:SUGGESTED_GOALS]
    ]
    await turn.ask(
        "Is this still the goal?" if goal else "What should the model do well?",
        *options,
        Option(label="Something else…", action="type_goal"),
    )


@action(quick=True)
async def type_goal(turn: Turn) -> None:
    await turn.say("Type it in one line, for example: “set goal Answer refund questions politely”.")


@action()
async def set_goal(turn: Turn, goal: str) -> None:
    """Store the goal; the first one begins the workflow."""
    flow = await turn.session.workflow()
    if flow.workflow_id is None:
        await turn.call("start_finetune_workflow", training_goals=goal)
        await turn.say(
            f"The goal: **{plain(goal.rstrip('.'), GOAL_LENGTH)}.** You can change it at any time. "
            "Now the first of seven steps: I look for **topics** in your records, so that you see "
            "what is there and what is thin."
        )
        if (await turn.session.workflow()).current == "topics_config":
            await turn.act("propose", first=True)
            return
    else:
        await turn.call("set_goal", goal=goal)
        await turn.say(
            f"The goal is now: **{plain(goal.rstrip('.'), GOAL_LENGTH)}.** Earlier ones are kept."
        )
    await turn.act("next_step")


@action()
async def welcome_back(turn: Turn) -> None:
    """Where it was left; said once for the same state."""
    flow = await turn.session.workflow()
    name = str(await turn.read(meta.get, "name", "this dataset"))
    where = "All seven steps are done."
    if flow.current is not None:
        step = flow[flow.current]
        reason = f" {plain(step.reason, 300)}" if step.reason else ""
        where = (
            f"**Step {STEPS.index(flow.current) + 1} of 7: {TITLES[flow.current]}**, "
            f"{plain(step.reading)}.{reason}"
        )
    text = f"Welcome back to {bold(name)}. {where}{await turn.read(_last_activity)}"
    text = await phrase(turn, await resume_facts(turn.session)) or text
    if await turn.read(_last_said) == _said_of(text):
        return
    await turn.say(text)
    await turn.ask(
        "Continue, or review first?",
        Option(label="Continue", action="next_step"),
        Option(label="Review what was done", action="status"),
    )


def _last_activity(tx: Tx) -> str:
    newest = next((c for c in changes.timeline(tx, 20) if not c.undone), None)
    if newest is None:
        return ""
    who = "you" if newest.actor == "user" else f"the {newest.actor}"
    return f" Last, {ago(newest.at)}, by {who}: {plain(newest.label)}."


def _last_said(tx: Tx) -> str:
    """The last thing the assistant said, when only its question came after it."""
    for row in reversed(results.chat(tx, 2)):
        if row.kind == "message":
            entry: Any = read_back(row.kind, row.data)
            assert isinstance(entry, Message)
            return _said_of(entry.text)
    return ""


def _said_of(text: str) -> str:
    """The words without the time, which alone does not make a greeting new."""
    return text.split(" Last, ")[0]
