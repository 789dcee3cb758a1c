"""Every hostile grader of a collection kept apart, through the real sandbox, with what it must not do.

The benign ones run beside them: a broken adapter would «contain» everything.
"""

import asyncio
import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.errors import InputError
from app.grading.base import Score, score_of
from app.sandbox.sandbox import Outcome, Sandbox
from tests.conftest import SHARED

ATTEMPTS = SHARED / "grader_attempts"
MANIFEST: dict[str, Any] = (
    json.loads((ATTEMPTS / "manifest.json").read_text()) if ATTEMPTS.exists() else {}
)
PR_SET_CHILD_SUBREAPER = 36
MAX_TREE_BYTES = 1_500_000_000  # the manifest's bound for the host and its children
MAX_SECONDS = 5.0  # one record's limit, the grace and a worker's restart, with room
LOOP_GAP_SECONDS = 0.8  # a grader that blocked the loop would do so for a second or more

# What Monty lacks, and what it says instead of a score.
LACKING = {
    "b06_difflib": "Line 1: No module named 'difflib' in the sandbox.",
    "b08_class_enum": "Line 2: NotImplementedError: the sandbox lacks class inheritance",
    "b10_statistics_string": "Line 1: No module named 'statistics' in the sandbox.",
    "b11_re_sub_fn": "Line 3: TypeError: callable replacement is not yet supported in re.sub()",
}
BENIGN = {
    "b01_exact": 0.0,
    "b02_regex_number": 1.0,
    "b03_json_fields": 0.5,
    "b04_f1_tokens": 0.75,
    "b05_levenshtein": 0.875,
    "b07_math": 1.0,
    "b09_helpers_dataclass": 0.65,
    "b12_unicode": 1.0,
}


@dataclass
class Trap:
    """What a grader may try to touch, and what was seen of its trying."""

    folder: Path
    canary: str
    port: int = 0
    connections: int = 0
    peak_bytes: int = 0
    longest_gap: float = 0.0
    before: set[int] = field(default_factory=set)

    @property
    def secret(self) -> Path:
        return self.folder / "secret.txt"

    @property
    def mark(self) -> Path:
        return self.folder / "mark"

    def fill(self, source: str) -> str:
        places = {"SECRET": str(self.secret), "MARK": str(self.mark), "PORT": str(self.port)}
        for name, value in places.items():
            source = source.replace(f"@@{name}@@", value)
        return source

    async def watch(self) -> None:
        """Memory of the process tree, and how long the event loop was kept from running."""
        me, last = psutil.Process(), time.perf_counter()
        while True:
            await asyncio.sleep(0.02)
            self.longest_gap = max(self.longest_gap, time.perf_counter() - last)
            self.peak_bytes = max(self.peak_bytes, tree_bytes(me))
            last = time.perf_counter()


def tree_bytes(process: psutil.Process) -> int:
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


@asynccontextmanager
async def sprung(trap: Trap) -> AsyncIterator[None]:
    """A listener on loopback and a watch, while a grader runs."""

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        trap.connections += 1
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    trap.port = server.sockets[0].getsockname()[1]
    watch = asyncio.create_task(trap.watch())
    try:
        yield
    finally:
        watch.cancel()
        server.close()
        await server.wait_closed()


@pytest.fixture
def orphans_come_home() -> Iterator[None]:
    """On Linux a process whose parent is gone becomes our child, so that it can be seen."""
    if sys.platform != "linux":
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    yield
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orphans_come_home: None) -> Trap:
    canary = f"CANARY-{os.urandom(8).hex()}"
    monkeypatch.setenv("PROTO_SECRET", canary)
    found = Trap(tmp_path, canary)
    found.secret.write_text(canary)
    found.before = {child.pid for child in psutil.Process().children(recursive=True)}
    return found


def left_over(trap: Trap) -> list[psutil.Process]:
    """Processes begun since the test began, however they detached themselves."""
    return [p for p in psutil.Process().children(recursive=True) if p.pid not in trap.before]


def kind_of(score: Score, outcome: Outcome) -> str:
    text = outcome.error or ""
    if "too long" in text or "time limit" in text:
        return "timeout"
    if "used or printed too much" in text:
        return "memory"
    if "worker process down" in text:
        return "crash_contained"
    if text:
        return "error"
    return "invalid" if score.error else f"score:{score.score}"


