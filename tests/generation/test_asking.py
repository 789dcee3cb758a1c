"""A wave of requests to a scripted model over real HTTP: how many at once, tries, waits, limits, Stop."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.domain.records import Message, Record
from app.generation.asking import CONCURRENCY, TRIES, Asking
from app.generation.base import Brief, strategy
from app.generation.journal import Journal
from app.llm.openai import OpenAIClient
from tests.llm.scripted import Answer, Scripted, chunk, says, scripted, usage

SEED = Record(id=5, messages=(Message(role="user", content="hello"),), split="train")
BRIEFS = {str(n): Brief(topic="t", count=1, seeds=(SEED,)) for n in range(9)}


def nothing(prompt_tokens: int, answer_tokens: int) -> str:
    return ""


async def ask(
    server: Scripted,
    path: Path,
    briefs: dict[str, Brief],
    *,
    over: Callable[[int, int], str] = nothing,
    told: list[str] | None = None,
    stop_when: Callable[[], bool] | None = None,
) -> tuple[Asking, Journal]:
    client = OpenAIClient(server.url, name="Mine", first_wait=0.01)
    journal = Journal(path / "answers.jsonl")
    heard = told if told is not None else []
    asking = Asking(client, "m", strategy("few_shot"), journal, over=over, tell=heard.append)
    work = asyncio.ensure_future(asking.ask_all(briefs))
    while stop_when and not work.done():
        await asyncio.sleep(0.01)
        if stop_when():
            asking.stopping.set()
    await work
    await client.close()
    return asking, journal


async def test_four_at_once_and_a_stop_ends_them(tmp_path: Path) -> None:
    async with scripted() as server:
        server.by = lambda body: Answer([chunk({"content": "{"})], hold=True)
        full = lambda: len(server.requests) >= CONCURRENCY  # noqa: E731
        asking, journal = await ask(server, tmp_path, BRIEFS, stop_when=full)
        assert len(server.requests) == CONCURRENCY
        assert journal.answers == {}
        assert not asking.failed


async def test_each_answer_is_kept_once_with_its_seeds_and_tokens(tmp_path: Path) -> None:
    async with scripted() as server:
        answer = [chunk({"content": "{}"}), chunk(finish="stop"), usage(7, 3)]
        server.by = lambda body: Answer(answer)
        _, journal = await ask(server, tmp_path, BRIEFS)
        assert set(journal.answers) == set(BRIEFS)
        assert journal.tokens == (7 * len(BRIEFS), 3 * len(BRIEFS))
        assert {a.seeds for a in journal.answers.values()} == {(5,)}
        before = len(server.requests)
        again = Journal(tmp_path / "answers.jsonl")
        await again.load()
        client = OpenAIClient(server.url)
        asking = Asking(client, "m", strategy("few_shot"), again, over=nothing, tell=print)
        await asking.ask_all(BRIEFS)
        await client.close()
        assert len(server.requests) == before


async def test_broken_answers_are_tried_again_and_then_counted(tmp_path: Path) -> None:
    one = {"0": BRIEFS["0"]}
    async with scripted() as server:
        server.by = lambda body: Answer([chunk({"content": "{"})], cut=True)
        asking, journal = await ask(server, tmp_path, one)
        assert len(server.requests) == TRIES
        assert "in the middle" in journal.answers["0"].error
        assert not asking.failed


async def test_waits_are_told_and_formats_left_off_where_refused(tmp_path: Path) -> None:
    told: list[str] = []
    first = [Answer(status=429, error="busy", headers={"retry-after": "0"})]

    def answer(body: dict[str, Any]) -> Answer:
        if first:
            return first.pop()
        if "response_format" in body:
            return Answer(status=400, error="unknown field response_format")
        return says("{}")

    async with scripted() as server:
        server.by = answer
        asking, journal = await ask(server, tmp_path, {"0": BRIEFS["0"]}, told=told)
        assert [("response_format" in body) for body in server.requests] == [True, True, False]
        assert told[0].startswith("Waits 0 s: Mine is busy")
        assert journal.answers["0"].text == "{}"
        assert not asking.failed


async def test_a_limit_counts_what_is_under_way(tmp_path: Path) -> None:
    async with scripted() as server:
        server.by = lambda body: Answer(
            [chunk({"content": "{}"}), chunk(finish="stop"), usage(9, 100)]
        )
        asking, journal = await ask(
            server, tmp_path, BRIEFS, over=lambda p, a: "full" if a > 300 else ""
        )
        assert asking.ended_by == "full"
        assert not asking.failed
        assert len(journal.answers) == 2
