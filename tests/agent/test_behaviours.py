"""How a chat with a connected model behaves: order, Stop in every phase, another dataset, a restart."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.agent.entries import (
    CardAnswered,
    CardAsked,
    Entry,
    Message,
    Piece,
    Said,
    Spent,
    ToolDone,
    ToolStarted,
    Waits,
)
from app.store import results, topics
from tests.agent.conftest import OpenTalk, Talk
from tests.agent.connected import Rows, connected
from tests.llm.scripted import Answer, Scripted, call, calls, chunk, says
from tests.programs import add_dataset

ROOT = Path(__file__).parents[2]
ADD = calls("add_topic", {"name": "Cards"})
TREE = {"hierarchy": [{"name": "Loans"}, {"name": "Rates"}]}
BUSY = Answer(status=429, error="slow down", headers={"retry-after": "200"})
STOP_SECONDS = 0.2


class Phase(NamedTuple):
    """A place in a turn: the model's answers that lead there, and how it is known that it is there."""

    name: str
    answers: Sequence[Answer]
    there: Callable[[Talk, Scripted], object]


def has(kind: type[Entry]) -> Callable[[Talk, Scripted], object]:
    return lambda t, server: t.of(kind)


LONG = [call("generate_topics", "{}", id="long"), call("add_topic", '{"name": "Later"}', index=1)]
PHASES = (
    Phase("before the first answer", [Answer(silent=True)], lambda t, server: server.requests),
    Phase("while it speaks", [Answer([chunk({"content": "Well, "})], hold=True)], has(Piece)),
    Phase("while a call is streamed",
          [Answer([chunk({"content": "I add "}), call("add_topic", '{"na', id="x")], hold=True)],
          has(Piece)),
    Phase("in a tool", [Answer([*LONG, chunk(finish="tool_calls")])], has(ToolStarted)),
    Phase("a card is open", [calls("apply_topic_hierarchy", TREE)], has(CardAsked)),
    Phase("between two rounds", [ADD, Answer(silent=True)], lambda t, server: server.requests[1:]),
    Phase("while it waits to ask again", [ADD, BUSY], has(Waits)),
)  # fmt: skip


async def there(t: Talk, server: Scripted, phase: Phase) -> None:
    while not phase.there(t, server):
        await asyncio.sleep(0.002)


async def names(t: Talk) -> list[str]:
    return [topic.name for topic in await t.app.session.store.read(topics.all_topics)]


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)
async def test_stop_ends_a_turn_at_once_in_every_phase(
    talk: OpenTalk, rows: Rows, phase: Phase
) -> None:
    """It is said, what waited comes back, the history goes on, and no tool runs twice."""
    async with connected(talk, rows, *phase.answers, says("Going on.")) as (t, server):
        t.yes = None
        t.assistant.send("please do it")
        t.assistant.send("and then this")
        await there(t, server, phase)
        began = time.monotonic()
        t.assistant.stop()
        await t.assistant.idle()
        assert time.monotonic() - began < STOP_SECONDS
        said_so = [e for e in t.of(Message) if e.stopped or "topped" in e.text]
        said_so += [e for e in t.of(ToolDone) if e.outcome == "stopped"]
        assert said_so, "a person sees that it was stopped"
        held = any(answer.hold or answer.silent for answer in phase.answers)
        while held and not server.hung_up:  # a server that is not heard any more may rest
            await asyncio.sleep(0.002)
        assert t.said == ["please do it"]
        before = list(t.tools)
        await t.send("go on")
        assert t.text.endswith("Going on.")
        assert t.tools == before
        assert "Later" not in await names(t)
        assert not server.script
        users = [w["content"] for w in server.requests[-1]["messages"] if w["role"] == "user"]
        assert [u.rpartition("\n\n")[2] for u in users] in (
            ["please do it", "go on"], ["please do it\n\ngo on"], [users[0].rpartition("\n\n")[2]],
        )  # fmt: skip


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)
async def test_nothing_of_a_turn_reaches_another_dataset(
    talk: OpenTalk, rows: Rows, phase: Phase
) -> None:
    async with connected(talk, rows, *phase.answers, says("Hello."), says("Going on.")) as (
        t,
        server,
    ):
        t.yes = None
        first = t.app.session.dataset_id
        second = await add_dataset(t.app, rows[:5], "Other")
        t.assistant.send("please do it")
        await there(t, server, phase)
        shown = len(t.heard)
        await t.app.open(second)
        await t.assistant.idle()
        late = [e for e in t.heard[shown:] if isinstance(e, Message | Piece | ToolDone | Spent)]
        assert not late
        assert await t.assistant.history() == []
        await t.send("who are you?")
        assert [m["role"] for m in server.requests[-1]["messages"]] == ["system", "user"]
        kept = await t.assistant.history()
        assert [e.text for e in kept if isinstance(e, Said | Message)] == ["who are you?", "Hello."]
        assert not await names(t)
        await t.app.open(first)
        await t.send("go on")
        assert t.text.endswith("Going on.")
        assert await names(t) == (["Cards"] if phase.answers[0] is ADD else [])


