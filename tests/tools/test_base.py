import pytest

from app.errors import DeclinedError, GateError, InputError, ToolError
from app.store import meta, topics
from app.tools.base import TOOLS

THE_19 = """
start_finetune_workflow get_workflow_status advance_to_step rollback_to_step validate_records
generate_topics apply_topic_hierarchy categorize_records analyze_coverage generate_synthetic_data
configure_grader test_grader_sample run_dry_run start_training check_training_status deploy_model
get_dataset_records get_dataset_stats update_record
"""
GRADER = {"type": "string_check", "input": "{{sample.output_text}}", "operation": "eq",
          "reference": "{{item.reference}}"}  # fmt: skip


async def test_the_tools_of_the_assistant_exist_with_schema_and_description(program):
    async with program():
        for name in THE_19.split():
            spec = TOOLS[name].spec()["function"]
            assert spec["description"]
            assert spec["parameters"]["type"] == "object"


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("get_dataset_records", '{"limit": "many"}', "limit"),
        ("get_dataset_records", '{"limt": 5}', "limt"),
        ("get_dataset_records", "nonsense", "Invalid JSON"),
        ("update_record", "{}", "record_id"),
        ("run_dry_run", '{"sample_size": 0}', "grader"),
        ("advance_to_step", '{"step": "paradise"}', "step"),
        ("get_dataset_stats", '{"dataset_id": "another"}', "not the open dataset"),
    ],
)
async def test_wrong_arguments_are_named_and_change_nothing(program, name, arguments, words):
    async with program() as app:
        heard = []
        app.session.store.subscribe(heard.append)
        with pytest.raises(ToolError, match=words):
            await TOOLS[name](app.context(), arguments)
        assert heard == []


async def test_an_unknown_tool_is_named_with_the_known_ones(program):
    async with program():
        with pytest.raises(InputError, match=r"no tool named 'nope'.*run_dry_run"):
            TOOLS["nope"]


async def test_a_step_asked_for_too_early_lists_everything_missing_in_order(program):
    async with program() as app:
        with pytest.raises(GateError) as caught:
            await app.call("deploy_model")
        first, *_, last = caught.value.missing
        assert "grader" in first
        assert "training run" in last
        with pytest.raises(GateError, match="a dry run that ends in GO"):
            await app.call("start_training")
        assert app.cards == []


async def test_the_assistant_asks_before_what_matters_and_no_means_no(program):
    async with program(answer=False) as app:
        context = app.context("assistant")
        with pytest.raises(DeclinedError):
            await TOOLS["configure_grader"](context, {"grader": GRADER})
        (card,) = app.cards
        assert card.title == "Save the grader?"
        assert ("Cost", "Free, on this computer") in card.rows
        assert await app.session.store.read(meta.get, "grader") is None


async def test_an_approval_holds_only_for_the_state_it_was_drawn_from(program):
    async with program() as app:

        async def slow_yes(card):
            await app.call("add_topic", name="Sneaked in")
            return True

        with pytest.raises(ToolError, match="changed while you decided"):
            await TOOLS["configure_grader"](app.context("assistant", slow_yes), {"grader": GRADER})


async def test_edits_are_undone_whoever_made_them(program):
    async with program() as app:
        topic = await app.call("add_topic", name="Billing")
        await TOOLS["rename_topic"](
            app.context("assistant"), {"topic_id": topic.topic_id, "name": "Payments"}
        )
        await app.call("undo")
        assert [t.name for t in await app.session.store.read(topics.all_topics)] == ["Billing"]
        await app.call("undo")
        assert await app.session.store.read(topics.all_topics) == []
        await app.call("redo")
        assert [t.name for t in await app.session.store.read(topics.all_topics)] == ["Billing"]
