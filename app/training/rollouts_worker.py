"""The worker task that samples answers of a model and grades them: dry runs, tests, comparisons."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from app.grading.base import Grader, Score, open_grader, parse_grader
from app.training.answers import to_sample
from app.training.base import ANSWER_TOKENS, Prompt, Rollout
from app.training.generate import sample
from app.training.model import Bundle, load_model
from app.training.rows import read_prompts
from app.workers import Worker

SLICE = 16  # prompts between two looks at the stop file


class RolloutsConfig(BaseModel):
    """The task's `config.json`; `max_new_tokens` 0 takes the model's own limit."""

    model: Path
    prompts: Path
    samples_per_prompt: int = Field(default=4, ge=1, le=256)
    temperature: float = Field(default=1.0, ge=0, le=2)
    max_new_tokens: int = Field(default=0, ge=0)
    seed: int = 0
    grader: dict[str, Any] | None = None


def run(worker: Worker) -> dict[str, Any]:
    """Emit a `rollout` for every answer, slice by slice; a stopped run keeps its finished prompts."""
    return asyncio.run(_run(worker, RolloutsConfig.model_validate(worker.config)))


async def _run(worker: Worker, config: RolloutsConfig) -> dict[str, Any]:
    worker.progress(0, 1, "loading the model")
    bundle = load_model(config.model)
    prompts = read_prompts(config.prompts)
    counts = {"prompts": 0, "rollouts": 0, "errors": 0, "tokens": 0}
    async with AsyncExitStack() as stack:
        grader = None
        if config.grader is not None:
            grader = await stack.enter_async_context(open_grader(parse_grader(config.grader)))
        for start in range(0, len(prompts), SLICE):
            worker.check_stop()
            some = prompts[start : start + SLICE]
            answers = _answers(bundle, some, start, config)
            await _grade_and_tell(worker, grader, some, answers, counts)
            worker.progress(counts["prompts"], len(prompts), f"{counts['rollouts']} answers")
    return counts


def _answers(
    bundle: Bundle, prompts: Sequence[Prompt], start: int, config: RolloutsConfig
) -> list[list[Rollout]]:
    return sample(
        bundle,
        [bundle.prompt_ids(p.messages, p.tools) for p in prompts],
        n=config.samples_per_prompt,
        max_new_tokens=config.max_new_tokens or bundle.answer_tokens or ANSWER_TOKENS,
        temperature=config.temperature,
        seeds=[config.seed * 1_000_003 + start + i for i in range(len(prompts))],
    )


async def _grade_and_tell(
    worker: Worker,
    grader: Grader | None,
    prompts: Sequence[Prompt],
    answers: Sequence[Sequence[Rollout]],
    counts: dict[str, int],
) -> None:
    rows = [(p, k, r) for p, row in zip(prompts, answers, strict=True) for k, r in enumerate(row)]
    scores: Sequence[Score | None] = [None] * len(rows)
    if grader:
        scores = await grader.grade([(to_sample(r.text), p.item) for p, _, r in rows])
    for (prompt, k, rollout), score in zip(rows, scores, strict=True):
        worker.emit(
            "rollout",
            id=prompt.id,
            k=k,
            text=rollout.text,
            tokens=len(rollout.tokens),
            truncated=rollout.truncated,
            score=score.score if score else None,
            error=score.error if score else None,
            reason=score.reason if score else "",
            format_ok=score.format_ok if score else None,
        )
        counts["errors"] += bool(score and score.error)
        counts["tokens"] += len(rollout.tokens)
    counts["rollouts"] += len(rows)
    counts["prompts"] += len(prompts)
