"""Import of a large file of chats beside its floor and beside what people would otherwise use.

Every side runs in a process of its own and is measured from outside: wall time, CPU time and peak
memory of it and all its children. Run alone: `python build/bench_import.py 1000000`. The peers are
looked for in this Python, or in the one that RFT_BENCH_PEERS names (they need not live together).
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
SAMPLE = ROOT / "resources" / "samples" / "support_tickets.jsonl"
LINE_BYTES = 1000
SEED = 1
ROUNDS = 3
WARM_UP = 300  # records of a first run that is not counted
ROUNDS_UP_TO = 200_000  # records; more are imported once
LOOK_SECONDS = 0.02  # between two looks at the memory of a side
PEERS_PYTHON = os.environ.get("RFT_BENCH_PEERS", sys.executable)

OURS = """
import sys
from pathlib import Path
from app.workers import RunDir, worker_main
source, folder = sys.argv[1], Path(sys.argv[2])
run = RunDir(folder / "run")
run.prepare({"file": source, "database": str(folder / "dataset.sqlite"), "name": "bench"})
sys.exit(worker_main("import", run.path))
"""
# Equal tables: the columns of the app's two, filled with what parsing alone gives; no fsync.
FLOOR = """
import sqlite3, sys
import orjson
from app.store.rows import BODY_COLUMNS, RECORD_COLUMNS
source, folder = sys.argv[1:]
columns = [*RECORD_COLUMNS, *BODY_COLUMNS[1:]]
db = sqlite3.connect(folder + "/bare.sqlite")
db.execute(f"CREATE TABLE record({', '.join(columns)})")
db.execute("PRAGMA journal_mode = off")
db.execute("PRAGMA synchronous = off")
def rows():
    filler = (0,) * (len(RECORD_COLUMNS) - 1)
    dumps = orjson.dumps
    with open(source, "rb") as file:
        for number, line in enumerate(file, 1):
            value = orjson.loads(line)
            messages = dumps(value.pop("messages")).decode()
            yield (number, *filler, messages, "[]", "null", "null", dumps(value).decode())
with db:
    db.executemany(f"INSERT INTO record VALUES ({', '.join('?' * len(columns))})", rows())
db.close()
"""
SQLITE_UTILS = """
import json, sys
import sqlite_utils
source, folder = sys.argv[1:]
table = sqlite_utils.Database(folder + "/peer.sqlite")["record"]
with open(source, "rb") as file:
    table.insert_all((json.loads(line) for line in file), pk="id")
table.enable_fts(["messages"])
"""
DATASETS = """
import os, sys
source, folder = sys.argv[1:]
os.environ["HF_HOME"] = folder
os.environ["HF_HUB_OFFLINE"] = "1"
from datasets import load_dataset
load_dataset("json", data_files=source, split="train")
"""
PEERS = {
    "`sqlite-utils` insert with full text": ("sqlite_utils", SQLITE_UTILS),
    "Hugging Face `datasets` from JSON": ("datasets", DATASETS),
}


@dataclass(frozen=True)
class Side:
    """A script that imports the file, and the Python that runs it."""

    script: str
    python: str = sys.executable


@dataclass(frozen=True)
class Run:
    """What one process took."""

    wall: float  # seconds
    cpu: float
    peak: float  # MB, of the process and its children together


def environment(compiled: str) -> dict[str, str]:
    """Of every side: modules are compiled once, as they are where a program is installed."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": compiled, "PYTHONPATH": str(ROOT)}


def measure(side: Side, source: Path, compiled: str) -> Run:
    """Run a script on the file in a process and a folder of its own; raises when it fails."""
    before = os.times()
    with tempfile.TemporaryDirectory(prefix="rft-bench-") as folder:
        started = time.perf_counter()
        process = subprocess.Popen(
            [side.python, "-c", side.script, str(source), folder],
            env=environment(compiled),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if side.python == PEERS_PYTHON else None,
        )
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            time.sleep(LOOK_SECONDS)
        wall = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"a side of the benchmark failed with {process.returncode}")
    used = os.times()
    cpu = used.children_user + used.children_system
    return Run(wall, cpu - before.children_user - before.children_system, peak)


