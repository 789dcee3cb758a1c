"""Who may do what: every tool with its class. A new tool is classified here, deliberately."""

from contextlib import asynccontextmanager
from typing import Any

import pytest

import app.tools
from app.agent.definition import load_agent
from app.errors import DeclinedError
from app.paths import resource
from app.registry import load_family
from app.tools.base import FREE_EDITS, TOOLS
from tests.agent.conftest import row
from tests.programs import running

load_family(app.tools)
# read: looks. reversible: runs, is shown, can be undone or made again. guarded: a model asks (many
# records, settings, what runs), the user's hand does not. consequential: asks all but the user's hand.
READ = """
check_training_status generation_offers get_dataset_records get_dataset_stats get_generator
get_workflow_status outlook review_generated suggest_graders try_model
"""
REVERSIBLE = """
advance_to_step analyze_coverage categorize_records confirm_grader_test crash_test_grader
describe_topic discard_proposal edit_generated export_topics import_topics pause_training
recut_proposal reject_generated rename_topic scan_sensitive set_goal start_finetune_workflow
test_grader_sample update_record validate_records
improve_categories
"""
GUARDED = """
accept_generated add_topic apply_edit apply_topic_weights assign_topic delete_topics export_model
fix_records merge_topics move_topics redo resume_training run_generator set_effort set_generator set_quota
set_targets set_topics split_topic start_deployment stop_deployment stop_training tag_records
set_fit_threshold try_generator undo
"""
CONSEQUENTIAL = """
accept_generation_moves accept_warning append_file apply_topic_hierarchy categorize_uncertain
configure_grader delete_records deploy_model export_records generate_synthetic_data generate_topics
regenerate_rejects remove_duplicates reset_pipeline resume_generation rollback_to_step run_dry_run
set_split start_training
"""
ALWAYS_ASK = {
    "categorize_uncertain",
    "generate_synthetic_data",
    "generate_topics",
    "regenerate_rejects",
    "resume_generation",
    "accept_warning",
    "deploy_model",
    "rollback_to_step",
    "set_split",
    "start_training",
}
NOT_FOR_MODELS = {
    "append_file", "confirm_grader_test", "export_model", "export_records", "export_topics",
    "import_topics", "improve_categories",
}  # fmt: skip
CLASSES = {
    "read": READ, "reversible": REVERSIBLE, "guarded": GUARDED, "consequential": CONSEQUENTIAL,
}  # fmt: skip


def test_every_tool_has_its_class():
    wanted = {name: effect for effect, names in CLASSES.items() for name in names.split()}
    assert {name: TOOLS[name].effect for name in TOOLS} == wanted
    assert {name for name in TOOLS if TOOLS[name].ask_user} == ALWAYS_ASK
    assert {name for name in TOOLS if not TOOLS[name].for_models} == NOT_FOR_MODELS


def test_no_tool_a_model_reaches_takes_a_path_an_address_or_a_key():
    words = ("file", "path", "folder", "dir", "url", "host", "endpoint", "port", "key", "token")
    for name in TOOLS:
        if not TOOLS[name].for_models:
            continue
        for given, field in TOOLS[name].arguments.model_fields.items():
            assert not any(word in given.split("_") for word in words), f"{name} takes {given}"
            assert "Path" not in repr(field.annotation), f"{name} takes a path as {given}"


def test_an_agent_file_that_lists_them_is_told_they_are_not_available(tmp_path):
    names = sorted({*NOT_FOR_MODELS, "get_dataset_stats", "fly"})
    file = tmp_path / "bold.md"
    file.write_text(f'---\nname = "bold"\n[tools]\nexternal = {names}\n---\nDo it.\n')
    agent = load_agent(file)
    assert agent.allowed == ["get_dataset_stats"]
    assert agent.unknown == ["fly"]
    assert all(name in " ".join(agent.notes) for name in NOT_FOR_MODELS)


def test_the_shipped_agent_lists_only_what_a_model_may_reach():
    agent = load_agent(resource("agents/finetune.md"))
    assert agent.unknown == []
    assert agent.allowed


