"""The worker task that samples answers of a model and grades them: dry runs, tests, comparisons."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from app.grading.base import Grader, Score, open_grader, parse_grader
from app.training.answers import to_sample
from app.training.base import ANSWER_TOKENS, Prompt, Rollout
from app.training.generate import fits, sample, too_long
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
            asked = _asked(bundle, prompts, start, config)
            await _grade_and_tell(worker, grader, asked, _answers(bundle, asked, config), counts)
            _tell_too_long(worker, bundle, [a for a in asked if not a.fits], config, counts)
            worker.progress(counts["prompts"], len(prompts), f"{counts['rollouts']} answers")
    return counts


@dataclass(frozen=True)
class Asked:
    """A prompt in tokens, its seed, and whether it leaves room for an answer."""

    prompt: Prompt
    ids: list[int]
    seed: int
    fits: bool


def _limit(bundle: Bundle, config: RolloutsConfig) -> int:
    return config.max_new_tokens or bundle.answer_tokens or ANSWER_TOKENS


def _asked(
    bundle: Bundle, prompts: Sequence[Prompt], start: int, config: RolloutsConfig
) -> list[Asked]:
    asked = []
    for i, prompt in enumerate(prompts[start : start + SLICE], start):
        ids = bundle.prompt_ids(prompt.messages, prompt.tools)
        room = fits(bundle, ids, _limit(bundle, config))
        asked.append(Asked(prompt, ids, config.seed * 1_000_003 + i, room))
    return asked


def _answers(
    bundle: Bundle, asked: Sequence[Asked], config: RolloutsConfig
) -> list[tuple[Prompt, Rollout, int]]:
    """(prompt, answer, which of its answers) of every prompt that fits."""
    fitting = [a for a in asked if a.fits]
    if not fitting:
        return []
    groups = sample(
        bundle,
        [a.ids for a in fitting],
        n=config.samples_per_prompt,
        max_new_tokens=_limit(bundle, config),
        temperature=config.temperature,
        seeds=[a.seed for a in fitting],
    )
    return [
        (a.prompt, r, k)
        for a, group in zip(fitting, groups, strict=True)
        for k, r in enumerate(group)
    ]


async def _grade_and_tell(
    worker: Worker,
    grader: Grader | None,
    asked: Sequence[Asked],
    answers: Sequence[tuple[Prompt, Rollout, int]],
    counts: dict[str, int],
) -> None:
    scores: Sequence[Score | None] = [None] * len(answers)
    if grader and answers:
        scores = await grader.grade([(to_sample(r.text), p.item) for p, r, _ in answers])
    for (prompt, rollout, k), score in zip(answers, scores, strict=True):
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
    counts["rollouts"] += len(answers)
    counts["prompts"] += len(asked)


def _tell_too_long(
    worker: Worker,
    bundle: Bundle,
    asked: Sequence[Asked],
    config: RolloutsConfig,
    counts: dict[str, int],
) -> None:
    """A prompt without room for an answer is an answer with an error, never a score of 0."""
    nothing = {"text": "", "tokens": 0, "truncated": False, "score": None, "format_ok": None}
    for a in asked:
        error = too_long(bundle, a.ids, _limit(bundle, config))
        for k in range(config.samples_per_prompt):
            worker.emit("rollout", id=a.prompt.id, k=k, error=error, reason="", **nothing)
        counts["rollouts"] += config.samples_per_prompt
        counts["errors"] += config.samples_per_prompt
