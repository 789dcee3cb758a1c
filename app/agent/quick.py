"""What can be asked for with one click at the present step; each is also a line one could type."""

from typing import NamedTuple

from app.domain.steps import SKIPPABLE, State, Step
from app.domain.workflow import Workflow, workflow
from app.store import meta, results
from app.store.database import Tx
from app.tools.session import Session


class Quick(NamedTuple):
    """`text` is what is sent: a plain command of the guide that a language model understands too."""

    label: str
    text: str


_NEXT = Quick("What next?", "What next?")
_STATUS = Quick("Status", "Where are we?")
_LONG = Quick("How long?", "How long will it take?")
_STOP = Quick("Stop", "Stop")
_INVALID = Quick("Show invalid records", "Show invalid records")
_REPORT = Quick("Report", "Show the report")
_GRADER = Quick("Change the grader", "Open the grader")
_DRY_RUN = Quick("Start the dry run", "Start the dry run")
_AGAIN = Quick("Run it again", "Start the dry run again")
_RESUME = Quick("Resume", "Resume training")
_NEW_RUN = Quick("Train", "Start training")
_DEPLOY = Quick("Deploy", "Deploy the model")
_EXPORT = Quick("Export", "Export the model")

# By what `situation` finds. Every text is tested against the guide's commands.
SITUATIONS: dict[str, tuple[Quick, ...]] = {
    "no goal": (
        Quick("Set the goal", "Set the goal"),
        Quick("What is in the data?", "What is in the data?"),
        Quick("What is RFT?", "What is RFT?"),
    ),
    "no records": (
        _INVALID,
        Quick("Fix the records", "Fix the records"),
        Quick("Open another file", "Open a file"),
    ),
    "running": (_LONG, _STATUS, _STOP),
    "blocked": (Quick("What is missing?", "What next?"), _STATUS),
    "topics_config": (
        Quick("Propose topics", "Propose topics"),
        Quick("Define by hand", "Define topics by hand"),
        Quick("Skip topics", "Skip topics"),
    ),
    "proposal": (
        Quick("Use the topics", "Apply the proposed topics"),
        Quick("Another proposal", "Propose other topics"),
        Quick("Show the topics", "Show topics"),
        Quick("Skip topics", "Skip topics"),
    ),
    "categorize": (
        Quick("Sort the records", "Categorise the records"),
        Quick("Show the topics", "Show topics"),
        Quick("Skip topics", "Skip topics"),
    ),
    "categorize stale": (
        Quick("Sort again", "Categorise the records again"),
        Quick("What changed?", "What did you do?"),
        _NEXT,
    ),
    "coverage_generation": (
        Quick("Analyse coverage", "Analyse the coverage"),
        Quick("What is balance?", "What is balance?"),
        Quick("Show uncategorised", "Show uncategorised records"),
    ),
    "coverage_generation stale": (
        Quick("Analyse again", "Analyse the coverage again"),
        Quick("What changed?", "What did you do?"),
        _NEXT,
    ),
    "grader_config": (
        Quick("Choose a grader", "Choose a grader"),
        Quick("What is a grader?", "What is a grader?"),
        Quick("Help thin topics", "What helps the thin topics?"),
    ),
    "untested": (
        Quick("Test on 5", "Test the grader on 5"),
        _GRADER,
        Quick("The crash test?", "What is the crash test?"),
    ),
    "dry_run": (
        _DRY_RUN,
        Quick("What does it measure?", "What is the dry run?"),
        _GRADER,
    ),
    "dry_run stale": (_AGAIN, Quick("What changed?", "What did you do?"), _NEXT),
    "dry_run failed": (Quick("What went wrong?", "Why did the dry run fail?"), _AGAIN, _GRADER),
    "WARNING": (
        Quick("Why WARNING?", "Why WARNING?"),
        Quick("Accept the warning", "Accept the warning"),
        _GRADER,
        _AGAIN,
    ),
    "NO-GO": (Quick("Why NO-GO?", "Why NO-GO?"), _GRADER, _AGAIN),
    "training": (
        _NEW_RUN,
        Quick("Why GO?", "Why GO?"),
        Quick("What is a reward?", "What is the reward?"),
    ),
    "training stale": (_AGAIN, _REPORT, Quick("What changed?", "What did you do?")),
    "training runs": (
        Quick("Is it done?", "Is it done?"),
        Quick("Show the curves", "Show training"),
        Quick("Pause", "Pause training"),
        Quick("Stop", "Stop training"),
    ),
    "training waits": (_RESUME, _NEW_RUN, _STATUS),
    "training failed": (
        Quick("What went wrong?", "Why did the training fail?"),
        _RESUME,
        _NEW_RUN,
    ),
    "deployment": (_REPORT, _DEPLOY, _EXPORT),
    "deployment stale": (_REPORT, _DEPLOY, _EXPORT),
    "deployment failed": (
        Quick("Deploy again", "Deploy the model"),
        _EXPORT,
        _REPORT,
    ),
    "in service": (
        Quick("Try the model", "Try the model"),
        Quick("Compare", "Compare with the base model"),
        _EXPORT,
        _REPORT,
    ),
    "out of service": (Quick("Start the endpoint", "Start the endpoint"), _EXPORT, _REPORT),
}


