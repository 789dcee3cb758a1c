"""The cheap steps through the real tools: topics from labels, categories, coverage, going back."""

import pytest

from app.errors import InputError, ToolError
from app.store import records, results, topics
from app.store.records import RecordFilter
from app.tools.base import TOOLS


async def test_topics_from_labels_to_coverage_and_back(program):
    async with program() as app:
        await app.call("start_finetune_workflow", training_goals="Name the topic")
        proposal = await app.call("generate_topics", method="labels")
        assert [node.name for node in proposal.hierarchy] == ["Card", "Bill"]
        assert await app.session.store.read(topics.all_topics) == []
        applied = await app.call("apply_topic_hierarchy")
        assert applied.leaves == 2
        done = applied.categorised
        stored = await app.session.store.read(records.count, RecordFilter(topic_ids=(1, 2)))
        page = await app.call("get_dataset_records", topic_filter="Card", limit=1)
        assert (
            done.assigned
            == stored
            == page.total + (await app.call("get_dataset_records", topic_filter="bill")).total
        )
        report = await app.call("analyze_coverage")
        assert report.coverage.balance == pytest.approx(applied.balance)
        flow = await app.session.workflow()
        assert [s.status for s in flow.steps[:3]] == ["completed"] * 3
        start = (await app.call("rollback_to_step")).points[-1]
        await app.call("rollback_to_step", snapshot_id=start.snapshot_id)
        assert await app.session.store.read(topics.all_topics) == []
        assert await app.session.store.read(results.latest, "coverage") is not None
        await app.call("undo")
        assert len(await app.session.store.read(topics.all_topics)) == 2


async def test_a_result_is_stale_after_an_edit_and_fresh_after_its_undo(program):
    async with program() as app:
        await app.call("generate_topics", method="labels")
        await app.call("apply_topic_hierarchy")
        first = (await app.call("get_dataset_records", limit=1)).records[0]
        await app.call("update_record", record_id=first.id, updates={"topic": ""})
        assert (await app.session.workflow())["coverage_generation"].status == "stale"
        await app.call("undo")
        assert (await app.session.workflow())["coverage_generation"].status == "completed"


async def test_update_record_validates_again_and_names_an_unknown_topic(program):
    async with program() as app:
        with pytest.raises(ToolError, match="no topic 'Nowhere'"):
            await app.call("update_record", record_id=1, updates={"topic": "Nowhere"})
        messages = [{"role": "user", "content": "   "}]
        updated = await app.call("update_record", record_id=1, updates={"messages": messages})
        assert not updated.valid
        assert "empty" in updated.issues[0]
        assert (await app.call("get_dataset_stats")).invalid == 1
        await app.call("undo")
        assert (await app.call("get_dataset_stats")).invalid == 0


async def test_templates_and_manual_are_proposals_without_side_effects(program):
    async with program() as app:
        with pytest.raises(InputError, match="Known: "):
            await app.call("generate_topics", method="template", template_name="astrology")
        proposal = await app.call(
            "generate_topics", method="template", template_name="customer_support"
        )
        assert proposal.leaves > 3
        await app.call("discard_proposal")
        with pytest.raises(ToolError, match="no proposal to apply"):
            await app.call("apply_topic_hierarchy")


async def test_generation_says_what_it_cannot_do_and_offers_what_it_can(program):
    async with program() as app:
        await app.call("generate_topics", method="labels")
        await app.call("apply_topic_hierarchy")
        offer = await app.call("generate_synthetic_data", strategy="message_variation")
        assert not offer.possible
        assert "needs a connected model" in offer.text
        assert set(offer.needed) == {"Card", "Bill"}
        assert "write" in offer.todo_markdown


async def test_skipping_is_shown_and_resetting_keeps_the_records(program):
    async with program() as app:
        await app.call("start_finetune_workflow", training_goals="x", start_step="grader_config")
        flow = await app.session.workflow()
        assert [s.status for s in flow.steps[:3]] == ["skipped"] * 3
        await app.call("add_topic", name="A")
        await app.call("reset_pipeline")
        assert await app.session.store.read(topics.all_topics) == []
        assert (await app.call("get_dataset_stats")).records == 80


async def test_a_reset_begins_anew_in_one_change_and_undo_brings_all_of_it_back(program):
    async with program() as app:
        await app.call("generate_topics", method="labels")
        await app.call("apply_topic_hierarchy")
        store = app.session.store
        before = await app.session.workflow()
        assert [s.status for s in before.steps[:3]] == ["completed"] * 3
        made = await store.read(results.of_kind, "coverage")
        tool = TOOLS["reset_pipeline"]
        await tool(app.context("assistant"), {})
        card = app.cards[-1]
        assert (card.tool, card.verb) == ("reset_pipeline", "Reset")
        assert "80 assignments" in card.rows[0][1]
        after = await app.session.workflow()
        assert not {s.status for s in after.steps} & {"completed", "stale", "skipped"}
        assert await store.read(results.of_kind, "coverage") == made, "history stays"
        await app.call("undo")
        again = await app.session.workflow()
        assert [s.status for s in again.steps] == [s.status for s in before.steps]


async def test_nothing_is_reset_while_something_runs(program):
    async with program() as app:
        inputs = (await app.session.expected("dry_run")).model_dump_json()
        store = app.session.store
        await store.transaction(results.add, "dry_run", state="running", fingerprint=inputs)
        with pytest.raises(ToolError, match="A dry run is running"):
            await app.call("reset_pipeline")


async def test_the_library_card_follows_the_work(program):
    async with program() as app:
        dataset = app.session.dataset_id
        await app.call("generate_topics", method="labels")
        await app.call("apply_topic_hierarchy")
        await app.close_dataset()
        info = await app.library.get(dataset)
        assert info.steps[:4] == "dddc"
        assert info.records == 80


async def test_steps_and_context_of_the_status_are_of_one_moment(program, monkeypatch):
    async with program() as app:
        reads = []
        state = type(app.session).state

        async def counted(session):
            reads.append(session)
            return await state(session)

        monkeypatch.setattr(type(app.session), "state", counted)
        assert (await app.call("get_workflow_status")).current_step == "topics_config"
        assert len(reads) == 1
