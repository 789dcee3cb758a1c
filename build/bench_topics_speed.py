"""Seconds and memory of finding topics in many short records and categorising them, by the workers.

Run alone: `make bench-topics-speed` (10,000 and 100,000 records), or
`python build/bench_topics_speed.py 10000`. The texts are made from the shared labelled ones by
joining a beginning to another's end, so that they are distinct and short; without that folder from
the sample. Each task runs in a process of its own, as in the app, all on an empty cache, then again.
"""

import asyncio
import random
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.embedding.cache import encode_cached
from app.embedding.encoder import Encoder
from app.embedding.files import encoder_folder
from app.embedding.proposal import load_proposal
from app.workers import run_worker

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
SETS = ("clinc150_val", "slurp_devel", "clinc_banking_train")
SAMPLE = ROOT / "resources" / "samples" / "support_tickets.jsonl"
LIMITS = {10_000: 30.0, 100_000: 240.0}  # seconds on two idle cores
PEAK_MB = 1500
AGAIN = 0.1  # of the first run's time
BARE_RATE = 0.9  # of the bare encoder's, at least
WORDS = 14  # at most, of a made text
ENCODED = 10_000  # texts that both sides of the encoding row encode


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds of both tasks, and the largest process so far in MB."""

    wall: float
    cpu: float
    peak: float


def made_texts(count: int) -> list[str]:
    """So many distinct short texts, the same ones each time."""
    files = [DATA / f"{name}.jsonl" for name in SETS if (DATA / f"{name}.jsonl").exists()]
    real = [
        next(m["content"] for m in orjson.loads(line)["messages"] if m["role"] == "user").split()
        for file in files or [SAMPLE]
        for line in file.read_bytes().splitlines()
    ]
    chance = random.Random(0)
    found = dict.fromkeys(" ".join(words[:WORDS]) for words in real)
    while len(found) < count:
        head, tail = chance.choice(real), chance.choice(real)
        words = head[: chance.randint(1, len(head))] + tail[chance.randrange(len(tail)) :]
        found[" ".join(words[:WORDS])] = None
    return chance.sample(list(found), count)


def both(folder: Path, config: dict[str, Any]) -> Cost:
    """Topics, then every record in one of them."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    found = asyncio.run(run_worker("topics", folder / "topics", config))
    topics = [
        {"id": n, "path": [node.name], "members": node.record_ids}
        for n, node in enumerate(load_proposal(Path(found["proposal"])).cut())
    ]
    asyncio.run(run_worker("categorize", folder / "categorize", {**config, "topics": topics}))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(
        wall=time.perf_counter() - started,
        cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        peak=after.ru_maxrss / 1024,
    )


def encoding(texts: list[str]) -> tuple[float, float]:
    """Wall seconds of the embedding stage on an empty cache, and of the encoder alone; by turns,
    each by its better round."""
    encoder, ours, bare = Encoder(encoder_folder()), [], []
    encoder.encode(texts[:100])
    for _ in range(2):
        with tempfile.TemporaryDirectory(prefix="rft-speed-") as folder:
            started = time.perf_counter()
            encode_cached(texts, encoder, Path(folder) / "vectors.sqlite")
            ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        encoder.encode(texts)
        bare.append(time.perf_counter() - started)
    return min(ours), min(bare)


def rows(count: int) -> list[tuple[str, float, str, float]]:
    """What was measured, its figure, beside what, and that figure."""
    texts = made_texts(count)
    with tempfile.TemporaryDirectory(prefix="rft-speed-") as name:
        folder = Path(name)
        lines = (orjson.dumps({"id": i, "text": text}) for i, text in enumerate(texts))
        (folder / "records.jsonl").write_bytes(b"\n".join(lines))
        config = {
            "records": str(folder / "records.jsonl"),
            "cache": str(folder / "vectors.sqlite"),
            "encoder": str(encoder_folder()),
        }
        first, second = both(folder, config), both(folder, config)
    ours, bare = encoding(texts[:ENCODED])
    what = f"{count:,} short records"
    found = [
        (f"{what} encoded into the cache", ours, f"the encoder / {BARE_RATE}", bare / BARE_RATE),
        (f"Topics again from {what}", second.wall, "a tenth of the first", AGAIN * first.wall),
        (f"Peak of {what}, MB", first.peak, "limit", PEAK_MB),
    ]
    if count in LIMITS:
        title = f"Topics found in {what} and each categorised ({first.cpu:.0f} CPU-s)"
        found.insert(0, (title, first.wall, "limit on two idle cores", LIMITS[count]))
    return found


def main() -> None:
    for count in map(int, sys.argv[1:] or map(str, LIMITS)):
        for what, ours, beside, theirs in rows(count):
            cells = f"{ours:.3f} | {beside} | {theirs:.3f} | {ours / theirs:.2f}"
            sys.stdout.write(f"| {what} | {cells} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