async def attempt(trap: Trap, source: str, calls: int) -> list[Outcome]:
    """The outcome of each call, as the app would have it; a refused script is an error."""
    item, sample = MANIFEST["item"], MANIFEST["sample"]
    async with sprung(trap), Sandbox() as sandbox:
        try:
            return await sandbox.run(trap.fill(source), [(sample, item)] * calls)
        except InputError as error:
            return [Outcome(error=str(error))]


@pytest.mark.parametrize("entry", MANIFEST.get("hostile", []), ids=lambda entry: entry["id"])
async def test_hostile(
    entry: dict[str, Any], trap: Trap, capfd: pytest.CaptureFixture[str]
) -> None:
    source = (ATTEMPTS / "hostile" / entry["file"]).read_text(encoding="utf-8")
    start = time.perf_counter()
    outcomes = await attempt(trap, source, entry["calls"])
    elapsed = time.perf_counter() - start
    scores = [Score.failed(o.error) if o.error else score_of(o.value) for o in outcomes]
    kind = kind_of(scores[-1], outcomes[-1])
    printed = "".join(capfd.readouterr())
    said = repr(outcomes) + "".join(str(o.error) for o in outcomes) + printed
    seen = {
        "host_hang": elapsed > MAX_SECONDS or trap.longest_gap > LOOP_GAP_SECONDS,
        "host_death": False,  # this line would not run
        "rss": trap.peak_bytes > MAX_TREE_BYTES,
        "orphan": bool(left_over(trap)),
        "marker": trap.mark.exists(),
        "leak": trap.canary in said or "CANARY-GLOBALS" in said,
        "connect": trap.connections > 0,
        "deleted": not trap.secret.exists() or trap.secret.read_text() != trap.canary,
        "score:1.0": kind == "score:1.0",
    }
    assert [what for what in entry["must_not"] if seen[what]] == []
    assert "\x1b" not in printed
    accepted = {a.removesuffix("+noise") for a in entry["acceptable"]}
    assert {kind, kind.split(":")[0]} & accepted, f"{kind}: {outcomes[-1].error}"


async def test_the_traps_work(trap: Trap) -> None:
    """What the hostile graders are asserted not to do would be seen if they did."""
    async with sprung(trap):
        _reader, writer = await asyncio.open_connection("127.0.0.1", trap.port)
        while not (trap.connections and trap.peak_bytes and trap.longest_gap):
            await asyncio.sleep(0.02)
        writer.close()
        await writer.wait_closed()


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are seen on Linux only")
def test_a_detached_process_would_be_seen(trap: Trap) -> None:
    subprocess.run(["sh", "-c", "setsid sleep 60 >/dev/null 2>&1 &"], check=True)
    (orphan,) = left_over(trap)
    orphan.kill()
    orphan.wait()
    assert left_over(trap) == []


async def test_the_worker_has_no_environment_and_no_files_or_connections(trap: Trap) -> None:
    async with Sandbox():
        (worker,) = left_over(trap)
        assert trap.canary not in worker.environ().values()
        assert [f for f in worker.open_files() if f.fd > 2] == []  # beyond the standard streams
        assert worker.net_connections() == []


@pytest.mark.skipif(not MANIFEST, reason="the collection of graders is not on this machine")
def test_the_collection_is_whole() -> None:
    assert len(MANIFEST["hostile"]) == 67
    assert {e["id"] for e in MANIFEST["benign"]} == {*BENIGN, *LACKING}


@pytest.mark.parametrize("entry", MANIFEST.get("benign", []), ids=lambda entry: entry["id"])
async def test_benign(entry: dict[str, Any], trap: Trap) -> None:
    source = (ATTEMPTS / "benign" / entry["file"]).read_text(encoding="utf-8")
    outcomes = await attempt(trap, source, 3)
    if lacking := LACKING.get(entry["id"]):
        assert all((o.error or "").startswith(lacking) for o in outcomes), outcomes
        return
    assert [score_of(o.value).score for o in outcomes] == [pytest.approx(BENIGN[entry["id"]])] * 3
