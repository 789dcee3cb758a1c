"""The command `chat` run as a program: guided and with a model, piped, stopped, with approvals."""

import asyncio
import os
import pty
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.cli.main import BAD_INPUT, FAILED, OK, STOPPED
from tests.cli.chatting import LONGEST, ROOT, Chat, chat, prepare
from tests.cli.conftest import Rft
from tests.llm.scripted import MODEL, Answer, Scripted, calls, chunk, says, scripted

GRADER = {"type": "string_check", "operation": "eq", "input": "{{sample.output_text}}",
          "reference": "{{item.reference}}"}  # fmt: skip


@asynccontextmanager
async def with_model(
    home: Path, *arguments: str | Path, answers: tuple[Answer, ...], json: bool = True
) -> AsyncIterator[tuple[Chat, Scripted]]:
    """A chat whose model is connected by the environment."""
    await prepare(home)
    async with scripted(*answers) as server:
        connected = {
            "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test", "RFT_STUDIO_MODEL": MODEL
        }  # fmt: skip
        form = ("--json",) if json else ()
        async with chat("Tickets", *form, *arguments, **connected) as c:
            yield c, server
        assert server.invalid == []


def fields(event: dict[str, Any]) -> set[str]:
    return set(event) - {"event"}


async def test_guided_and_piped_each_line_has_its_turn(home: Path) -> None:
    await prepare(home, "Tickets \x1b[2J", openings=True)
    elsewhere = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    async with chat("Tickets \x1b[2J", "--agent", "guided", **elsewhere) as c:
        await c.write("explain balance", "/nonsense", "/help", "1", "/quit", "never read")
        code, out, err = await c.end()
    assert code == OK
    assert "Traceback" not in err
    assert out.startswith("Tickets \ufffd[2J: 30 records. Guided, no language model.")
    assert "\x1b" not in out
    places = ("you> explain balance", "Balance says how evenly", "There is no /nonsense")
    assert sorted(places, key=out.index) == list(places)
    assert "**" not in out
    assert "\\" not in out
    assert "never read" not in out


async def test_events_of_an_imported_file_have_the_fields_that_are_documented(chats: Path) -> None:
    async with chat(chats, "--json") as c:
        opened = await c.until("opened")
        assert fields(opened) == {"dataset", "name", "records", "connection", "model", "agent"}
        assert (opened["name"], opened["records"], opened["connection"]) == ("chats", 40, None)
        question = await c.until("question")
        assert fields(question) == {"key", "text", "form", "options", "chosen", "answer"}
        await c.until("turn_ended")
        await c.write({"choose": "nothing", "index": 0}, {"fly": 1}, "{", "explain balance")
        message = await c.until("message")
        assert fields(message) == {"reply", "text", "stopped"}
        await c.until("turn_ended")
        assert len(c.of("error")) == 3
        assert fields(c.of("said")[0]) == {"key", "text", "answers"}
        done = c.of("tool_finished")[0]
        assert fields(done) == {"key", "tool", "result", "tone", "details", "reply", "arguments"}
        assert fields(c.of("tool_started")[0]) == {"key", "tool"}
        await c.write({"choose": question["key"], "index": 0})
        choice = await c.until("choice")
        assert fields(choice) == {"key", "index", "answer"}
        assert choice["key"] == question["key"]
        code, _, _ = await c.end()
    assert code == OK
    async with chat("chats", "--json") as again:
        stands = await again.until("question")
        assert stands["key"] == c.of("question")[-1]["key"], "it was left open"
        await again.write({"choose": stands["key"], "index": 0})
        assert (await again.until("choice"))["key"] == stands["key"]


