"""What can be done after a failure: from the tool that failed, or the kind of error, to offers."""

from app.agent.actions import action
from app.agent.entries import Option
from app.agent.turn import Turn
from app.agent.words import plain
from app.errors import (
    AppError,
    InputError,
    ProviderError,
    SandboxError,
    StoreError,
    ToolError,
    TrainingError,
)

MOST = 4


def _panel(label: str, panel: str) -> Option:
    return Option(label=label, action="show_panel", arguments={"panel": panel})


STATUS = Option(label="Show where we stand", action="status")
GO_ON = Option(label="What comes next", action="next_step")
HELP = Option(label="What can I type?", action="help_me")
_RECORDS = _panel("Show the records", "records")
_TOPICS = Option(label="List the topics", action="list_topics")
_TOPICS_PANEL = Option(label="Open the Topics panel", action="modify_topics")
_PROPOSE = Option(label="Propose topics", action="propose")
_BY_HAND = Option(label="Define topics by hand", action="by_hand")
_SKIP = Option(label="Go on without topics", action="skip_topics")
_SORT = Option(label="Sort the records", action="categorise")
_ANALYSE = Option(label="Analyse the coverage", action="analyse")
_COVERAGE = _panel("Open the Coverage panel", "coverage")
_CHOOSE = Option(label="Choose a grader", action="choose_grader")
_GRADER = Option(label="Open the grader", action="write_grader")
_TEST = Option(label="Test the grader", action="test_grader")
_DRY_RUN = Option(label="Start the dry run", action="start_dry_run")
_WHY = Option(label="Read the verdict", action="why")
_TRAIN = Option(label="Start a new run", action="train")
_RESUME = Option(label="Resume the run", action="resume")
_CHECK = Option(label="How far is the run?", action="check_run")
_STOP_RUN = Option(label="Stop the run", action="stop_training")
_REPORT = Option(label="Read the report", action="report")
_DEPLOY = Option(label="Deploy the model", action="deploy")
_ENDPOINT = Option(label="Start the endpoint", action="start_endpoint")
_STOP_ENDPOINT = Option(label="Stop the endpoint", action="stop_endpoint")
_DEPLOYMENT = _panel("Open the Deployment panel", "deployment")
_DONE = Option(label="What was done?", action="what_was_done")
_POINTS = Option(label="Points to go back to", action="go_back")
_FIX = Option(label="What can be fixed?", action="fix")
_GOAL = Option(label="Set the goal", action="ask_goal")
_FILE = Option(label="Choose a file", action="open_file")
_EXPORT = Option(label="Choose another folder", action="export")
_CONNECT = Option(label="Look at the connections", action="connect")
_SETTINGS = Option(label="Open the settings", action="settings")

