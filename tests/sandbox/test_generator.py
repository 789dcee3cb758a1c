"""A generator script in its sandbox: what it returns, how its faults are told, hostile ones held."""

import asyncio
import json
import threading
import time
from typing import Any

import psutil
import pytest

from app.errors import InputError
from app.generation.generator import EXAMPLE
from app.sandbox import generator
from app.sandbox.generator import GeneratorSandbox
from app.sandbox.limits import Limits
from tests.conftest import SHARED

ATTEMPTS = SHARED / "grader_attempts"
MANIFEST: dict[str, Any] = (
    json.loads((ATTEMPTS / "manifest.json").read_text()) if ATTEMPTS.exists() else {}
)
SHORT = Limits(each="a topic", record_seconds=0.3, batch_seconds=0.5, helper_seconds=0.3)
ONE: dict[str, Any] = {"count": 1, "seed": 1, "examples": []}
HEAD = "def generate(topic, count, seed, examples):\n"


async def made(source: str, limits: Limits = SHORT, **more: Any) -> list[Any]:
    asked = {"count": 3, "seed": 1, "examples": [{"prompt": "two and two", "reference": "4"}]}
    async with GeneratorSandbox(limits) as sandbox:
        await sandbox.check(source)
        return await sandbox.generate(source, "Sums", **(asked | more))


async def test_the_example_computes_its_answers_and_repeats_itself_for_a_seed() -> None:
    first, again = await made(EXAMPLE, count=40), await made(EXAMPLE, count=40)
    other = await made(EXAMPLE, count=40, seed=2)
    assert first == again != other
    assert len({record["prompt"] for record in first}) == 40
    for record in first:
        words = record["prompt"].replace("?", "").split()
        boxes, each, given = [int(word) for word in words if word.isdecimal()]
        assert record["reference"] == str(boxes * each - given)


async def test_it_is_given_topic_count_seed_and_examples() -> None:
    body = (
        "    return [{'prompt': topic, 'n': count, 'seed': seed, 'of': examples[0]['reference']}]"
    )
    assert await made(HEAD + body) == [{"prompt": "Sums", "n": 3, "seed": 1, "of": "4"}]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = 1\n", "must define a function generate(topic, count, seed, examples)"),
        ("def generate(t):\n    return [\n", "SyntaxError"),
        ("import difflib\n", "Line 1: No module named"),
        (HEAD + "    a = 1\n    return [a / 0]", "Line 3: ZeroDivisionError: division by zero"),
        ("def generate(topic): return []", "takes 1 positional argument but 4 were given"),
        (HEAD + "    return {'prompt': 'x'}", "must return a list of records"),
        (HEAD + "    return 'x'", "must return a list of records"),
        (HEAD + "    return None", "must return a list of records"),
        (HEAD + "    return [{1, 2}]", "set is not JSON serializable"),
        (HEAD + "    return [float('nan')]", "JSON lacks"),
        (HEAD + "    a = []\n    a.append(a)\n    return a", "Circular reference"),
        (HEAD + "    while True: pass", "ran too long (allowed: 0.3 s for a topic)"),
        (HEAD + "    return ['x' * 3_000_000] * 4", "over 8 MB"),
        (HEAD + "    return ['x' * 30_000_000] * 9", "used or printed too much"),
        (HEAD + "    return open('/etc/passwd').read()", "Line 2:"),
        ("a\0b", "NUL character in line 1"),
        ("#" * 100_001, "over 100 kB"),
    ],
)
async def test_a_fault_is_told_with_its_line(source: str, told: str) -> None:
    with pytest.raises(InputError, match="generator script") as caught:
        await made(source)
    assert told in str(caught.value)
    assert "grader" not in str(caught.value)


async def test_deep_nesting_is_an_error_and_the_sandbox_goes_on() -> None:
    deep = "    a = 1\n    for i in range(100000):\n        a = [a]\n    return a"
    async with GeneratorSandbox(SHORT) as sandbox:
        with pytest.raises(InputError, match="recursion"):
            await sandbox.generate(HEAD + deep, "T", count=1, seed=1, examples=[])
        assert await sandbox.generate(HEAD + "    return [1]", "T", count=1, seed=1, examples=[])


@pytest.mark.parametrize("source", ["while True: pass", HEAD + "    while True: pass"])
async def test_a_cancel_ends_the_script_at_once(source: str) -> None:
    limits = Limits(record_seconds=60, batch_seconds=60)
    async with GeneratorSandbox(limits) as sandbox:
        loads = source.startswith("while")
        work = sandbox.check(source) if loads else sandbox.generate(source, "T", **ONE)
        task = asyncio.ensure_future(work)
        while sandbox._worker._pid is None:
            await asyncio.sleep(0.01)
        start = time.perf_counter()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize("source", ["a\0b", "#" * 100_001])
async def test_a_source_that_was_not_checked_is_refused_too(source: str) -> None:
    async with GeneratorSandbox(SHORT) as sandbox:
        with pytest.raises(InputError, match=r"The generator script (is over|holds a NUL)"):
            await sandbox.generate(source, "T", **ONE)


async def test_what_came_out_is_read_beside_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads = []

    def noted(text: Any) -> list[Any]:
        threads.append(threading.get_ident())
        return read(text)

    read = generator._read
    monkeypatch.setattr(generator, "_read", noted)
    assert await made(HEAD + "    return [1]") == [1]
    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("entry", MANIFEST.get("hostile", []), ids=lambda entry: entry["id"])
async def test_the_hostile_graders_are_held_as_generators_too(
    entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Each runs where a generator does; nothing of the machine comes out, no file is made."""
    secret, mark = tmp_path / "secret.txt", tmp_path / "mark"
    secret.write_text("CANARY-1f2e")
    monkeypatch.setenv("PROTO_SECRET", "CANARY-1f2e")
    source = (ATTEMPTS / "hostile" / entry["file"]).read_text(encoding="utf-8")
    places = {"SECRET": str(secret), "MARK": str(mark), "PORT": "9"}
    for name, value in places.items():
        source = source.replace(f"@@{name}@@", value)
    item, sample = MANIFEST["item"], MANIFEST["sample"]
    source += f"\n{HEAD}    return [grade({sample!r}, {item!r})]\n"
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    start = time.perf_counter()
    try:
        said = repr(await made(source))
    except InputError as error:
        said = str(error)
    assert "CANARY" not in said
    assert secret.read_text() == "CANARY-1f2e"
    assert not mark.exists()
    assert time.perf_counter() - start < 10
    assert {c.pid for c in psutil.Process().children(recursive=True)} <= before