def memory(pid: int) -> float:
    """MB that a process and its children hold; what they share counts for each."""
    total = 0
    try:
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            total += each.memory_info().rss
    except psutil.Error:
        return 0.0  # it is just ending
    return total / 1e6


def compared(source: Path, sides: list[Side], rounds: int) -> list[Run]:
    """The best round of each, by wall time; they take turns after one round to warm up."""
    with tempfile.TemporaryDirectory(prefix="rft-bench-") as compiled:
        small = Path(compiled) / "small.jsonl"
        write_chats(small, WARM_UP)
        for side in sides:
            measure(side, small, compiled)
        runs = [[measure(side, source, compiled) for side in sides] for _ in range(rounds)]
    return [min(turns, key=lambda run: run.wall) for turns in zip(*runs, strict=True)]


def installed(package: str) -> bool:
    found = f"import sys, importlib.util as i; sys.exit(not i.find_spec({package!r}))"
    return subprocess.run([PEERS_PYTHON, "-c", found], check=False).returncode == 0


def write_chats(path: Path, count: int) -> None:
    """A file of `count` multi-turn chats of about LINE_BYTES, the same on every machine."""
    texts = list(_texts())
    rng = random.Random(SEED)
    with path.open("wb") as file:
        for number in range(count):
            file.write(orjson.dumps({"messages": _chat(rng, texts, number), "id": number}) + b"\n")


def _chat(rng: random.Random, texts: list[str], number: int) -> list[dict[str, str]]:
    turns = [{"role": "system", "content": "You are a helpful assistant of a bank."}]
    size = 100
    while size < LINE_BYTES:
        asked, told = rng.choice(texts), f"{rng.choice(texts)}\n\n{rng.choice(texts)}"
        turns.append({"role": "user", "content": f"{asked} ({number}.{len(turns)})"})
        turns.append({"role": "assistant", "content": told})
        size += len(asked) + len(told) + 80
    return turns


def _texts() -> Iterator[str]:
    """Sentences of people: of the data beside the repository where there is some, else the sample."""
    files = sorted(DATA.glob("*.jsonl")) if DATA.is_dir() else []
    for file in [f for f in files if not f.name.startswith("dirty")] or [SAMPLE]:
        for line in file.read_bytes().splitlines():
            for turn in orjson.loads(line).get("messages", []):
                if isinstance(turn.get("content"), str) and 10 < len(turn["content"]) < 600:
                    yield turn["content"]


def rows(count: int) -> list[tuple[str, float, str, float]]:
    """What, our seconds, beside whom, their seconds: one row for the floor and each peer there is."""
    what = f"Import of {count:,} chats of 1 KB: validated, hashed, indexed, on disk (wall time)"
    with tempfile.TemporaryDirectory(prefix="rft-bench-") as folder:
        source = Path(folder) / "chats.jsonl"
        write_chats(source, count)
        rounds = ROUNDS if count <= ROUNDS_UP_TO else 1
        sides = {"orjson and one `executemany` into an equal bare table": Side(FLOOR)}
        for name, (package, script) in PEERS.items():
            if installed(package):
                sides[name] = Side(script, PEERS_PYTHON)
            else:
                sys.stderr.write(f"{name}: not compared, {package} is not installed\n")
        mine, *theirs = compared(source, [Side(OURS), *sides.values()], rounds)
    for name, run in zip(["the app", *sides], [mine, *theirs], strict=True):
        sys.stderr.write(f"{name}: {run}\n")
    told = f"{what}, at most {mine.peak:.0f} MB"
    return [(told, mine.wall, name, run.wall) for name, run in zip(sides, theirs, strict=True)]


if __name__ == "__main__":
    for row in rows(int(sys.argv[1])):
        sys.stdout.write(
            f"{row[0]}: {row[1]:.2f} s; {row[2]}: {row[3]:.2f} s; {row[1] / row[3]:.2f}\n"
        )
