"""Batches, state, limits, cancelling and closing of the sandbox, with the real worker."""

import asyncio
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from app.errors import InputError, SandboxError
from app.sandbox.limits import Limits
from app.sandbox.monty import plain, worker_binary
from app.sandbox.sandbox import Sandbox

SHORT = replace(Limits(), record_seconds=0.1, batch_seconds=0.3, helper_seconds=0.2)
ROOT = Path(__file__).parents[2]
Call = tuple[dict[str, object], dict[str, object]]


def calls(n: int, **item: object) -> list[Call]:
    return [({"output_text": str(i)}, {"i": i, **item}) for i in range(n)]


async def test_order_over_several_batches() -> None:
    async with Sandbox() as sandbox:
        outcomes = await sandbox.run("def grade(s, i): return i['i'] / 1000", calls(450))
    assert [o.value for o in outcomes] == [i / 1000 for i in range(450)]


async def test_nothing_to_grade() -> None:
    async with Sandbox() as sandbox:
        assert await sandbox.run("def grade(s, i): return 1", []) == []


async def test_one_bad_record_spoils_no_other() -> None:
    source = "def grade(s, i): return 1 / (i['i'] - 7)"
    async with Sandbox() as sandbox:
        outcomes = await sandbox.run(source, calls(20))
    assert outcomes[7].error == "Line 1: ZeroDivisionError: division by zero"
    assert [o.error for i, o in enumerate(outcomes) if i != 7] == [None] * 19
    assert outcomes[8].value == 1.0


@pytest.mark.parametrize(
    "source",
    [
        "seen = []\ndef grade(s, i):\n    seen.append(1)\n    return 1.0 if len(seen) > 1 else 0.0",
        # Shows only from the 150th record on: the last one is always re-checked.
        "n = [0]\ndef grade(s, i):\n    n[0] += 1\n    return 1.0 if n[0] > 150 else 0.0",
        "def grade(s, i):\n    i['x'] = i.get('x', 0) + 1\n    s['output_text'] = 'x'\n"
        "    return 0.0 if i['x'] == 1 else 1.0",
    ],
)
async def test_no_record_sees_the_state_of_another(source: str) -> None:
    async with Sandbox() as sandbox:
        outcomes = await sandbox.run(source, calls(420))
    assert {o.value for o in outcomes} == {0.0}


async def test_answers_of_one_prompt_share_an_item_and_the_host_keeps_its_own() -> None:
    item = {"tags": [3, 1, 2]}
    source = "def grade(s, i):\n    i['tags'].pop()\n    return len(i['tags']) / 2"
    async with Sandbox() as sandbox:
        outcomes = await sandbox.run(source, [({"output_text": ""}, item)] * 8)
    assert {o.value for o in outcomes} == {1.0}
    assert item == {"tags": [3, 1, 2]}


async def test_a_slow_record_is_an_error_and_the_others_are_graded() -> None:
    source = "def grade(s, i):\n    while i['i'] == 3:\n        pass\n    return 1"
    async with Sandbox(SHORT) as sandbox:
        outcomes = await sandbox.run(source, calls(10))
    assert [i for i, o in enumerate(outcomes) if o.error] == [3]
    assert outcomes[3].error == "The grader ran too long (allowed: 0.1 s for a record)."


async def test_a_grader_that_never_ends_is_given_up() -> None:
    start = time.perf_counter()
    async with Sandbox(SHORT) as sandbox:
        outcomes = await sandbox.run("while True:\n    pass", calls(1000))
    assert time.perf_counter() - start < 5
    assert len(outcomes) == 1000
    assert all(o.error for o in outcomes)
    assert "the 5 records before it all ran too long" in (outcomes[-1].error or "")


async def test_the_loop_runs_while_a_grader_spins() -> None:
    async with Sandbox(SHORT) as sandbox:
        work = asyncio.create_task(sandbox.run("while True:\n    pass", calls(5)))
        turns = 0
        while not work.done():
            await asyncio.sleep(0.005)
            turns += 1
    assert turns > 20


async def test_cancelling_ends_the_work_at_once_and_the_sandbox_goes_on() -> None:
    limits = replace(Limits(), record_seconds=60, batch_seconds=60)
    async with Sandbox(limits) as sandbox:
        work = asyncio.create_task(sandbox.run("while True:\n    pass", calls(5)))
        while not any(cpu_seconds(p) > 0.1 for p in psutil.Process().children()):
            await asyncio.sleep(0.01)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        start = time.perf_counter()
        (outcome,) = await sandbox.run("def grade(s, i): return 1", calls(1))
        assert (outcome.value, time.perf_counter() - start < 5) == (1, True)


def cpu_seconds(process: psutil.Process) -> float:
    try:
        return float(process.cpu_times().user)
    except psutil.NoSuchProcess:
        return 0.0


async def test_closing_leaves_no_process() -> None:
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    async with Sandbox() as sandbox:
        await sandbox.run("def grade(s, i): return 1", calls(3))
        assert {p.pid for p in psutil.Process().children(recursive=True)} - before
    assert {p.pid for p in psutil.Process().children(recursive=True)} == before


