"""Measures the app beside a named peer or limit in the same run, and writes the ratios to BENCHMARKS.md.

Both sides take turns, each counted by its best round; seconds are CPU time of one thread except where
the work is done in another process.
"""

import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import torch
from bench_browser import rows as browser_rows
from bench_chat import rows as chat_rows
from bench_import import ROUNDS_UP_TO
from bench_import import rows as import_rows
from bench_passes import rows as passes_rows
from bench_topics_speed import LIMITS
from bench_topics_speed import rows as topics_rows
from transformers import AutoModelForCausalLM, GenerationConfig
from transformers.utils import logging as transformers_logging

from app.sandbox.sandbox import Sandbox
from app.training.base import Group, Prompt
from app.training.generate import sample
from app.training.local import answer_tokens
from app.training.model import Bundle, load_model, save_model
from app.training.starter import Row, build_starter

ROOT = Path(__file__).parents[1]
ROUNDS = 3
IMPORTED = 20_000  # or the number given on the command line
PASSED = (
    100_000  # records of the passes' bench at most: they are linear, and it makes its own dataset
)
GRADED = 2_000
PROMPTS, GROUP, ANSWER = 16, 8, 24
SAMPLE = ROOT / "resources" / "samples" / "support_tickets.jsonl"


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    what: str
    ours: float
    peer: str
    theirs: float

    def __str__(self) -> str:
        cells = (self.what, f"{self.ours:.3f}", self.peer, f"{self.theirs:.3f}")
        return f"| {' | '.join(cells)} | {self.ours / self.theirs:.2f} |"


def compare(
    *works: Callable[[], object], clock: Callable[[], float] = time.process_time
) -> list[float]:
    """Seconds of each: the best of some rounds in which they take turns, after one to warm up."""
    best = [float("inf")] * len(works)
    for turn in range(ROUNDS + 1):
        for i, work in enumerate(works):
            start = clock()
            work()
            if turn:
                best[i] = min(best[i], clock() - start)
    return best


def records(count: int) -> list[dict[str, Any]]:
    """The sample's records over and over, each made different by a number."""
    rows = [orjson.loads(line) for line in SAMPLE.read_bytes().splitlines()]
    made = []
    for n in range(count):
        row = json.loads(json.dumps(rows[n % len(rows)]))
        row["messages"][-2]["content"] += f" (ticket {n})"
        made.append(row)
    return made


def bench_records(count: int) -> list[Line]:
    """Import, background passes, the browser in the window, its chat, and topics, in this order."""
    found = [*import_rows(count), *passes_rows(min(count, PASSED)), *browser_rows(count)]
    found += chat_rows()
    found += [row for size in LIMITS for row in topics_rows(size)]
    return [Line(*row) for row in found]


def bench_training(folder: Path) -> list[Line]:
    """The two costs of an RFT step, against transformers with the same weights."""
    rows = records(600)
    messages = [tuple(row["messages"][:-1]) for row in rows]
    made = build_starter(
        [Row(m, r["messages"][-1]["content"]) for m, r in zip(messages, rows, strict=True)]
    )
    save_model(made, folder / "model")
    bundle = load_model(folder / "model")
    peer = AutoModelForCausalLM.from_pretrained(folder / "model", dtype=torch.float32)
    prompts = [bundle.prompt_ids(m) for m in messages[:PROMPTS]]
    answers = _sampled(bundle, prompts)
    groups = [
        Group(Prompt(str(i), messages[i]), tuple(group), (), 0) for i, group in enumerate(answers)
    ]
    ids, mask = _padded(prompts, [[r.tokens for r in group] for group in answers], bundle.pad_id)

    def our_logps() -> torch.Tensor:
        with torch.no_grad():
            return answer_tokens(bundle.model, bundle, groups, 1.0).logps

    def their_logps() -> torch.Tensor:
        with torch.no_grad():
            every = torch.log_softmax(peer(ids, attention_mask=mask > 0).logits[:, :-1], -1)
        picked = every.gather(-1, ids[:, 1:, None])[..., 0]
        return picked[mask[:, 1:] == 2]

    def their_answers() -> torch.Tensor:
        width = max(map(len, prompts))
        left = [[bundle.pad_id] * (width - len(p)) + list(p) for p in prompts]
        seen = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
        config = GenerationConfig(
            do_sample=True,
            top_k=0,
            num_return_sequences=GROUP,
            max_new_tokens=ANSWER,
            pad_token_id=bundle.pad_id,
            eos_token_id=list(bundle.stop_ids),
        )
        return peer.generate(torch.tensor(left), attention_mask=seen, generation_config=config)

    torch.testing.assert_close(our_logps(), their_logps(), atol=1e-4, rtol=0)
    ours, theirs = compare(our_logps, their_logps)
    our_draw, their_draw = compare(lambda: _sampled(bundle, prompts), their_answers)
    shape = f"{PROMPTS} prompts x {GROUP} answers, {bundle.parameters / 1e6:.1f} M parameters"
    return [
        Line(f"Log-probabilities of {shape}", ours, "transformers' forward, same weights", theirs),
        Line(f"Sampling {shape}", our_draw, "transformers' `generate`, same weights", their_draw),
    ]


