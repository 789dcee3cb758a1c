"""Answers of a model to records: the worker that samples and grades, and the base model it needs."""

import asyncio
import hashlib
import shutil
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from app.domain.records import Record, Split
from app.domain.sampling import stratified
from app.domain.thresholds import DEFAULTS
from app.errors import ToolError
from app.grading.controls import reference_answer
from app.jobs import Job
from app.store import records
from app.store.database import Tx
from app.store.records import RecordFilter
from app.store.results import AnswerValue
from app.tools import passes
from app.tools.base import Context
from app.workers import Status, run_worker

SAMPLED = 5000  # records: the 99th percentile of their lengths stands on 50 of them
MAX_ANSWER_TOKENS = 512
TOKEN_MARGIN = 1.5  # room over the longest usual target


async def written(path: Path, rows: Callable[[], Iterable[dict[str, Any]]]) -> Path:
    """Make JSON lines for a worker and write them, off the event loop; returns the path."""
    await asyncio.to_thread(lambda: write_lines(path, rows()))
    return path


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write JSON lines as they come; returns how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(row) + b"\n")
            count += 1
    return count


async def written_split(ctx: Context, split: Split, path: Path) -> Path:
    """The prompts of a split as JSON lines for a worker; returns the path."""
    await ctx.open.store.read(
        lambda tx: write_lines(path, map(prompt_row, each_record(tx, in_split(split))))
    )
    return path


def prompt_row(record: Record) -> dict[str, Any]:
    """A record as the rollouts and training workers read it."""
    return {
        "id": record.id,
        "messages": [m.model_dump(exclude_none=True) for m in record.messages],
        "tools": list(record.tools),
        "item": record.item(),
    }


def starter_rows(found: Iterable[Record], *, references: bool) -> Iterator[dict[str, Any]]:
    """Training rows {messages, tools, target} of the records that have a reply, or a reference."""
    for record in found:
        target = reference_answer(record.item()) if references else None
        if not references and record.reply:
            target = record.reply.text
        if target:
            yield {**prompt_row(record), "target": target}


def in_split(split: Split, **more: Any) -> RecordFilter:
    """The valid records of a split."""
    return RecordFilter(valid=True, split=split, **more)


def each_record(tx: Tx, spec: RecordFilter) -> Iterator[Record]:
    """Matching records one after the other, by id."""
    return chain.from_iterable(records.each(tx, spec))


def read_split(tx: Tx, split: Split) -> list[Record]:
    """Valid records of a split, by id, all at once: only where each of them is answered anyway."""
    return list(each_record(tx, in_split(split)))


def read_sample(tx: Tx, split: Split, n: int, seed: int = 0) -> list[Record]:
    """At most `n` records of a split, spread over the topics (see `stratified`)."""
    groups: dict[int | None, array[int]] = defaultdict(lambda: array("q"))
    for record_id, topic_id in records.columns(tx, in_split(split), ("id", "topic_id")):
        groups[topic_id].append(record_id)
    return records.many(tx, stratified(groups, n, seed=seed))


def read_first(tx: Tx, spec: RecordFilter, n: int) -> list[Record]:
    """The first `n` records that match, by id."""
    return records.many(tx, records.page(tx, spec, limit=n))


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
    session, settings = ctx.open, ctx.settings
    file = session.folder / "runs" / "starter-rows.jsonl"
    count = await session.store.read(_write_starter_rows, file)
    if count < DEFAULTS.starter_rows:
        raise ToolError(
            f"The starter model learns from recorded replies or references; only {count} "
            f"training records have one and {DEFAULTS.starter_rows} are needed. Write some replies, or "
            "wait for a version that can use a pretrained model or an endpoint."
        )
    key = await asyncio.to_thread(_digest, file)
    folder = session.folder / "models" / f"starter-{settings.preset}-{settings.seed}-{key[:12]}"
    if not folder.exists():
        await ctx.jobs.run(
            "Training the starter model",
            lambda job: _train_starter(ctx, job, file, folder),
            dataset_id=session.dataset_id,
            heavy=True,
        )
        passes.count_tokens(ctx)  # by the tokenizer of this model
    return folder


async def supervised_model(ctx: Context, job: Job, init: Path, out: Path) -> Path | None:
    """The baseline to beat: the base model trained on the references. None without references."""
    session = ctx.open
    file = session.folder / "runs" / "supervised-rows.jsonl"
    if await session.store.read(_write_reference_rows, file) < DEFAULTS.starter_rows:
        return None
    if not out.exists():
        await _train_starter(ctx, job, file, out, init=init)
    return out


def _write_starter_rows(tx: Tx, file: Path) -> int:
    """The recorded replies, else the references."""
    replied = each_record(tx, in_split("train", has_reply=True))
    references = not any(r.reply and r.reply.text for r in replied)
    found = each_record(tx, in_split("train"))
    return write_lines(file, starter_rows(found, references=references))


def _write_reference_rows(tx: Tx, file: Path) -> int:
    found = each_record(tx, in_split("train", has_reference=True))
    return write_lines(file, starter_rows(found, references=True))


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "blake2b").hexdigest()


async def _train_starter(
    ctx: Context, job: Job, rows: Path, folder: Path, *, init: Path | None = None
) -> None:
    work = ctx.open.folder / "runs" / folder.name
    aside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.parent.mkdir(parents=True, exist_ok=True)
    config = {
        "records": str(rows),
        "out": str(aside),
        "seed": ctx.settings.seed,
        "preset": ctx.settings.preset,
        "init": str(init) if init else None,
        "steps": None,
    }
    await run_worker("starter", work, config, on_status=follow_job(job))
    aside.rename(folder)


def read_answer_tokens(tx: Tx) -> int:
    """Room for an answer, from a sample of the training split."""
    return answer_tokens(read_sample(tx, "train", SAMPLED))


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
