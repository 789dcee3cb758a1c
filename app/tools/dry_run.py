"""The dry run: whether training can work here, before it costs anything."""

import asyncio
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.domain.figures import Control, DryRunData, PromptAnswers
from app.domain.records import Record
from app.domain.topics import leaf_paths, shown
from app.domain.verdict import Verdict, early_decision, judge
from app.errors import AppError, Stopped, ToolError
from app.grading.base import Grader, GraderConfig, Sample, open_grader
from app.grading.controls import noise
from app.jobs import Job
from app.store import meta, records, results, topics
from app.store.database import Tx
from app.store.results import AnswerValue
from app.tools import passes
from app.tools.answers import base_model, in_split, read_answer_tokens, read_sample, roll_out
from app.tools.base import Card, Context, tool
from app.tools.grading import CONTROL_RECORDS, check_controls, current

MAX_PROMPTS = 2_000
MAX_SAMPLES = 32
NOISE_PAIRS = 100
Graded = dict[int, list[AnswerValue]]


class DryRun(BaseModel):
    """A finished dry run. `result_id` finds its answers."""

    result_id: int
    verdict: Verdict
    prompts: int
    answers: int
    base_model: str
    grader_version: int
    early: str = ""


class Accepted(BaseModel):
    result_id: int


async def _card(ctx: Context, sample_size: int = 200, samples_per_prompt: int = 4) -> Card:
    train = await ctx.open.store.read(records.count, in_split("train"))
    version, config = await current(ctx)
    prompts = min(sample_size, train)
    return Card(
        tool="run_dry_run",
        step="dry_run",
        title="Run the dry run?",
        rows=[
            ("Prompts, train split", f"{prompts:,} of {train:,}"),
            ("Answers each", f"{samples_per_prompt}"),
            ("Grader", f"v{version}, {config.name}"),
            ("Base model", "Starter, trained on your records first if needed"),
            ("Cost", "Free, about 2 min, on this computer"),
        ],
        verb="Run it",
        note="stop any time",
    )


@tool("consequential", step="dry_run", card=_card)
async def run_dry_run(ctx: Context, sample_size: int = 200, samples_per_prompt: int = 4) -> DryRun:
    """Sample answers of the base model on training prompts, grade them, and judge whether
    training can work: GO, WARNING or NO-GO with the numbers, a diagnosis and the next action."""
    if not 1 <= sample_size <= MAX_PROMPTS or not 2 <= samples_per_prompt <= MAX_SAMPLES:
        raise ToolError(
            f"sample_size is 1 to {MAX_PROMPTS:,}; samples_per_prompt is 2 to {MAX_SAMPLES}."
        )
    session = ctx.open
    if await session.store.read(meta.get, "near_duplicates", "done") == "pending":
        await passes.start(ctx)  # they decide splits, and with those who trains on what
    model = await base_model(ctx)
    version, config = await current(ctx)
    fingerprint = (await session.expected("dry_run")).model_dump_json()
    started = {
        "grader_version": version,
        "base_model": model.name,
        "sample_size": sample_size,
        "actor": ctx.actor,
    }
    result_id = await session.store.transaction(
        results.add, "dry_run", fingerprint=fingerprint, state="running", data=started
    )
    run = _Run(ctx, config, model, sample_size, samples_per_prompt)
    try:
        verdict = await ctx.jobs.run("Dry run", run.work, dataset_id=session.dataset_id, heavy=True)
    except BaseException as error:
        stopped = isinstance(error, Stopped) or not isinstance(error, Exception)
        data = {"error": str(error) if isinstance(error, AppError) else type(error).__name__}
        await session.store.transaction(
            _finish, result_id, run.flat(), "stopped" if stopped else "failed", data
        )
        raise
    done = DryRun(
        result_id=result_id,
        verdict=verdict,
        prompts=len(run.graded),
        answers=len(run.flat()),
        base_model=model.name,
        grader_version=version,
        early=run.early,
    )
    data = done.model_dump(mode="json", exclude={"result_id"})
    await session.store.transaction(_finish, result_id, run.flat(), "completed", data)
    return done


async def _accept_card(ctx: Context) -> Card:
    result = await _latest(ctx)
    verdict = Verdict.model_validate(result.data["verdict"])
    return Card(
        tool="accept_warning",
        step="training",
        title="Train in spite of the warning?",
        rows=[(r.rule.replace("_", " ").capitalize(), r.text) for r in verdict.reasons],
        verb="Accept the warning",
        note="for this dry run only",
        warning=verdict.what_would_decide or "",
    )


@tool("consequential", card=_accept_card, ask_user=True)
async def accept_warning(ctx: Context) -> Accepted:
    """Accept the WARNING of the newest dry run, so that training may start on exactly its inputs."""
    result = await _latest(ctx)
    if result.data["verdict"]["verdict"] != "WARNING":
        raise ToolError("Only a WARNING can be accepted; a NO-GO cannot, and a GO needs nothing.")
    await ctx.write("Accept the warning", meta.put, "accepted_warning", result.id)
    return Accepted(result_id=result.id)


async def _latest(ctx: Context) -> results.ResultValue:
    result = await ctx.open.store.read(results.latest, "dry_run", "completed")
    if result is None:
        raise ToolError("There is no finished dry run.")
    return result