def _sampled(bundle: Bundle, prompts: list[list[int]]) -> list[list[Any]]:
    seeds = range(len(prompts))
    return sample(bundle, prompts, n=GROUP, max_new_tokens=ANSWER, temperature=1.0, seeds=seeds)


def _padded(
    prompts: list[list[int]], answers: list[list[tuple[int, ...]]], pad: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Each prompt with each answer, padded right; mask 1 for prompt, 2 for answer."""
    rows = [(list(p), list(a)) for p, group in zip(prompts, answers, strict=True) for a in group]
    width = max(len(p) + len(a) for p, a in rows)
    ids = [p + a + [pad] * (width - len(p) - len(a)) for p, a in rows]
    mask = [[1] * len(p) + [2] * len(a) + [0] * (width - len(p) - len(a)) for p, a in rows]
    return torch.tensor(ids), torch.tensor(mask)


def bench_sandbox() -> list[Line]:
    """The sample's own grader in the sandbox, against the same function without any protection."""
    source = json.loads(SAMPLE.with_suffix(".grader.json").read_text())["source"]
    rows = records(GRADED)
    calls = [
        ({"output_text": r["messages"][-1]["content"]}, {"reference": r["reference"]}) for r in rows
    ]
    bare: dict[str, Any] = {}
    exec(source, bare)
    seconds: list[float] = []

    async def measure() -> None:
        async with Sandbox() as sandbox:
            for _ in range(ROUNDS + 1):
                start = time.perf_counter()
                outcomes = await sandbox.run(source, calls)
                seconds.append(time.perf_counter() - start)
            assert [o.value for o in outcomes] == [bare["grade"](*call) for call in calls]

    asyncio.run(measure())
    (theirs,) = compare(lambda: [bare["grade"](*call) for call in calls], clock=time.perf_counter)
    what = f"Grading {GRADED:,} answers in the sandbox (wall time)"
    return [Line(what, min(seconds[1:]), "the same function in plain CPython", theirs)]


HEAD = """\
# Benchmarks

Written by `make bench`. Each row compares with a named peer or limit **in the same run**; read the ratio,
since seconds depend on the machine and on what else it does. Below 1 we are faster. What each side does
is not always the same work, and the row says so. Where a limit stands beside it, ours must be below 1.

| what | ours, s | beside | its, s | ours / its |
|---|---:|---|---:|---:|
"""


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else IMPORTED
    torch.set_num_threads(1)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    with tempfile.TemporaryDirectory(prefix="rft-bench-", ignore_cleanup_errors=True) as name:
        lines = [*bench_records(count), *bench_training(Path(name)), *bench_sandbox()]
    table = HEAD + "\n".join(map(str, lines)) + "\n"
    where = f"Python {platform.python_version()}, torch {torch.__version__}, {platform.system()}"
    table += (
        f"\n{date.today()}, {os.cpu_count()} cores, {where}. Best of {ROUNDS} rounds; waits in "
    )
    table += f"the window are medians; above {ROUNDS_UP_TO:,} records the import runs once.\n"
    (ROOT / "BENCHMARKS.md").write_text(table, encoding="utf-8")
    sys.stdout.write(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