BY_TOOL: dict[str, tuple[Option, ...]] = {
    "outlook": (_RECORDS,),
    "get_dataset_records": (_RECORDS, HELP),
    "get_dataset_stats": (_RECORDS,),
    "validate_records": (_RECORDS, _FIX),
    "update_record": (_RECORDS, _TOPICS),
    "delete_records": (_RECORDS, _DONE),
    "assign_topic": (_TOPICS, _RECORDS),
    "tag_records": (_RECORDS,),
    "set_split": (_RECORDS,),
    "set_goal": (_GOAL,),
    "fix_records": (_FIX, _RECORDS),
    "apply_edit": (_RECORDS, _DONE),
    "remove_duplicates": (_RECORDS, _DONE),
    "scan_sensitive": (_RECORDS,),
    "append_file": (_FILE, _RECORDS),
    "export_records": (_EXPORT, _RECORDS),
    "generate_topics": (_BY_HAND, _SKIP),
    "recut_proposal": (_PROPOSE, _BY_HAND),
    "discard_proposal": (_PROPOSE,),
    "apply_topic_hierarchy": (_PROPOSE, _TOPICS_PANEL),
    "add_topic": (_TOPICS, _TOPICS_PANEL),
    "rename_topic": (_TOPICS, _TOPICS_PANEL),
    "describe_topic": (_TOPICS, _TOPICS_PANEL),
    "split_topic": (_TOPICS, _TOPICS_PANEL),
    "export_topics": (_TOPICS_PANEL, _TOPICS),
    "import_topics": (_TOPICS_PANEL, _BY_HAND),
    "set_topics": (_TOPICS, _TOPICS_PANEL),
    "move_topics": (_TOPICS, _TOPICS_PANEL),
    "merge_topics": (_TOPICS, _TOPICS_PANEL),
    "delete_topics": (_TOPICS, _TOPICS_PANEL),
    "categorize_records": (_SORT, _TOPICS),
    "categorize_uncertain": (_RECORDS, _CONNECT),
    "set_fit_threshold": (_SORT, _RECORDS),
    "improve_categories": (_SORT, _TOPICS),
    "analyze_coverage": (_ANALYSE, _SORT),
    "set_quota": (_COVERAGE,),
    "set_targets": (_COVERAGE,),
    "generation_offers": (_ANALYSE, _COVERAGE),
    "generate_synthetic_data": (_ANALYSE, _COVERAGE),
    "run_generator": (_COVERAGE, _ANALYSE),
    "try_generator": (_COVERAGE,),
    "set_generator": (_COVERAGE,),
    "get_generator": (_COVERAGE,),
    "review_generated": (_COVERAGE, _ANALYSE),
    "regenerate_rejects": (_COVERAGE, _ANALYSE),
    "resume_generation": (_COVERAGE, _ANALYSE),
    "accept_generated": (_COVERAGE, _ANALYSE),
    "reject_generated": (_COVERAGE, _ANALYSE),
    "edit_generated": (_COVERAGE, _ANALYSE),
    "accept_generation_moves": (_ANALYSE, _COVERAGE),
    "apply_topic_weights": (_ANALYSE, _COVERAGE),
    "suggest_graders": (_GRADER, _RECORDS),
    "configure_grader": (_GRADER, _CHOOSE),
    "test_grader_sample": (_TEST, _GRADER, _CHOOSE),
    "crash_test_grader": (_GRADER, _CHOOSE),
    "confirm_grader_test": (_TEST, _GRADER),
    "run_dry_run": (_DRY_RUN, _GRADER, _RECORDS),
    "accept_warning": (_WHY, _DRY_RUN),
    "start_training": (_CHECK, _STOP_RUN, _WHY),
    "set_effort": (_SETTINGS,),
    "check_training_status": (_TRAIN, STATUS),
    "pause_training": (_CHECK, _TRAIN),
    "stop_training": (_CHECK, _TRAIN),
    "resume_training": (_TRAIN, _CHECK),
    "deploy_model": (_REPORT, _DEPLOY),
    "export_model": (_DEPLOYMENT, _REPORT),
    "start_deployment": (_DEPLOY, _REPORT),
    "stop_deployment": (_DEPLOYMENT, _ENDPOINT),
    "try_model": (_ENDPOINT, _DEPLOYMENT),
    "start_finetune_workflow": (_GOAL, STATUS),
    "get_workflow_status": (STATUS,),
    "advance_to_step": (STATUS,),
    "rollback_to_step": (_POINTS, _DONE),
    "reset_pipeline": (_STOP_RUN, _STOP_ENDPOINT),
    "undo": (_DONE,),
    "redo": (_DONE,),
}
BY_KIND: dict[type[AppError], tuple[Option, ...]] = {
    InputError: (HELP,),
    StoreError: (_DONE, STATUS),
    SandboxError: (_TEST, _GRADER),
    TrainingError: (_RESUME, _TRAIN),
    ProviderError: (_CONNECT, _SETTINGS),
    ToolError: (STATUS,),
}


def offers(tool: str, kind: type[AppError]) -> list[Option]:
    """Two to four buttons: what helps with this tool and this kind of error, then the way on.

    A model's endpoint that failed needs its connection whatever tool used it; else the tool knows best.
    """
    by_kind = next((BY_KIND[k] for k in kind.__mro__ if k in BY_KIND), ())
    by_tool = BY_TOOL.get(tool, ())
    first = (*by_kind, *by_tool) if issubclass(kind, ProviderError) else (*by_tool, *by_kind)
    helpful = list({(option.action, option.label): option for option in first}.values())
    return [*helpful[: MOST - 1], GO_ON]


@action(quick=True, needs_dataset=False)
async def failed(turn: Turn, text: str) -> None:
    """Say what failed, and offer what helps."""
    await turn.say(f"That did not work. {plain(text, 1000)}")
    if turn.has_dataset and not turn.calling:
        tool, error = turn.trouble or ("", InputError(text))
        same = str(error) == text
        await turn.ask("What now?", *offers(tool if same else "", type(error)))
