"""Every tool and every kind of error has offers that can be taken; none leaves a person without a way."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from app import errors
from app.agent import talk
from app.agent.actions import ACTIONS
from app.agent.talk.failures import BY_KIND, BY_TOOL, offers
from app.errors import AppError, DeclinedError, GateError, Stopped, ToolError
from app.llm.client import ModelError
from app.registry import load_family
from app.tools.base import TOOLS

OpenTalk = Callable[..., AbstractAsyncContextManager[Any]]
Rows = list[dict[str, Any]]
KINDS = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, AppError)]
OTHERWISE = {AppError, GateError, DeclinedError, Stopped}  # told in words of their own


def test_every_tool_and_every_kind_is_in_the_tables() -> None:
    load_family(talk)
    assert set(TOOLS) <= set(BY_TOOL), "a tool without offers"
    for kind in KINDS:
        assert kind in OTHERWISE or any(base in BY_KIND for base in kind.__mro__), kind


@pytest.mark.parametrize("kind", [*KINDS, ModelError])
def test_two_to_four_offers_each_an_action(kind: type[AppError]) -> None:
    load_family(talk)
    for tool in ["", *BY_TOOL]:
        found = offers(tool, kind)
        assert len(found) <= 4
        assert found[-1].action == "next_step"
        if tool or any(base in BY_KIND for base in kind.__mro__):
            assert len(found) >= 2, "something that helps besides the way on"
        assert all(option.action in ACTIONS for option in found)
        assert len({option.label for option in found}) == len(found)


def test_an_endpoint_that_failed_leads_to_its_connection_whatever_the_tool() -> None:
    assert offers("run_dry_run", ModelError)[0].action == "connect"
    assert offers("run_dry_run", ToolError)[0].action == "start_dry_run"


@pytest.mark.parametrize(
    ("action", "arguments", "words", "offered"),
    [
        ("propose", {"method": "labels"}, "No field of the records looks like a label", "by_hand"),
        ("recut", {"k": 5}, "no proposal from the data", "propose"),
        ("apply", {}, "no proposal to apply", "propose"),
        ("rename", {"old": "A", "new": "B"}, "no topic “A”", "help_me"),
        ("set_quota", {"quota": 0}, "at least 1 record", "show_panel"),
        ("move_records", {}, "No record is likely to belong", "analyse"),
        ("configure", {"grader": {"type": "nothing"}}, "nothing", "write_grader"),
        ("confirm_test", {}, "no grader", "test_grader"),
        ("start_dry_run", {"prompts": 9_999}, "is 1 to 2,000", "start_dry_run"),
        ("accept_warning", {}, "no dry run that ended in WARNING", "next_step"),
        ("pause", {}, "No training is running", "check_run"),
        ("resume", {}, "cannot start yet", "write_grader"),
        ("start_endpoint", {}, "Nothing is deployed", "deploy"),
        ("stop_endpoint", {}, "Nothing is deployed", "start_endpoint"),
        ("go_back_to", {"snapshot_id": 99}, "no such point", "go_back"),
        ("undo", {}, "undo", "what_was_done"),
        ("redo", {}, "redo", "what_was_done"),
        ("show_record", {"number": "999"}, "no record 999", "help_me"),
        ("apply_fix", {"fix": "magic"}, "no fix", "help_me"),
        ("go_back", {"step": "the moon"}, "no step", "help_me"),
    ],
)
async def test_what_tools_raise_reaches_the_person_with_what_helps(
    talk: OpenTalk, rows: Rows, action: str, arguments: dict[str, Any], words: str, offered: str
) -> None:
    async with talk(rows, goal="answer") as t:
        if action == "start_dry_run":
            grader = {"type": "string_check", "name": "exact", "operation": "eq"}
            await t.app.call("configure_grader", grader=grader)
        if action in ("move_records",):
            await t.send("add topic A", "add topic B", "categorise")
        if action == "rename":
            await t.send("add topic Cards")
        t.clear()
        t.assistant.begin(action, **arguments)
        await t.assistant.idle()
        assert words.casefold() in t.text.casefold()
        assert offered in [option.action for option in t.question.options]
