"""Training runs as they go: followed, found again after a restart, measured at their end."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.errors import AppError, InputError, Stopped
from app.jobs import Job
from app.store import results
from app.store.events import Event, RunChanged
from app.store.results import ResultValue, State
from app.tools import model_runs
from app.tools.answers import supervised_model
from app.tools.base import Context
from app.tools.report import Report, make_report
from app.tools.session import Session
from app.workers import RunDir, Status, follow, read_json

log = logging.getLogger(__name__)
Baseline = tuple[Path | None, str]  # its folder, or why there is none


class TrainingStatus(BaseModel):
    """Where a run stands. Rewards are means from 0 to 1; None before there is one."""

    run_id: int | None = None
    status: str | None = None
    step: int = 0
    steps: int = 0
    epoch: float | None = None
    train_reward: float | None = None
    validation_reward: float | None = None
    baseline: float | None = None
    loss: float | None = None
    seconds_left: float | None = None
    text: str = ""
    error: str = ""
    better: bool | None = None
    report: dict[str, Any] | None = None


def directory(session: Session, result: ResultValue) -> RunDir:
    """The run directory of a training result."""
    return session.run_dir(f"train-{result.id}")


def config_of(run: RunDir) -> dict[str, Any]:
    """What the run was started with."""
    config: dict[str, Any] = read_json(run.path / "config.json")
    return config


@asynccontextmanager
async def starting(ctx: Context, run_id: int) -> AsyncIterator[None]:
    """Around the start of a run that is marked as running: one that cannot start is marked as failed.

    Raises InputError where its folder cannot be written.
    """
    try:
        yield
    except (OSError, AppError) as error:
        why = str(error)
        if isinstance(error, OSError):
            why = f"{error.filename or 'The run folder'} cannot be written ({error.strerror})."
        why = f"The run could not be started. {why}"
        failed = {"error": why}
        await ctx.open.store.transaction(results.update, run_id, state="failed", data=failed)
        raise InputError(
            f"{why} Free some space or mend its permissions, then try again."
        ) from error


async def attach(ctx: Context) -> None:
    """Called when a dataset is opened: follow what still runs, finish what ended meanwhile.

    Dry runs and tests do not outlive the app: one found running was cut off, and says so. A generation
    that was cut off can be resumed.
    """
    await model_runs.attach(ctx)
    store = ctx.open.store
    for result in await store.read(results.of_kind, "training"):
        if result.state == "running":
            begin(ctx, result.id)
    for result in await store.read(results.of_kind, "dry_run"):
        if result.state == "running":
            data = {"error": "The app was closed while it ran. Run it again."}
            await store.transaction(results.update, result.id, state="failed", data=data)


def begin(ctx: Context, run_id: int) -> None:
    """Follow a run as a job of its own until its report is written."""
    ctx.jobs.start(_follow_job(ctx, run_id))


async def finished(ctx: Context, run_id: int) -> ResultValue:
    """Wait until a run has ended and its report, if it has one, is written."""
    ended = asyncio.Event()
    store = ctx.open.store

    def hear(event: Event) -> None:
        if isinstance(event, RunChanged):
            ended.set()

    unsubscribe = store.subscribe(hear)
    try:
        while True:
            ended.clear()
            result = await store.read(results.get, run_id)
            if result.state not in ("running", "paused"):
                return result
            await ended.wait()
    finally:
        unsubscribe()


async def status_of(ctx: Context, result: ResultValue) -> TrainingStatus:
    """The run's row together with what its worker last wrote."""
    run = directory(ctx.open, result)
    status = run.status()
    metrics, evaluation = await asyncio.to_thread(_last_events, run)
    job = next((j for j in ctx.jobs.active if j.name == _job_name(result.id)), None)
    report = result.data.get("report")
    return TrainingStatus(
        run_id=result.id,
        status=result.state,
        step=int(metrics.get("step", 0)),
        steps=int(status.total or result.data["params"]["steps"]),
        epoch=metrics.get("epoch"),
        train_reward=metrics.get("reward"),
        validation_reward=evaluation.get("reward"),
        baseline=result.data.get("baseline"),
        loss=metrics.get("loss"),
        seconds_left=job.seconds_left() if job else None,
        text=job.text if job else "",
        error=result.data.get("error", ""),
        better=report["better"] if report else None,
        report=report,
    )


