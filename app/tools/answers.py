"""Answers of a model to records: the worker that samples and grades, and the base model it needs."""

import asyncio
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from app.domain.fingerprints import of_value
from app.domain.records import Record
from app.errors import ToolError
from app.grading.controls import reference_answer
from app.jobs import Job
from app.store import records
from app.store.database import Tx
from app.store.records import RecordFilter
from app.store.results import AnswerValue
from app.tools.base import Context
from app.training.base import MIN_STARTER_ROWS
from app.workers import Status, run_worker

MAX_ANSWER_TOKENS = 512
TOKEN_MARGIN = 1.5  # room over the longest usual target


async def written(path: Path, rows: Callable[[], Iterable[dict[str, Any]]]) -> Path:
    """Make JSON lines for a worker and write them, off the event loop; returns the path."""

    def write() -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.writelines(orjson.dumps(row) + b"\n" for row in rows())
        return path

    return await asyncio.to_thread(write)


def prompt_row(record: Record) -> dict[str, Any]:
    """A record as the rollouts and training workers read it."""
    return {
        "id": record.id,
        "messages": [m.model_dump(exclude_none=True) for m in record.messages],
        "tools": list(record.tools),
        "item": record.item(),
    }


def starter_rows(found: Sequence[Record], *, references: bool = False) -> list[dict[str, Any]]:
    """Training rows {messages, tools, target}: the recorded replies, else the references."""
    has_replies = any(r.reply and r.reply.text for r in found)
    use_references = references or not has_replies
    rows = []
    for record in found:
        target = reference_answer(record.item()) if use_references else None
        if not use_references and record.reply:
            target = record.reply.text
        if target:
            rows.append({**prompt_row(record), "target": target})
    return rows


def read_split(tx: Tx, split: str) -> list[Record]:
    """Valid records of a split, by id."""
    return records.select(tx, RecordFilter(valid=True, split=split))


def follow_job(job: Job, phase: str = "") -> Callable[[Status], None]:
    """Show a worker's status as the job's progress, as one phase of it when that has a name."""
    if phase:
        job.phase(phase)
    prefix = f"{phase}: " if phase else ""
    return lambda status: job.progress(status.done, status.total, prefix + status.text)


async def base_model(ctx: Context) -> Path:
    """The folder of the base model; the starter is trained first when it is not there yet.

    Raises ToolError when there is nothing a starter could learn from.
    """
    session = ctx.open
    rows, key = await session.store.read(_starter_input)
    if len(rows) < MIN_STARTER_ROWS:
        raise ToolError(
            f"The starter model learns from recorded replies or references; only {len(rows)} "
            f"training records have one and {MIN_STARTER_ROWS} are needed. Write some replies, or "
            "wait for a version that can use a pretrained model or an endpoint."
        )
    settings = ctx.settings
    folder = session.folder / "models" / f"starter-{settings.preset}-{settings.seed}-{key[:12]}"
    if not folder.exists():
        await ctx.jobs.run(
            "Training the starter model",
            lambda job: _train_starter(ctx, job, rows, folder),
            dataset_id=session.dataset_id,
            heavy=True,
        )
    return folder


async def supervised_model(ctx: Context, job: Job, init: Path, out: Path) -> Path | None:
    """The baseline to beat: the base model trained on the references. None without references."""
    session = ctx.open
    rows = await session.store.read(_reference_rows)
    if len(rows) < MIN_STARTER_ROWS:
        return None
    if not out.exists():
        await _train_starter(ctx, job, rows, out, init=init)
    return out


def _starter_input(tx: Tx) -> tuple[list[dict[str, Any]], str]:
    rows = starter_rows(read_split(tx, "train"))
    return rows, of_value(rows)


def _reference_rows(tx: Tx) -> list[dict[str, Any]]:
    found = [r for r in read_split(tx, "train") if r.reference is not None]
    return starter_rows(found, references=True)


async def _train_starter(
    ctx: Context, job: Job, rows: list[dict[str, Any]], folder: Path, *, init: Path | None = None
) -> None:
    work = ctx.open.folder / "runs" / folder.name
    aside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.parent.mkdir(parents=True, exist_ok=True)
    config = {
        "records": str(await written(work / "records.jsonl", lambda: rows)),
        "out": str(aside),
        "seed": ctx.settings.seed,
        "preset": ctx.settings.preset,
        "init": str(init) if init else None,
        "steps": None,
    }
    await run_worker("starter", work, config, on_status=follow_job(job))
    aside.rename(folder)


def answer_tokens(found: Sequence[Record]) -> int:
    """Room for an answer: the longest usual target in characters, as tokens, with a margin."""
    lengths = sorted(
        len(text)
        for r in found
        if (text := reference_answer(r.item()) or (r.reply.text if r.reply else ""))
    )
    longest = lengths[int(len(lengths) * 0.99)] if lengths else 400
    return max(16, min(MAX_ANSWER_TOKENS, round(longest / 2 * TOKEN_MARGIN)))


async def roll_out(
    ctx: Context,
    job: Job,
    found: Sequence[Record],
    *,
    model: Path,
    name: str,
    samples: int = 1,
    temperature: float = 1.0,
    max_new_tokens: int,
    seed: int = 0,
    grader: dict[str, Any] | None = None,
    on_answer: Callable[[AnswerValue], None] | None = None,
    phase: str = "",
) -> list[AnswerValue]:
    """Sample and grade answers in a worker; they come in slices through `on_answer` too."""
    work = ctx.open.folder / "runs" / name
    answers: list[AnswerValue] = []

    def take(event: dict[str, Any]) -> None:
        if event["kind"] == "rollout":
            fields = {k: event[k] for k in AnswerValue.model_fields if k in event}
            answer = AnswerValue(record_id=event["id"], **fields)
            answers.append(answer)
            if on_answer:
                on_answer(answer)

    config = {
        "model": str(model),
        "prompts": str(await written(work / "prompts.jsonl", lambda: map(prompt_row, found))),
        "samples_per_prompt": samples,
        "temperature": temperature,
        "max_new_tokens": max_new_tokens,
        "seed": seed,
        "grader": grader,
    }
    await run_worker("rollouts", work, config, on_event=take, on_status=follow_job(job, phase))
    return answers
