"""A line that no command matches: typing errors are mended, near commands offered, none made up."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from app.agent import talk
from app.agent.actions import ACTIONS
from app.agent.commands import LINES, parse
from app.agent.nearest import guesses
from app.registry import load_family
from app.store import records, topics

OpenTalk = Callable[..., AbstractAsyncContextManager[Any]]
Rows = list[dict[str, Any]]
NAMES = ["Billing", "Lost card"]


@pytest.mark.parametrize(
    ("line", "action", "arguments"),
    [
        ("staus", "status", {}),
        ("renme Billing to Payments", "rename", {"old": "Billing", "new": "Payments"}),
        ("delte topic Lost card", "delete", {"name": "Lost card"}),
        ("merg Billing into Lost card", "merge", {"source": "Billing", "target": "Lost card"}),
        ("start dri run", "start_dry_run", {}),
        ("categorse the records", "categorise", {}),
        ("finde duplicates", "find_duplicates", {}),
        ("deplyo", "deploy", {}),
        ("trian", "train", {}),
        ("exprot records", "export", {}),
        ("how do i start trainng", "train", {}),
        ("how do i start training", "train", {}),
        ("i would like to train the model", "train", {}),
        ("can i see the report please", "report", {}),
        ("is there any personal data in it", "scan", {}),
        ("what about Billing", "describe", {"name": "Billing"}),
    ],
)
def test_the_first_guess_is_what_was_meant(
    line: str, action: str, arguments: dict[str, Any]
) -> None:
    assert parse(line)[0] == "unknown"
    first = guesses(line, NAMES)[0]
    assert (first.action, first.arguments) == (action, arguments)


@pytest.mark.parametrize("line", ["make me a sandwich", "qwertz", "?", "你好", "the the the"])
def test_what_is_like_nothing_is_not_guessed(line: str) -> None:
    assert guesses(line, NAMES) == []


def test_guesses_are_few_and_can_be_done() -> None:
    load_family(talk)
    for line in ("run it", "the records", "card", "help with topics and the grader"):
        found = guesses(line, NAMES)
        assert len(found) <= 3
        assert all(guess.action in ACTIONS and "…" not in guess.line for guess in found)


async def test_a_question_with_a_typing_error_is_answered_and_a_change_is_asked_first(
    talk: OpenTalk, rows: Rows
) -> None:
    async with talk(rows, goal="answer") as t:
        await t.send("add topic Billing", "staus")
        assert "Step 1 of 7" in t.text or "Step 2 of 7" in t.text
        await t.send("show invlid records")
        assert "**0 records**: `is:invalid`" in t.text
        t.clear()
        await t.send("renme Billing to Payments")
        assert not t.tools
        assert "no language model" in t.text
        await t.choose("rename billing to payments")
        assert t.tools == ["rename_topic"]
        assert "**Billing** is now **Payments**" in t.text


async def test_nothing_near_offers_the_help_and_a_model(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("make me a sandwich")
        assert [o.action for o in t.question.options] == ["help_me", "connect"]
        await t.choose("What can I type")
        assert all(line.split(" …")[0] in t.text.replace("\\", "") for line in LINES)
        assert "connect a model" in t.text
        await t.choose("Connect a model")
        assert t.panels == ["connections"]
        await t.send("what can you not do?")
        assert "I cannot pass a NO-GO" in t.text


async def test_several_topics_of_a_name_are_asked_about(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("add topic Cards", "add topic Billing", "add topic Refunds under Cards")
        await t.send("add topic Refunds under Billing")
        t.clear()
        await t.send("delete topic Refunds")
        assert not t.tools
        assert [o.label for o in t.question.options] == [
            "Billing / Refunds",
            "Cards / Refunds",
        ] or [o.label for o in t.question.options] == ["Cards / Refunds", "Billing / Refunds"]
        await t.choose("Billing / Refunds")
        assert t.tools == ["delete_topics"]
        await t.send("list topics")
        assert "Cards / Refunds" in t.text.splitlines()[-1]


async def test_topics_are_moved_split_and_described(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("add topic Cards", "add topic Payments", "move topic Cards under Payments")
        await t.send("split topic Cards into Lost card, New card and Broken card")
        assert t.tools.count("add_topic") == 5
        assert "has 3 parts now" in t.text
        await t.send("describe topic Lost card as cards that were lost or stolen")
        t.clear()
        await t.send("describe topic lost card")
        assert "cards that were lost or stolen" in t.text
        assert t.panels == ["records"]
        await t.send("move topic Cards to the top", "list topics")
        assert "[Cards / Lost card](topic:" in t.text
        t.clear()
        await t.send("split Payments")
        assert "0 records are too few for 2 parts" in t.text
        await t.send(
            "lock Lost card and New card", "colour Lost card 3", "set quota of Cards to 20"
        )
        await t.send("set target of Lost card to 20 %")
        rows = {x.name: x for x in await t.app.session.store.read(topics.all_topics)}
        assert rows["Lost card"].locked
        assert rows["New card"].locked
        assert (rows["Lost card"].color, rows["Lost card"].target) == (3, 0.2)
        assert rows["Cards"].quota == 20
        await t.send("unlock Lost card", "clear the target of Lost card", "clear quota of Cards")
        rows = {x.name: x for x in await t.app.session.store.read(topics.all_topics)}
        assert not rows["Lost card"].locked
        assert (rows["Lost card"].target, rows["Cards"].quota) == (None, None)
        await t.send("move topics Lost card and Broken card to the top")
        rows = {x.name: x for x in await t.app.session.store.read(topics.all_topics)}
        assert rows["Lost card"].parent_id is rows["Broken card"].parent_id is None


async def test_a_topic_is_split_by_what_its_records_say(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("add topic All")
        every = await t.app.session.store.read(records.ids, records.RecordFilter())
        await t.app.session.store.write("Fill", topics.assign, list(every), 1, source="auto")
        await t.send("split All in two")
        assert "is split in 2, by what its" in t.text
        assert len(await t.app.session.store.read(topics.all_topics)) == 3


async def test_without_the_word_topic_only_a_whole_name_is_split(
    talk: OpenTalk, rows: Rows
) -> None:
    async with talk(rows) as t:
        await t.send("add topic Dataset questions")
        for line in ("split the data", "split the dataset", "split the data in 3"):
            t.clear()
            await t.send(line)
            assert t.question.text == "Which one?"
            assert not t.tools
        await t.send("split dataset questions into A and B", "list topics")
        assert "[Dataset questions / A](topic:" in t.text
        t.clear()
        await t.send("split topic data into A and B")
        assert "add_topic" in t.tools


async def test_one_part_is_not_enough_to_split_by_name(talk: OpenTalk, rows: Rows) -> None:
    async with talk(rows) as t:
        await t.send("add topic Cards")
        t.clear()
        await t.send("split Cards into Lost card")
        assert "“split topic Cards into Lost card and …”" in t.text
        assert not t.tools
        await t.choose("Find its parts")
        assert "0 records are too few" in t.text


async def test_one_topic_and_one_record_are_told_in_the_singular(
    talk: OpenTalk, rows: Rows
) -> None:
    async with talk(rows) as t:
        await t.send("add topic Fees", "add topic Cards", "lock Fees")
        assert "**Fees** is locked: with its records it stays as it is when" in t.text
        await t.send("unlock Fees", "lock Fees and Cards", "unlock Cards")
        assert "**Fees** is unlocked: with its records it can change again." in t.text
        assert "are locked: with their records they stay as they are when" in t.text
        await t.send("unlock Fees")
        await t.app.session.store.write("Fill", topics.assign, [1], 1, source="auto")
        await t.send("clear target of Fees", "delete topic Fees")
        assert "**Fees** has no target of its own any more." in t.text
        assert "1 record is uncategorised now." in t.text
