"""Tools on training runs: start, look, pause, stop, resume."""

from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from app.domain.records import SPLITS
from app.errors import ToolError
from app.store import meta, records, results
from app.store.results import ResultValue
from app.tools import answers, runs
from app.tools.answers import in_split, read_answer_tokens, written_split
from app.tools.base import Card, Context, tool
from app.tools.cards import fixed_card
from app.tools.grading import current
from app.tools.runs import TrainingStatus
from app.training.base import TrainingParams
from app.workers import RunDir, start_worker


class TrainingStarted(BaseModel):
    run_id: int
    status: str = "running"


class Effort(BaseModel):
    preset: str
    seed: int


async def _card(
    ctx: Context, base_model: str = "", training_params: dict[str, Any] | None = None
) -> Card:
    params = _params(ctx, training_params)
    store = ctx.open.store
    train, validation, test = [await store.read(records.count, in_split(s)) for s in SPLITS]
    room = await store.read(read_answer_tokens)
    params = params.resolved(train_prompts=train, answer_tokens=room)
    version, config = await current(ctx)
    rows = [
        ("Records, train split", f"{train:,} of {train + validation + test:,}"),
        ("Validation, test", f"{validation:,} and {test:,}, never trained on"),
        ("Base model", "Starter, trained on your records"),
        ("Grader", f"v{version}, {config.name}"),
        ("Steps × group size", f"{params.steps} × {params.group_size}"),
        ("Time", "about 3 min, CPU" if params.preset == "standard" else "under 1 min, CPU"),
        ("Cost", "Free, on this computer"),
    ]
    if training_params:
        rows.append(("Given", ", ".join(f"{k} {v}" for k, v in sorted(training_params.items()))))
    previous = await store.read(results.latest, "training")
    inputs = (await ctx.open.expected("training")).model_dump_json()
    same = (
        previous is not None
        and previous.state == "completed"
        and previous.fingerprint == inputs
        and previous.data.get("params") == params.model_dump(mode="json")
    )
    warning = "Nothing was changed since the last run; the result will be the same." if same else ""
    return Card(
        tool="start_training",
        step="training",
        title="Train the starter model?",
        rows=rows,
        verb="Start training",
        note="pause any time",
        warning=warning,
    )


@tool("consequential", step="training", card=_card, ask_user=True)
async def start_training(
    ctx: Context, base_model: str = "", training_params: dict[str, Any] | None = None
) -> TrainingStarted:
    """Start reinforcement fine-tuning in a worker that survives the window; returns at once.

    `base_model`: "starter" (the default). `training_params`: any of steps, group_size,
    prompts_per_step, learning_rate, max_new_tokens, temperature, kl_coef, seed, preset ..."""
    if base_model not in ("", "starter"):
        raise ToolError("base_model: this version trains the starter only; leave it empty.")
    params = _params(ctx, training_params)
    if running := await _running(ctx):
        raise ToolError(f"Run {running.id} is still {running.state}. Stop it first.")
    run_id = await _prepare(ctx, params)
    runs.begin(ctx, run_id)
    return TrainingStarted(run_id=run_id)


async def _effort_card(
    ctx: Context, preset: Literal["fast", "standard"] | None = None, seed: int | None = None
) -> Card:
    now = ctx.open.settings
    rows = [("Effort", f"{now.preset} now, {preset or now.preset} then")]
    rows.append(("Seed", f"{now.seed} now, {now.seed if seed is None else seed} then"))
    rows.append(("Out of date after", "Dry run, training"))
    return Card(tool="set_effort", title="Change the effort?", rows=rows, verb="Change it")


@tool("guarded", card=_effort_card)
async def set_effort(
    ctx: Context, preset: Literal["fast", "standard"] | None = None, seed: int | None = None
) -> Effort:
    """Give this dataset a training effort or seed of its own; another base model follows from it."""
    given = {"preset": preset, "seed": seed}
    session = ctx.open
    session.overrides |= {key: value for key, value in given.items() if value is not None}
    await session.store.transaction(meta.put, "effort", session.overrides)
    return Effort(preset=session.settings.preset, seed=session.settings.seed)


@tool("read")
async def check_training_status(ctx: Context) -> TrainingStatus:
    """The newest run: status, step, epoch, train and validation reward, loss, time left."""
    result = await ctx.open.store.read(results.latest, "training")
    if result is None:
        return TrainingStatus()
    return await runs.status_of(ctx, result)


