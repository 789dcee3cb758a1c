"""Cards: answered once, by a click, in time; a standing yes only where it can be taken back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.agent.approvals import EXPIRES_SECONDS, Approvals, always_allowed, revoke
from app.agent.entries import CardAnswered, CardAsked, Entry
from app.store import meta, results
from app.tools import proposals
from app.tools.base import TOOLS, Card
from app.wiring import App
from tests.agent.conftest import OpenTalk, Talk

GRADER = {"type": "string_check", "input": "{{sample.output_text}}", "operation": "eq",
          "reference": "{{item.reference}}"}  # fmt: skip
BULK = {"tag": "vip", "record_ids": [1, 2, 3]}
CARD = Card(tool="tag_records", title="Tag?", rows=[], verb="Tag", reversible=True)


class Heard:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def emit(self, entry: Entry) -> None:
        self.entries.append(entry)

    async def asked(self) -> CardAsked:
        while not any(isinstance(e, CardAsked) for e in self.entries):
            await asyncio.sleep(0)
        return next(e for e in self.entries if isinstance(e, CardAsked))

    @property
    def answers(self) -> list[tuple[bool, str]]:
        return [(e.yes, e.how) for e in self.entries if isinstance(e, CardAnswered)]


async def test_a_card_nobody_answers_is_a_no() -> None:
    heard = Heard()
    assert not await Approvals(expires=0.01).ask(CARD, heard.emit)
    assert heard.answers == [(False, "expired")]
    assert EXPIRES_SECONDS == 600


async def test_an_expired_card_cannot_be_answered_any_more() -> None:
    heard, approvals = Heard(), Approvals(expires=0.01)
    assert not await approvals.ask(CARD, heard.emit)
    approvals.answer((await heard.asked()).key, yes=True)
    assert heard.answers == [(False, "expired")]


async def test_each_card_is_answered_once_and_only_by_its_own_key() -> None:
    heard, approvals = Heard(), Approvals()
    asking = asyncio.ensure_future(approvals.ask(CARD, heard.emit))
    key = (await heard.asked()).key
    for made_up in ("", "yes", CARD.key, key.upper() + "0", "0" * 12):
        approvals.answer(made_up, yes=True)
    await asyncio.sleep(0)
    assert not asking.done()
    approvals.answer(key, yes=False)
    approvals.answer(key, yes=True)
    assert not await asking
    approvals.answer(key, yes=True, always=True)
    assert heard.answers == [(False, "click")]


async def test_a_yes_to_one_card_is_none_to_the_next_of_the_same_words() -> None:
    heard, approvals = Heard(), Approvals(expires=0.05)
    first = asyncio.ensure_future(approvals.ask(CARD, heard.emit))
    approvals.answer((await heard.asked()).key, yes=True)
    assert await first
    assert not await approvals.ask(CARD, heard.emit)
    assert heard.answers == [(True, "click"), (False, "expired")]


@pytest.mark.parametrize("end", ["stop", "switch"])
async def test_what_ends_the_turn_ends_its_card(talk: OpenTalk, rows: Any, end: str) -> None:
    async with talk(rows) as t:
        t.yes = None
        asking = asyncio.ensure_future(t.assistant.approve(CARD))
        while not t.of(CardAsked):
            await asyncio.sleep(0)
        if end == "stop":
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert [(e.yes, e.how) for e in t.of(CardAnswered)] == [(False, "ended")]
        else:
            t.assistant.turn_to(None)
            assert not await asking
        t.assistant.approvals.answer(t.of(CardAsked)[0].key, yes=True)


async def _open_card(t: Talk) -> str:
    """The key of the card that waits."""
    while True:
        answered = {e.key for e in t.of(CardAnswered)}
        if waits := [e.key for e in t.of(CardAsked) if e.key not in answered]:
            return waits[0]
        await asyncio.sleep(0.001)


async def _answer(t: Talk, **answer: bool) -> None:
    t.assistant.approvals.answer(await _open_card(t), **answer)


@asynccontextmanager
async def model_call(t: Talk, tool: str, **arguments: Any) -> AsyncIterator[Any]:
    """A call as a model makes it, while the block answers its card."""
    t.yes = None
    context = t.app.context("assistant")
    context.by_model = True
    call = asyncio.ensure_future(TOOLS[tool](context, arguments))
    yield call
    await asyncio.wait([call])


async def test_a_standing_yes_is_for_this_tool_in_this_dataset_and_can_be_revoked(
    talk: OpenTalk, rows: Any
) -> None:
    async with talk(rows) as t:
        store = t.app.session.store
        async with model_call(t, "tag_records", **BULK) as call:
            await _answer(t, yes=True, always=True)
        assert call.result().count == 3
        assert await store.read(always_allowed) == ["tag_records"]
        async with model_call(t, "tag_records", tag="new", query="") as call:
            pass
        assert call.result().count == 60
        assert [(e.yes, e.how) for e in t.cards] == [(True, "click"), (True, "always")]
        assert await store.transaction(revoke, "tag_records") is None
        async with model_call(t, "tag_records", tag="more", query="") as call:
            await _answer(t, yes=False, always=True)
        assert "declined" in str(call.exception())
        assert await store.read(always_allowed) == []


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("delete_records", {"record_ids": [1, 2]}),
        ("configure_grader", {"grader": GRADER}),
        ("set_effort", {"seed": 3}),
    ],
)
async def test_what_cannot_simply_be_taken_back_is_asked_each_time(
    talk: OpenTalk, rows: Any, tool: str, arguments: dict[str, Any]
) -> None:
    async with talk(rows) as t:
        async with model_call(t, tool, **arguments) as call:
            await _answer(t, yes=True, always=True)
        assert call.exception() is None
        assert await t.app.session.store.read(always_allowed) == []


async def _regenerate(app: App) -> None:
    await proposals.keep(app.context(), "manual", [], note="another")


async def _computed(app: App) -> None:
    await app.session.store.transaction(results.add, "grader_test", state="completed")


async def _edit(app: App) -> None:
    await app.call("update_record", record_id=9, updates={"reference": "x"})


CHANGES: dict[str, Any] = {
    "a record edited": _edit,
    "a record deleted": lambda app: app.call("delete_records", record_ids=[7]),
    "a tag": lambda app: app.call("tag_records", tag="x", record_ids=[1]),
    "a split": lambda app: app.call("set_split", split="test", record_ids=[1]),
    "a topic": lambda app: app.call("add_topic", name="Sneaked in"),
    "the quota": lambda app: app.call("set_quota", quota=3),
    "the grader": lambda app: app.call("configure_grader", grader=GRADER),
    "the effort": lambda app: app.call("set_effort", seed=9),
    "the goal": lambda app: app.call("set_goal", goal="another"),
    "an undo": lambda app: app.call("undo"),
    "the proposal": _regenerate,
    "a result": _computed,
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_yes_is_void_when_anything_changed_while_the_card_was_open(
    talk: OpenTalk, rows: Any, change: str
) -> None:
    async with talk(rows) as t:
        await t.app.call("set_goal", goal="route it")
        async with model_call(t, "delete_records", record_ids=[3, 4]) as call:
            await _open_card(t)
            await CHANGES[change](t.app)
            await _answer(t, yes=True)
        assert "changed while you decided" in str(call.exception())
        (left,) = await t.app.session.store.read(_count)
        assert left == 60 - (change == "a record deleted")


def _count(tx: Any) -> Any:
    return tx.sql("SELECT COUNT(*) FROM record")[0]


async def test_what_does_not_matter_does_not_void_it(talk: OpenTalk, rows: Any) -> None:
    async with talk(rows) as t:
        async with model_call(t, "delete_records", record_ids=[3, 4]) as call:
            await _open_card(t)
            await t.app.session.store.transaction(results.add_chat, "user", {"text": "hm"})
            await t.app.session.store.transaction(meta.put, "token_counts", "x")
            await _answer(t, yes=True)
        assert call.result().count == 2
