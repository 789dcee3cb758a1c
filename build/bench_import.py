"""Import of a large file of chats beside its floor and beside what people would otherwise use.

Every side runs in a process of its own and is measured from outside: wall time, CPU time of all its
threads, peak memory. Run alone: `python build/bench_import.py 1000000`.
"""

import importlib.util
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

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
SAMPLE = ROOT / "resources" / "samples" / "support_tickets.jsonl"
LINE_BYTES = 1000
SEED = 1
ROUNDS = 3
ROUNDS_UP_TO = 200_000  # records; more are imported once

OURS = """
import sys
from pathlib import Path
from app.workers import RunDir, worker_main
source, folder = sys.argv[1], Path(sys.argv[2])
run = RunDir(folder / "run")
run.prepare({"file": source, "database": str(folder / "dataset.sqlite"), "name": "bench"})
sys.exit(worker_main("import", run.path))
"""
# Equal tables: the columns of the app's two, filled with what parsing alone gives; no fsync either.
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
class Run:
    """What one process took."""

    wall: float  # seconds
    cpu: float
    peak: float  # MB


def measure(script: str, source: Path) -> Run:
    """Run a script on the file in a process and a folder of its own; raises when it fails."""
    with tempfile.TemporaryDirectory(prefix="rft-bench-") as folder:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(source), folder],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [ROOT, *sys.path[1:]]))},
            stdout=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"a side of the benchmark failed with {process.returncode}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def compared(source: Path, scripts: list[str], rounds: int) -> list[Run]:
    """The best round of each, by wall time; they take turns."""
    runs = [[measure(script, source) for script in scripts] for _ in range(rounds)]
    return [min(turns, key=lambda run: run.wall) for turns in zip(*runs, strict=True)]


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
        names = {"orjson and one `executemany` into an equal bare table": FLOOR}
        for name, (package, script) in PEERS.items():
            if importlib.util.find_spec(package):
                names[name] = script
            else:
                sys.stderr.write(f"{name}: not compared, {package} is not installed\n")
        mine, *theirs = compared(source, [OURS, *names.values()], rounds)
    for name, run in zip(["the app", *names], [mine, *theirs], strict=True):
        sys.stderr.write(f"{name}: {run}\n")
    told = f"{what}, at most {mine.peak:.0f} MB"
    return [(told, mine.wall, name, run.wall) for name, run in zip(names, theirs, strict=True)]


if __name__ == "__main__":
    for row in rows(int(sys.argv[1])):
        sys.stdout.write(
            f"{row[0]}: {row[1]:.2f} s; {row[2]}: {row[3]:.2f} s; {row[1] / row[3]:.2f}\n"
        )