@tool()
async def pause_training(ctx: Context) -> TrainingStatus:
    """Pause the run after its present step; its checkpoint is kept."""
    return await _ask_to_end(ctx, "paused")


_stop_card = fixed_card(
    "stop_training",
    "Stop the training run?",
    "it ends after its present step; the best checkpoint is measured and kept",
    verb="Stop it",
    note="can be resumed",
)


@tool("guarded", card=_stop_card)
async def stop_training(ctx: Context) -> TrainingStatus:
    """Stop the run after its present step; the best checkpoint so far is measured and kept."""
    return await _ask_to_end(ctx, "stopped")


_resume_card = fixed_card(
    "resume_training",
    "Resume the training run?",
    "it goes on from its last checkpoint, on this computer",
    verb="Resume",
    note="pause any time",
)


@tool("guarded", step="training", card=_resume_card)
async def resume_training(ctx: Context) -> TrainingStarted:
    """Go on with a paused, stopped or failed run from its last checkpoint."""
    result = await ctx.open.store.read(results.latest, "training")
    if result is None or result.state not in ("paused", "stopped", "failed"):
        raise ToolError("There is no paused, stopped or failed run to resume.")
    if result.fingerprint != (await ctx.open.expected("training")).model_dump_json():
        raise ToolError("The data or the grader changed since this run. Start a new one.")
    run = runs.directory(ctx.open, result)
    config = runs.config_of(run) | {"resume": True}
    await ctx.open.store.transaction(
        results.update, result.id, state="running", data={"wanted": "", "error": ""}
    )
    async with runs.starting(ctx, result.id):
        await start_worker("train", run, config, detached=True)
    runs.begin(ctx, result.id)
    return TrainingStarted(run_id=result.id)


def _params(ctx: Context, given: dict[str, Any] | None) -> TrainingParams:
    defaults = {"preset": ctx.settings.preset, "seed": ctx.settings.seed}
    defaults["group_size"] = ctx.open.thresholds.group_size
    try:
        return TrainingParams.model_validate(defaults | (given or {}))
    except ValidationError as error:
        wrong = "; ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())
        known = ", ".join(TrainingParams.model_fields)
        raise ToolError(f"training_params: {wrong}. Known: {known}.") from error


async def _running(ctx: Context) -> ResultValue | None:
    latest = await ctx.open.store.read(results.latest, "training")
    return latest if latest and latest.state == "running" else None


async def _prepare(ctx: Context, params: TrainingParams) -> int:
    """Write the run directory and the run's row, and launch its worker."""
    session = ctx.open
    model = await answers.base_model(ctx)
    prompts = await session.store.read(records.count, in_split("train"))
    room = params.max_new_tokens or await session.store.read(read_answer_tokens)
    params = params.model_copy(update={"max_new_tokens": room}).resolved(train_prompts=prompts)
    version, config = await current(ctx)
    dry_run = await session.store.read(results.latest, "dry_run", "completed")
    fingerprint = (await session.expected("training")).model_dump_json()
    data = {
        "params": params.model_dump(mode="json"),
        "base_model": model.name,
        "model": str(model),
        "grader_version": version,
        "dry_run": dry_run.id if dry_run else None,
        "baseline": dry_run.data["verdict"]["figures"]["mean"]["value"] if dry_run else None,
        "wanted": "",
    }
    run_id = await session.store.transaction(
        results.add, "training", fingerprint=fingerprint, state="running", data=data
    )
    run = RunDir(session.folder / "runs" / f"train-{run_id}")
    async with runs.starting(ctx, run_id):
        given = {
            "method": "rft",
            "model": str(model),
            "train": str(await written_split(ctx, "train", run.path / "train.jsonl")),
            "validation": str(
                await written_split(ctx, "validation", run.path / "validation.jsonl")
            ),
            "grader": config.model_dump(mode="json"),
            "params": params.model_dump(mode="json"),
            "out": str(run.path / "model"),
            "resume": False,
        }
        await start_worker("train", run, given, detached=True)
    return run_id


async def _ask_to_end(ctx: Context, wanted: str) -> TrainingStatus:
    result = await _running(ctx)
    if result is None:
        raise ToolError("No training is running.")
    await ctx.open.store.transaction(results.update, result.id, data={"wanted": wanted})
    runs.directory(ctx.open, result).stop()
    return await runs.status_of(ctx, result)