async def test_a_model_led_by_an_agent_file_from_anywhere_streams_and_calls_tools(
    home: Path,
) -> None:
    file = ROOT / "tests" / "agent" / "foreign" / "planner.md"
    answers = (calls("get_dataset_stats"), says("There are 30 records, all of them valid."))
    async with with_model(home, "--agent", file, answers=answers) as (c, server):
        opened = await c.until("opened")
        assert (opened["connection"], opened["agent"]) == ("Environment", str(file))
        assert opened["model"] == MODEL
        assert any("upload_dataset" in event["text"] for event in c.of("note"))
        await c.write("What is in the data\x07?")
        await c.until("turn_ended")
        words = "".join(event["text"] for event in c.of("text"))
        message, instead = c.of("message")
        assert "qwen3:30b" in instead["text"], "the file's model is not there, and that is said"
        assert words == message["text"] == "There are 30 records, all of them valid."
        assert len(c.of("text")) == 3
        assert {event["reply"] for event in c.of("text")} == {message["reply"]}
        (tool,) = c.of("tool_finished")
        assert (tool["tool"], tool["tone"]) == ("get_dataset_stats", "good")
        (used,) = c.of("usage")
        assert fields(used) >= {"model", "prompt_tokens", "answer_tokens", "cost"}
        code, _, err = await c.end()
    assert (code, err) == (OK, "")
    assert server.keys == ["Bearer sk-test"] * 2
    prompt, asked, *_ = (m["content"] for m in server.requests[0]["messages"])
    assert prompt.startswith("You plan.")
    assert asked.endswith("What is in the data\x07?")
    assert '"current_dataset_id"' in asked
    assert {tool["function"]["name"] for tool in server.requests[0]["tools"]} == {
        "final", "ask_follow_up", "get_dataset_stats", "get_dataset_records", "run_dry_run",
        "start_training",
    }  # fmt: skip


async def test_a_card_is_answered_by_its_key_or_by_the_next_line(home: Path) -> None:
    answers = (
        calls("configure_grader", {"grader": GRADER}, id="a"), says("Not then."),
        calls("configure_grader", {"grader": GRADER}, id="b"), says("Saved."),
    )  # fmt: skip
    async with with_model(home, answers=answers) as (c, _):
        await c.write("Set the grader")
        asked = await c.until("approval_asked")
        assert asked["tool"] == "configure_grader"
        assert asked["title"]
        assert fields(asked) == {
            "key", "tool", "step", "title", "rows", "verb", "note", "warning"
        }  # fmt: skip
        await c.write({"approve": "another", "yes": True}, "n")
        answered = await c.until("approval_answered")
        assert (answered["key"], answered["yes"]) == (asked["key"], False)
        assert len(c.of("error")) == 1, "a key that is not open approves nothing"
        await c.until("turn_ended")
        await c.write("Do set it")
        asked = await c.until("approval_asked")
        await c.write({"approve": asked["key"], "yes": True})
        answered = await c.until("approval_answered")
        assert (answered["tool"], answered["yes"]) == ("configure_grader", True)
        await c.until("turn_ended")
        assert c.of("tool_finished")[-1]["tone"] == "good"


async def test_a_line_that_is_no_answer_approves_nothing_and_is_a_message(home: Path) -> None:
    answers = (
        calls("configure_grader", {"grader": GRADER}), says("Not then."), says("Ten."),
        calls("configure_grader", {"grader": GRADER}), says("Left."),
    )  # fmt: skip
    async with with_model(home, answers=answers, json=False) as (c, server):
        await c.write("Set the grader", "How many are left?", "Set it")
        code, out, _ = await c.end()
    assert code == OK
    card = out[out.index("Set the grader") :]
    assert "[y/N]" in card
    assert (
        card.index("[y/N]") < card.index("(not approved)") < card.index("you> How many are left?")
    )
    assert card.count("(not approved)") == 2, "the end of the input answers no card either"
    assert "How many are left?" in server.requests[2]["messages"][-1]["content"]


