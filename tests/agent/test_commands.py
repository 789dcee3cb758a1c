"""Plain commands: what a typed line means, forgiving on case, quotes and closing marks."""

from typing import Any

import pytest

from app.agent import talk
from app.agent.actions import ACTIONS
from app.agent.commands import LINES, parse, step_named
from app.agent.grammar import COMMANDS
from app.registry import load_family


@pytest.mark.parametrize(
    ("line", "action", "arguments"),
    [
        ("what next?", "next_step", {}),
        ("What's next", "next_step", {}),
        ("NEXT", "next_step", {}),
        ("continue", "next_step", {}),
        ("status", "status", {}),
        ("where are we?", "status", {}),
        ("is it done?", "is_it_done", {}),
        ("Is the training finished yet?", "is_it_done", {}),
        ("how long will it take", "how_long", {}),
        ("why NO-GO?", "why", {}),
        ("why no go", "why", {}),
        ("Why warning?", "why", {}),
        ("why?", "why", {}),
        ("explain balance", "explain", {"term": "balance"}),
        ("what is learnability?", "explain", {"term": "learnability"}),
        ("what's the crash test", "explain", {"term": "crash test"}),
        ("whats the lernability", "explain", {"term": "lernability"}),
        ("what's next", "next_step", {}),
        ("what does coverage mean?", "explain", {"term": "coverage"}),
        ("What is a grader", "explain", {"term": "grader"}),
        ("rename Billing to Payments", "rename", {"old": "Billing", "new": "Payments"}),
        ("Rename topic “Lost Card” to 'Lost'", "rename", {"old": "Lost Card", "new": "'Lost'"}),
        ("merge A into B", "merge", {"source": "A", "target": "B"}),
        ("merge topics A and C into B", "merge", {"source": "A and C", "target": "B"}),
        ("split Billing in 3", "split", {"name": "Billing", "parts": "3", "exact": True}),
        ("split Billing", "split", {"name": "Billing", "exact": True}),
        ("split the topic Billing", "split", {"name": "Billing"}),
        ("split topic Billing into A and B", "split", {"name": "Billing", "parts": "A and B"}),
        ("lock Fees", "lock", {"name": "Fees"}),
        ("unlock topics Fees and Cards", "lock", {"name": "Fees and Cards", "locked": False}),
        ("colour Fees 3", "colour", {"name": "Fees", "color": "3"}),
        ("set the target of Fees to 12.5 %", "target", {"name": "Fees", "share": "12.5 %"}),
        ("clear target of Fees", "target", {"name": "Fees"}),
        ("set quota to 50", "set_quota", {"quota": "50"}),
        ("set quota of Fees to 50", "topic_quota", {"name": "Fees", "quota": "50"}),
        ("keep mine", "keep_mine", {}),
        ("export topics", "topic_file", {}),
        ("delete topic X", "delete", {"name": "X"}),
        ("add topic X", "add", {"name": "X"}),
        ("add topic Refunds under Billing", "add", {"name": "Refunds", "parent": "Billing"}),
        ("undo", "undo", {}),
        ("Undo that!", "undo", {}),
        ("redo", "redo", {}),
        ("show record 12", "show_record", {"number": "12"}),
        ("show me the record #7", "show_record", {"number": "7"}),
        ("propose topics", "propose", {}),
        ("set goal Answer politely", "set_goal", {"goal": "Answer politely"}),
        ("goal: be kind", "set_goal", {"goal": "be kind"}),
        ("change goal", "ask_goal", {}),
        ("start dry run", "start_dry_run", {}),
        ("run the dry-run again", "start_dry_run", {}),
        ("train", "train", {}),
        ("please start training", "train", {}),
        ("pause", "pause", {}),
        ("resume training", "resume", {}),
        ("stop", "stop", {}),
        ("Stop it.", "stop", {}),
        ("deploy", "deploy", {}),
        ("go back to topics", "go_back", {"step": "topics"}),
        ("roll back", "go_back", {}),
        ("help", "help_me", {}),
        ("show the report", "report", {}),
        ("open dry run", "show_panel", {"panel": "dry run"}),
        ("skip topics", "skip_topics", {}),
        ("make me a sandwich", "unknown", {"text": "make me a sandwich"}),
        ("trainspotting", "unknown", {"text": "trainspotting"}),
    ],
)
def test_a_line_means(line: str, action: str, arguments: dict[str, Any]) -> None:
    assert parse(line) == (action, arguments)


def test_every_command_and_example_leads_to_an_action() -> None:
    load_family(talk)
    assert all(command.action in ACTIONS for command in COMMANDS)
    assert all(parse(example)[0] != "unknown" for example in LINES)


@pytest.mark.parametrize(
    "line", ["is it done?", "why NO-GO?", "status", "what next?", "explain KL"]
)
def test_questions_never_begin_anything(line: str) -> None:
    assert parse(line)[0] not in {"train", "start_dry_run", "deploy", "apply", "stop"}


@pytest.mark.parametrize(
    ("words", "step"),
    [
        ("Topics", "topics_config"),
        ("dry run", "dry_run"),
        ("the moon", None),
        ("categorise step", "categorize"),
        ("deploy", "deployment"),
    ],
)
def test_a_step_is_known_by_its_usual_names(words: str, step: str | None) -> None:
    assert step_named(words) == step
