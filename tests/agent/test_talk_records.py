"""Commands on records: counts are those of the filter, nothing is changed by asking."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from app.domain.records import Issue
from app.store import records
from tests.agent.conftest import row

OpenTalk = Callable[..., AbstractAsyncContextManager[Any]]
Rows = list[dict[str, Any]]


@pytest.fixture
def mixed() -> Rows:
    """60 records: 50 fine, 5 that end with the assistant, 5 that are exactly the same."""
    fine = [row(n) for n in range(1, 51)]
    ends = [
        row(
            n,
            messages=[
                {"role": "user", "content": f"question {n}"},
                {"role": "assistant", "content": "an answer"},
            ],
            valid=False,
            issues=[
                Issue(
                    code="last_not_user",
                    severity="error",
                    text="The last turn is from “assistant”. A prompt ends with the user.",
                ).model_dump(mode="json")
            ],
        )
        for n in range(51, 56)
    ]
    same = [row(n, text="the very same", content_hash="ab" * 16) for n in range(56, 61)]
    return [*fine, *ends, *same]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("how many records are there?", "**60 records**: 55 valid, 5 invalid."),
        ("how many records are invalid?", "**5** of 60 records: `is:invalid`."),
        ("how many have references", "**60** of 60 records: `has:reference`."),
        ("how many are uncategorised", "**55** of 60 records: `is:uncategorised`."),
        ("count the records about nothing", "**0** of 60 records: `nothing`."),
    ],
)
async def test_counts(talk: OpenTalk, mixed: Rows, line: str, told: str) -> None:
    async with talk(mixed) as t:
        await t.send(line)
        assert told in t.text
        assert not t.tools
        assert not t.panels


async def test_filters_are_shown_in_the_record_browser(talk: OpenTalk, mixed: Rows) -> None:
    async with talk(mixed) as t:
        await t.send("show invalid records", "filter is:valid split:test", 'filter "two words"')
        await t.send("add topic Cards", "show records about cards")
        targets = [e.target for e in t.heard if e.kind == "show"]
        assert [x["query"] for x in targets] == [
            "is:invalid", "is:valid split:test", '"two words"', "topic:Cards"
        ]  # fmt: skip
        t.clear()
        await t.send("filter nonsense:1")
        assert "That did not work" in t.text
        assert t.question.options


async def test_an_invalid_record_is_explained_and_mended_by_a_button(
    talk: OpenTalk, mixed: Rows
) -> None:
    async with talk(mixed) as t:
        await t.send("why is record 51 invalid?")
        assert "It is **invalid**" in t.text
        assert "A prompt ends with the user." in t.text
        await t.choose("Keep the last assistant turn")
        assert "1 record changed, **1** valid now" in t.text
        t.clear()
        await t.send("explain record 51")
        assert "It is valid" in t.text
        await t.send("fix the records")
        await t.choose("Trim to the last user turn: 4")
        assert "4 records changed, **4** valid now" in t.text
        assert (await t.app.session.store.read(records.stats)).invalid == 0
        await t.send("fix the records")
        assert "Nothing that I can fix by rule is wrong." in t.text
        await t.send("undo")
        assert (await t.app.session.store.read(records.stats)).invalid == 4


async def test_duplicates_are_counted_and_go_only_by_a_card(talk: OpenTalk, mixed: Rows) -> None:
    async with talk(mixed) as t:
        await t.send("find duplicates")
        assert "**4 records** are exactly the same as another (1 group)." in t.text
        assert not t.cards
        t.yes = False
        await t.choose("Remove the 4 duplicates")
        assert [c.card.tool for c in t.cards] == ["remove_duplicates"]
        assert (await t.app.session.store.read(records.stats)).records == 60
        t.yes = True
        await t.send("remove duplicates")
        assert "4 duplicates deleted" in t.text
        assert (await t.app.session.store.read(records.stats)).records == 56


async def test_places_are_opened(talk: OpenTalk, mixed: Rows) -> None:
    async with talk(mixed) as t:
        await t.send("connect a model", "settings", "export records", "what did you do?")
        assert t.panels == ["connections", "settings", "export", "audit"]
        t.clear()
        await t.send("add topic Cards", "what did you do?")
        assert "Add topic “Cards”, by me, just now" in t.text
        await t.send("how long will it take?")
        assert "Nothing is running." in t.text
        assert "Sorting the records" in t.text