def test_a_killed_app_leaves_no_worker() -> None:
    """The worker notices that its app is gone, even in the middle of a grader that never ends."""
    code = """
        import asyncio
        from app.sandbox.limits import Limits
        from app.sandbox.sandbox import Sandbox
        async def main():
            async with Sandbox(Limits(record_seconds=1, batch_seconds=1)) as sandbox:
                print("ready", flush=True)
                await sandbox.run("while True: pass", [({}, {})] * 100)
        asyncio.run(main())
    """
    app = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert app.stdout is not None
    with app, app.stdout:
        assert app.stdout.readline() == b"ready\n"
        workers = psutil.Process(app.pid).children(recursive=True)
        assert workers
        app.kill()
    _gone, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


async def test_check_names_what_is_wrong_and_where() -> None:
    cases = {
        "def grade(s, i): return 1": None,
        "x = 1": "It must define a function grade(sample, item).",
        "x = 1\ndef grade(s, i)\n    return 1": "Line 2: SyntaxError: Expected `:`",
        "x = 1\n\nfoo()\ndef grade(s, i): return 1": "Line 3: NameError: name 'foo'",
        "import statistics\ndef grade(s, i): return 1": "No module named 'statistics'",
        "def grade(s, i):\n    del s\n    return 1": "Line 2: NotImplementedError: the sandbox lacks",
        "# ü\nx = '\0'": "a NUL character in line 2",
        "#" * 100_001: "over 100 kB",
        "def grade(s, i): return " + "-" * 90_000 + "1": "",
        "def grade(s, i): return " + "(" * 40_000 + "1" + ")" * 40_000: "",
    }
    async with Sandbox() as sandbox:
        for source, message in cases.items():
            if message is None:
                await sandbox.check(source)
                continue
            with pytest.raises(InputError) as caught:
                await sandbox.check(source)
            assert message in str(caught.value)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("raise KeyError('no \\x1b[2J\\u202e such')", "Line 2: KeyError: no  [2J  such"),
        ("raise ValueError('x' * 100000)", "Line 2: ValueError: xxxx"),
        ("print('x' * 100000)", "The grader used or printed too much"),
        ("import time; time.sleep(9)", "Line 2: The grader must not sleep."),
        ("return 'x' * 10**9", "Line 2: The grader used or printed too much"),
        ("return open('/etc/hostname').read()", "Line 2: PermissionError"),
        ("return input()", "Line 2: "),
    ],
)
async def test_errors_are_plain_short_and_name_the_line(body: str, error: str) -> None:
    async with Sandbox() as sandbox:
        (outcome,) = await sandbox.run(f"def grade(s, i):\n    {body}", calls(1))
    assert (outcome.error or "").startswith(error)
    assert len(outcome.error or "") < 600


async def test_prints_go_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    async with Sandbox() as sandbox:
        outcomes = await sandbox.run("def grade(s, i):\n    print('hello')\n    return 1", calls(2))
    assert [o.value for o in outcomes] == [1, 1]
    assert capfd.readouterr() == ("", "")


async def test_a_record_that_does_not_fit_is_an_error() -> None:
    odd: list[Call] = [
        ({"output_text": "x" * 2_000_000}, {}),
        ({"output_text": "\ud800"}, {}),
        ({"output_text": "fine"}, {}),
    ]
    async with Sandbox() as sandbox:
        outcomes = await sandbox.run("def grade(s, i): return 1", odd)
    assert [o.error is None for o in outcomes] == [False, False, True]


async def test_deep_records_and_deep_results() -> None:
    deep: object = 1
    for _ in range(200):
        deep = [deep]
    source = (
        "def grade(s, i):\n    x = []\n    for _ in range(100000):\n        x = [x]\n    return x"
    )
    async with Sandbox() as sandbox:
        (outcome,) = await sandbox.run("def grade(s, i): return len(i['x'])", [({}, {"x": deep})])
        (returned,) = await sandbox.run(source, calls(1))
    assert outcome.value == 1 or outcome.error
    assert returned.error is None  # cut by Monty; the score check refuses a list anyway


async def test_memory_is_given_up_too() -> None:
    source = "def grade(s, i):\n    d = {}\n    while True:\n        d[len(d)] = [1, 2, 3]"
    async with Sandbox() as sandbox:
        outcomes = await sandbox.run(source, calls(300))
    assert "used or printed too much" in (outcomes[0].error or "")
    assert (outcomes[-1].error or "").startswith("Not graded: the 5 records before it")


async def test_large_batches_are_split_by_size() -> None:
    async with Sandbox() as sandbox:
        outcomes = await sandbox.run(
            "def grade(s, i): return i['i'] / 100", calls(40, text="x" * 500_000)
        )
    assert [o.value for o in outcomes] == [i / 100 for i in range(40)]


async def test_a_missing_worker_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="does not start"):
        async with Sandbox(binary=tmp_path / "nowhere"):
            pass


def test_a_frozen_app_names_its_own_worker_program(monkeypatch: pytest.MonkeyPatch) -> None:
    assert worker_binary() is None
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", "/opt/app", raising=False)
    binary = worker_binary()
    assert binary is not None
    assert binary.as_posix() in ("/opt/app/monty", "/opt/app/monty.exe")


def test_plain_text_keeps_lines_and_letters() -> None:
    assert plain("a\nb ü 日本 🙂") == "a\nb ü 日本 🙂"
    assert plain("\x1b[2J\u202e") == " [2J "
