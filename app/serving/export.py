"""Writes a model out, loads what was written, and grades it again; only a checked export appears."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.domain.intervals import bootstrap_mean
from app.errors import InputError, TrainingError
from app.grading.base import open_grader, parse_grader
from app.serving.card import CardFacts, Regraded, model_card
from app.serving.exporters.base import Tick, exporters
from app.training.answers import to_sample
from app.training.base import ANSWER_TOKENS, Prompt
from app.training.generate import sample
from app.training.model import Bundle, load_model
from app.training.rows import read_prompts

SLICE = 16  # prompts answered between two looks at the stop file


class ExportConfig(BaseModel):
    """`config.json` of the export worker; `max_new_tokens` 0 takes the model's own limit."""

    model_config = ConfigDict(extra="forbid")

    model: Path
    out: Path
    format: str = "hf_folder"
    card: CardFacts = CardFacts()
    prompts: Path | None = None
    grader: dict[str, Any] | None = None
    max_new_tokens: int = Field(default=0, ge=0)


class ExportResult(BaseModel):
    path: str
    bytes: int
    regraded: Regraded | None


def export(config: ExportConfig, tick: Tick) -> ExportResult:
    """Build the folder aside, prove it, and rename it into place.

    Raises InputError for an unknown format or a folder that holds something, TrainingError when
    the model cannot be written or read back, and what `tick` raises; then nothing is left behind.
    """
    exporter = exporters()[config.format]
    _check_free(config.out)
    aside = config.out.with_name(f".{config.out.name}.part")
    shutil.rmtree(aside, ignore_errors=True)  # an earlier export that was killed
    try:
        aside.mkdir(parents=True)
        exporter.write(config.model, aside, tick)
        regraded = asyncio.run(_prove(aside, config, tick))
        card = model_card(config.out.name, config.card, regraded)
        (aside / "README.md").write_text(card, encoding="utf-8")
        if config.out.exists():
            config.out.rmdir()
        aside.rename(config.out)
    except OSError as error:
        raise TrainingError(f"The export to {config.out} failed: {error.strerror}.") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    size = sum(file.stat().st_size for file in config.out.iterdir())
    return ExportResult(path=str(config.out), bytes=size, regraded=regraded)


def _check_free(out: Path) -> None:
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise InputError(f"{out} exists and is not empty. Choose another folder for the export.")


async def _prove(folder: Path, config: ExportConfig, tick: Tick) -> Regraded | None:
    """Load what was written; with prompts and a grader, grade its likeliest answers."""
    bundle = load_model(folder)
    if config.prompts is None or config.grader is None:
        return None
    prompts = read_prompts(config.prompts)
    scores: list[float] = []
    async with open_grader(parse_grader(config.grader)) as grader:
        for start in range(0, len(prompts), SLICE):
            tick(start, len(prompts), "checking the export")
            some = prompts[start : start + SLICE]
            texts = answers(bundle, some, max_new_tokens=config.max_new_tokens)
            pairs = [(to_sample(text), p.item) for text, p in zip(texts, some, strict=True)]
            graded = await grader.grade(pairs)
            scores += [score.score for score in graded if score.score is not None]
    found = bootstrap_mean([[score] for score in scores])
    return Regraded(
        n=len(scores),
        mean=found.value,
        low=found.low,
        high=found.high,
        errors=len(prompts) - len(scores),
    )


def answers(bundle: Bundle, prompts: Sequence[Prompt], *, max_new_tokens: int) -> list[str]:
    """The likeliest answer to each prompt."""
    asked = [bundle.prompt_ids(p.messages, p.tools) for p in prompts]
    groups = sample(
        bundle,
        asked,
        n=1,
        max_new_tokens=max_new_tokens or bundle.answer_tokens or ANSWER_TOKENS,
        temperature=0.0,
        seeds=[0] * len(asked),
    )
    return [group[0].text for group in groups]
