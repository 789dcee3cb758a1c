"""Tools on deployment: export the tuned model, prove the export, serve it on this computer."""

import re
import shutil
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.domain.records import Record
from app.errors import ToolError
from app.grading.base import Sample, Score, open_grader, parse_grader
from app.jobs import Job
from app.serving.client import ChatReply, chat
from app.serving.endpoint import Endpoint
from app.store import meta, results
from app.store.results import ResultValue
from app.tools.answers import (
    each_record,
    follow_job,
    in_split,
    prompt_row,
    read_first,
    read_sample,
    written,
)
from app.tools.base import Card, Context, tool
from app.tools.cards import fixed_card
from app.tools.report import Report
from app.workers import run_worker

REGRADED = 50  # prompts on which the export proves itself
BASE = "base"  # the base model's id beside the deployed one
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")


class Deployed(BaseModel):
    """A model in service. `regraded` is the exported model's mean on a sample, graded again."""

    model_id: str
    endpoint: str
    key: str
    path: str
    regraded: dict[str, Any] | None = None


class Exported(BaseModel):
    path: str
    bytes: int
    regraded: dict[str, Any] | None = None


class Tried(BaseModel):
    """One prompt answered by both models, graded where a record has it."""

    base: ChatReply
    tuned: ChatReply
    base_score: Score | None = None
    tuned_score: Score | None = None


async def _card(ctx: Context, deployment_name: str = "") -> Card:
    training = await _trained(ctx)
    report = Report.model_validate(training.data["report"])
    rows = [(row.label, f"{row.mean:.2f} ({row.low:.2f} to {row.high:.2f})") for row in report.rows]
    gain = report.tuned_minus_base
    rows.append(("Tuned minus base", f"{gain.mean:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})"))
    rows.append(("Name", await _name(ctx, training, deployment_name)))
    rows.append(("Who can reach it", "this computer only, with a key"))
    warning = "" if report.better else f"Not better than base. {report.sentence}"
    return Card(
        tool="deploy_model",
        step="deployment",
        title="Deploy the tuned model?"
        if report.better
        else "Deploy it although it is not better?",
        rows=rows,
        verb="Deploy",
        note="stop any time",
        warning=warning,
    )


@tool("consequential", step="deployment", card=_card, ask_user=True)
async def deploy_model(ctx: Context, deployment_name: str = "") -> Deployed:
    """Export the tuned model, load the export again and grade it on a sample, then serve it on an
    OpenAI-compatible endpoint on 127.0.0.1 with a key."""
    session = ctx.open
    training = await _trained(ctx)
    name = await _name(ctx, training, deployment_name)
    folder = session.folder / "exports" / name
    exported = await _export(ctx, training, folder)
    endpoint = await serve(ctx, training, name, folder)
    data = {
        "model_id": name,
        "endpoint": endpoint.url,
        "port": endpoint.port,
        "path": str(folder),
        "base": training.data["model"],
        "run": training.id,
        "regraded": exported.regraded,
        "actor": ctx.actor,
    }
    await session.store.transaction(_store, data)
    return Deployed(
        model_id=name,
        endpoint=endpoint.url,
        key=endpoint.key,
        path=str(folder),
        regraded=exported.regraded,
    )


@tool("guarded", for_models=False)
async def export_model(ctx: Context, folder: str) -> Exported:
    """Write the tuned model as a Hugging Face folder with a model card; it is loaded again and
    graded on a sample."""
    target = Path(folder)
    if target.exists() and any(target.iterdir() if target.is_dir() else [target]):
        raise ToolError(f"{folder} exists and is not empty. Choose another folder.")
    return await _export(ctx, await _trained(ctx), target)


_serve_card = fixed_card(
    "start_deployment",
    "Serve the deployed model?",
    "it answers on this computer, with a key",
    verb="Serve it",
    note="stop any time",
)


@tool("guarded", card=_serve_card)
async def start_deployment(ctx: Context) -> Deployed:
    """Serve the deployed model again."""
    result = await _deployed(ctx)
    training = await ctx.open.store.read(results.get, result.data["run"])
    endpoint = await serve(ctx, training, result.data["model_id"], Path(result.data["path"]))
    data = {"endpoint": endpoint.url, "port": endpoint.port, "actor": ctx.actor}
    await ctx.open.store.transaction(results.update, result.id, state="running", data=data)
    return Deployed(
        model_id=result.data["model_id"],
        endpoint=endpoint.url,
        key=endpoint.key,
        path=result.data["path"],
        regraded=result.data["regraded"],
    )


_stop_card = fixed_card(
    "stop_deployment",
    "Stop serving?",
    "who uses the model gets no answers any more",
    verb="Stop serving",
)


@tool("guarded", card=_stop_card)
async def stop_deployment(ctx: Context) -> Exported:
    """Stop serving; the exported model stays."""
    result = await _deployed(ctx)
    if endpoint := ctx.open.endpoint():
        await endpoint.stop()
    await ctx.open.store.transaction(results.update, result.id, state="stopped")
    return Exported(path=result.data["path"], bytes=0)


