"""Tools on the user's own generator: a script that writes records with computed answers, in the sandbox.
No model is asked; what it writes is checked, capped and reviewed as a model's records are."""

import asyncio
from typing import Any

from pydantic import BaseModel

from app.domain.records import Message
from app.domain.wording import count
from app.errors import ToolError
from app.generation.base import REASONS, Brief, Candidate, Refused
from app.generation.generator import EXAMPLE, STRATEGY, version_of
from app.importing.tokens import TokenEstimate
from app.jobs import Job
from app.sandbox.generator import GeneratorSandbox
from app.store import meta
from app.store.database import Tx
from app.tools.base import Card, Context, tool
from app.tools.cards import UNDO
from app.tools.coverage import measure
from app.tools.generating import JOB
from app.tools.generation import known_topics
from app.tools.generation_report import GenerationReport
from app.tools.generator_run import GeneratorRun, call_of, made_by, read_looked
from app.tools.orders import Order, nothing_to_do, planned

SHOWN_LINES = 12  # of a script, on a card
MAX_TRY = 10
NONE_YET = "This dataset has no generator script. Save one first (set_generator)."


class GeneratorSet(BaseModel):
    """`version` is a hash of the text; empty: the dataset has no generator any more."""

    version: str


class Generator(BaseModel):
    """The dataset's script, or an example to start from (`saved` false)."""

    code: str
    version: str
    saved: bool


class TriedRecord(BaseModel):
    """What the script returned, as it would wait; `why` says what is wrong with it by itself."""

    messages: list[Message] = []
    reference: Any = None
    reply: Message | None = None
    extra: dict[str, Any] = {}
    text: str = ""
    reason: str = ""
    why: str = ""


class GeneratorTrial(BaseModel):
    """A few records of a script. They are not compared with the data yet, and not kept."""

    version: str
    topic: str
    returned: int
    records: list[TriedRecord]


@tool("read")
async def get_generator(ctx: Context) -> Generator:
    """The dataset's own generator script, or an example of one: a Python function
    generate(topic, count, seed, examples) that returns records with computed answers."""
    code = await ctx.open.store.read(meta.get, "generator", "")
    return Generator(code=code or EXAMPLE, version=version_of(code or EXAMPLE), saved=bool(code))


def _script_card(tool: str, title: str, verb: str, code: str) -> Card:
    lines = [line for line in code.splitlines() if line.strip()]
    rows = [
        ("Script", f"{count(len(lines), 'line')}, {version_of(code)}"),
        ("Begins", " ⏎ ".join(lines[:SHOWN_LINES]) or "empty: none"),
        ("Runs", "In the sandbox: no files, no network"),
    ]
    return Card(tool=tool, title=title, rows=rows, verb=verb)


async def _set_card(ctx: Context, code: str) -> Card:
    card = _script_card("set_generator", "Save the generator script?", "Save", code)
    return card.model_copy(update={"rows": [*card.rows, UNDO]})


async def _try_card(
    ctx: Context, code: str = "", topic: str = "", sample_size: int = 3
) -> Card | None:
    """Only a script that was not saved is asked for."""
    if not code:
        return None
    return _script_card("try_generator", "Try a generator script?", "Try it", code)


@tool("guarded", card=_set_card)
async def set_generator(ctx: Context, code: str) -> GeneratorSet:
    """Save the dataset's generator script: Python with generate(topic, count, seed, examples) -> list of
    records, each a dict with prompt or messages, reference, and further fields. Empty removes it."""
    if not code.strip():
        code = ""
    else:
        async with GeneratorSandbox() as sandbox:
            await sandbox.check(code)
    if code != await ctx.open.store.read(meta.get, "generator", ""):
        await ctx.write("Generator script", meta.put, "generator", code)
    return GeneratorSet(version=version_of(code) if code else "")


@tool("guarded", card=_try_card)
async def try_generator(
    ctx: Context, code: str = "", topic: str = "", sample_size: int = 3
) -> GeneratorTrial:
    """A few records of a generator script (the saved one by default), for a topic (the thinnest by
    default). Nothing is kept."""
    if not 1 <= sample_size <= MAX_TRY:
        raise ToolError(f"sample_size is 1 to {MAX_TRY}.")
    code = code or await _saved(ctx)
    asked = await ctx.open.store.read(_trial, ctx, topic, sample_size)

    async def work(job: Job) -> list[Any]:
        async with GeneratorSandbox() as sandbox:
            await sandbox.check(code)
            return await made_by(sandbox, code, asked, seed=ctx.settings.seed)

    made = await ctx.jobs.run("Try the generator", work, dataset_id=ctx.open.dataset_id)
    looked = await asyncio.to_thread(read_looked, asked, made, TokenEstimate())
    return GeneratorTrial(
        version=version_of(code),
        topic=asked.topic,
        returned=len(made),
        records=[_tried(each) for each in looked[:sample_size]],
    )


async def _run_card(
    ctx: Context, target_topics: list[str] | None = None, count_per_topic: int | None = None
) -> Card | None:
    code = await _saved(ctx)
    order = await ctx.open.store.read(planned, ctx, STRATEGY, target_topics, count_per_topic, None)
    if not order.counts:
        return None
    rows = [
        ("Records", order.shown),
        ("Script", version_of(code)),
        ("Cost", "Free, on this computer"),
    ]
    title = f"Generate {count(order.total, 'record')} by your script?"
    note = "they wait for your yes"
    return Card(tool="run_generator", title=title, rows=rows, verb="Generate", note=note)


@tool("guarded", step="coverage_generation", card=_run_card)
async def run_generator(
    ctx: Context, target_topics: list[str] | None = None, count_per_topic: int | None = None
) -> GenerationReport:
    """Let the dataset's generator script write records for thin topics: by default as many as the plan
    says. They pass the same checks as a model's, and wait for the user (review_generated)."""
    code = await _saved(ctx)
    order = await ctx.open.store.read(planned, ctx, STRATEGY, target_topics, count_per_topic, None)
    if not order.counts:
        return GenerationReport(text=nothing_to_do(order), strategy=STRATEGY)
    if any(job.name == JOB and job.dataset_id == ctx.open.dataset_id for job in ctx.jobs.active):
        raise ToolError("Records are being generated already. Wait for them, or stop that first.")
    run = GeneratorRun(ctx, code, order)
    return await ctx.jobs.run(JOB, run.work, dataset_id=ctx.open.dataset_id)


async def _saved(ctx: Context) -> str:
    code: str = await ctx.open.store.read(meta.get, "generator", "")
    if not code:
        raise ToolError(NONE_YET)
    return code


def _trial(tx: Tx, ctx: Context, topic: str, size: int) -> Brief:
    """A call for the topic, else the one that lacks most; raises ToolError without topics."""
    report = measure(tx, ctx)
    known_topics(report, [topic] if topic else None)
    if not report.topic_ids:
        raise ToolError("A generator writes for topics, and there are none yet. Accept some first.")
    lacking = {t.topic: t.add + t.short for t in report.plan.topics}
    chosen = topic or max(lacking, key=lambda name: lacking[name], default="")
    topic_id = report.topic_ids[chosen or next(iter(report.topic_ids))]
    return call_of(tx, Order(strategy=STRATEGY), topic_id, size)


def _tried(wrote: Candidate | Refused) -> TriedRecord:
    if isinstance(wrote, Refused):
        why = wrote.detail or REASONS[wrote.reason]
        return TriedRecord(text=wrote.text, reason=wrote.reason, why=why)
    kept = {"messages", "reference", "reply", "extra"}
    return TriedRecord(**wrote.model_dump(include=kept), text=wrote.text)