async def test_three_quick_messages_run_in_order_and_no_tool_twice(
    talk: OpenTalk, rows: Rows
) -> None:
    script = [
        answer
        for name in ("One", "Two", "Three")
        for answer in (calls("add_topic", {"name": name}), says(f"{name} is there."))
    ]
    async with connected(talk, rows, *script) as (t, server):
        await t.send("add One", "add Two", "add Three")
        assert t.said == ["add One", "add Two", "add Three"]
        assert await names(t) == ["One", "Two", "Three"]
        order = [e for e in t.heard if isinstance(e, Said | ToolStarted | ToolDone | Message)]
        assert [type(e) for e in order] == [Said, ToolStarted, ToolDone, Message] * 3
        assert len(server.requests) == 6


@pytest.mark.parametrize("text", ["", "  ", "\n\t\n"])
async def test_an_empty_message_is_not_sent(talk: OpenTalk, rows: Rows, text: str) -> None:
    async with connected(talk, rows) as (t, server):
        await t.send(text)
        assert not t.heard
        assert not server.requests


async def test_is_it_done_starts_nothing_while_a_card_is_open(talk: OpenTalk, rows: Rows) -> None:
    script = (calls("apply_topic_hierarchy", TREE), says("As you wish."))
    async with connected(talk, rows, *script) as (t, server):
        t.yes = None
        t.assistant.send("make topics")
        while not t.of(CardAsked):
            await asyncio.sleep(0.002)
        t.assistant.send("is it done?")
        while "Nothing is running" not in t.text and not t.of(Message):
            await asyncio.sleep(0.002)
        assert len(server.requests) == 1
        assert t.tools == ["apply_topic_hierarchy"]
        t.assistant.approvals.answer(t.of(CardAsked)[0].key, yes=False)
        await t.assistant.idle()
        assert t.tools == ["apply_topic_hierarchy"]
        assert await names(t) == []
        assert t.text.endswith("As you wish.")


async def test_a_step_too_early_lists_all_that_is_missing_and_nothing_is_called(
    talk: OpenTalk, rows: Rows
) -> None:
    script = (calls("deploy_model"), says("First a grader."))
    async with connected(talk, rows, *script) as (t, server):
        await t.send("deploy it")
        (told,) = [w["content"] for w in server.requests[1]["messages"] if w["role"] == "tool"]
        places = [told.index(words) for words in ("a grader", "a dry run", "a training run")]
        assert places == sorted(places)
        assert [d.outcome for d in t.done] == ["refused"]
        assert not t.of(CardAsked)
        assert not t.of(CardAnswered)
        for kind in ("dry_run", "training", "deployment"):
            assert not await t.app.session.store.read(results.of_kind, kind)


KILLED = [p for p in PHASES if p.name not in ("while a call is streamed",)]
MARKS = {
    "before the first answer": "asked 1", "while it speaks": "piece", "in a tool": "started",
    "a card is open": "asked", "between two rounds": "asked 2", "while it waits to ask again": "waits",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("phase", KILLED, ids=lambda phase: phase.name)
async def test_a_program_killed_in_a_turn_goes_on_where_it_was(
    talk: OpenTalk, rows: Rows, phase: Phase, tmp_path: Path
) -> None:
    """The conversation can be sent, what tools did is there once, a card that was open is void."""
    async with connected(talk, rows, *phase.answers) as (t, server):
        home, url = t.app.home, server.url
        dataset = t.app.session.dataset_id
        await t.app.call("start_finetune_workflow", training_goals="Route it")
        await t.app.close_dataset()
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.agent.mid_turn", str(home), dataset, url,
            cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "RFT_STUDIO_HOME": str(home)},
        )  # fmt: skip
        try:
            await _until_there(child, server, phase)
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()
        server.script[:] = [says("Going on.")]
        await t.app.open(dataset)
        assert [e.text for e in await t.assistant.history() if isinstance(e, Said)] == [
            "please do it"
        ]
        await t.send("go on")
        assert t.text == "Going on."
        assert t.tools == []
        added = phase.answers[0] is ADD  # with a topic the first step is done
        assert await names(t) == (["Cards"] if added else [])
        step = "categorize" if added else "topics_config"
        assert f'"current_step":"{step}"' in server.requests[-1]["messages"][-1]["content"]


async def _until_there(child: Any, server: Scripted, phase: Phase) -> None:
    mark = MARKS[phase.name]
    if mark.startswith("asked "):
        while len(server.requests) < int(mark.split()[1]):
            assert child.returncode is None
            await asyncio.sleep(0.01)
        return
    while (line := (await child.stdout.readline()).decode().strip()) != mark:
        assert child.returncode is None
        assert line, f"the program ended before {mark}"