@tool("read")
async def try_model(ctx: Context, text: str) -> Tried:
    """Ask the base and the tuned model the same thing at temperature 0."""
    endpoint = ctx.open.endpoint()
    if endpoint is None:
        raise ToolError("The endpoint is not running. Start it first.")
    result = await _deployed(ctx)
    messages = await _messages(ctx, text)
    replies = [
        await chat(endpoint.url, endpoint.key, model, messages)
        for model in (BASE, result.data["model_id"])
    ]
    known = await ctx.open.store.read(_record_of, text)
    scores: list[Score | None] = [None, None]
    grader = await ctx.open.store.read(results.current_grader)
    if known is not None and grader is not None:
        async with open_grader(parse_grader(grader.config)) as opened:
            pairs = [(Sample(output_text=r.text), known.item()) for r in replies]
            scores = list(await opened.grade(pairs))
    base, tuned = replies
    return Tried(base=base, tuned=tuned, base_score=scores[0], tuned_score=scores[1])


async def serve(ctx: Context, training: ResultValue, name: str, folder: Path) -> Endpoint:
    """Serve the tuned model, with the base model beside it for the comparison."""
    if (endpoint := ctx.open.endpoint()) is not None:
        await endpoint.stop()
    models = [
        {"id": name, "path": str(folder)},
        {"id": BASE, "path": str(training.data["model"])},
    ]
    return await Endpoint.start(ctx.open.folder / "runs" / "serve", models, port=ctx.settings.port)


async def _trained(ctx: Context) -> ResultValue:
    result = await ctx.open.store.read(results.latest, "training")
    if result is None or not result.data.get("report"):
        raise ToolError("There is no trained model with a report yet. Train one first.")
    return result


async def _deployed(ctx: Context) -> ResultValue:
    result = await ctx.open.store.read(results.latest, "deployment")
    if result is None:
        raise ToolError("Nothing is deployed yet.")
    return result


async def _export(ctx: Context, training: ResultValue, folder: Path) -> Exported:
    session = ctx.open
    chosen = await session.store.read(read_sample, "validation", REGRADED)
    grader = await session.store.read(results.current_grader)
    work = session.folder / "runs" / "export"
    config = {
        "model": training.data["tuned"],
        "out": str(folder),
        "card": await _facts(ctx, training),
        "prompts": str(await written(work / "prompts.jsonl", lambda: map(prompt_row, chosen))),
        "grader": grader.config if grader else None,
        "max_new_tokens": training.data["params"]["max_new_tokens"],
    }
    if folder.exists() and folder.is_relative_to(session.folder):
        shutil.rmtree(folder)  # our own earlier export under this name

    async def export(job: Job) -> dict[str, Any]:
        return await run_worker("export", work, config, on_status=follow_job(job))

    result = await ctx.jobs.run("Export", export, dataset_id=session.dataset_id, heavy=True)
    return Exported.model_validate(result)


async def _facts(ctx: Context, training: ResultValue) -> dict[str, Any]:
    """What the model card says."""
    store = ctx.open.store
    values = await store.read(meta.get_all)
    dry_run = await store.read(results.latest, "dry_run", "completed")
    grader = await store.read(results.current_grader)
    return {
        "dataset": values.get("name", ctx.open.dataset_id),
        "goal": values.get("goal", ""),
        "grader": grader.model_dump(mode="json") if grader else None,
        "dry_run": dry_run.data["verdict"]["headline"] if dry_run else None,
        "verdict": dry_run.data["verdict"]["verdict"] if dry_run else None,
        "params": training.data["params"],
        "report": training.data["report"],
        "made": time.strftime("%Y-%m-%d", time.gmtime()),
    }


async def _name(ctx: Context, training: ResultValue, given: str) -> str:
    """The name to serve under, which is a folder's too; raises ToolError for one that cannot be."""
    name = given or await _default_name(ctx, training)
    if name == BASE or not NAME.fullmatch(name):
        raise ToolError(
            f"deployment_name: small letters, digits, dots and dashes, at most 61, not “{BASE}”."
        )
    return name


async def _default_name(ctx: Context, training: ResultValue) -> str:
    name = await ctx.open.store.read(meta.get, "name", "model")
    slug = re.sub(r"[^a-z0-9]+", "-", str(name).lower()).strip("-")[:40] or "model"
    return f"{slug}-v{training.id}"


async def _messages(ctx: Context, text: str) -> list[dict[str, Any]]:
    """The text as a user turn, after the system turn that most records share."""
    record = await ctx.open.store.read(_any_record)
    system = [m for m in record.messages if m.role in ("system", "developer")] if record else []
    turns = [m.model_dump(exclude_none=True) for m in system[:1]]
    return [*turns, {"role": "user", "content": text}]


def _any_record(tx: Any) -> Record | None:
    found = read_first(tx, in_split("train"), 1)
    return found[0] if found else None


def _record_of(tx: Any, text: str) -> Record | None:
    wanted = text.strip().casefold()
    found = each_record(tx, in_split("test"))
    return next((r for r in found if r.last_user_turn.strip().casefold() == wanted), None)


def _store(tx: Any, data: dict[str, Any]) -> None:
    results.add(tx, "deployment", state="running", data=data)
    results.add_point(tx, "deployment", f"Deployed {data['model_id']}")
