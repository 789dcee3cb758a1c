"""Measures base, supervised and RFT on the sample's untouched test split, for several seeds.

    OMP_NUM_THREADS=1 python build/sample_experiment.py WORK_FOLDER SEED [SEED ...]

Prints a line per seed and way of answering: means under the sample's grader with paired 95 % intervals,
the share of well-formed answers, and CPU-seconds. What WORK_FOLDER already holds is not made again.
"""

# ruff: noqa: T201 printing is its purpose
import asyncio
import hashlib
import json
import math
import re
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from app.grading.base import Grader, Score, open_grader, parse_grader
from app.paths import resource
from app.training.answers import to_sample
from app.training.base import Prompt, TrainingParams
from app.training.local import LocalEngine
from app.training.loop import RftLoop
from app.training.model import load_model, save_model
from app.training.starter import Row, build_starter, teach

SAMPLE = resource("resources/samples/support_tickets.jsonl")
GRADER = resource("resources/samples/support_tickets.grader.json")
TEMPERATURES = (0.0, 1.0)
Records = list[dict[str, Any]]


class Quiet:
    """A reporter that prints validations only."""

    def emit(self, kind: str, **data: Any) -> None:
        if kind in ("evaluation", "alarm"):
            print(f"    {kind} {data}", flush=True)

    def progress(self, done: float, total: float, text: str = "") -> None: ...

    def stop_requested(self) -> bool:
        return False


def splits() -> dict[str, Records]:
    """The sample by the stable hash of the user's words: 80 / 10 / 10."""
    found: dict[str, Records] = {"train": [], "validation": [], "test": []}
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        text = re.sub(r"\s+", " ", record["messages"][1]["content"].strip().lower())
        bucket = int(hashlib.sha1(text.encode()).hexdigest()[:8], 16) % 10
        found["train" if bucket < 8 else "validation" if bucket == 8 else "test"].append(record)
    return found


def prompts(records: Records) -> list[Prompt]:
    return [
        Prompt(r["id"], tuple(r["messages"][:-1]), (), {"reference": r["reference"]})
        for r in records
    ]


def replies(records: Records) -> list[Row]:
    return [Row(tuple(r["messages"][:-1]), r["messages"][-1]["content"]) for r in records]


def references(records: Records) -> list[Row]:
    """Only records with a reference can be learnt from the supervised way."""
    return [
        Row(tuple(r["messages"][:-1]), json.dumps(r["reference"], separators=(",", ":")))
        for r in records
        if r["reference"]
    ]


def nothing(step: int, steps: int, loss: float, heldout: float | None) -> None: ...


def make_base(folder: Path, train: Records, seed: int) -> None:
    bundle = build_starter(replies(train), seed=seed)
    teach(bundle, replies(train), nothing, seed=seed)
    save_model(bundle, folder)


def make_supervised(folder: Path, base: Path, train: Records, seed: int) -> None:
    bundle = load_model(base)
    teach(bundle, references(train), nothing, seed=seed, further=True)
    save_model(bundle, folder)


async def make_rft(
    folder: Path, base: Path, data: dict[str, Records], *, seed: int, grader: Grader
) -> None:
    engine = LocalEngine.open(base)
    train = prompts(data["train"])
    params = TrainingParams(seed=seed).resolved(
        train_prompts=len(train), answer_tokens=engine.bundle.answer_tokens
    )
    loop = RftLoop(
        engine,
        train=train,
        validation=prompts(data["validation"]),
        grade=grader.grade,
        params=params,
        out=folder.parent,
        reporter=Quiet(),
    )
    await loop.run()


async def answer(
    folder: Path, asked: list[Prompt], temperature: float, grader: Grader
) -> list[Score]:
    engine = LocalEngine.open(folder, reference=False)
    limit = engine.bundle.answer_tokens or 64
    rollouts = engine.evaluate(asked, temperature=temperature, max_new_tokens=limit, seed=0)
    return await grader.grade(
        [(to_sample(r.text), p.item) for r, p in zip(rollouts, asked, strict=True)]
    )


def paired(one: list[float], two: list[float]) -> str:
    """Mean of `one - two` over the same prompts with its 95 % interval."""
    differences = [a - b for a, b in zip(one, two, strict=True)]
    half = 1.96 * statistics.stdev(differences) / math.sqrt(len(differences))
    return f"{statistics.fmean(differences):+.3f} ±{half:.3f}"


async def measure(work: Path, seed: int, data: dict[str, Records], grader: Grader) -> None:
    base, supervised = work / f"{seed}" / "base", work / f"{seed}" / "supervised"
    rft = work / f"{seed}" / "rft" / "best"
    times = {}
    for name, folder in {"base": base, "supervised": supervised, "rft": rft}.items():
        began = time.process_time()
        if not folder.exists() and name == "base":
            make_base(base, data["train"], seed)
        elif not folder.exists() and name == "supervised":
            make_supervised(supervised, base, data["train"], seed)
        elif not folder.exists():
            await make_rft(rft, base, data, seed=seed, grader=grader)
        times[name] = round(time.process_time() - began)
    for temperature in TEMPERATURES:
        asked, means, forms = prompts(data["test"]), {}, {}
        for name, folder in {"base": base, "supervised": supervised, "rft": rft}.items():
            scores = await answer(folder, asked, temperature, grader)
            means[name] = [s.score or 0.0 for s in scores]
            forms[name] = statistics.fmean(bool(s.format_ok) for s in scores)
        shown = ", ".join(
            f"{n} {statistics.fmean(m):.3f} (form {forms[n]:.2f})" for n, m in means.items()
        )
        gain = paired(means["rft"], means["base"])
        against = paired(means["rft"], means["supervised"])
        print(
            f"seed {seed} T={temperature:g} n={len(asked)}: {shown}; "
            f"rft-base {gain}; rft-supervised {against}; CPU-s {times}",
            flush=True,
        )


async def main(work: Path, seeds: list[int]) -> None:
    data = splits()
    async with open_grader(parse_grader(GRADER)) as grader:
        for seed in seeds:
            await measure(work, seed, data, grader)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), [int(s) for s in sys.argv[2:]]))
