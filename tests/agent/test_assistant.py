"""The guide over a real app: order, Stop, prerequisites, cards, the stored conversation."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from app.agent.context import message_context
from app.agent.entries import CardAsked, Choice, Message, Question, Said, ToolDone, ToolStarted
from app.agent.sample import sample
from app.grading.base import parse_grader
from app.store import changes, meta, results, topics

OpenTalk = Callable[..., AbstractAsyncContextManager[Any]]
Rows = list[dict[str, Any]]
GRADER = {"type": "string_check", "name": "exact", "operation": "eq"}


async def send_and_leave_the_card(t: Any, *texts: str) -> None:
    """With a grader in place; returns when a card stands open."""
    t.yes = None
    await t.app.call("configure_grader", grader=GRADER)
    for text in texts:
        t.assistant.send(text)
    while not t.of(CardAsked):
        await asyncio.sleep(0.005)


async def test_three_quick_messages_are_answered_in_order(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("add topic Billing", "rename Billing to Payments", "add topic Cards")
        assert t.said == ["add topic Billing", "rename Billing to Payments", "add topic Cards"]
        assert t.tools == ["add_topic", "rename_topic", "add_topic"]
        order = [type(e).__name__ for e in t.heard if isinstance(e, Said | ToolStarted | ToolDone)]
        assert order == ["Said", "ToolStarted", "ToolDone"] * 3
        names = [topic.name for topic in await t.app.session.store.read(topics.all_topics)]
        assert names == ["Payments", "Cards"]


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
async def test_an_empty_message_is_not_sent(talk: OpenTalk, rows: Rows, text: str) -> None:
    async with talk(rows) as t:
        await t.send(text)
        assert not t.heard


async def test_a_step_asked_for_too_early_lists_all_that_is_missing_and_calls_nothing(
    talk: OpenTalk, rows: Rows
) -> None:
    async with talk(rows, goal="answer") as t:
        await t.send("train")
        assert "**Training** cannot start yet" in t.text
        grader, dry_run = t.text.index("1. a grader"), t.text.index("2. a dry run that ends in GO")
        assert grader < dry_run
        assert t.tools == ["suggest_graders"]  # reading only, for the question that follows
        assert t.question.text == "How shall answers be graded?"
        t.clear()
        await t.send("deploy")
        assert "3. a training run that left a model" in t.text
        assert not t.cards
        t.clear()
        await t.send("categorise", "analyse coverage", "start dry run")
        assert t.text.count("cannot start yet") == 3
        assert not {"categorize_records", "analyze_coverage", "run_dry_run"} & set(t.tools)


async def test_is_it_done_starts_nothing(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("is it done?", "why NO-GO?", "status")
        assert "Nothing is running" in t.text
        assert "no verdict" in t.text
        assert not set(t.tools) - {"suggest_graders"}


async def test_stop_ends_the_turn_at_once_and_the_history_is_whole(
    talk: OpenTalk, rows: Rows
) -> None:
    async with talk(rows, goal="answer") as t:
        await send_and_leave_the_card(t, "start dry run", "train")
        began = time.monotonic()
        t.assistant.stop()
        await t.assistant.idle()
        assert time.monotonic() - began < 0.2
        assert [d.result for d in t.done] == ["stopped"]
        while not t.cards:
            await asyncio.sleep(0.005)
        assert [c.yes for c in t.cards] == [False]
        assert "train" not in t.said, "what waited is dropped"
        while "card" not in {e.kind for e in await t.assistant.history()}:
            await asyncio.sleep(0.005)  # it is shown first, stored then
        stored = await t.assistant.history()
        assert [e.kind for e in stored][:1] == ["user"]
        assert {e.kind for e in stored} == {"user", "tool", "card"}
        assert not await t.app.session.store.read(results.of_kind, "dry_run")


async def test_typed_stop_means_the_turn_while_one_runs(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows, goal="answer") as t:
        await send_and_leave_the_card(t, "start dry run")
        t.assistant.send("stop")
        await t.assistant.idle()
        assert not t.assistant.busy
        t.clear()
        await t.send("stop")
        assert "No training is running" in t.text


async def test_quick_questions_are_answered_while_a_tool_waits(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows, goal="answer") as t:
        await send_and_leave_the_card(t, "start dry run")
        t.assistant.send("is it done?")
        t.assistant.send("explain learnability")
        while "Learnability" not in t.text:
            await asyncio.sleep(0.005)
        assert t.assistant.busy
        assert t.text.index("Nothing is running") < t.text.index("Learnability")
        t.assistant.stop()
        await t.assistant.idle()


async def test_a_declined_card_changes_nothing_and_leaves_a_way_on(
    talk: OpenTalk, rows: Rows
) -> None:
    async with talk(rows, goal="answer") as t:
        t.yes = False
        await t.send("grader")
        await t.choose("Fields right")
        assert [c.yes for c in t.cards] == [False]
        assert t.done[-1].result == "not approved"
        assert "Nothing was changed" in t.text
        assert await t.app.session.store.read(results.current_grader) is None
        assert [o.action for o in t.question.options] == ["next_step"]


async def test_consequential_calls_ask_and_edits_are_the_assistants_and_undoable(
    talk: OpenTalk, rows: Rows
) -> None:
    async with talk(rows) as t:
        await t.send("add topic Billing", "delete topic billing", "undo", "redo", "undo")
        (newest, *_) = await t.app.session.store.read(changes.timeline)
        added = (await t.app.session.store.read(changes.timeline))[-1]
        assert (added.actor, added.tool) == ("assistant", "add_topic")
        assert newest.label.startswith("Undo")
        names = [topic.name for topic in await t.app.session.store.read(topics.all_topics)]
        assert names == ["Billing"]
        assert not t.cards
        assert "Undone: Delete “Billing”" in t.text


async def test_topic_names_are_found_or_guessed(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("add topic Lost card", "add topic Billing", "add topic Card delivery")
        t.clear()
        await t.send("rename lost to Stolen card")
        assert t.tools == ["rename_topic"]
        t.clear()
        await t.send("rename Bilings to X")
        assert "Did you mean “Billing”?" in t.text
        await t.send("rename card to X")
        assert "could be" in t.text
        assert not t.tools


async def test_several_topics_merge_into_one(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("add topic A", "add topic B", "add topic C", "add topic R and D")
        await t.send("merge A and B into C", "merge R and D into C")
        names = [topic.name for topic in await t.app.session.store.read(topics.all_topics)]
        assert names == ["C"]


async def test_an_option_is_taken_once(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("set goal Route each question")
        question = t.question
        t.clear()
        t.assistant.choose(question, 0)
        t.assistant.choose(question, 1)
        await t.assistant.idle()
        assert [c.index for c in t.of(Choice)] == [0]


async def test_the_conversation_is_kept_with_the_dataset(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("explain balance", "help")
        await t.choose("comes next")
        first = t.app.session.dataset_id
        stored = await t.assistant.history()
        questions = [e for e in stored if isinstance(e, Question)]
        assert [q.chosen for q in questions] == [0, None]
        assert [e.text for e in stored if isinstance(e, Said)] == ["explain balance", "help"]
        await t.app.close_dataset()
        assert await t.assistant.history() == []
        await t.app.open(first)
        assert await t.assistant.history() == stored


async def test_a_turn_of_a_closed_dataset_says_nothing_more(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows, goal="answer") as t:
        await send_and_leave_the_card(t, "start dry run")
        first = t.app.session.dataset_id
        await t.app.close_dataset()
        t.clear()
        await t.assistant.idle()
        await t.send("status")
        assert "Hello" in t.text
        await t.app.open(first)
        kinds = [e.kind for e in await t.assistant.history()]
        assert kinds == ["user"]


async def test_openings(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        t.assistant.begin("opened")
        await t.assistant.idle()
        assert "**60 records**" in t.text
        assert "All are single questions. All have a reference." in t.text
        assert t.question.text == "What should the model do well?"
        t.clear()
        t.assistant.begin("opened")
        await t.assistant.idle()
        assert not t.of(Message | Question), "a question that still stands is not asked again"
        await t.app.call("start_finetune_workflow", training_goals="Route it")
        t.assistant.begin("opened")
        await t.assistant.idle()
        assert "**Step 1 of 7: Topics**" in t.text
        assert "by you: Start the workflow" in t.text
        assert [o.label for o in t.question.options] == ["Continue", "Review what was done"]
        t.clear()
        t.assistant.begin("opened")
        await t.assistant.idle()
        assert not t.of(Message), "the same greeting is given once"


async def test_too_few_records_for_topics_lead_on_by_hand_or_without(
    talk: OpenTalk, rows: Rows
) -> None:
    async with talk(rows[:2]) as t:
        await t.send("set goal Route it")
        assert "too few to find topics" in t.text
        await t.choose("without topics")
        flow = await t.app.session.workflow()
        assert flow["topics_config"].status == "skipped"
        assert t.question.text == "How shall answers be graded?"


async def test_names_from_the_data_are_text(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows, name="**x** [a](b) <i>") as t:
        t.assistant.begin("look")
        await t.assistant.idle()
        assert r"\*\*x\*\* \[a\](b) \<i\>" in t.text


async def test_the_context_of_a_message(talk: OpenTalk, rows: Rows) -> None:
    assert (await message_context("welcome", None)).as_json() == (
        '{"page":"welcome","current_dataset_id":null,"finetune_workflow":null}'
    )
    async with talk(rows) as t:
        context = await message_context("records", t.app.session)
        assert context.finetune_workflow is None
        await t.app.call("start_finetune_workflow", training_goals="Route it")
        context = await message_context("records", t.app.session)
        workflow = context.finetune_workflow
        assert workflow is not None
        assert workflow["current_step"] == "topics_config"
        assert workflow["has_grader"] is False
        assert workflow["dry_run_verdict"] is None
        assert set(workflow["step_status"].values()) <= {"pending"}  # type: ignore[attr-defined]


async def test_what_is_not_understood_names_examples(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("make me a *sandwich*")
        assert r"make me a \*sandwich\*" in t.text
        assert "“what next?”" in t.text
        await t.send("explain quantum gravity")
        assert "I can explain: balance" in t.text
        await t.send("show record 999", "go back to the moon", "show record 3")
        assert "There is no record 999" in t.text
        assert "There is no step" in t.text
        assert t.panels == ["records"]
        assert "question 3" in t.text


async def test_it_never_shouts(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        t.assistant.begin("opened")
        await t.send("help", "status", "explain rft", "train", "is it done?")
        assert "!" not in t.text


async def test_a_quota_the_records_allow_is_offered_and_set(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.app.call("add_topic", name="Odd")
        await t.app.call("add_topic", name="Even")
        odd, even = (x.id for x in await t.app.session.store.read(topics.all_topics))
        await t.app.call("assign_topic", record_ids=list(range(1, 61, 2)), topic=odd)
        await t.app.call("assign_topic", record_ids=list(range(2, 61, 2)), topic=even)
        await t.send("categorise")
        assert "**60** records have a topic" in t.text
        assert "**Balance 1.00**: as if 2.0 of 2 topics were in use" in t.text
        assert "**Coverage 0.30**" in t.text
        assert await t.app.session.store.read(meta.get, "quota", 100) == 100
        await t.choose("quota to 30")
        assert await t.app.session.store.read(meta.get, "quota") == 30
        assert "No topic is thin" in t.text
        assert [o.label for o in t.question.options] == ["Go on to the grader"]


async def test_agent_files_are_listed_with_what_is_wrong(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        folder = t.app.home / "agents"
        folder.mkdir()
        (folder / "odd.md").write_text('---\nname = "odd"\n[tools]\nexternal = ["fly"]\n---\nx')
        await t.send("agents")
        assert "**finetune**" in t.text
        assert "**odd**" in t.text
        assert "unknown tools are left out: fly" in t.text


async def test_the_sample_brings_its_goal_and_what_its_grader_gives() -> None:
    brought = sample()
    assert brought.goal.startswith("Route each support ticket")
    assert brought.scores[0][1] == "1.0"
    assert len(brought.scores) == 5
    assert parse_grader(brought.grader).name == "ticket route"
