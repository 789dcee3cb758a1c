"""Tools on graders: set one, test it on fresh answers, try to cheat it."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.domain.records import Record
from app.errors import ToolError
from app.grading.base import GraderConfig, Sample, Score, open_grader, parse_grader
from app.grading.controls import ControlRecord, CrashTest, crash_test, reference_answer
from app.jobs import Job
from app.store import meta, results
from app.store.database import Tx
from app.store.results import AnswerValue
from app.tools.answers import base_model, read_answer_tokens, read_sample, roll_out
from app.tools.base import Card, Context, tool

MAX_TEST = 10  # "Test on 5" is read by eye; more answers are the dry run's work
CONTROL_RECORDS = 50


class GraderConfigured(BaseModel):
    version: int
    type: str
    name: str
    is_new: bool


class TestRow(BaseModel):
    """One graded answer with the recorded reply beside it."""

    record_id: int
    prompt: str
    answer: str
    score: float | None
    error: str | None
    reason: str
    reply: str
    reply_score: float | None


class GraderTest(BaseModel):
    version: int
    rows: list[TestRow]
    errors: int
    crash: CrashTest
    base: str


class Confirmed(BaseModel):
    version: int


async def _configure_card(ctx: Context, grader: dict[str, Any]) -> Card:
    config = parse_grader(grader)
    current = await ctx.open.store.read(results.current_grader)
    stale = await ctx.open.store.read(results.latest, "dry_run") is not None
    rows = [("Type", config.type), ("Name", config.name), ("In it", _brief(config))]
    if stale:
        rows.append(("Out of date after", "Dry run"))
    rows.append(("Cost", "Free, on this computer"))
    title = "Save the grader?" if current is None else f"Save over version {current.version}?"
    note = f"v{current.version} is kept" if current else ""
    return Card(tool="configure_grader", title=title, rows=rows, verb="Save", note=note)


def _brief(config: GraderConfig) -> str:
    """The settings of the grader's own type, a long one cut."""
    plain = config.model_dump(mode="json", exclude={"type", "name"}, exclude_defaults=True)
    return ", ".join(f"{key} {str(value)[:80]}" for key, value in plain.items()) or "defaults"


@tool("consequential", card=_configure_card)
async def configure_grader(ctx: Context, grader: dict[str, Any]) -> GraderConfigured:
    """Save a grader (its JSON) as a new version and make it current; earlier results keep theirs.

    Types: string_check, text_similarity, numeric, json_schema, script (python), multi."""
    config = parse_grader(grader)
    async with open_grader(config):
        pass  # a script that does not load is refused here, with its line
    known = len(await ctx.open.store.read(results.graders))
    plain = config.model_dump(mode="json")
    version = await ctx.write(f"Grader: {config.name}", results.add_grader, plain)
    return GraderConfigured(
        version=version, type=config.type, name=config.name, is_new=version > known
    )


@tool(step="grader_config")
async def test_grader_sample(ctx: Context, sample_size: int = 5) -> GraderTest:
    """Grade fresh answers of the base model on a few training records, recorded replies beside
    them, and try the usual cheats (crash test)."""
    if not 1 <= sample_size <= MAX_TEST:
        raise ToolError(f"sample_size is 1 to {MAX_TEST}.")
    version, config = await current(ctx)
    seed = ctx.settings.seed + version
    chosen = await ctx.open.store.read(read_sample, "train", sample_size, seed)
    model = await base_model(ctx)
    answers = await ctx.jobs.run(
        f"Test on {len(chosen)}",
        lambda job: _sample(ctx, job, chosen, model, config),
        dataset_id=ctx.open.dataset_id,
        heavy=True,
    )
    cheated = await ctx.open.store.read(read_sample, "train", CONTROL_RECORDS)
    crash = await check_controls(config, cheated)
    replies = await _grade_replies(config, chosen)
    test = GraderTest(
        version=version,
        rows=_rows(chosen, answers, replies),
        errors=sum(a.error is not None for a in answers),
        crash=crash,
        base=Path(model).name,
    )
    await ctx.open.store.transaction(_store_test, test, answers, ctx.actor)
    return test


@tool()
async def crash_test_grader(ctx: Context) -> CrashTest:
    """Grade what a cheater would send: empty, echoed, "full marks", another record's answer."""
    _, config = await current(ctx)
    found = await ctx.open.store.read(read_sample, "train", CONTROL_RECORDS)
    return await check_controls(config, found)


@tool(for_models=False)
async def confirm_grader_test(ctx: Context) -> Confirmed:
    """Note that the user looked at the test and found the scores right."""
    version, _ = await current(ctx)
    await ctx.write("Confirm the grader test", meta.put, "confirmed_test", version)
    return Confirmed(version=version)


async def current(ctx: Context) -> tuple[int, GraderConfig]:
    """The current version and its config; raises ToolError when there is no grader."""
    found = await ctx.open.store.read(results.current_grader)
    if found is None:
        raise ToolError("There is no grader yet. Configure one first.")
    return found.version, parse_grader(found.config)


async def check_controls(
    config: GraderConfig,
    found: list[Record],
    *,
    base_mean: float | None = None,
    chance: float | None = None,
) -> CrashTest:
    """The crash test on these records."""
    cases = [
        ControlRecord(item=r.item(), prompt=r.last_user_turn, reference=reference_answer(r.item()))
        for r in found
    ]
    async with open_grader(config) as grader:
        return await crash_test(grader, cases, base_mean=base_mean, chance=chance)


async def _sample(
    ctx: Context, job: Job, chosen: list[Record], model: Path, config: GraderConfig
) -> list[AnswerValue]:
    return await roll_out(
        ctx,
        job,
        chosen,
        model=model,
        name="grader-test",
        max_new_tokens=await ctx.open.store.read(read_answer_tokens),
        grader=config.model_dump(mode="json"),
    )


async def _grade_replies(config: GraderConfig, chosen: list[Record]) -> dict[int, Score]:
    pairs = [(Sample(output_text=r.reply.text), r.item()) for r in chosen if r.reply]
    with_reply = [r.id for r in chosen if r.reply]
    async with open_grader(config) as grader:
        scores = await grader.grade(pairs)
    return dict(zip(with_reply, scores, strict=True))


def _rows(
    chosen: list[Record], answers: list[AnswerValue], replies: dict[int, Score]
) -> list[TestRow]:
    by_record = {a.record_id: a for a in answers}
    rows = []
    for record in chosen:
        if (answer := by_record.get(record.id)) is None:
            continue
        reply = replies.get(record.id)
        rows.append(
            TestRow(
                record_id=record.id,
                prompt=record.last_user_turn,
                answer=answer.text,
                score=answer.score,
                error=answer.error,
                reason=answer.reason,
                reply=record.reply.text if record.reply else "",
                reply_score=reply.score if reply else None,
            )
        )
    return rows


def _store_test(tx: Tx, test: GraderTest, answers: list[AnswerValue], actor: str) -> None:
    data = test.model_dump(mode="json") | {"actor": actor}
    result_id = results.add(tx, "grader_test", data=data)
    results.add_answers(tx, result_id, answers)
