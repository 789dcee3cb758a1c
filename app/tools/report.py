"""The report of a training run: base, supervised and tuned on the same untouched test prompts."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from app.domain.compare import Comparison, Difference, Scored, TopicDifference, compare
from app.domain.intervals import bootstrap_mean
from app.domain.records import Record
from app.domain.topics import leaf_paths, shown
from app.grading.base import GraderConfig, Sample, open_grader, parse_grader
from app.jobs import Job
from app.store import results, topics
from app.store.results import AnswerValue
from app.tools.answers import read_split, roll_out
from app.tools.base import Context

EXAMPLES = 5
LABELS = {
    "recorded": "Recorded replies",
    "base": "Base",
    "supervised": "Supervised on references",
    "tuned": "Tuned",
}
Answers = dict[int, tuple[str, Scored]]


class ReportRow(BaseModel):
    """One candidate on the test prompts: mean score with its 95 % interval."""

    key: str
    label: str
    n: int
    mean: float
    low: float
    high: float
    errors: int
    well_formed: float | None  # share of answers in the right format
    correct_when_well_formed: float | None  # mean score of those


class Example(BaseModel):
    record_id: int
    prompt: str
    base: str
    base_score: float
    tuned: str
    tuned_score: float


class Report(BaseModel):
    """What was gained, on prompts never trained on. `sentence` says it in words, bad news first."""

    n: int
    split: str = "test"
    opened: int  # how often the test split was opened, this time included
    rows: list[ReportRow]
    tuned_minus_base: Difference
    tuned_minus_supervised: Difference | None
    format: Difference
    correctness: Difference
    by_topic: list[TopicDifference]
    better: bool
    sentence: str
    improved: list[Example]
    worsened: list[Example]
    grader_version: int
    seed: int


async def make_report(
    ctx: Context,
    job: Job,
    *,
    base: Path,
    tuned: Path,
    supervised: Path | None,
    grader_version: int,
    max_new_tokens: int,
    note: str = "",
) -> Report:
    """Answer every test prompt greedily with each model and grade them all with one grader.

    `max_new_tokens` is the limit the run was trained with: a longer one was never learned, a
    shorter one would cut what was.
    """
    store = ctx.open.store
    test = await store.read(read_split, "test")
    config = await _grader(ctx, grader_version)
    rows = await store.read(topics.all_topics)
    names = {i: shown(path) for i, path in leaf_paths(rows).items()}
    found: dict[str, Answers] = {"recorded": await _recorded(config, test, names)}
    models = {"base": base, "supervised": supervised, "tuned": tuned}
    for key, model in models.items():
        if model is None:
            continue
        answers = await roll_out(
            ctx,
            job,
            test,
            model=model,
            name=f"report-{key}",
            temperature=0.0,
            max_new_tokens=max_new_tokens,
            grader=config.model_dump(mode="json"),
            phase=f"test prompts, {LABELS[key].lower()}",
        )
        found[key] = _scored(answers, test, names)
    opened = await store.read(results.test_openings) + 1
    return await asyncio.to_thread(
        _assemble, found, test, opened, grader_version, ctx.settings.seed, note
    )


async def _grader(ctx: Context, version: int) -> GraderConfig:
    found = await ctx.open.store.read(results.graders)
    return parse_grader(next(g.config for g in found if g.version == version))


async def _recorded(config: GraderConfig, test: list[Record], names: dict[int, str]) -> Answers:
    replied = [r for r in test if r.reply]
    async with open_grader(config) as grader:
        pairs = [(Sample(output_text=r.reply.text if r.reply else ""), r.item()) for r in replied]
        scores = await grader.grade(pairs)
    return {
        r.id: (
            r.reply.text if r.reply else "",
            Scored(score=s.score, format_ok=s.format_ok, topic=names.get(r.topic_id or 0)),
        )
        for r, s in zip(replied, scores, strict=True)
    }


def _scored(answers: list[AnswerValue], test: list[Record], names: dict[int, str]) -> Answers:
    topic = {r.id: names.get(r.topic_id or 0) for r in test}
    return {
        a.record_id: (
            a.text,
            Scored(score=a.score, format_ok=a.format_ok, topic=topic[a.record_id]),
        )
        for a in answers
    }


def _assemble(
    found: Mapping[str, Answers],
    test: list[Record],
    opened: int,
    version: int,
    seed: int,
    note: str,
) -> Report:
    scored = {key: {i: s for i, (_, s) in answers.items()} for key, answers in found.items()}
    main: Comparison = compare(scored["base"], scored["tuned"])
    against = (
        compare(scored["supervised"], scored["tuned"]).score if "supervised" in found else None
    )
    examples = _examples(found, test)
    return Report(
        n=len(test),
        opened=opened,
        rows=[_row(key, scored[key]) for key in LABELS if scored.get(key)],
        tuned_minus_base=main.score,
        tuned_minus_supervised=against,
        format=main.format,
        correctness=main.correctness,
        by_topic=list(main.by_topic),
        better=main.better,
        sentence=f"{_sentence(main.score, against)} {note}".strip(),
        improved=[e for e in examples if e.tuned_score > e.base_score][:EXAMPLES],
        worsened=[e for e in reversed(examples) if e.tuned_score < e.base_score][:EXAMPLES],
        grader_version=version,
        seed=seed,
    )


def _row(key: str, scored: dict[int, Scored]) -> ReportRow:
    scores = [s.score for s in scored.values() if s.score is not None]
    formed = [s for s in scored.values() if s.format_ok is not None]
    right = [s.score for s in formed if s.format_ok and s.score is not None]
    mean = bootstrap_mean([[s] for s in scores]) if scores else None
    return ReportRow(
        key=key,
        label=LABELS[key],
        n=len(scored),
        mean=(mean.value if mean else None) or 0.0,
        low=(mean.low if mean else None) or 0.0,
        high=(mean.high if mean else None) or 0.0,
        errors=len(scored) - len(scores),
        well_formed=sum(bool(s.format_ok) for s in formed) / len(formed) if formed else None,
        correct_when_well_formed=sum(right) / len(right) if right else None,
    )


def _sentence(gain: Difference, against: Difference | None) -> str:
    """What was not gained comes first."""
    parts = []
    if not gain.better:
        parts.append(f"Not better than base: {gain.text}.")
    if against is not None and not against.better:
        verb = "Worse than" if against.worse else "Not better than"
        parts.append(f"{verb} plain supervised training on the references: {against.text}.")
    if gain.better:
        parts.append(f"Better than base: {gain.text}.")
    if against is not None and against.better:
        parts.append(f"Better than plain supervised training on the references: {against.text}.")
    return " ".join(parts)


def _examples(found: Mapping[str, Answers], test: list[Record]) -> list[Example]:
    """Prompts both models answered, the largest gain first."""
    prompts = {r.id: r.last_user_turn for r in test}
    rows = []
    for i, (text, tuned) in found["tuned"].items():
        base_text, base = found["base"].get(i, ("", None))
        if base is not None and base.score is not None and tuned.score is not None:
            rows.append(
                Example(
                    record_id=i,
                    prompt=prompts[i],
                    base=base_text,
                    base_score=base.score,
                    tuned=text,
                    tuned_score=tuned.score,
                )
            )
    return sorted(rows, key=lambda e: e.base_score - e.tuned_score)
