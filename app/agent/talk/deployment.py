"""Step 7: putting the model to use, asked first; and what can come after it."""

from app.agent.actions import action
from app.agent.commands import step_named
from app.agent.entries import Option
from app.agent.turn import Turn
from app.agent.words import ago, bold, plain
from app.domain.steps import STEPS, TITLES
from app.domain.wording import count, number
from app.errors import InputError
from app.store import results
from app.tools.deployment import Deployed
from app.tools.workflow import RolledBack


@action()
async def offer_deployment(turn: Turn) -> None:
    """The report stands before the question."""
    await turn.require("deployment")
    await turn.act("report")


@action()
async def deploy(turn: Turn) -> None:
    """Export, prove the export, serve it (a card; a second yes when it is not better)."""
    await turn.require("deployment")
    await turn.call("deploy_model")
    await turn.act("tell_deployment")


@action(quick=True)
async def tell_deployment(turn: Turn) -> None:
    """Where the model is served, and how the export proved itself."""
    result = await turn.read(results.latest, "deployment")
    if result is None:
        await turn.act("missing", step="deployment")
        return
    text = (
        f"{bold(result.data['model_id'])} is in service at `{result.data['endpoint']}`, for this "
        "computer only. Its key and snippets for Python and curl are in the Deployment panel."
    )
    again = result.data.get("regraded") or {}
    if again.get("mean") is not None:
        text += (
            f" The export was loaded again and graded: **{number(again['mean'])}** on "
            f"{count(int(again.get('n', 0)), 'prompt')}."
        )
    await turn.say(text)
    await turn.act("offer_more")


@action(quick=True)
async def offer_more(turn: Turn) -> None:
    """After the seventh step."""
    state = await turn.session.state()
    options = [
        Option(
            label="Try it beside the base model",
            action="show_panel",
            arguments={"panel": "deployment"},
        ),
        Option(label="Another round: change the grader", action="write_grader"),
        Option(label="Another round: fill thin topics", action="generation"),
    ]
    if state.deployment is not None and not state.deployment.running:
        options.insert(0, Option(label="Start the endpoint", action="start_endpoint"))
    if state.categorised is None:
        options.pop()
    await turn.ask("All seven steps are done. What next?", *options)


@action()
async def start_endpoint(turn: Turn) -> None:
    done: Deployed = await turn.call("start_deployment")
    await turn.say(f"{bold(done.model_id)} is in service again at `{done.endpoint}`.")
    await turn.act("offer_more")


@action()
async def go_back(turn: Turn, step: str = "") -> None:
    """Roll back to a step (a card), or list the points one can go back to."""
    if step:
        wanted = step_named(step)
        if wanted is None:
            raise InputError(
                f"There is no step {step!r}. There are: {', '.join(TITLES[s] for s in STEPS)}."
            )
        done: RolledBack = await turn.call("rollback_to_step", step=wanted)
        await _gone_back(turn, done)
        return
    found: RolledBack = await turn.call("rollback_to_step")
    if not found.points:
        await turn.say("There is no point to go back to yet. “undo” takes back the last change.")
        return
    await turn.ask(
        "Where to? All results and models stay.",
        *[
            Option(
                label=f"{plain_label(point.label)}, {ago(point.at)}",
                action="go_back_to",
                arguments={"snapshot_id": point.snapshot_id},
            )
            for point in found.points[:4]
        ],
    )


@action()
async def go_back_to(turn: Turn, snapshot_id: int) -> None:
    await _gone_back(turn, await turn.call("rollback_to_step", snapshot_id=snapshot_id))


async def _gone_back(turn: Turn, done: RolledBack) -> None:
    await turn.say(
        f"Back at “{plain(done.restored)}”: {count(done.undone, 'change')} taken back. Results are "
        "kept, and “undo” brings it all back."
    )
    await turn.act("way_on")


def plain_label(text: str) -> str:
    """A point's words on a button: one line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"
