"""Fixes, edits elsewhere and duplicates through the tools: counts, previews, one exact undo each."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.records import Message
from app.errors import DeclinedError, ToolError
from app.store import records
from app.store.database import Tx
from app.tools import fixes
from app.tools.base import TOOLS, Card
from app.wiring import App

Turn = tuple[str, str]
OpenLines = Callable[..., AbstractAsyncContextManager[App]]


def line(*turns: Turn, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": text} for role, text in turns], **more}


@pytest.fixture
def program(tmp_path: Path) -> OpenLines:
    """`async with program(lines) as app`: the lines imported and open."""

    @asynccontextmanager
    async def start(lines: list[dict[str, Any]]) -> AsyncIterator[App]:
        path = tmp_path / "made.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in lines))
        app = await App.start()
        try:
            await app.open((await app.import_file(path)).dataset)
            yield app
        finally:
            await app.close()

    return start


def everything(tx: Tx) -> list[Any]:
    """Every stored value of every record."""
    return [tx.sql(f"SELECT * FROM {table} ORDER BY 1") for table in ("record", "body")]


async def undone(app: App, before: list[Any]) -> bool:
    """Whether one Ctrl+Z brings every value back."""
    await app.session.store.undo()
    return bool(await app.session.store.read(everything) == before)


BROKEN = {
    "reply_from_last": line(("user", "{n}"), ("assistant", "a"), ("assistant", "b {n}")),
    "trim_to_user": line(("user", "{n}"), ("system", "b")),
    "remove_empty": line(("user", "{n}"), ("user", " ")),
    "known_roles": line(("system", "s"), ("human being", "x"), ("Human", "{n}")),
    "wrap_tool_results": line(("user", "{n}"), ("tool", "b")),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_fix_of_all_is_undone_by_one_undo(program: OpenLines, name: str) -> None:
    bad = [json.loads(json.dumps(BROKEN[name]).replace("{n}", f"question {n}")) for n in range(30)]
    fine = [line(("user", f"fine {n}"), ("assistant", "yes")) for n in range(5)]
    async with program([*bad, *fine]) as app:
        store = app.session.store
        before = await store.read(everything)
        shown: Any = await app.call("fix_records", fix=name, query="", preview=True)
        assert (shown.records, len(shown.previews)) == (30, 20)
        assert shown.previews[0].before != shown.previews[0].after
        assert await store.read(everything) == before
        done: Any = await app.call("fix_records", fix=name, query="")
        assert (done.records, done.now_valid) == (shown.records, shown.now_valid)
        after = await store.read(records.many, [1, 35])
        assert list(after[0].messages) == shown.previews[0].after
        assert after[0].source == "edited"
        assert after[1].source == "imported"
        again: Any = await app.call("fix_records", fix=name, query="")
        assert again.records == 0
        assert await undone(app, before)


async def test_a_fix_makes_records_valid_and_says_how_many(program: OpenLines) -> None:
    lines = [line(("user", "a"), ("assistant", "b"), ("assistant", "c")), line(("assistant", "x"))]
    lines.append(line(("robot", "a"), ("assistant", "b"), ("assistant", "c")))
    async with program(lines) as app:
        found: Any = await app.call("fix_records", fix="reply_from_last", query="is:invalid")
        assert (found.records, found.now_valid, found.still_invalid) == (2, 1, 1)
        record = await app.session.store.read(records.get, 1)
        assert record.valid
        assert record.reply == Message(role="assistant", content="b\n\nc")


async def test_only_the_records_named_are_fixed(program: OpenLines) -> None:
    bad = [line(("user", f"{n}"), ("user", "")) for n in range(4)]
    async with program(bad) as app:
        found: Any = await app.call("fix_records", fix="remove_empty", record_ids=[2, 3])
        assert found.records == 2
        stats: Any = await app.call("get_dataset_stats")
        assert stats.invalid == 2
        with pytest.raises(ToolError, match="no fix “magic”"):
            await app.call("fix_records", fix="magic", query="")
        with pytest.raises(ToolError, match="either"):
            await app.call("fix_records", fix="remove_empty")


async def test_an_edit_goes_to_its_likes(program: OpenLines) -> None:
    lines = [line(("system", "Route tickets."), ("user", f"question {n}")) for n in range(25)]
    lines += [line(("system", "Answer kindly."), ("user", "Route tickets.")) for _ in range(3)]
    async with program(lines) as app:
        before = await app.session.store.read(everything)
        edit = {"kind": "turn", "role": "system", "old": "Route tickets.", "new": "Route bills."}
        shown: Any = await app.call("apply_edit", edit=edit, preview=True)
        assert (shown.records, shown.exact, len(shown.previews)) == (25, True, 20)
        done: Any = await app.call("apply_edit", edit=edit)
        assert done.records == 25
        kept = await app.session.store.read(records.get, 26)
        assert kept.messages[1].text == "Route tickets."
        # The index is behind now: what changed since is looked through directly.
        phrase = {"kind": "phrase", "role": "system", "old": "bills", "new": "tickets"}
        assert (await app.call("apply_edit", edit=phrase, preview=True)).records == 25  # type: ignore[attr-defined]
        assert await undone(app, before)
        narrowed: Any = await app.call("apply_edit", edit=edit, query="question 7", preview=True)
        assert narrowed.records == 1


async def test_an_edit_of_a_role_finds_records_by_their_issue(program: OpenLines) -> None:
    async with program([line(("usr", f"{n}")) for n in range(3)] + [line(("user", "x"))]) as app:
        found: Any = await app.call(
            "apply_edit", edit={"kind": "role", "role": "usr", "new": "user"}
        )
        assert (found.records, found.now_valid) == (3, 3)


@pytest.mark.parametrize(("keep", "left"), [("first", [1, 2, 3]), ("last", [2, 5, 6])])
async def test_duplicates_go_and_come_back(program: OpenLines, keep: str, left: list[int]) -> None:
    texts = ["same", "alone", "pair", "same", "pair", "same"]
    async with program([line(("user", text)) for text in texts]) as app:
        store = app.session.store
        before = await store.read(everything)
        shown: Any = await app.call("remove_duplicates", keep=keep, preview=True)
        assert (shown.records, shown.groups) == (3, 2)
        assert sorted(map(len, shown.previews)) == [2, 3]
        assert await store.read(everything) == before
        await app.call("remove_duplicates", keep=keep)
        kept = await store.read(records.many, range(1, 7))
        assert [record.id for record in kept] == left
        assert not any(record.issues for record in kept)  # nobody is the same as another now
        assert await undone(app, before)


async def test_reply_and_reference_are_edited_and_undone(program: OpenLines) -> None:
    made = line(("user", "a"), ("assistant", "b"), reference={"route": "x"})
    async with program([made, line(("user", "c"))]) as app:
        store = app.session.store
        before = await store.read(everything)
        updates = {"reply": {"role": "assistant", "content": "better"}, "reference": {"route": "y"}}
        await app.call("update_record", record_id=1, updates=updates)
        record = await store.read(records.get, 1)
        assert (record.reply.text, record.reference) == ("better", {"route": "y"})
        assert await undone(app, before)
        await app.call("update_record", record_id=1, updates={"reply": None, "reference": None})
        record = await store.read(records.get, 1)
        assert record.reply is None
        assert record.reference is None
        assert await undone(app, before)
        with pytest.raises(ToolError, match="give a topic"):
            await app.call("update_record", record_id=1, updates={})


async def test_an_edit_by_hand_settles_what_the_import_said(program: OpenLines) -> None:
    broken = {"messages": ["no turn", {"role": "user", "content": "hello"}]}
    async with program([broken, line(("user", "other")), line(("user", "other"))]) as app:
        store = app.session.store
        assert (await store.read(records.get, 1)).issues[0].code == "message_not_object"
        turns = [{"role": "user", "content": "hello there, this is longer"}]
        done: Any = await app.call("update_record", record_id=1, updates={"messages": turns})
        assert done.valid
        assert done.issues == []
        record = await store.read(records.get, 1)
        assert record.tokens > 2
        twin = [{"role": "user", "content": "other"}]
        done = await app.call("update_record", record_id=1, updates={"messages": twin})
        assert done.issues == ["The same as line 2."]
        await app.call("update_record", record_id=2, updates={"messages": turns})
        assert (await store.read(records.get, 3)).issues != ()  # the same as record 1 still
        await app.call("update_record", record_id=1, updates={"messages": [*turns, *turns]})
        assert (await store.read(records.get, 3)).issues == ()


async def test_an_estimate_of_none_lets_no_model_edit_many_without_asking(
    program: OpenLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixes, "LOOKED_AT", 10)
    words = ["pay back"] * 20 + ["pay-back"] * 20
    lines = [line(("user", f"{said} number {n}")) for n, said in enumerate(words)]
    asked: list[str] = []

    async def decline(card: Card) -> bool:
        asked.append(card.title)
        return False

    async with program(lines) as app:
        by_model = replace(app.context("assistant", decline), by_model=True)
        edit = {"kind": "phrase", "role": "user", "old": "pay-back", "new": "refund"}
        shown = await TOOLS["apply_edit"](by_model, {"edit": edit, "preview": True})
        assert (shown.records, shown.exact) == (0, False)
        with pytest.raises(DeclinedError):
            await TOOLS["apply_edit"](by_model, {"edit": edit})
        assert asked == ["Change up to 40 records?"]