def _job_name(run_id: int) -> str:
    return f"Training run {run_id}"


def _last_events(run: RunDir) -> tuple[dict[str, Any], dict[str, Any]]:
    events, _ = run.events()
    last = {event["kind"]: event for event in events}
    return last.get("metrics", {}), last.get("evaluation", {})


async def _follow_job(ctx: Context, run_id: int) -> None:
    try:
        await ctx.jobs.run(
            _job_name(run_id),
            lambda job: _follow(ctx, job, run_id),
            dataset_id=ctx.open.dataset_id,
            heavy=True,
        )
    except Stopped:
        log.info("no longer following run %s", run_id)


async def _follow(ctx: Context, job: Job, run_id: int) -> None:
    """Watch the worker; train the supervised baseline beside it; then compare them all."""
    store = ctx.open.store
    result = await store.read(results.get, run_id)
    run = directory(ctx.open, result)
    job.stop_hook = run.stop
    touched = RunChanged(ctx.open.dataset_id, run_id)
    baseline = ctx.jobs.start(_baseline(ctx, result))
    try:
        status = await follow(
            run,
            on_event=lambda event: store.announce(touched),
            on_status=lambda status: job.progress(status.done, status.total, status.text),
        )
        job.stop_hook = None
        await _conclude(ctx, job, run_id, status, baseline)
    except Exception as error:  # whatever it was, the run must not stay on "running"
        data = {"error": f"It could not be measured: {error}"}
        await store.transaction(results.update, run_id, state="failed", data=data)
        raise
    finally:
        baseline.cancel()


async def _baseline(ctx: Context, result: ResultValue) -> Baseline:
    """The supervised baseline of this run's base model, or why there is none."""
    init = Path(result.data["model"])
    quiet = Job(0, "Supervised baseline", ctx.open.dataset_id)
    try:
        out = init.with_name(f"{init.name}-supervised")
        return await supervised_model(ctx, quiet, init, out), ""
    except AppError as error:
        return None, f"The supervised baseline could not be trained: {error}"


async def _conclude(
    ctx: Context, job: Job, run_id: int, status: Status, baseline: "asyncio.Future[Baseline]"
) -> None:
    """Write the run's end: its state and, when it left a model, the report."""
    store = ctx.open.store
    result = await store.read(results.get, run_id)
    wanted: State = result.data.get("wanted") or "stopped"
    state: State = wanted if status.state == "stopped" else status.state  # type: ignore[assignment]
    data: dict[str, Any] = {"step": int(status.done), "error": status.error}
    tuned = status.result.get("model") or _best(ctx, result)
    if state != "paused" and state != "failed" and tuned:
        data |= {"tuned": str(tuned), "result": status.result}
        job.phase("waits for the supervised baseline")
        supervised, note = await baseline
        report = await make_report(
            ctx,
            job,
            base=Path(result.data["model"]),
            tuned=Path(tuned),
            supervised=supervised,
            note=note,
            grader_version=result.data["grader_version"],
            max_new_tokens=result.data["params"]["max_new_tokens"],
        )
        data["report"] = report.model_dump(mode="json")
    await store.transaction(_finish, run_id, state, data)


def _best(ctx: Context, result: ResultValue) -> str | None:
    """The best model a stopped run has written, if any."""
    folder = directory(ctx.open, result).path / "model" / "best"
    return str(folder) if (folder / "config.json").exists() else None


def _finish(tx: Any, run_id: int, state: State, data: dict[str, Any]) -> None:
    results.update(tx, run_id, state=state, data=data)
    if "report" in data:
        report = Report.model_validate(data["report"])
        results.add_point(tx, "training", report.sentence)