async def test_numbers_answer_questions_and_tools_named_beforehand_are_approved(home: Path) -> None:
    asked = {"question": "Which one?", "kind": "select", "options": ["Refunds", "Cards"]}
    many = {"question": "Which ones?", "kind": "multiselect", "options": ["A", "B", "C"]}
    free = {"question": "Why?", "kind": "text"}
    answers = (
        calls("ask_follow_up", asked), calls("ask_follow_up", many, id="c2"),
        calls("ask_follow_up", free, id="c3"),
        calls("configure_grader", {"grader": GRADER}, id="c4"), says("Saved."),
    )  # fmt: skip
    yes = ("--yes", "configure_grader,start_training")
    async with with_model(home, *yes, answers=answers, json=False) as (c, server):
        await c.write("Help me", "2", "1, 3", "7")
        code, out, _ = await c.end()
    assert code == OK
    assert "Approved by --yes configure_grader." in out
    assert "+ configure_grader: v1" in out
    assert "  1. Refunds\n  2. Cards\n" in out
    given = [request["messages"][-1]["content"].splitlines()[-1] for request in server.requests]
    assert given[1:4] == ["Cards", "A; C", "7"]


async def test_a_stream_is_stopped_and_the_chat_goes_on_until_a_second_interrupt(
    home: Path,
) -> None:
    held = [Answer([chunk({"content": f"Once {n}"})], hold=True) for n in range(3)]
    answers = (held[0], says("Yes."), held[1], held[2])
    async with with_model(home, answers=answers) as (c, server):
        await c.write("Tell me a story")
        await c.until("text")
        await c.write({"stop": True})
        message = await c.until("message")
        assert (message["stopped"], message["text"]) == (True, "Once 0")
        await c.until("turn_ended")
        await c.write("Are you there?")
        assert (await c.until("message"))["text"] == "Yes."
        await c.until("turn_ended")
        for n in (1, 2):
            await c.write("Another story")
            await c.until("text")
            c.interrupt()
            assert (await c.until("message"))["text"] == f"Once {n}"
            if n == 1:  # the second within two seconds ends the chat in the middle of a turn
                await c.until("turn_ended")
        code, _, err = await c.end()
    assert code == STOPPED
    assert err.startswith("rft-studio: ")
    assert "Traceback" not in err
    said = [message["role"] for message in server.requests[1]["messages"]]
    assert said[-3:] == ["user", "assistant", "user"]


async def test_a_reader_that_goes_away_ends_the_chat_quietly(home: Path) -> None:
    await prepare(home)
    read, write = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "chat", "Tickets"),
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=write, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    os.close(write)
    first = await asyncio.to_thread(os.read, read, 1000)
    assert first.startswith(b"Tickets: 30 records")
    os.close(read)
    async with asyncio.timeout(LONGEST):
        _, err = await process.communicate(b"help\nexplain balance\n")
    assert process.returncode == FAILED
    assert err == b""


async def test_typed_in_a_terminal(home: Path) -> None:
    await prepare(home)
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "chat", "Tickets"),
        cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    shown = b""

    async def until(words: bytes) -> None:
        nonlocal shown
        async with asyncio.timeout(LONGEST):
            while words not in shown:
                shown += await asyncio.to_thread(os.read, ours, 4096)
        shown = shown.partition(words)[2]

    await until(b"\r\nyou> ")
    os.write(ours, b"explain balance\n")
    await until(b"\x1b[1mBalance\x1b[22m says how evenly")
    await until(b"\r\nyou> ")
    os.write(ours, b"\x04")
    async with asyncio.timeout(LONGEST):
        assert await process.wait() == OK
    os.close(ours)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "'nowhere'"),
        (("Tickets", "--yes", "run_dry_run,fly"), "no tool named 'fly'"),
        (("Tickets", "--agent", "nobody"), "no agent named 'nobody'"),
        (("Tickets", "--agent", "nobody.md"), "no such file"),
    ],
)
def test_bad_input_is_a_sentence(
    rft: Rft, home: Path, arguments: tuple[str, ...], said: str
) -> None:
    asyncio.run(prepare(home))
    done = rft("chat", *arguments)
    assert (done.code, done.out) == (BAD_INPUT, "")
    assert said in done.err
    assert done.err.startswith("rft-studio: ")
    assert done.err.count("\n") == 1
