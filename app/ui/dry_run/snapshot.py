"""What the dry-run panel shows, read from the store; no widget here."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any, Literal

from app.domain.verdict import Verdict
from app.store import meta, records, results
from app.store.database import Tx
from app.store.records import RecordFilter
from app.store.results import AnswerValue, ResultValue

State = Literal["none", "running", "ended"]
Order = Literal["worst", "best", "typical", "split"]
SHOWN = 10  # prompts of each kind: "read the ten worst"


@dataclass(frozen=True)
class PromptAnswers:
    """One prompt and all its answers. `mean` and `spread` are of the scored ones, None without."""

    record_id: int
    prompt: str
    answers: tuple[AnswerValue, ...]

    @property
    def scores(self) -> list[float]:
        return [a.score for a in self.answers if a.score is not None]

    @property
    def mean(self) -> float | None:
        return fmean(self.scores) if self.scores else None

    @property
    def spread(self) -> float:
        return pstdev(self.scores) if self.scores else 0.0


@dataclass(frozen=True)
class DryRunSnapshot:
    """`missing` is what a dry run still needs; `outdated` says what changed since this one."""

    state: State = "none"
    run_state: str = ""
    missing: tuple[str, ...] = ()
    train_prompts: int = 0
    verdict: Verdict | None = None
    outdated: str = ""
    accepted: bool = False
    error: str = ""
    early: str = ""
    size: tuple[int, int] = (0, 0)  # prompts and answers, as they are stored
    base_model: str = ""
    grader_version: int | None = None
    prompts: tuple[PromptAnswers, ...] = ()

    @property
    def facts(self) -> str:
        """`200 prompts, 800 answers, starter model, grader v3, train split only`."""
        prompts, answers = self.size
        grader = f", grader v{self.grader_version}" if self.grader_version else ""
        return f"{prompts:,} prompts, {answers:,} answers, starter model{grader}, train split only"


async def read_snapshot(session: Any) -> DryRunSnapshot:
    """The newest dry run of the open dataset and whether it still holds. Raises StoreError."""
    workflow = await session.workflow()
    step = workflow["dry_run"]
    outdated = f"{step.reading.capitalize()}: the dry run is out of date." * (
        step.status == "stale"
    )
    missing = await session.missing_for("dry_run")
    found: DryRunSnapshot = await session.store.read(_read, tuple(missing), outdated)
    return found


def _read(tx: Tx, missing: tuple[str, ...], outdated: str) -> DryRunSnapshot:
    train = records.count(tx, RecordFilter(valid=True, split="train"))
    result = results.latest(tx, "dry_run")
    if result is None:
        return DryRunSnapshot(missing=missing, train_prompts=train)
    return _of_result(tx, result, missing, outdated, train)


def _of_result(
    tx: Tx, result: ResultValue, missing: tuple[str, ...], outdated: str, train: int
) -> DryRunSnapshot:
    data = result.data
    prompts = by_prompt(tx, results.answers(tx, result.id))
    verdict = data.get("verdict")
    return DryRunSnapshot(
        state="running" if result.state == "running" else "ended",
        run_state=result.state,
        missing=missing,
        train_prompts=train,
        verdict=Verdict.model_validate(verdict) if verdict else None,
        outdated=outdated,
        accepted=meta.get(tx, "accepted_warning") == result.id,
        error=data.get("error", ""),
        early=data.get("early", ""),
        size=(len(prompts), sum(len(p.answers) for p in prompts)),
        base_model=data.get("base_model", ""),
        grader_version=data.get("grader_version"),
        prompts=prompts,
    )


def by_prompt(tx: Tx, answers: Sequence[AnswerValue]) -> tuple[PromptAnswers, ...]:
    """The answers by prompt; a prompt deleted meanwhile keeps its answers."""
    grouped: dict[int, list[AnswerValue]] = {}
    for answer in answers:
        grouped.setdefault(answer.record_id, []).append(answer)
    known = {r.id: r.last_user_turn for r in records.many(tx, grouped)}
    return tuple(
        PromptAnswers(i, known.get(i, f"record {i}, deleted since"), tuple(group))
        for i, group in grouped.items()
    )


def pick(prompts: Sequence[PromptAnswers], order: Order, most: int = SHOWN) -> list[PromptAnswers]:
    """The prompts to read: lowest mean, highest, nearest to the whole mean, widest spread.

    Prompts where nothing was scored come first among the worst: their errors are to be read.
    """
    if order == "worst":
        return sorted(prompts, key=lambda p: -1.0 if p.mean is None else p.mean)[:most]
    scored = [p for p in prompts if p.mean is not None]
    whole = fmean(p.mean or 0.0 for p in scored) if scored else 0.0
    keys = {
        "best": lambda p: -(p.mean or 0.0),
        "typical": lambda p: abs((p.mean or 0.0) - whole),
        "split": lambda p: -p.spread,
    }
    return sorted(scored, key=keys[order])[:most]
