"""The worker task that trains: the RFT loop over the local engine, told through the run directory."""

import asyncio
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from app.grading.base import open_grader, parse_grader
from app.training.base import Prompt, TrainingParams
from app.training.generate import fits
from app.training.local import LocalEngine
from app.training.loop import RftLoop, RftResult
from app.training.model import Bundle
from app.training.rows import read_prompts
from app.workers import Worker


class TrainConfig(BaseModel):
    """The task's `config.json`; `train` and `validation` hold rows as `rows.read_prompts` wants."""

    method: Literal["rft"] = "rft"
    model: Path
    train: Path
    validation: Path
    grader: dict[str, Any]
    params: TrainingParams = TrainingParams()
    out: Path
    resume: bool = False


def run(worker: Worker) -> dict[str, Any]:
    """Train and return the best model by validation; a stop ends after the step, checkpointed."""
    config = TrainConfig.model_validate(worker.config)
    result = asyncio.run(_train(worker, config))
    validation = result.validation
    return {
        "model": str(result.model),
        "best_step": result.best_step,
        "steps": result.steps,
        "validation": validation.model_dump() if validation else None,
    }


async def _train(worker: Worker, config: TrainConfig) -> RftResult:
    worker.progress(0, 1, "loading the model")
    train, validation = read_prompts(config.train), read_prompts(config.validation)
    engine = LocalEngine.open(config.model)
    params = config.params.resolved(
        train_prompts=len(train),
        answer_tokens=engine.bundle.answer_tokens,
        parameters=engine.bundle.parameters,
    )
    train = _fitting(worker, engine.bundle, train, params)
    validation = _fitting(worker, engine.bundle, validation, params)
    async with open_grader(parse_grader(config.grader)) as grader:
        loop = RftLoop(
            engine,
            train=train,
            validation=validation,
            grade=grader.grade,
            params=params,
            out=config.out,
            reporter=worker,
        )
        return await loop.run(resume=config.resume)


def _fitting(
    worker: Worker, bundle: Bundle, prompts: list[Prompt], params: TrainingParams
) -> list[Prompt]:
    """The prompts that leave room for an answer; how many do not is told."""
    kept = [
        p
        for p in prompts
        if fits(bundle, bundle.prompt_ids(p.messages, p.tools), params.max_new_tokens)
    ]
    if len(kept) < len(prompts):
        text = f"{len(prompts) - len(kept)} prompts are too long for this model and are left out."
        worker.emit("notice", text=text)
    return kept
