"""The whole road without a window: seven steps with the guided assistant's defaults, and a report."""

import argparse
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from app.cli.commands import approver
from app.cli.output import Progress, emit, say
from app.cli.run_report import markdown, report_of
from app.domain.verdict import Verdict
from app.errors import AppError, DeclinedError, GateError, InputError
from app.grading.base import parse_grader
from app.tools import runs
from app.tools.base import TOOLS, Approver
from app.tools.deployment import Deployed
from app.wiring import App
from app.workers import write_atomic

AT_A_GATE = 3


class Walk:
    """One walk through the steps: what each returned and how long it took."""

    def __init__(self, app: App, arguments: argparse.Namespace) -> None:
        self.app, self.arguments = app, arguments
        self.seconds: dict[str, float] = {}
        self.found: dict[str, Any] = {}

    async def call(self, name: str, /, **values: Any) -> Any:
        """Call a tool as the command line; its result is kept under the tool's name."""
        approve = self._approve()
        context = self.app.context("command line", approve)
        self.found[name] = await TOOLS[name](context, values)
        return self.found[name]

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[None]:
        """Time a step and say its name."""
        say(f"{name.replace('_', ' ').capitalize()} …")
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - started, 1)

    def _approve(self) -> Approver:
        """What the command line decided: the grader given, the steps named, topics by default."""
        asked = approver(steps=tuple(self.arguments.yes))

        async def approve(card: Any) -> bool:
            if card.tool in ("apply_topic_hierarchy", "configure_grader"):
                return True
            if card.tool == "accept_warning":
                return bool(self.arguments.accept_warning)
            return await asked(card)

        return approve


async def run(arguments: argparse.Namespace) -> int:
    """Walk from a file to a deployed model; exit code 3 at a gate, with the report so far."""
    app = await App.start()
    if arguments.grader:
        parse_grader(arguments.grader)  # a wrong grader file is told before any work
    out = _folder(arguments.out)
    walk, progress = Walk(app, arguments), Progress(app)
    try:
        code = await _walk(walk)
    except (GateError, DeclinedError) as error:
        say(f"rft-studio: {error}")
        code = AT_A_GATE
    finally:
        progress.close()
        try:
            if walk.found:
                _finish(walk, out)
        finally:
            await app.close()
    return code


async def _walk(walk: Walk) -> int:
    app, arguments = walk.app, walk.arguments
    async with walk.step("import"):
        report = await app.import_file(arguments.file, arguments.name)
        walk.found["import"] = report
        await app.open(report.dataset)
        await walk.call("set_effort", preset=arguments.preset, seed=arguments.seed)
        await walk.call("start_finetune_workflow", training_goals=arguments.goal)
        await walk.call("validate_records")
    await _topics(walk)
    await walk.call("get_dataset_stats")  # the categories dealt the splits by topic
    if not arguments.grader:
        return await _suggest(walk)
    async with walk.step("grader_config"):
        grader = parse_grader(arguments.grader)
        await walk.call("configure_grader", grader=grader.model_dump(mode="json"))
    async with walk.step("dry_run"):
        dry_run = await walk.call("run_dry_run")
    _say_verdict(dry_run.verdict)
    if dry_run.verdict.verdict == "NO-GO":
        return AT_A_GATE
    if dry_run.verdict.verdict == "WARNING":
        await walk.call("accept_warning")
    async with walk.step("training"):
        await _train(walk)
    async with walk.step("deployment"):
        await walk.call("deploy_model")
        await _prove(walk)
    return 0


async def _topics(walk: Walk) -> None:
    """Topics, categories and coverage; data too small for topics goes on without them."""
    try:
        async with walk.step("topics_config"):
            await walk.call("generate_topics")
        async with walk.step("categorize"):
            await walk.call("apply_topic_hierarchy")
        async with walk.step("coverage_generation"):
            coverage = await walk.call("analyze_coverage")
    except GateError:
        raise
    except AppError as error:
        say(f"  Without topics: {error}")
        return
    balance = coverage.coverage.balance
    shown = f"{balance:.2f}" if balance is not None else "n/a"
    say(f"  {len(coverage.topic_ids)} topics, balance {shown}. {coverage.coverage.note}")


async def _suggest(walk: Walk) -> int:
    advice = await walk.call("suggest_graders")
    say("rft-studio: No grader was given. Say what a good answer is with --grader FILE, such as:")
    emit(advice)
    return AT_A_GATE


def _say_verdict(verdict: Verdict) -> None:
    say(f"  {verdict.verdict}: {verdict.headline}. {verdict.summary}")
    for sentence in verdict.diagnosis:
        say(f"  {sentence}")
    for action in verdict.actions[:2]:
        say(f"  Next: {action.text}. {action.why}")


async def _train(walk: Walk) -> None:
    started = await walk.call("start_training")
    result = await runs.finished(walk.app.context(), started.run_id)
    walk.found["training"] = result
    if result.state != "completed":
        raise AppError(f"The training {result.state}: {result.data.get('error') or 'no reason'}")
    say(f"  {result.data['report']['sentence']}")


async def _prove(walk: Walk) -> None:
    """Ask the endpoint one real question, then stop it: a command leaves nothing running."""
    deployed: Deployed = walk.found["deploy_model"]
    assert walk.app.session is not None
    prompt = walk.found["training"].data["report"]["improved"][:1]
    if prompt:
        tried = await walk.call("try_model", text=prompt[0]["prompt"])
        walk.found["tried"] = {"prompt": prompt[0]["prompt"], "answer": tried.tuned.text}
        say(f"  {deployed.endpoint} answers: {tried.tuned.text}")
    await walk.call("stop_deployment")
    say(f"  Serve it again with: rft-studio serve {walk.app.session.dataset_id}")


def _finish(walk: Walk, out: Path | None) -> None:
    report = report_of(walk.found, walk.seconds, walk.arguments)
    if out is not None:
        if report["model"]:
            model = out / "model"
            shutil.copytree(report["model"]["path"], model, dirs_exist_ok=True)
            report["model"]["path"] = str(model.absolute())
        options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
        write_atomic(out / "report.json", orjson.dumps(report, option=options, default=str))
        write_atomic(out / "report.md", markdown(report).encode())
        say(f"Report: {out / 'report.md'}")
    if walk.arguments.json:
        emit(report)


def _folder(out: Path | None) -> Path | None:
    if out is None:
        return None
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: {error.strerror}. Choose another folder for --out.") from None
    return out