async def quick_actions(session: Session) -> list[Quick]:
    """Two to four for the state of the first step that is not done."""
    state = await session.state()
    goal, tested = await session.store.read(_settled)
    return list(SITUATIONS[situation(state, goal=goal, tested=tested)])


def situation(state: State, *, goal: bool, tested: bool) -> str:
    """The key in SITUATIONS of where a dataset stands. `tested`: the user confirmed the scores of the
    present grader."""
    flow = workflow(state)
    if state.running:
        return "training runs" if "training" in state.running else "running"
    if not state.valid_records:
        return "no records"
    if not goal:
        return "no goal"
    step = ahead(flow)
    if step is None:
        return "in service" if state.deployment and state.deployment.running else "out of service"
    if flow[step].status == "blocked":
        return _before(step, state)
    return _SPECIAL.get(step, _plain)(step, state, flow, tested)


def ahead(flow: Workflow) -> Step | None:
    """The first step that is not done; one that may be skipped is not gone back to."""
    reached = max((i for i, s in enumerate(flow.steps) if s.status in REACHED), default=-1)
    for index, step in enumerate(flow.steps):
        passed = (
            step.step in SKIPPABLE and index < reached and step.status in ("pending", "blocked")
        )
        if step.status not in ("completed", "skipped") and not passed:
            return step.step
    return None


REACHED = {"completed", "in_progress", "failed"}


def _before(step: Step, state: State) -> str:
    """What stands before a blocked step."""
    if step in SKIPPABLE:
        return "blocked"
    return "grader_config" if state.grader is None else "blocked"


def _plain(step: Step, state: State, flow: Workflow, tested: bool) -> str:
    status = flow[step].status
    return f"{step} {status}" if f"{step} {status}" in SITUATIONS else step


def _topics(step: Step, state: State, flow: Workflow, tested: bool) -> str:
    return "proposal" if state.proposal else "topics_config"


def _dry_run(step: Step, state: State, flow: Workflow, tested: bool) -> str:
    run = state.dry_run
    match flow[step].status:
        case "stale":
            return "dry_run stale"
        case "failed" | "in_progress" if run and run.verdict:
            return run.verdict
        case "failed":
            return "dry_run failed"
        case "in_progress":
            return "running"
    return "dry_run" if tested else "untested"


def _training(step: Step, state: State, flow: Workflow, tested: bool) -> str:
    run = state.training
    match flow[step].status:
        case "in_progress":
            going = run is not None and run.status in ("running", "pending")
            return "training runs" if going else "training waits"
        case "failed":
            return "training failed"
        case "stale":
            return "training stale"
    return "training"


_SPECIAL = {"topics_config": _topics, "dry_run": _dry_run, "training": _training}


def _settled(tx: Tx) -> tuple[bool, bool]:
    """Whether a goal is set, and whether the present grader's scores were confirmed."""
    grader = results.current_grader(tx)
    tested = grader is not None and meta.get(tx, "confirmed_test", None) == grader.version
    return bool(meta.get(tx, "goal", "")), tested