class _Run:
    """One dry run while it works; `graded` holds what is finished, also when it is stopped."""

    def __init__(
        self, ctx: Context, config: GraderConfig, model: Path, prompts: int, samples: int
    ) -> None:
        self.ctx, self.config, self.model = ctx, config, model
        self.prompts, self.samples = prompts, samples
        self.graded: Graded = {}
        self.early = ""
        self.names: dict[int, str] = {}
        self.records: dict[int, Record] = {}
        self.max_tokens = 0

    def flat(self) -> list[AnswerValue]:
        return [answer for answers in self.graded.values() for answer in answers]

    async def work(self, job: Job) -> Verdict:
        store, thresholds = self.ctx.open.store, self.ctx.open.thresholds
        seed = self.ctx.settings.seed
        chosen = await store.read(read_sample, "train", self.prompts, seed)
        rows = await store.read(topics.all_topics)
        self.names = {i: shown(path) for i, path in leaf_paths(rows).items()}
        self.max_tokens = await store.read(read_answer_tokens)
        self.records = {r.id: r for r in chosen}
        look = min(thresholds.first_look_answers, self.samples)
        head = chosen[: thresholds.first_look_prompts]
        await self._sample(job, head, look, "first look")
        first = await self._data(chance=False)
        decision = await asyncio.to_thread(early_decision, first, thresholds)
        if decision.stop and decision.verdict == "NO-GO":
            self.early = f"Decided at the first look: {decision.reason}"
        else:
            if self.samples > look:
                await self._sample(job, head, self.samples - look, "second look")
            if rest := chosen[len(head) :]:
                await self._sample(job, rest, self.samples, "all prompts")
        job.phase("controls and noise")
        return await asyncio.to_thread(judge, await self._data(chance=True), thresholds)

    async def _sample(self, job: Job, found: Sequence[Record], n: int, name: str) -> None:
        offset = {r.id: len(self.graded.get(r.id, [])) for r in found}

        def keep(answer: AnswerValue) -> None:
            moved = answer.model_copy(update={"k": answer.k + offset[answer.record_id]})
            self.graded.setdefault(answer.record_id, []).append(moved)

        await roll_out(
            self.ctx,
            job,
            found,
            model=self.model,
            name="dry-run",
            samples=n,
            max_new_tokens=self.max_tokens,
            seed=self.ctx.settings.seed + sum(offset.values()),
            grader=self.config.model_dump(mode="json"),
            on_answer=keep,
            phase=name,
        )

    async def _data(self, *, chance: bool) -> DryRunData:
        """The answers so far as the verdict's input; controls, chance and noise when asked for."""
        async with open_grader(self.config) as grader:
            shuffled = await self._shuffled(grader) if chance else {}
            std = math.sqrt(await noise(grader, self._pairs(NOISE_PAIRS))) if chance else None
        controls: tuple[Control, ...] = ()
        if chance:
            found = list(self.records.values())[:CONTROL_RECORDS]
            crash = await check_controls(self.config, found)
            controls = tuple(
                Control(name=c.name, scores=c.scores, kind=c.kind)
                for c in crash.controls
                if c.scores
            )
        return DryRunData(
            prompts=tuple(self._prompt(i, shuffled) for i in self.graded),
            controls=controls,
            noise_std=std,
            pass_score=self.config.pass_threshold,
            group_size=self.ctx.open.thresholds.group_size,
        )

    def _prompt(self, record_id: int, shuffled: dict[int, list[float | None]]) -> PromptAnswers:
        answers, topic = self.graded[record_id], self.records[record_id].topic_id
        return PromptAnswers(
            record_id=record_id,
            topic=self.names.get(topic) if topic is not None else None,
            scores=tuple(a.score for a in answers),
            lengths=tuple(a.tokens for a in answers),
            format_ok=tuple(a.format_ok for a in answers),
            shuffled=tuple(shuffled.get(record_id, ())),
        )

    def _pairs(self, limit: int) -> list[tuple[Sample, dict[str, Any]]]:
        return [
            (Sample(output_text=a.text), self.records[a.record_id].item())
            for a in self.flat()[:limit]
        ]

    async def _shuffled(self, grader: Grader) -> dict[int, list[float | None]]:
        """Each answer graded under another prompt's item: what guessing would earn."""
        ids = list(self.graded)
        if len(ids) < 2:
            return {}
        order = ids[:]
        random.Random(self.ctx.settings.seed).shuffle(order)
        other = dict(zip(order, order[1:] + order[:1], strict=True))
        flat = self.flat()
        pairs = [
            (Sample(output_text=a.text), self.records[other[a.record_id]].item()) for a in flat
        ]
        found: dict[int, list[float | None]] = {}
        for answer, score in zip(flat, await grader.grade(pairs), strict=True):
            found.setdefault(answer.record_id, []).append(score.score)
        return found


def _finish(
    tx: Tx,
    result_id: int,
    answers: list[AnswerValue],
    state: results.State,
    data: Mapping[str, Any],
) -> None:
    results.add_answers(tx, result_id, answers)
    results.update(tx, result_id, state=state, data=dict(data))
    if state == "completed":
        verdict = Verdict.model_validate(data["verdict"])
        results.add_point(tx, "dry_run", f"Dry run: {verdict.verdict}")