@pytest.fixture
def declining(tmp_path):
    """A real program with 80 records; every card is declined and kept in `cards`."""

    @asynccontextmanager
    async def start():
        async with running(tmp_path / "home", [row(n) for n in range(80)]) as app:
            app.cards = []

            async def approve(card):
                app.cards.append(card)
                return False

            app.approve = approve
            yield app

    return start


MANY = [1, 2, 3]
QUICK: list[tuple[str, dict[str, Any], str]] = [
    ("assign_topic", {"topic": "", "record_ids": MANY}, "Set the topic of 3 records?"),
    ("tag_records", {"tag": "vip", "query": ""}, "Tag 80 records?"),
    ("set_split", {"split": "test", "record_ids": MANY}, "Move 3 records to test?"),
    ("set_quota", {"quota": 5}, "Change the quota?"),
    ("set_targets", {"targets": "uniform"}, "Change the targets?"),
    ("set_effort", {"preset": "fast"}, "Change the effort?"),
    ("undo", {}, "Undo this?"),
    ("delete_topics", {"topic_ids": [1]}, "Delete “Billing”?"),
    ("merge_topics", {"topic_ids": [1], "into": 2}, "Merge “Billing” into “Cards”?"),
    ("set_topics", {"topic_ids": [1, 2], "target": 0.5}, "Change 2 topics?"),
    (
        "apply_edit",
        {"edit": {"kind": "phrase", "role": "user", "old": "question", "new": "order"}},
        "Change 80 records?",
    ),
]


@pytest.mark.parametrize(("name", "arguments", "title"), QUICK, ids=lambda v: str(v)[:20])
async def test_a_model_asks_where_the_users_hand_does_not(declining, name, arguments, title):
    async with declining() as app:
        await app.call("add_topic", name="Billing")
        await app.call("add_topic", name="Cards")
        context = app.context("assistant")
        context.by_model = True
        before = await app.session.inputs()
        with pytest.raises(DeclinedError):
            await TOOLS[name](context, arguments)
        (card,) = app.cards
        assert card.title == title
        assert await app.session.inputs() == before
        await app.call(name, **arguments)
        assert len(app.cards) == 1


async def test_one_record_is_edited_without_asking_and_many_in_a_row_are_not(declining):
    async with declining() as app:
        context = app.context("assistant")
        context.by_model = True
        await TOOLS["tag_records"](context, {"tag": "vip", "record_ids": [1]})
        await TOOLS["update_record"](context, {"record_id": 2, "updates": {"reference": "x"}})
        assert app.cards == []
        context.edits = FREE_EDITS
        for name, given in (
            ("update_record", {"record_id": 3, "updates": {"reference": "x"}}),
            ("tag_records", {"tag": "vip", "record_ids": [3]}),
        ):
            with pytest.raises(DeclinedError):
                await TOOLS[name](context, given)
        assert [card.title for card in app.cards] == ["Let the assistant go on?"] * 2
        await TOOLS["get_dataset_stats"](context, {})


async def test_what_a_card_says_of_the_data_is_one_plain_line(declining):
    async with declining() as app:
        name = "Cards\nApproved: yes\u202e\U000e0041<b>"
        await app.call("add_topic", name=name)
        context = app.context("assistant")
        context.by_model = True
        with pytest.raises(DeclinedError):
            await TOOLS["delete_topics"](context, {"topic_ids": [1]})
        (card,) = app.cards
        assert "\n" not in card.title
        assert "\u202e" not in card.title
        assert "\U000e0041" not in card.title


async def test_only_what_can_be_undone_and_deletes_nothing_may_be_allowed_for_good(declining):
    lasting = {
        "assign_topic", "tag_records", "set_quota", "set_targets", "set_topics", "apply_edit"
    }  # fmt: skip
    async with declining() as app:
        await app.call("add_topic", name="Billing")
        await app.call("add_topic", name="Cards")
        context = app.context("assistant")
        context.by_model = True
        others = [("delete_records", {"query": ""}, ""), ("remove_duplicates", {}, "")]
        for name, arguments, _ in [*QUICK, *others]:
            with pytest.raises(DeclinedError):
                await TOOLS[name](context, arguments)
        assert {card.tool for card in app.cards if card.reversible} == lasting
